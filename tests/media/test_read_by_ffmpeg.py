"""Every format of the table, in every container and as everything it can carry, read back by FFmpeg's own programs.

The source has B-frames and its frames carry their number: what the ffmpeg program decodes of an export has to show the
number of the source's frame at that place, and ffprobe has to give the source's times. Rows are taken from the table of
docs/formats.md itself, so that a new format is tested as soon as it is there.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
import pytest

from helpers import graycode
from helpers.clips import Recipe, write_clip
from vsod.core.clip import ClipInfo
from vsod.core.export_settings import ExportSettings
from vsod.core.output_frame import FileContent, OutputFrame
from vsod.media.formats.ffmpeg_formats import FFMPEG_FORMATS
from vsod.media.formats.ffmpeg_program import why_unavailable
from vsod.media.formats.table import FILE_CONTENTS, FORMATS, ExportFormat
from vsod.media.sinks.opening import open_sink
from vsod.media.sources.opening import open_source

SIZE, COUNT = (256, 128), 20  # DNxHR begins at 256x120
ALL = {**FORMATS, **FFMPEG_FORMATS}
ROWS = [
    pytest.param(
        fmt,
        suffix,
        content,
        id=f"{fmt.id}{suffix}-{content}",
        marks=[pytest.mark.slow]
        if suffix in fmt.suffixes[1:]
        else [],  # the first one holds what differs most
    )
    for fmt in ALL.values()
    for suffix in fmt.suffixes or ("",)
    for content in FILE_CONTENTS
    if content in fmt.contents
]
OWN_DECODER = {"vp9": "libvpx-vp9"}  # FFmpeg's own does not read the alpha channel
UNREAD = {"exr-a"}  # FFmpeg reads no EXR without colour: OpenImageIO does

pytestmark = pytest.mark.skipif(
    shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None,
    reason="the ffmpeg programs are not installed",
)


def ffmpeg(*words: str) -> bytes:
    return subprocess.run(["ffmpeg", "-v", "error", *words], capture_output=True, check=True).stdout


def probe(path: Path, entries: str) -> dict[str, Any]:
    words = [
        "ffprobe",
        "-v",
        "error",
        "-select_streams",
        "v:0",
        "-show_entries",
        entries,
        "-of",
        "json",
        str(path),
    ]
    found: dict[str, Any] = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    return found


def numbers(made: Path, fmt: ExportFormat, content: FileContent) -> list[int]:
    """What the frames of an export show, in the order in which the program gives them."""
    if fmt.is_sequence:
        files = sorted(made.iterdir())
        if fmt.id in UNREAD:
            return [graycode.read(pixels(file)) for file in files]
        source = ["-f", "image2", "-pattern_type", "glob", "-i", str(made / f"*{fmt.image}")]
    else:
        decoder = OWN_DECODER.get(fmt.id)
        source = [*(["-c:v", decoder] if decoder else []), "-i", str(made)]
    taken = ["-vf", "alphaextract,format=gray"] if content == "cutout" else ["-vf", "format=gray"]
    raw = ffmpeg(*source, *taken, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-")
    width, height = SIZE
    pictures = np.frombuffer(raw, np.uint8).reshape(-1, height, width)
    return [graycode.read(picture) for picture in pictures]


def pixels(file: Path) -> npt.NDArray[np.float32]:
    image = oiio.ImageInput.open(str(file))
    found: npt.NDArray[np.float32] = image.read_image(0, 0, 0, 1, "float")
    image.close()
    return found.reshape(SIZE[1], SIZE[0])


def times(path: Path) -> list[Fraction]:
    """When each frame begins after the first, in seconds, in the order in which they are shown."""
    stream = probe(path, "stream=time_base")["streams"][0]
    stamps = [int(packet["pts"]) for packet in probe(path, "packet=pts")["packets"]]
    tick, first = Fraction(stream["time_base"]), min(stamps)
    return [(stamp - first) * tick for stamp in sorted(stamps)]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip with B-frames that begins late, at a rate that no tick of a millisecond meets."""
    options = {"bf": "3", "b_strategy": "0", "g": "12"}
    recipe = Recipe(size=SIZE, count=COUNT, rate=Fraction(24000, 1001), options=options)
    made = write_clip(tmp_path_factory.mktemp("film") / "film.mp4", recipe)
    assert probe(made.path, "stream=has_b_frames")["streams"][0]["has_b_frames"] > 0
    return made.path


@pytest.mark.parametrize(("fmt", "suffix", "content"), ROWS)
def test_ffmpeg_reads_every_format_in_step_with_its_source(
    film: Path, fmt: ExportFormat, suffix: str, content: FileContent, tmp_path: Path
) -> None:
    if fmt.external and (why := why_unavailable(fmt)):
        pytest.skip(why)
    made = tmp_path / f"made{suffix}"
    kind = {"matte": "matte", "fill": "over", "cutout": "cutout"}[content]
    with open_source(film) as source:
        info: ClipInfo = source.info
        with open_sink(made, fmt, info, content=content, export_settings=ExportSettings(kind=kind)) as sink:
            for frame in source.frames():
                shown = np.float32(frame.image[..., 0] / 255)
                picture = None if content == "matte" else frame.image
                sink.write(frame.index, OutputFrame(None if content == "fill" else shown, picture))
    assert numbers(made, fmt, content) == list(range(COUNT))
    if fmt.is_sequence:
        return
    tolerance = Fraction(1, 1000) if suffix in (".mkv", ".webm") else Fraction(1, 20_000)
    assert all(abs(a - b) <= tolerance for a, b in zip(times(made), times(film), strict=True))
