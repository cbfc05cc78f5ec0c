"""Other programs see what we meant: counts, rates, timecode, colour tags, and the alpha itself."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from helpers.clips import NTSC_FILM
from helpers.exports import clip_info
from helpers.readers import blended, mediainfo, melted
from vsod.core.clip import ClipInfo, ColorTags
from vsod.core.export_settings import ExportSettings
from vsod.core.output_frame import FileContent, OutputFrame
from vsod.media.formats.table import FORMATS
from vsod.media.sinks.opening import open_sink

SIZE, COUNT = (96, 64), 5
PLACES = (0, 24, 48, 72, 95)
WITH_ALPHA = ["qtrle", "png-mov", "ffv1-rgba", "vp9"]


def written(folder: Path, id: str, content: FileContent, info: ClipInfo | None = None) -> Path:
    """A ramp from 0 on the left to 1 on the right, as matte or as red with that alpha."""
    fmt = FORMATS[id]
    info = info or clip_info(SIZE, COUNT, rate=NTSC_FILM, time_base=1 / NTSC_FILM)
    alpha = np.tile(np.linspace(0, 1, SIZE[0], dtype=np.float32), (SIZE[1], 1))
    red = np.tile(np.uint8([255, 0, 0]), (*alpha.shape, 1))
    path = folder / f"{id}{fmt.suffixes[0]}"
    export_settings = ExportSettings(kind="cutout" if content == "cutout" else "matte")
    with open_sink(path, fmt, info, content=content, export_settings=export_settings) as sink:
        for index in range(info.frame_count):
            sink.write(index, OutputFrame(alpha, red if content == "cutout" else None))
    return path


@pytest.mark.parametrize("content", ["matte", "cutout"])
@pytest.mark.parametrize(
    ("rate", "timecode"), [(NTSC_FILM, "01:00:00:00"), (Fraction(30000, 1001), "00:59:59;28")]
)
def test_mediainfo_reads_what_was_meant(
    content: FileContent, rate: Fraction, timecode: str, tmp_path: Path
) -> None:
    """T6, T7, T13: the exact rate, the start timecode, the tags of a PQ source, and that there is alpha."""
    info = clip_info(
        SIZE, COUNT, rate=rate, time_base=1 / rate, timecode=timecode, reel="A001",
        bit_depth=10, color=ColorTags(9, 16, 9, False),
    )  # fmt: skip
    said = mediainfo(written(tmp_path, "prores4444", content, info))
    video = said["Video"]
    assert int(video["FrameCount"]) == COUNT
    assert Fraction(int(video["FrameRate_Num"]), int(video["FrameRate_Den"])) == rate
    assert said["Other"]["TimeCode_FirstFrame"] == timecode
    assert video["ColorSpace"] == ("YUVA" if content == "cutout" else "YUV")
    assert video["colour_primaries"] == "BT.2020" and video["transfer_characteristics"] == "PQ"
    assert video["matrix_coefficients"] == "BT.2020 non-constant"
    assert video["ScanType"] == "Progressive"


def test_mediainfo_reads_mkv_tags(tmp_path: Path) -> None:
    """T7, T17: the timecode, the reel and the full range of a gray FFV1."""
    info = clip_info(SIZE, COUNT, timecode="10:00:00:00", reel="A001", color=ColorTags(1, 1, 1))
    video = mediainfo(written(tmp_path, "ffv1-gray8", "matte", info))["Video"]
    assert video["TimeCode_FirstFrame"] == "10:00:00:00" and video["extra"]["REEL_NAME"] == "A001"
    assert video["ColorSpace"] == "Y" and video["colour_range"] == "Full"


@pytest.mark.parametrize("id", ["ffv1-gray8", "prores4444", "prores422hq", "h264"])
def test_melt_keys_with_the_matte(id: str, tmp_path: Path) -> None:
    """T16: red through the matte over blue, as Kdenlive does it; MLT keys in 8 bits."""
    matte = written(tmp_path, id, "matte")
    layers = ["#0000ff", "#ff0000", str(matte)]
    pictures = melted(layers, [("matte", 1, 2), ("composite", 0, 1)], NTSC_FILM, SIZE, COUNT)
    assert len(pictures) == COUNT
    red = pictures[2][SIZE[1] // 2, PLACES, 0].astype(int)
    # MLT mixes in video levels and converts for its file: 138 of 255 for the middle
    assert np.abs(red - [0, 65, 138, 209, 255]).max() <= 8


@pytest.mark.parametrize("id", WITH_ALPHA)
def test_melt_lays_the_cutout_over_blue(id: str, tmp_path: Path) -> None:
    """T20: straight colour, over as much of the blue as alpha leaves."""
    made = written(tmp_path, id, "cutout")
    pictures = melted(["#0000ff", str(made)], [("composite", 0, 1)], NTSC_FILM, SIZE, COUNT)
    assert len(pictures) == COUNT
    row = pictures[2][SIZE[1] // 2].astype(int)
    alpha = np.linspace(0, 1, SIZE[0])
    assert np.abs(row[list(PLACES), 2] - 255 * (1 - alpha[list(PLACES)])).max() <= 12
    assert np.abs(row[list(PLACES), 0] - 255 * alpha[list(PLACES)]).max() <= 12


@pytest.mark.slow
@pytest.mark.parametrize("id", WITH_ALPHA)
def test_blender_lays_the_cutout_over_blue(id: str, tmp_path: Path) -> None:
    """T20 in Blender's sequencer."""
    made = written(tmp_path, id, "cutout")
    picture, said = blended(made, COUNT, tmp_path / "frame.png")
    assert f"frames {COUNT} alpha STRAIGHT" in said
    row = picture[SIZE[1] // 2].astype(int)
    alpha = np.linspace(0, 1, SIZE[0])
    assert np.abs(row[list(PLACES), 2] - 255 * (1 - alpha[list(PLACES)])).max() <= 12
    assert np.abs(row[list(PLACES), 0] - 255 * alpha[list(PLACES)]).max() <= 12
