"""Matte values to sample codes and back, on full or video ("legal") levels."""

from __future__ import annotations

from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.output_frame import Matte

Levels = Literal["full", "legal"]


def code_range(levels: Levels, bits: int) -> tuple[int, int]:
    """(code of 0, code of 1): 16 and 235 for 8-bit video levels, 64 and 940 for 10-bit."""
    if levels == "full":
        return 0, (1 << bits) - 1
    return 16 << (bits - 8), 235 << (bits - 8)


def to_codes(matte: Matte, levels: Levels, bits: int) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """Quantise a matte.

    Args:
        matte: (H, W) float32 0..1, values outside are clipped; or uint8 0..255.
        levels: Which codes 0 and 1 become.
        bits: Depth of the codes.

    Returns:
        (H, W) uint8 up to 8 bits, else uint16, native byte order. May be ``matte`` itself.
    """
    black, white = code_range(levels, bits)
    kind = np.uint8 if bits <= 8 else np.uint16
    if matte.dtype == np.uint8:
        if (black, white) == (0, 255):
            return matte  # type: ignore[return-value]
        table = np.rint(black + np.arange(256) * ((white - black) / 255)).astype(kind)
        coded: npt.NDArray[Any] = np.asarray(cv2.LUT(matte, table))
        return coded
    low, high, *_ = cv2.minMaxLoc(matte)
    if low < 0 or high > 1:
        matte = np.asarray(np.clip(matte, 0, 1), np.float32)
    if bits <= 8:
        return np.asarray(cv2.convertScaleAbs(matte, alpha=float(white - black), beta=float(black)), np.uint8)
    deep: npt.NDArray[np.float32] = np.multiply(matte, white - black, dtype=np.float32)
    deep += black + 0.5
    return deep.astype(np.uint16)


def from_codes(
    codes: npt.NDArray[np.uint8] | npt.NDArray[np.uint16], levels: Levels, bits: int
) -> npt.NDArray[np.float32]:
    """Codes back to a matte (H, W) float32; not clipped, so that overshoot can be seen."""
    black, white = code_range(levels, bits)
    return ((codes.astype(np.float32) - black) / (white - black)).astype(np.float32)
