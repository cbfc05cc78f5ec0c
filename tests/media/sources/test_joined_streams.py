"""Recordings joined end to end: every frame once, in the order of the file, on one clock that runs on."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from helpers import graycode
from helpers.clips import ffmpeg_clip, run_ffmpeg
from vsod.core.audio_format import CHANNELS, RATE
from vsod.media.sources.audio_reader import read_audio
from vsod.media.sources.opening import open_source

H264 = ("-c:v", "libx264", "-bf", "2", "-g", "12", "-crf", "22")
MPEG2 = ("-c:v", "mpeg2video", "-bf", "2", "-g", "12", "-q:v", "2")
WRAP = 2**33 / 90000  # seconds after which the clock of a transport stream begins anew


def joined(
    folder: Path, name: str, encoder: tuple[str, ...], *starts: float, options: tuple[str, ...] = ()
) -> Path:
    """Parts of 30 frames whose clocks begin at ``starts``, joined as ``cat`` does."""
    whole = folder / f"joined{Path(name).suffix}"
    with whole.open("wb") as file:
        for number, start in enumerate(starts):
            part = ffmpeg_clip(
                folder / name,
                *encoder,
                *options,
                "-output_ts_offset",
                str(start),
                first=30 * number,
                count=30,
            )
            file.write(part.read_bytes())
    return whole


def check(path: Path, count: int, *joints: int) -> None:
    with open_source(path) as source:
        info = source.info
        frames = list(source.frames(pixels="luma"))
        assert [graycode.read(f.image) for f in frames] == list(range(count))
        assert not any(f.held for f in frames)
        assert info.rate == 25 and not info.is_vfr
        assert info.seconds(count - 1) == pytest.approx((count - 1) / 25, abs=1e-4)
        assert [joint.frame for joint in info.joints] == list(joints)
        for joint, note in zip(joints, (w for w in info.warnings if "joined" in w), strict=True):
            assert f"frame {joint} " in note
        assert not any("missing" in w or "ends early" in w for w in info.warnings)
        for index in random.Random(1).sample(range(count), 8):
            assert graycode.read(source.frame_at(index, pixels="luma").image) == index


@pytest.mark.parametrize(
    ("first", "second"), [(20, 0), (0, 0.62), (0, 5), (0, 0)], ids=["back", "overlap", "forward", "same"]
)
@pytest.mark.parametrize("encoder", [H264, MPEG2], ids=["h264", "mpeg2"])
def test_transport_streams(tmp_path: Path, encoder: tuple[str, ...], first: float, second: float) -> None:
    check(joined(tmp_path, "part.ts", encoder, first, second), 60, 30)


def test_a_clock_that_wraps_at_the_joint(tmp_path: Path) -> None:
    check(joined(tmp_path, "part.ts", H264, WRAP - 3, 1), 60, 30)


def test_a_clock_that_wraps_inside_a_recording_is_no_joint(tmp_path: Path) -> None:
    check(ffmpeg_clip(tmp_path / "one.ts", *H264, "-output_ts_offset", str(WRAP - 2)), 40)


@pytest.mark.parametrize(("first", "second"), [(10, 0), (0, 9)], ids=["back", "forward"])
@pytest.mark.parametrize("suffix", [".mpg", ".vob"])
def test_program_streams(tmp_path: Path, suffix: str, first: float, second: float) -> None:
    check(joined(tmp_path, f"part{suffix}", MPEG2, first, second), 60, 30)


def test_three_parts_of_a_camera(tmp_path: Path) -> None:
    options = ("-f", "mpegts", "-mpegts_m2ts_mode", "1")
    check(joined(tmp_path, "part.m2ts", H264, 5, 50, 1, options=options), 90, 30, 60)


def test_matroska(tmp_path: Path) -> None:
    check(joined(tmp_path, "part.mkv", H264, 5, 0), 60, 30)


def test_lost_packets_are_no_joint(tmp_path: Path) -> None:
    """The clock runs on: what is lost is held, and what is left stands where it belongs."""
    whole = ffmpeg_clip(tmp_path / "whole.ts", *H264, count=80).read_bytes()
    count = len(whole) // 188
    for seed in range(8):
        chance = random.Random(seed)
        first = chance.randrange(12, count - 60)
        behind = first + chance.choice((3, 12, 40))
        path = tmp_path / f"lossy{seed}.ts"
        path.write_bytes(whole[: first * 188] + whole[behind * 188 :])
        with open_source(path) as source:
            assert not source.info.joints
            assert source.info.frame_count == 80
            frames = list(source.frames(pixels="luma"))
            wrong = [f.index for f in frames if not f.held and graycode.read(f.image) != f.index]
            # what refers to lost pictures is concealed by the decoder, up to the next key frame
            assert len(wrong) <= 12 and (not wrong or max(wrong) - min(wrong) < 15)


def test_sound_stays_with_its_picture(tmp_path: Path) -> None:
    """A tone of its own in each part: heard from the frame on with which the part begins."""
    whole = tmp_path / "joined.ts"
    with whole.open("wb") as file:
        for number, (start, tone) in enumerate(((0.9, 400), (0, 2000))):
            picture = ffmpeg_clip(tmp_path / "part.mkv", *H264, first=30 * number, count=30)
            part = tmp_path / f"{number}.ts"
            sine = ("-f", "lavfi", "-i", f"sine={tone}:r=48000:d=1.2")
            run_ffmpeg(
                "-i",
                str(picture),
                *sine,
                "-c:v",
                "copy",
                "-c:a",
                "mp2",
                "-output_ts_offset",
                str(start),
                str(part),
            )
            file.write(part.read_bytes())
    check(whole, 60, 30)
    with open_source(whole) as source:
        info = source.info
    for first in (0, 20, 40):
        start = int(info.pts[first]) * info.time_base
        with closing(read_audio(whole, start, info.joints)) as pieces:
            sound = np.frombuffer(b"".join(pieces), np.int16).reshape(-1, CHANNELS)[:, 0]
        for frame in (first + 4, 26, 34, 55):
            if frame > first:
                place = (frame - first) * RATE // 25
                assert pitch(sound[place : place + RATE // 25]) == pytest.approx(
                    400 if frame < 30 else 2000, rel=0.1
                )


def pitch(samples: npt.NDArray[np.int16]) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.fft.rfftfreq(len(samples), 1 / RATE)[int(spectrum.argmax())])
