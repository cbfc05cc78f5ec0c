"""One decoded picture and its place in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A presented frame.

    Attributes:
        index: 0-based ordinal among the presented frames.
        pts: Presentation time in the clip's ticks.
        image: (H, W, 3) uint8 RGB or (H, W) uint8 luma, upright, C-contiguous.
        held: True if the frame could not be decoded and ``image`` repeats the
            last good one (or is black if there was none).
        image_16bit: (H, W, 3) uint16, the same picture at full depth, where that was asked for.
        alpha: (H, W) uint8 or uint16, the source's own alpha channel at the picture's size; None where it has none,
            is opaque everywhere, or is to be ignored.
        picture_hash: 16 bytes that tell the decoded picture before any scaling, the same in every pass; a held
            frame has that of the picture it repeats. Empty where it was not taken.
    """

    index: int
    pts: int
    image: npt.NDArray[np.uint8]
    held: bool = False
    image_16bit: npt.NDArray[np.uint16] | None = None
    picture_hash: bytes = b""
    alpha: npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | None = None
