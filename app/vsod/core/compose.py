"""Picture arithmetic of the exports: depth, premultiplication, laying one picture over another.

All of it on the coded values, as editing programs blend by default; nothing is linearised.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.picture import Colours


def narrowed(codes: Colours) -> npt.NDArray[np.uint8]:
    """Full-range codes at 8 bits; uint8 is returned as it is."""
    if codes.dtype == np.uint8:
        return codes  # type: ignore[return-value]
    return np.asarray(cv2.convertScaleAbs(codes, alpha=1 / 257), np.uint8)


def widened(codes: Colours) -> npt.NDArray[np.uint16]:
    """Full-range codes at 16 bits, white as white; uint16 is returned as it is."""
    return codes.astype(np.uint16) * np.uint16(257) if codes.dtype == np.uint8 else codes  # type: ignore[return-value]


def premultiplied(rgb: Colours, alpha: npt.NDArray[np.float32]) -> Colours:
    """``alpha * rgb``.

    Args:
        rgb: (H, W, 3) uint8 or uint16.
        alpha: (H, W) float32 0..1.
    """
    depth = cv2.CV_8U if rgb.dtype == np.uint8 else cv2.CV_16U
    product: npt.NDArray[Any] = cv2.merge([cv2.multiply(c, alpha, dtype=depth) for c in cv2.split(rgb)])
    return product


def over(rgb: Colours, alpha: npt.NDArray[np.float32], ground: Colours) -> Colours:
    """``alpha * rgb + (1 - alpha) * ground``: straight colour over a ground.

    Args:
        rgb: (H, W, 3) uint8 or uint16, straight.
        alpha: (H, W) float32 0..1.
        ground: (H, W, 3) of the same type.
    """
    channels = []
    for front, behind in zip(cv2.split(rgb), cv2.split(ground), strict=True):
        behind = behind.astype(np.float32)
        channels.append((front - behind) * alpha + behind)
    blended = np.rint(cv2.merge(channels))
    rounded: npt.NDArray[Any] = blended.astype(rgb.dtype)
    return rounded
