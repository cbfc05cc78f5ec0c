"""What opening a video tells: which stream, its rate, length, field order, crop, and changes of its picture."""

from __future__ import annotations

import shutil
import struct
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from helpers import graycode
from helpers.clips import Recipe, code_frame, ffmpeg_clip, run_ffmpeg, write_clip
from helpers.repository import ROOT
from vsod.core.clip import ClipInfo
from vsod.core.source_settings import SourceSettings
from vsod.errors import UnreadableMedia, UsageError
from vsod.media.sources.container_crop import Crop, read_crop
from vsod.media.sources.opening import open_source
from vsod.media.sources.source_choices import source_choices

H264 = ("-c:v", "libx264", "-bf", "2", "-g", "12")


def codes(path: Path, settings: SourceSettings | None = None) -> tuple[list[int], ClipInfo]:
    with open_source(path, settings or SourceSettings()) as source:
        frames = list(source.frames(pixels="luma"))
        assert not any(f.held for f in frames)
        return [graycode.read(f.image) for f in frames], source.info


# --- rates and lengths


@pytest.mark.parametrize(
    ("name", "rate", "encoder"),
    [
        ("a.h264", "50", H264),
        ("a.h264", "24000/1001", H264),
        ("a.hevc", "30000/1001", ("-c:v", "libx265", "-x265-params", "log-level=0")),
        ("a.m2v", "30", ("-c:v", "mpeg2video", "-bf", "2")),
        ("a.m4v", "50", ("-c:v", "mpeg4", "-bf", "2")),
    ],
)
def test_the_rate_of_a_bare_stream_is_its_own(
    tmp_path: Path, name: str, rate: str, encoder: tuple[str, ...]
) -> None:
    shown, info = codes(ffmpeg_clip(tmp_path / name, *encoder, rate=rate))
    assert shown == list(range(40))
    assert info.rate == Fraction(rate)
    assert info.duration == pytest.approx(float(40 / Fraction(rate)), abs=1e-5)


def test_a_bare_stream_is_sought_in(tmp_path: Path) -> None:
    """It has no times, but its packets have places."""
    with open_source(ffmpeg_clip(tmp_path / "a.h264", *H264, count=60)) as source:
        for index in (59, 3, 30, 24, 23):
            assert graycode.read(source.frame_at(index, pixels="luma").image) == index


def timed(path: Path, seconds: list[float]) -> Path:
    """H.264 in Matroska, a frame at each of ``seconds``."""
    write_clip(
        path, Recipe(count=len(seconds), pts=[round(1000 * s) for s in seconds], time_base=Fraction(1, 1000))
    )
    return path


def test_slides(tmp_path: Path) -> None:
    """One frame in five seconds: that is its rate, and the last one stays as long as the others."""
    shown, info = codes(timed(tmp_path / "a.mkv", [5 * k for k in range(20)]))
    assert shown == list(range(20))
    assert info.rate == Fraction(1, 5) and info.duration == 100
    assert not info.warnings


def remux(source: Path, path: Path, milliseconds: list[int]) -> Path:
    """The packets of ``source`` at other times."""
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        packets = (p for p in old.demux(video=0) if p.size)
        for packet, time in zip(packets, milliseconds, strict=True):
            packet.pts = packet.dts = time
            packet.time_base = Fraction(1, 1000)
            packet.stream = stream
            new.mux(packet)
    return path


