"""What one frame of an export shows: a matte, a picture, or a picture with its matte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

FileContent = Literal["matte", "fill", "cutout"]
Matte = npt.NDArray[np.float32] | npt.NDArray[np.uint8]
Colours = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class OutputFrame:
    """One frame as it is to be written.

    Attributes:
        alpha: (H, W) float32 0..1, 1 = subject, or uint8 0..255; None if there is none.
        rgb: (H, W, 3) uint8 or uint16, full range, coded as the source is (its primaries and
            transfer); None if only the matte is wanted.
    """

    alpha: Matte | None = None
    rgb: Colours | None = None

    @property
    def content(self) -> FileContent:
        """What there is of it."""
        if self.rgb is None:
            return "matte"
        return "fill" if self.alpha is None else "cutout"

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        known = self.alpha if self.rgb is None else self.rgb
        if known is None:
            raise ValueError("a picture of nothing")
        return known.shape[1], known.shape[0]
