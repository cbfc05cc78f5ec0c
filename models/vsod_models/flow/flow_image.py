"""Optical flow as a picture: the colour wheel of the Middlebury benchmark.

Direction is hue, speed is saturation, no motion is white. Source: Baker et
al., "A Database and Evaluation Methodology for Optical Flow", ICCV 2007 (the
55 hues of its colour code). The motion prior segments this picture, DS-Net
reads it.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.flow.motion_encoding import robust_peak as block_peak

LUMA = 0.299, 0.587, 0.114
"""Weights of red, green and blue in the grey of a flow image, ITU-R BT.601."""

# steps from one primary to the next: red, yellow, green, cyan, blue, magenta, red
_STEPS = (15, 6, 4, 11, 13, 6)
_CORNERS = ((1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 1, 1), (0, 0, 1), (1, 0, 1), (1, 0, 0))
_ANGLES = 4096  # the steepest hue change is then under one grey level a step
_TINY_PX = 1e-6


@cache
def colour_wheel() -> npt.NDArray[np.float32]:
    """The wheel, (55, 3) float32 RGB in 0..1; from motion to the right, turning downwards."""
    parts = []
    for steps, start, end in zip(_STEPS, _CORNERS[:-1], _CORNERS[1:], strict=True):
        # the original works in whole grey levels
        share = np.floor(255 * np.arange(steps)[:, None] / steps) / 255
        first, last = np.asarray(start, np.float64), np.asarray(end, np.float64)
        parts.append(first + (last - first) * share)
    wheel = np.concatenate(parts).astype(np.float32)
    wheel.flags.writeable = False
    return wheel


@cache
def saturation_table() -> npt.NDArray[np.float32]:
    """(4096, 3): how much each channel lacks of white at full speed, in grey levels, by angle of (u, v)."""
    wheel = colour_wheel()
    angle = (np.arange(_ANGLES) + 0.5) / _ANGLES * 2 * np.pi
    at = (np.arctan2(-np.sin(angle), -np.cos(angle)) / np.pi + 1) / 2 * (len(wheel) - 1)
    low = np.floor(at).astype(np.int64)
    share = (at - low)[:, None]
    colour = (1 - share) * wheel[low] + share * wheel[(low + 1) % len(wheel)]
    return np.asarray(255 * (1 - colour), np.float32)


def flow_to_image(
    flow: npt.NDArray[np.float32], peak: float | None = None, *, robust: bool = False
) -> npt.NDArray[np.uint8]:
    """Paint a flow field.

    Args:
        flow: (H, W, 2) float32, (u, v) in pixels. Values that are not finite are painted black.
        peak: Speed in pixels that is fully saturated; faster pixels are darkened by a quarter,
            as the original does. None for the frame's fastest pixel.
        robust: With ``peak`` None, take the largest mean of a 4x4 block instead, so that one
            bad pixel does not bleach the picture; faster pixels are then merely saturated.

    Returns:
        (H, W, 3) uint8 RGB, within one level of the original's arithmetic. A field without
        motion is white.
    """
    u, v = (np.ascontiguousarray(flow[..., i], np.float32) for i in (0, 1))
    unknown = ~np.isfinite(u + v)
    if unknown.any():
        u, v = np.where(unknown, 0, u), np.where(unknown, 0, v)
    else:
        unknown = None
    if u.size == 0:
        return np.zeros((*u.shape, 3), np.uint8)
    radius, angle = (np.asarray(x, np.float32) for x in cv2.cartToPolar(u, v))
    if peak is None:
        peak = block_peak(radius) if robust else float(radius.max())
        radius *= 1 / max(peak, _TINY_PX)
        np.minimum(radius, 1, out=radius)
        beyond = None
    else:
        radius *= 1 / max(peak, _TINY_PX)
        beyond = radius > 1
        np.minimum(radius, 1, out=radius)
    index = (angle * (_ANGLES / (2 * np.pi))).astype(np.int32)
    # cartToPolar may round up to the full circle
    index &= _ANGLES - 1
    ink = saturation_table().take(index, axis=0)
    ink *= radius[..., None]
    np.subtract(255, ink, out=ink)
    if beyond is not None and beyond.any():
        ink[beyond] *= 0.75
    if unknown is not None:
        ink[unknown] = 0
    return ink.astype(np.uint8)