def recording() -> list[int]:
    """30 Hz with half a second of rest after every tenth frame."""
    return [33 * k + 467 * (k // 10) for k in range(40)]


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_a_recorder_may_pause(tmp_path: Path, suffix: str) -> None:
    plain = ffmpeg_clip(tmp_path / "plain.mkv", "-c:v", "libx264", "-bf", "0")
    shown, info = codes(remux(plain, tmp_path / f"a{suffix}", recording()))
    assert shown == list(range(40)) and info.is_vfr
    assert info.seconds(39) == pytest.approx(recording()[39] / 1000, abs=1e-3)
    assert not info.warnings


def test_two_frames_of_one_time_keep_the_clock(tmp_path: Path) -> None:
    times = recording()
    times[20] = times[19]
    plain = ffmpeg_clip(tmp_path / "plain.mkv", "-c:v", "libx264", "-bf", "0")
    shown, info = codes(remux(plain, tmp_path / "a.mkv", times))
    assert shown == list(range(40))
    expected = [*times[:20], times[20] + 1, *times[21:]]
    assert [round(1000 * info.seconds(k)) for k in range(40)] == expected
    (warning,) = info.warnings
    assert "moved by a tick" in warning


# --- beginnings and ends


def with_sound(picture: Path, path: Path, seconds: float, *before: str) -> Path:
    sine = ("-f", "lavfi", "-i", f"sine=440:d={seconds}")
    run_ffmpeg(
        *before,
        "-i",
        str(picture),
        *sine,
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-c:v",
        "copy",
        "-c:a",
        "aac",
        str(path),
    )
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_longer_sound_is_no_early_end(tmp_path: Path, suffix: str) -> None:
    plain = ffmpeg_clip(tmp_path / "plain.mkv", *H264)
    _, info = codes(with_sound(plain, tmp_path / f"a{suffix}", 5))
    assert not any("ends early" in warning for warning in info.warnings)


@pytest.mark.parametrize("suffix", [".mkv", ".mov", ".ts"])
def test_a_picture_that_begins_late_is_told(tmp_path: Path, suffix: str) -> None:
    plain = ffmpeg_clip(tmp_path / "plain.mkv", *H264)
    _, info = codes(with_sound(plain, tmp_path / f"a{suffix}", 4, "-itsoffset", "2"))
    assert info.starts_after == pytest.approx(Fraction(2), abs=0.05)
    assert [w for w in info.warnings if "begins 2.0" in w] and not any(
        "ends early" in w for w in info.warnings
    )


def test_a_clock_that_begins_at_25_hours(tmp_path: Path) -> None:
    _, info = codes(ffmpeg_clip(tmp_path / "a.mkv", *H264, "-output_ts_offset", "90000"))
    assert info.duration == pytest.approx(1.6) and not info.warnings


def test_sound_and_picture_that_both_end_early_are_told(tmp_path: Path) -> None:
    plain = ffmpeg_clip(tmp_path / "plain.mkv", "-c:v", "libx264", "-g", "12", "-crf", "5", count=200)
    whole = with_sound(plain, tmp_path / "whole.mkv", 8)
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 4 // 10])
    _, info = codes(path)
    assert any("ends early" in warning and "of 8.0 s" in warning for warning in info.warnings)


# --- which stream


def still_beside(folder: Path, suffix: str, *, first: bool) -> Path:
    """A film with a still picture in a stream of its own, which is marked as the default."""
    film = ffmpeg_clip(folder / "film.mp4", *H264)
    cv2.imwrite(str(folder / "still.png"), graycode.burnt(7, 96, 64))
    inputs = ("-i", str(film), "-loop", "1", "-t", "0.04", "-r", "25", "-i", str(folder / "still.png"))
    order = ("1:v", "0:v") if first else ("0:v", "1:v")
    path = folder / f"both{suffix}"
    picture, still = ("1", "0") if first else ("0", "1")
    run_ffmpeg(
        *inputs, "-map", order[0], "-map", order[1], f"-c:v:{picture}", "copy", f"-c:v:{still}", "mjpeg",
        f"-disposition:v:{still}", "default", f"-disposition:v:{picture}", "0", str(path),
    )  # fmt: skip
    return path


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the ffmpeg program is not installed")
@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".avi"])
@pytest.mark.parametrize("first", [True, False])
def test_the_film_wins_over_a_still(tmp_path: Path, suffix: str, first: bool) -> None:
    shown, info = codes(still_beside(tmp_path, suffix, first=first))
    assert shown == list(range(40)) and info.codec == "h264"
    assert not info.other_streams


