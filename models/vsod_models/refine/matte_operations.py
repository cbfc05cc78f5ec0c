"""Matte operations: despeckle, fill holes, grow, feather, levels. Each a function of (H, W) float32.

None changes its argument. Sizes are in pixels of the array.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Map

_HEIGHTS = (0.5 / 255, 1 / 16, 1 / 4, 1 / 2)  # at which islands are looked for
_CROSS, _SQUARE = (cv2.getStructuringElement(shape, (3, 3)) for shape in (cv2.MORPH_CROSS, cv2.MORPH_RECT))
_SQUARES = math.sqrt(2) - 1  # share of square steps that makes the octagon of crosses and squares round
_WIDE = 8.0  # deviation in pixels beyond which blurring is done on a smaller matte


def threshold(alpha: Map, at: float) -> Map:
    """1 above ``at``, else 0."""
    return np.asarray(cv2.threshold(alpha, at, 1, cv2.THRESH_BINARY)[1], np.float32)


def despeckle(alpha: Map, area: int) -> Map:
    """Without islands of fewer than ``area`` pixels, diagonal neighbours counting as joined.

    Source: Vincent, "Grayscale Area Openings and Closings", 1993, at four heights instead of all: what
    rises above a height over too small an area is cut down to it; the lowest island goes altogether.
    """
    out = alpha.copy()
    inside = _inside(alpha)
    out[inside] = _opened(alpha[inside], area)
    return out


def fill_holes(alpha: Map, area: int) -> Map:
    """Fill holes of fewer than ``area`` pixels; what touches the frame's edge is no hole."""
    out = alpha.copy()
    inside = _inside(alpha)
    out[inside] = invert(_opened(invert(alpha[inside]), area, spare_rim=True))
    return out


def _inside(alpha: Map) -> tuple[slice, slice]:
    """The smallest box with all of the matte in it."""
    x, y, w, h = cv2.boundingRect((alpha > _HEIGHTS[0]).view(np.uint8))
    return np.s_[y : y + h, x : x + w]


def _opened(alpha: Map, area: int, spare_rim: bool = False) -> Map:
    if not alpha.size:
        return alpha
    out, pixels = alpha.copy(), -1
    for height in _HEIGHTS:
        above = (out > height).view(np.uint8)
        before, pixels = pixels, cv2.countNonZero(above)
        if pixels == before:
            continue  # the same islands as below, and those are large
        _, labels = cv2.connectedComponents(above, connectivity=8, ltype=cv2.CV_32S)
        small = np.bincount(labels.ravel()) < area
        small[0] = False
        if spare_rim:
            for rim in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
                small[rim] = False
        if small.any():
            out[small[labels]] = 0 if height == _HEIGHTS[0] else height
            pixels = cv2.countNonZero((out > height).view(np.uint8))
    return out


def grow(alpha: Map, by: float) -> Map:
    """The outline moved ``by`` pixels outwards, inwards if below 0; parts of a pixel count.

    Dilation by an octagon of crosses and squares, which is within 4 % of a disc; the profile of a soft
    edge moves as it is.
    """
    if by < 0:
        return invert(grow(invert(alpha), -by))
    out = alpha
    for step in range(1, math.ceil(by) + 1):
        square = int(step * _SQUARES) > int((step - 1) * _SQUARES)
        wider = np.asarray(cv2.dilate(out, _SQUARE if square else _CROSS), np.float32)
        part = min(1.0, by - step + 1)
        out = wider if part == 1 else np.asarray(cv2.addWeighted(out, 1 - part, wider, part, 0), np.float32)
    return out


def feather(alpha: Map, deviation: float) -> Map:
    """Gaussian blur of ``deviation`` pixels; wide ones on a smaller matte, within 1/255 of the exact result."""
    h, w = alpha.shape
    by = 1
    while deviation / by > _WIDE:
        by *= 2
    if by == 1:
        return _bounded(cv2.GaussianBlur(alpha, (0, 0), deviation))
    small = cv2.resize(alpha, (max(1, round(w / by)), max(1, round(h / by))), interpolation=cv2.INTER_AREA)
    # averaging squares and drawing lines between them blur by 1/12 and 1/6 as well
    small = cv2.GaussianBlur(small, (0, 0), math.sqrt((deviation / by) ** 2 - 1 / 4))
    return _bounded(cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR))


def _bounded(alpha: npt.NDArray[Any]) -> Map:
    """Within 0..1: sums of weights end a rounding beyond."""
    return np.asarray(np.clip(alpha, 0, 1, out=alpha), np.float32)


def levels(alpha: Map, black: float, white: float) -> Map:
    """``black`` becomes 0, ``white`` 1, straight between, cut off beyond."""
    out = np.subtract(alpha, np.float32(black))
    out *= np.float32(1 / (white - black))
    return np.clip(out, 0, 1, out=out)


def gamma(alpha: Map, by: float) -> Map:
    """Half tones lifted (above 1) or lowered (below 1); 0 and 1 stay."""
    return np.power(alpha, np.float32(1 / by))


def invert(alpha: Map) -> Map:
    """1 where it was 0."""
    return np.subtract(np.float32(1), alpha)
