"""Guided upsampling: a small map takes its edges from the full-size picture."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Map

_GIVEN_BACK = 0.5  # chosen on the soft-alpha set, see docs/matte-settings.md
_own = threading.local()


def _scratch(shape: tuple[int, ...]) -> tuple[Map, Map]:
    """Two float32 arrays of this thread, used again and again: fresh pages cost more than the arithmetic."""
    held: tuple[Map, Map] | None = getattr(_own, "held", None)
    if held is None or held[0].shape != shape:
        held = _own.held = (np.empty(shape, np.float32), np.empty(shape, np.float32))
    return held


def guided_upsample(saliency: Map, guide: npt.NDArray[np.uint8], radius: int = 3, eps: float = 1e-3) -> Map:
    """Upsample a map along the edges of its picture.

    Source: He & Sun, "Fast Guided Filter", 2015: the linear coefficients are
    found at the map's size and only they are upsampled. Ours: where the map is
    sure (near 0 or 1) it stays as it is, and half of what the filter lost of the
    map is given back, so that detail the map has is not smoothed away.

    Args:
        saliency: (h, w) float32 in 0..1.
        guide: (H, W) uint8 luma of the picture.
        radius: Window in pixels of the map's raster.
        eps: Variance of luma (0..1 scale) below which an area counts as flat.

    Returns:
        (H, W) float32 in 0..1.
    """
    h, w = saliency.shape
    size = (guide.shape[1], guide.shape[0])
    small: Map = np.asarray(
        cv2.resize(guide, (w, h), interpolation=cv2.INTER_AREA) / np.float32(255), np.float32
    )
    window = (2 * radius + 1, 2 * radius + 1)

    def mean(x: Map) -> Map:
        return np.asarray(cv2.blur(x, window, borderType=cv2.BORDER_REFLECT), np.float32)

    mean_i, mean_p = mean(small), mean(saliency)
    variance = mean(np.square(small)) - mean_i * mean_i
    slope: Map = np.divide(mean(small * saliency) - mean_i * mean_p, variance + np.float32(eps))
    offset = mean_p - slope * mean_i
    # only where the net hesitates does the picture decide: a sure map must not take on its texture
    doubt = np.clip(8 * saliency * (1 - saliency), 0, 1)
    slope, offset = doubt * mean(slope), doubt * mean(offset) + (1 - doubt) * saliency
    offset += np.float32(_GIVEN_BACK) * (saliency - np.clip(slope * small + offset, 0, 1))
    # the guide stays uint8 until the last multiplication
    slope_up, offset_up = _scratch(guide.shape)
    cv2.resize(slope / np.float32(255), size, dst=slope_up, interpolation=cv2.INTER_LINEAR)
    cv2.resize(offset, size, dst=offset_up, interpolation=cv2.INTER_LINEAR)
    cv2.multiply(guide, slope_up, dst=slope_up, dtype=cv2.CV_32F)
    out = cv2.add(slope_up, offset_up)
    return np.asarray(np.clip(out, 0, 1, out=out), np.float32)


def upsample(saliency: Map, width: int, height: int) -> Map:
    """Plain bilinear upsampling of (h, w) to (height, width)."""
    return np.asarray(cv2.resize(saliency, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