def two_films(folder: Path, suffix: str) -> Path:
    one = ffmpeg_clip(folder / "one.mp4", *H264, first=500)
    two = ffmpeg_clip(folder / "two.mp4", *H264, size=(192, 128))
    path = folder / f"both{suffix}"
    run_ffmpeg("-i", str(one), "-i", str(two), "-map", "0:v", "-map", "1:v", "-c", "copy", str(path))
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_two_films_are_told_and_chosen(tmp_path: Path, suffix: str) -> None:
    path = two_films(tmp_path, suffix)
    shown, info = codes(path)
    assert shown == list(range(500, 540))
    assert info.other_streams == ((1, "h264, 192x128"),)
    assert any("--stream 1" in warning for warning in info.warnings)
    shown, info = codes(path, SourceSettings(stream=1))
    assert shown == list(range(40)) and (info.width, info.height) == (192, 128)
    with pytest.raises(UsageError, match="no video stream 7"):
        open_source(path, SourceSettings(stream=7))
    choices = source_choices(path, SourceSettings())
    assert choices.stream == 0 and choices.has_rate
    assert [(number, what.split(", ")[:2]) for number, what in choices.streams] == [
        (0, ["h264", "96x64"]),
        (1, ["h264", "192x128"]),
    ]
    assert all(what.endswith(" fps") for _, what in choices.streams)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the ffmpeg program is not installed")
def test_animations_among_still_images(tmp_path: Path) -> None:
    """GIF and PNG play; WebP is refused by its name."""
    film = ffmpeg_clip(tmp_path / "film.mkv", "-c:v", "ffv1", count=8, rate="10")
    for suffix in (".gif", ".apng"):
        run_ffmpeg("-i", str(film), str(tmp_path / f"a{suffix}"))
        shown, info = codes(tmp_path / f"a{suffix}")
        assert shown == list(range(8)) and info.duration == pytest.approx(0.8)
    run_ffmpeg("-i", str(film), "-c:v", "libwebp_anim", str(tmp_path / "a.webp"))
    with pytest.raises(UnreadableMedia, match="animated WebP"):
        open_source(tmp_path / "a.webp")


# --- changes inside


@pytest.mark.parametrize(
    ("suffix", "encoder"),
    [
        (".h264", H264),
        (".m2v", ("-c:v", "mpeg2video", "-q:v", "2")),
        (".hevc", ("-c:v", "libx265", "-x265-params", "log-level=0")),
        (".mjpg", ("-c:v", "mjpeg", "-q:v", "2", "-f", "mjpeg")),
    ],
)
def test_a_change_of_size_is_told(tmp_path: Path, suffix: str, encoder: tuple[str, ...]) -> None:
    wide = ffmpeg_clip(tmp_path / f"a{suffix}", *encoder, count=20, size=(192, 128))
    tall = ffmpeg_clip(tmp_path / f"b{suffix}", *encoder, first=20, count=20, size=(128, 192))
    path = tmp_path / f"c{suffix}"
    path.write_bytes(wide.read_bytes() + tall.read_bytes())
    with open_source(path) as source:
        frames = list(source.frames(pixels="luma"))
        assert {f.image.shape for f in frames} == {(128, 192)}
        # FFmpeg's MPEG-2 decoder loses the picture that it holds back when the size changes
        assert [graycode.read(f.image) for f in frames if not f.held] == [
            k for k in range(40) if k != 19 or suffix != ".m2v"
        ]
        assert source.info.raster_changes == ((20, 128, 192),)
        assert [
            w
            for w in source.info.warnings
            if "at frame 20 the picture becomes 128x192" in w and "stretched" in w
        ]
        assert not source.notes


def test_a_change_of_pixel_aspect_is_told(tmp_path: Path) -> None:
    parts = []
    for number, sar in enumerate(("1/1", "4/3")):
        tag = ("-bsf:v", f"h264_metadata=sample_aspect_ratio={sar}")
        parts.append(ffmpeg_clip(tmp_path / f"{number}.h264", *H264, *tag, count=20))
    path = tmp_path / "a.h264"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    _, info = codes(path)
    assert any("at frame 20 the picture becomes pixels 4:3" in warning for warning in info.warnings)


# --- fields, side data, colours, crops


