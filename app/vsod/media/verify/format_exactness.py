"""How exactly every format keeps alpha and luma, measured, and the table of formats for the docs."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vsod.core.clip import ClipInfo, ColorTags
from vsod.core.output_frame import FileContent, OutputFrame
from vsod.media.formats.ffmpeg_formats import FFMPEG_FORMATS
from vsod.media.formats.registry import all_formats
from vsod.media.formats.table import FORMATS, ExportFormat
from vsod.media.sinks.opening import open_sink
from vsod.media.sources.opening import open_source
from vsod.media.verify.readback import read_cutouts, read_matte

# 6,144 levels, one per pixel, in a raster every format takes.
_SIZE, _LEVELS = (256, 192), 6144


@dataclass(frozen=True, slots=True)
class Exactness:
    """What came back of a ramp of 6,144 levels.

    Attributes:
        levels: How many different values.
        error: Largest distance from what was written, 0..1.
        ends: True if 0 and 1 came back as 0 and 1.
    """

    levels: int
    error: float
    ends: bool


def measure_exactness(fmt: ExportFormat, content: FileContent) -> Exactness:
    """Write a ramp as matte or alpha, read it back from the stored samples."""
    ramp = (np.arange(_LEVELS, dtype=np.float32) / (_LEVELS - 1)).repeat(8).reshape(_SIZE[::-1])
    rgb = np.full((_SIZE[1], _SIZE[0], 3), 32768, np.uint16)
    picture = OutputFrame(ramp, rgb if content == "cutout" else None)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"ramp{fmt.suffixes[0] if fmt.suffixes else ''}"
        with open_sink(target, fmt, _clip(), content=content) as sink:
            sink.write(0, picture)
        with open_source(target) as made:
            back = _read(made.info, content)
    error = float(np.abs(back - ramp).max())
    return Exactness(len(np.unique(back)), error, bool(back.min() == 0 and back.max() == 1))


def _clip() -> ClipInfo:
    return ClipInfo(
        path=Path("ramp.mov"),
        kind="video",
        codec="",
        pix_fmt="yuv444p16le",
        bit_depth=16,
        width=_SIZE[0],
        height=_SIZE[1],
        rate=Fraction(24),
        time_base=Fraction(1, 24),
        pts=np.zeros(1, np.int64),
        color=ColorTags(1, 1, 1),
    )


def _read(info: ClipInfo, content: FileContent) -> npt.NDArray[np.float32]:
    if content == "matte":
        return next(iter(read_matte(info))).matte
    alpha = next(iter(read_cutouts(info))).alpha
    assert alpha is not None
    return alpha


def format_table() -> str:
    """The table of docs/formats.md: what every format carries, from the code."""
    rows = ["| format | files | matte | picture | cutout (alpha bits) | |", "|---|---|---|---|---|---|"]
    for fmt in (FORMATS | FFMPEG_FORMATS).values():
        files = " ".join(fmt.suffixes) or f"folder of {fmt.image}"
        files += ", external" * fmt.external
        cells = [f"`{fmt.id}`", files, *(_cell(fmt, content) for content in ("matte", "fill", "cutout"))]
        rows.append(f"| {' | '.join(cells)} | {fmt.note} |")
    return "\n".join(rows) + "\n"


def _cell(fmt: ExportFormat, content: FileContent) -> str:
    if content not in fmt.contents:
        return "–"
    coding = fmt.coding(content)
    depth = "half float" if coding.codec == "exr" else f"{coding.bit_depth}-bit"
    return f"{depth}{' lossless' if coding.lossless else ''}"


def exactness_table() -> str:
    """What came back of the ramp, format by format; writes every one of them."""
    rows = ["| format | as | levels of 6,144 | largest error | 0 and 1 exact |", "|---|---|---|---|---|"]
    for fmt in all_formats().values():
        for content in fmt.contents:
            if content == "fill":
                continue
            found = measure_exactness(fmt, content)
            error = f"{found.error:.1e}" if found.error else "0"
            ends = "yes" if found.ends else "no"
            rows.append(f"| `{fmt.id}` | {content} | {found.levels:,} | {error} | {ends} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(exactness_table())
