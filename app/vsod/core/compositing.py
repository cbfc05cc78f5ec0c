"""Picture arithmetic of the exports: depth, premultiplication, laying one picture over another.

All of it on the coded values, as editing programs blend by default; nothing is linearised.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.output_frame import Colours

# Standard deviation of blurred surroundings, in parts of the longer side.
_BLUR = 1 / 50


def to_8bit(codes: Colours) -> npt.NDArray[np.uint8]:
    """Full-range codes at 8 bits; uint8 is returned as it is."""
    if codes.dtype == np.uint8:
        return codes  # type: ignore[return-value]
    return np.asarray(cv2.convertScaleAbs(codes, alpha=1 / 257), np.uint8)


def to_16bit(codes: Colours) -> npt.NDArray[np.uint16]:
    """Full-range codes at 16 bits, white as white; uint16 is returned as it is."""
    return codes.astype(np.uint16) * np.uint16(257) if codes.dtype == np.uint8 else codes  # type: ignore[return-value]


def premultiply(rgb: Colours, alpha: npt.NDArray[np.float32]) -> Colours:
    """``alpha * rgb``.

    Args:
        rgb: (H, W, 3) uint8 or uint16.
        alpha: (H, W) float32 0..1.
    """
    depth = cv2.CV_8U if rgb.dtype == np.uint8 else cv2.CV_16U
    product: npt.NDArray[Any] = cv2.merge([cv2.multiply(c, alpha, dtype=depth) for c in cv2.split(rgb)])
    return product


def multiply_alpha(
    matte: npt.NDArray[np.float32], alpha: npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | None
) -> npt.NDArray[np.float32]:
    """The matte times the source's own alpha channel, see :attr:`vsod.core.frame.Frame.alpha`.

    Args:
        matte: (H, W) float32 0..1.
        alpha: (H, W) whole codes; None where the source is opaque.
    """
    if alpha is None:
        return matte
    return np.asarray(cv2.multiply(matte, alpha, scale=1 / np.iinfo(alpha.dtype).max, dtype=cv2.CV_32F))


def over(rgb: Colours, alpha: npt.NDArray[np.float32], background: Colours) -> Colours:
    """``alpha * rgb + (1 - alpha) * ground``: straight colour over a ground.

    Args:
        rgb: (H, W, 3) uint8 or uint16, straight.
        alpha: (H, W) float32 0..1.
        background: (H, W, 3) of the same type.
    """
    channels = []
    for front, behind in zip(cv2.split(rgb), cv2.split(background), strict=True):
        behind = behind.astype(np.float32)
        channels.append((front - behind) * alpha + behind)
    blended = np.rint(cv2.merge(channels))
    rounded: npt.NDArray[Any] = blended.astype(rgb.dtype)
    return rounded


def blurred_background(seen: Colours, alpha: npt.NDArray[np.float32]) -> Colours:
    """A picture blurred as a ground for its own subject, which is left out so that it casts no halo.

    Args:
        seen: (H, W, 3) uint8 or uint16.
        alpha: (H, W) float32 0..1, 1 = subject.
    """
    h, w = alpha.shape
    small = (max(1, w // 4), max(1, h // 4))
    share = 1 - cv2.resize(alpha, small, interpolation=cv2.INTER_AREA) + np.float32(1e-3)
    colour = cv2.resize(seen, small, interpolation=cv2.INTER_AREA).astype(np.float32)
    deviation = max(w, h) * _BLUR / 4
    sums = cv2.GaussianBlur(colour * share[..., None], (0, 0), deviation)
    weights = cv2.GaussianBlur(share, (0, 0), deviation)
    blurred = np.rint(sums / weights[..., None]).astype(seen.dtype)
    enlarged: npt.NDArray[Any] = np.asarray(cv2.resize(blurred, (w, h), interpolation=cv2.INTER_LINEAR))
    return enlarged


def resize_to_cover(picture: Colours, size: tuple[int, int]) -> Colours:
    """``picture`` scaled to cover ``size`` (width, height) and cut to it around its middle."""
    height, width = picture.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    large = (max(size[0], round(width * scale)), max(size[1], round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, large, interpolation=how) if large != (width, height) else picture
    left, top = (large[0] - size[0]) // 2, (large[1] - size[1]) // 2
    return np.ascontiguousarray(scaled[top : top + size[1], left : left + size[0]])  # type: ignore[return-value]


def luma(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(H, W, 3) RGB -> (H, W) brightness, uint8; luma as it is."""
    if picture.ndim == 2:
        return picture
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