@pytest.mark.parametrize(("fields", "expected"), [("bff", "bb"), ("tff", "tt")])
@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".avi", ".mp4"])
def test_field_order_of_the_picture(tmp_path: Path, suffix: str, fields: str, expected: str) -> None:
    levels = f"scale=in_range=pc:out_range=tv,format=yuv420p,setfield={fields}"
    encoder = ("-c:v", "libx264", "-x264-params", f"{fields}=1:bframes=0")
    path = ffmpeg_clip(tmp_path / f"a{suffix}", "-vf", levels, *encoder)
    shown, info = codes(path)
    # Matroska may also say how the fields lie in the stream: bt for bb
    assert info.field_order[0] == expected[0] and shown == list(range(40))


@pytest.mark.parametrize("count", [1, 2])
def test_dv_is_bottom_first(tmp_path: Path, count: int) -> None:
    dv = ("-vf", "scale=in_range=pc:out_range=tv,format=yuv411p", "-c:v", "dvvideo")
    _, info = codes(ffmpeg_clip(tmp_path / "a.dv", *dv, count=count, size=(720, 480), rate="30000/1001"))
    assert info.field_order == "bb" and info.rate == Fraction(30000, 1001) and info.frame_count == count


EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0%c\0\0\0\0\0\0"


def jpeg(index: int, orientation: int) -> bytes:
    ok, data = cv2.imencode(".jpg", graycode.burnt(index, 96, 64), [cv2.IMWRITE_JPEG_QUALITY, 98])
    assert ok
    exif = EXIF % orientation
    return data.tobytes()[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data.tobytes()[2:]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the ffmpeg program is not installed")
@pytest.mark.parametrize("suffix", [".avi", ".mov", ".mkv"])
def test_pictures_with_exif(tmp_path: Path, suffix: str) -> None:
    """PyAV up to 18.1 cannot name FFmpeg's EXIF side data."""
    path = tmp_path / f"camera{suffix}"
    stream = b"".join(jpeg(k, 1) for k in range(12))
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "mjpeg", "-framerate", "25", "-i", "-", "-c", "copy", str(path)],
        input=stream, check=True,
    )  # fmt: skip
    shown, info = codes(path)
    assert shown == list(range(12)) and info.rate == 25


def test_an_unknown_matrix_falls_back(tmp_path: Path) -> None:
    shown, info = codes(ffmpeg_clip(tmp_path / "a.mp4", *H264, "-colorspace", "ycgco", count=12))
    assert shown == list(range(12))
    assert any("YCgCo" in warning and "BT.601" in warning for warning in info.warnings)
    with open_source(tmp_path / "a.mp4") as source:
        assert graycode.read(source.frame_at(3).image[..., 1]) == 3


def test_a_crop_of_matroska_is_told() -> None:
    path = ROOT / "tests/data/container_crop.mkv"
    shown, info = codes(path)
    assert shown == list(range(40)) and (info.width, info.height) == (192, 128)
    assert any("16 at the top, 16 at the bottom (lines)" in warning for warning in info.warnings)


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(data), kind) + data


def test_a_clean_aperture_is_told(tmp_path: Path) -> None:
    """704x480 of 720x486, as DV and ProRes of that age say."""
    clap = box(b"clap", struct.pack(">8i", 704, 1, 480, 1, 0, 1, -1, 1))
    entry = box(b"avc1", bytes(78) + box(b"pasp", bytes(8)) + clap)
    inside = box(b"stsd", bytes(8) + entry)
    for kind in (b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        inside = box(kind, inside)
    path = tmp_path / "a.mov"
    path.write_bytes(box(b"ftyp", b"qt  ") + inside)
    assert read_crop(path, "mov,mp4", 0, (720, 486)) == Crop(2, 4, 8, 8)
    assert read_crop(path, "mov,mp4", 1, (720, 486)) == Crop()
    path.write_bytes(path.read_bytes()[:120])
    assert read_crop(path, "mov,mp4", 0, (720, 486)) == Crop()


def test_gray_frames_are_what_they_say() -> None:
    """The helper itself: what is burnt in is read."""
    assert graycode.read(np.asarray(code_frame(9, Recipe()).to_ndarray(format="gray8"))) == 9
