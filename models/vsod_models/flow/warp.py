"""Carrying pictures along a flow, and where a flow can be believed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Map

_LIKENESS = 15.0  # grey levels by which a carried picture may differ
_SLACK = 0.5  # squared pixels a still point may miss its home by


@lru_cache(maxsize=4)
def _grid(h: int, w: int) -> Map:
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    grid = np.dstack((x, y))
    grid.flags.writeable = False
    return grid


def warp(image: npt.NDArray[np.uint8] | npt.NDArray[np.float32], flow: Map) -> Map:
    """``image`` seen from where ``flow`` starts.

    Args:
        image: (H, W) or (H, W, C), what the flow leads to. The edge is repeated beyond it.
        flow: (H, W, 2) float32 pixels, from the wanted raster into ``image``.

    Returns:
        Of ``image``'s shape, float32: at (x, y) what ``image`` has at (x + u, y + v).
    """
    at = _grid(*flow.shape[:2]) + flow
    out = cv2.remap(image, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    return np.asarray(out, np.float32)


def consistent(flow: Map, back: Map, slack: float = _SLACK) -> npt.NDArray[np.bool_]:
    """(H, W) where following ``flow`` and then ``back`` leads home, inside the picture.

    Source: Sundaram, Brox & Keutzer, "Dense Point Trajectories by GPU-accelerated Large Displacement
    Optical Flow", ECCV 2010, equation 5.

    Args:
        flow: (H, W, 2) float32 pixels, first to second.
        back: (H, W, 2) float32 pixels, second to first.
        slack: Squared pixels a still point may miss by.
    """
    back_u, back_v = cv2.split(warp(back, flow))
    return _home(flow, back_u, back_v, slack)


def _home(flow: Map, back_u: Any, back_v: Any, slack: float) -> npt.NDArray[np.bool_]:
    """See :func:`consistent`; ``back`` is carried along ``flow`` already."""
    h, w = flow.shape[:2]
    u, v = cv2.split(flow)
    miss = np.square(u + back_u) + np.square(v + back_v)
    allowed = 0.01 * (u * u + v * v + back_u * back_u + back_v * back_v) + slack
    x, y = _grid(h, w)[0, :, 0] + u, _grid(h, w)[:, :1, 1] + v
    inside = (x >= 0) & (x <= w - 1) & (y >= 0) & (y <= h - 1)
    return np.asarray((miss < allowed) & inside, np.bool_)


def flow_confidence(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8], flow: Map, back: Map) -> Map:
    """Confidence 0..1 that ``flow`` leads from a point of ``first`` to the same point of ``second``.

    Args:
        first: (H, W) uint8 luma.
        second: The same shape.
        flow: (H, W, 2) float32 pixels, first to second.
        back: (H, W, 2) float32 pixels, second to first.

    Returns:
        (H, W) float32 0..1: 0 where the flow does not come home, little where it brings another picture.
    """
    picture = second.astype(np.float32)
    # one walk for all; OpenCV carries four channels in the time of one, and two in twice the time
    both = np.asarray(cv2.merge([*cv2.split(back), picture, picture]), np.float32)
    back_u, back_v, seen, _ = cv2.split(warp(both, flow))
    difference = seen - first
    squares = cv2.blur(difference * difference, (3, 3))
    like = cv2.exp(squares * np.float32(-0.5 / _LIKENESS**2))
    return np.asarray(like * _home(flow, back_u, back_v, _SLACK), np.float32)
