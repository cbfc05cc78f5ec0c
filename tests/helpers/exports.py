"""Every format in every file it can live in, and a clip to export for."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from vsod.core.clip import ClipInfo
from vsod.media.formats.table import FORMATS

# DNxHR begins at 256x120 pixels and AVI holds neither every time nor every tag: they have tests of their own.
MATTES = [f for f in FORMATS.values() if f.matte is not None and f.matte.codec not in ("dnxhd", "utvideo")]
VIDEO = [f for f in MATTES if not f.is_sequence]
EVERY = [(f, s) for f in MATTES for s in f.suffixes or ("",)]
EVERY_IDS = [f"{f.id}{s}" for f, s in EVERY]


def clip_info(size: tuple[int, int] = (96, 64), count: int = 3, **changes: object) -> ClipInfo:
    """A clip that exists on paper only."""
    made = ClipInfo(
        path=Path("/nowhere/clip.mp4"), kind="video", codec="h264", pix_fmt="yuv420p", bit_depth=8,
        width=size[0], height=size[1], rate=Fraction(24), time_base=Fraction(1, 24),
        pts=np.arange(count, dtype=np.int64),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]
