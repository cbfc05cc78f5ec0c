"""Levels, tags, names, determinism: what a matte file must carry."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from helpers.clips import NTSC_FILM, Recipe, write_clip
from helpers.exports import EVERY, EVERY_IDS, VIDEO, clip_info
from vsod.core.clip import ClipInfo, ColorTags
from vsod.core.output_frame import OutputFrame
from vsod.errors import OutputError, UnknownFormat, UsageError
from vsod.media.formats.registry import format_by_id, format_for_path
from vsod.media.formats.table import FORMATS, ExportFormat
from vsod.media.pixels.levels import code_range, from_codes, to_codes
from vsod.media.pixels.planes import plane_view
from vsod.media.sinks.opening import open_sink
from vsod.media.sources.opening import open_source
from vsod.media.verify.readback import read_matte


def write(path: Path, fmt: ExportFormat, info: ClipInfo, mattes: list[npt.NDArray[np.float32]]) -> list[str]:
    with open_sink(path, fmt, info, frames=range(len(mattes))) as sink:
        for index, matte in enumerate(mattes):
            sink.write(index, OutputFrame(matte))
    return sink.warnings


def first_picture(path: Path) -> av.VideoFrame:
    with av.open(str(path)) as container:
        return next(container.decode(video=0))


@pytest.mark.parametrize("fmt", VIDEO, ids=[f.id for f in VIDEO])
def test_zero_and_one_are_exact_on_the_y_plane(fmt: ExportFormat, tmp_path: Path) -> None:
    matte = np.zeros((64, 96), np.float32)
    matte[:, 48:] = 1.0
    path = tmp_path / f"m{fmt.suffixes[0]}"
    write(path, fmt, clip_info(), [matte] * 3)
    picture = first_picture(path)
    bits = picture.format.components[0].bits
    luma = plane_view(picture, 0)
    black, white = code_range(fmt.matte.levels, bits)
    off = 1 if fmt.id == "vp9" else 0
    assert np.abs(luma[:, :40].astype(int) - black).max() <= off
    assert np.abs(luma[:, 56:].astype(int) - white).max() <= off
    # x264 leaves the range out where primaries, transfer and matrix are unknown too; untagged is video.
    assert picture.color_range in (
        (2,) if fmt.matte.levels == "full" else (0, 1) if fmt.id == "h264" else (1,)
    )
    for chroma in range(1, len(picture.planes)):
        assert set(np.unique(plane_view(picture, chroma)).tolist()) == {1 << (bits - 1)}


def test_prores_black_and_white_are_64_and_940_of_1023() -> None:
    assert code_range("legal", 10) == (64, 940)
    assert code_range("legal", 8) == (16, 235)
    assert code_range("full", 16) == (0, 65535)


@pytest.mark.parametrize("fmt", VIDEO, ids=[f.id for f in VIDEO])
def test_a_soft_edge_keeps_its_levels(fmt: ExportFormat, tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 1, 960, dtype=np.float32), (64, 1))
    path = tmp_path / f"m{fmt.suffixes[0]}"
    write(path, fmt, clip_info((960, 64)), [ramp] * 3)
    with open_source(path) as source:
        back = next(iter(read_matte(source.info))).matte
    error = float(np.abs(back - ramp).max())
    step = 1 / (
        code_range(fmt.matte.levels, fmt.matte.bit_depth)[1]
        - code_range(fmt.matte.levels, fmt.matte.bit_depth)[0]
    )
    assert error <= (step * 0.51 if fmt.matte.lossless else 4 * step)


@pytest.mark.parametrize("id", ["ffv1-gray8", "ffv1-gray16", "png8", "png16"])
@pytest.mark.parametrize("size", [(1, 1), (2, 2), (97, 65), (333, 20)])
def test_lossless_formats_give_back_every_code(id: str, size: tuple[int, int], tmp_path: Path) -> None:
    fmt = FORMATS[id]
    mattes = [np.random.default_rng(k).random(size[::-1], dtype=np.float32) for k in range(3)]
    for suffix in fmt.suffixes or ("",):
        path = tmp_path / f"m{suffix}"
        write(path, fmt, clip_info(size), mattes)
        with open_source(path) as source:
            assert source.info.upright_size == size
            back = [to_codes(m.matte, "full", fmt.matte.bit_depth) for m in read_matte(source.info)]
        assert len(back) == 3
        for wrote, read in zip(mattes, back, strict=True):
            assert np.array_equal(to_codes(wrote, "full", fmt.matte.bit_depth), read)


def test_eight_bit_mattes_are_the_same_as_floats() -> None:
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for levels, bits in (("full", 8), ("legal", 8), ("legal", 10), ("full", 16)):
        assert np.array_equal(
            to_codes(codes, levels, bits), to_codes(codes.astype(np.float32) / 255, levels, bits)
        )


def test_values_outside_are_clipped_not_wrapped() -> None:
    wild = np.array([[-0.5, 1.5, -1e9, 1e9]], np.float32)
    for levels, bits in (("full", 8), ("legal", 8), ("legal", 10), ("full", 16)):
        black, white = code_range(levels, bits)
        assert to_codes(wild, levels, bits).tolist() == [[black, white, black, white]]
    assert from_codes(np.array([[64, 940]], np.uint16), "legal", 10).tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize("fmt", VIDEO, ids=[f.id for f in VIDEO])
@pytest.mark.parametrize("tags", [(1, 1, 1), (9, 16, 9), (9, 18, 9), (6, 6, 6)])
def test_colour_tags_are_the_sources(fmt: ExportFormat, tags: tuple[int, int, int], tmp_path: Path) -> None:
    path = tmp_path / f"m{fmt.suffixes[0]}"
    write(path, fmt, clip_info(color=ColorTags(*tags)), [np.zeros((64, 96), np.float32)] * 2)
    with open_source(path) as source:
        color = source.info.color
    assert (color.primaries, color.transfer, color.matrix) == tags
    assert color.full_range is (fmt.matte.levels == "full")


@pytest.mark.parametrize("suffix", [".mov", ".mp4", ".mkv"])
@pytest.mark.parametrize(
    ("rate", "start", "first", "due"),
    [
        (NTSC_FILM, "01:00:00:00", 0, "01:00:00:00"),
        (NTSC_FILM, "01:00:00:00", 25, "01:00:01:01"),
        (Fraction(30000, 1001), "00:00:59;20", 10, "00:01:00;02"),
        (Fraction(30000, 1001), "00:00:59:20", 10, "00:01:00:00"),
        (Fraction(60000, 1001), "00:00:59;50", 10, "00:01:00;04"),
        (Fraction(25), "23:59:59:24", 1, "00:00:00:00"),
        (Fraction(100), "01:00:00:99", 1, "01:00:01:00"),
        (Fraction(120), "01:00:00:00", 5, "01:00:00:005"),
        (Fraction(240), "01:00:00:238", 2, "01:00:01:000"),
        (Fraction(120000, 1001), "01:00:00;95", 5, "01:00:00;100"),
        (Fraction(120000, 1001), "00:00:59;115", 10, "00:01:00;013"),
    ],
)
def test_timecode_counts_on_from_the_source(
    suffix: str, rate: Fraction, start: str, first: int, due: str, tmp_path: Path
) -> None:
    info = clip_info(count=30, rate=rate, time_base=1 / rate, timecode=start)
    path = tmp_path / f"m{suffix}"
    with open_sink(path, format_for_path(path), info, frames=range(first, first + 2)) as sink:
        for index in (first, first + 1):
            sink.write(index, OutputFrame(np.zeros((64, 96), np.uint8)))
    with open_source(path) as source:
        assert source.info.timecode == due
        assert source.info.rate == rate
    assert sink.warnings == []


def test_an_impossible_timecode_is_left_out_with_a_warning(tmp_path: Path) -> None:
    info = clip_info(timecode="01:00:00;00")  # drop frame at 24
    warnings = write(tmp_path / "m.mov", FORMATS["prores4444"], info, [np.zeros((64, 96), np.float32)])
    assert len(warnings) == 1 and "drop frame" in warnings[0]


@pytest.mark.parametrize(("fmt", "suffix"), EVERY, ids=EVERY_IDS)
def test_pixel_aspect_is_kept_or_warned_about(fmt: ExportFormat, suffix: str, tmp_path: Path) -> None:
    info = clip_info(sar=Fraction(64, 45))
    warnings = write(tmp_path / f"m{suffix}", fmt, info, [np.zeros((64, 96), np.float32)] * 2)
    with open_source(tmp_path / f"m{suffix}") as source:
        kept = source.info.sar == info.sar
    assert kept != any("aspect" in w for w in warnings) or fmt.is_sequence


@pytest.mark.parametrize(("fmt", "suffix"), EVERY, ids=EVERY_IDS)
def test_the_last_frame_lasts_as_long_as_in_the_source(
    fmt: ExportFormat, suffix: str, tmp_path: Path
) -> None:
    if fmt.is_sequence:
        pytest.skip("images have no duration")
    pts = np.array([0, 1001, 3003, 4004, 8008, 9009, 13013, 14014, 20020, 21021], np.int64)
    info = clip_info(pts=pts, time_base=Fraction(1, 24000), rate=NTSC_FILM, last_ticks=5005)
    for count, due in ((10, 26026), (5, 9009), (4, 8008)):
        path = tmp_path / f"{count}{suffix}"
        write(path, fmt, info, [np.zeros((64, 96), np.float32)] * count)
        with av.open(str(path)) as container:
            length = Fraction(container.duration, 1_000_000)
        allowed = Fraction(1, 900) if suffix in (".mkv", ".webm") else Fraction(1, 500_000)
        assert abs(length - Fraction(due, 24000)) <= allowed


def test_rounded_ticks_become_an_exact_rate(tmp_path: Path) -> None:
    """23.976 in milliseconds must not turn into a variable rate in a MOV."""
    clip = write_clip(tmp_path / "film.mkv", Recipe(rate=NTSC_FILM))
    with open_source(clip.path) as source:
        write(tmp_path / "m.mov", FORMATS["prores4444"], source.info, [np.zeros((64, 96), np.float32)] * 40)
    with open_source(tmp_path / "m.mov") as source:
        assert source.info.rate == NTSC_FILM
        assert set(np.diff(source.info.pts) * source.info.time_base) == {1 / NTSC_FILM}


@pytest.mark.parametrize(("fmt", "suffix"), EVERY, ids=EVERY_IDS)
def test_the_same_job_gives_the_same_bytes(fmt: ExportFormat, suffix: str, tmp_path: Path) -> None:
    mattes = [np.random.default_rng(k).random((64, 96), dtype=np.float32) for k in range(5)]
    seen = set()
    for take in ("one", "two"):
        (tmp_path / take).mkdir()
        path = tmp_path / take / f"m{suffix}"
        write(path, fmt, clip_info(count=5, timecode="01:00:00:00"), mattes)
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        seen.add(b"".join(f.read_bytes() for f in files))
    assert len(seen) == 1


def test_notes_are_in_the_file(tmp_path: Path) -> None:
    for suffix in (".mov", ".mp4", ".mkv"):
        path = tmp_path / f"m{suffix}"
        with open_sink(path, format_for_path(path), clip_info(count=1), tags={"model": "größe-1"}) as sink:
            sink.write(0, OutputFrame(np.zeros((64, 96), np.uint8)))
        with av.open(str(path)) as container:
            notes = {k.lower(): v for k, v in container.metadata.items()}
        assert notes["comment"] == "vsod-desktop matte; model=größe-1"


def test_odd_width_is_refused_where_it_cannot_be_kept(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="odd width 97"):
        open_sink(tmp_path / "m.mov", FORMATS["prores422hq"], clip_info((97, 64)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [(97, 65), (98, 65), (97, 64), (1, 1), (15, 3)])
@pytest.mark.parametrize("id", ["prores4444", "h264", "ffv1-gray8"])
def test_odd_sizes_are_never_changed(id: str, size: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / f"m{FORMATS[id].suffixes[0]}"
    write(path, FORMATS[id], clip_info(size), [np.full(size[::-1], 0.5, np.float32)] * 2)
    with open_source(path) as source:
        assert source.info.upright_size == size
        for matte in read_matte(source.info):
            assert matte.colourless
            assert np.abs(matte.matte - 0.5).max() < 0.02


def test_unknown_formats_list_the_known_ones() -> None:
    with pytest.raises(UnknownFormat, match=r"prores4444, prores422hq, .*ffv1-gray8"):
        format_by_id("gif")
    with pytest.raises(UnknownFormat, match=r"\.mov"):
        format_for_path("a.wmv")


@pytest.mark.parametrize(
    ("path", "id"),
    [
        ("a.mov", "prores4444"),
        ("a.MKV", "ffv1-gray8"),
        ("a.mp4", "h264"),
        ("folder", "png8"),
        ("v1.2/x", "png8"),
    ],
)
def test_format_follows_the_name(path: str, id: str) -> None:
    assert format_for_path(path).id == id


def test_a_format_in_the_wrong_file_names_what_works(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.mkv or \.mp4.*prores4444"):
        open_sink(tmp_path / "m.mov", FORMATS["ffv1-gray8"], clip_info())


def test_every_format_can_be_explained() -> None:
    for fmt in FORMATS.values():
        assert fmt.note.endswith(".") and fmt.title and fmt.contents
        assert all(fmt.coding(content).bit_depth in (8, 10, 11, 16) for content in fmt.contents)


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
@pytest.mark.parametrize("fmt", VIDEO, ids=[f.id for f in VIDEO])
def test_ffprobe_agrees(fmt: ExportFormat, tmp_path: Path) -> None:
    import ffmpeg

    info = clip_info(
        count=6, rate=NTSC_FILM, time_base=1 / NTSC_FILM, timecode="01:00:00:00", color=ColorTags(1, 1, 1)
    )
    path = tmp_path / f"m{fmt.suffixes[0]}"
    write(path, fmt, info, [np.zeros((64, 96), np.float32)] * 6)
    stream = ffmpeg.probe(str(path), count_frames=None, select_streams="v:0")["streams"][0]
    assert stream["nb_read_frames"] == "6"
    assert stream["r_frame_rate"] == "24000/1001"
    assert (stream["width"], stream["height"]) == (96, 64)
    assert stream["color_range"] == ("pc" if fmt.matte.levels == "full" else "tv")
    assert stream["color_space"] == stream["color_primaries"] == "bt709"
    tags = {k.lower(): v for k, v in stream["tags"].items()}
    assert fmt.id == "vp9" or tags["timecode"] == "01:00:00:00"


@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
def test_reel_and_notes_about_the_shot_are_carried_on(suffix: str, tmp_path: Path) -> None:
    """From file to file; how the source was made is not."""
    clip = tmp_path / f"shot{suffix}"
    with av.open(str(clip), "w") as container:
        container.metadata.update({"title": "Take 3", "artist": "Second unit", "encoder": "camera"})
        stream = container.add_stream("ffv1" if suffix == ".mkv" else "prores_ks", rate=24)
        stream.width, stream.height = 96, 64
        stream.pix_fmt = "gray" if suffix == ".mkv" else "yuv422p10le"
        stream.metadata["reel_name"], stream.metadata["timecode"] = "A001C003", "01:02:03:04"
        for index in range(3):
            frame = av.VideoFrame(96, 64, stream.pix_fmt)
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with open_source(clip) as source:
        info = source.info
    assert info.reel == "A001C003"
    made = tmp_path / f"m{suffix}"
    write(made, format_for_path(made), info, [np.zeros((64, 96), np.float32)] * 3)
    with open_source(made) as source:
        again = source.info
    notes = {key.lower(): value for key, value in again.metadata}
    assert again.reel == "A001C003" and again.timecode == "01:02:03:04"
    assert notes["title"] == "Take 3" and notes["artist"] == "Second unit"
    assert "camera" not in notes.values()


@pytest.mark.parametrize("order", ["tt", "bb"])
@pytest.mark.parametrize("fmt", VIDEO, ids=[f.id for f in VIDEO])
def test_the_field_order_is_carried_or_missed(fmt: ExportFormat, order: str, tmp_path: Path) -> None:
    """T12: MOV and MKV say which field comes first; where a format cannot, the user hears of it."""
    path = tmp_path / f"m{fmt.suffixes[0]}"
    notes = write(path, fmt, clip_info(field_order=order), [np.zeros((64, 96), np.float32)] * 3)
    with open_source(path) as source:
        found = source.info.field_order
        assert source.info.frame_count == 3
    assert (found == order) != any("interlaced" in note for note in notes)
    assert found == order or fmt.id in ("h264", "h265", "vp9")


@pytest.mark.parametrize("id", ["prores4444", "ffv1-gray8", "h264"])
def test_times_beyond_31_bits_of_ticks_are_kept(id: str, tmp_path: Path) -> None:
    """T30: more than a day of time lapse."""
    fmt = FORMATS[id]
    pts = np.array([0, 1001, 2**30, 2**31 + 5005, 2**31 + 6006], np.int64)
    info = clip_info(count=5, rate=NTSC_FILM, time_base=Fraction(1, 24000), pts=pts, last_ticks=1001)
    path = tmp_path / f"m{fmt.suffixes[0]}"
    write(path, fmt, info, [np.zeros((64, 96), np.float32)] * 5)
    with open_source(path) as source:
        found = [int(p - source.info.pts[0]) * source.info.time_base for p in source.info.pts]
    allowed = Fraction(1, 1000) if path.suffix == ".mkv" else Fraction(0)
    assert len(found) == 5
    assert all(abs(a - Fraction(int(b), 24000)) <= allowed for a, b in zip(found, pts, strict=True))
