"""Colours carried from where they are known over the rest of the picture.

Source: Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4 (pull-push on a pyramid).
"""

from __future__ import annotations

import math
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

Colours = TypeVar("Colours", npt.NDArray[np.uint8], npt.NDArray[np.uint16])
Picture = TypeVar("Picture", npt.NDArray[np.uint8], npt.NDArray[np.uint16], npt.NDArray[np.float32])
Floats = npt.NDArray[np.float32]

_NOTHING = 0.5 / 255  # alpha below which nobody is there
_SQUARED = 4  # times: a pixel vouches for its colour by the 16th power of alpha, sure ones outvote mixed ones
_TRUST = 0.02  # weight below which a pixel rather takes the colour of a wider neighbourhood


def spread(colour: Floats, alpha: Floats) -> Floats | None:
    """(h, w, 3) colours spread from where (h, w) ``alpha`` is highest over the rest; None if it is 0 all over."""
    best = float(alpha.max())
    if best <= _NOTHING:
        return None
    weight = alpha / best
    for _ in range(_SQUARED):
        weight *= weight
    levels = [(colour * thrice(weight), weight)]
    while min(weight.shape) > 1:
        size = (-(-weight.shape[1] // 2), -(-weight.shape[0] // 2))
        colour, weight = (resized(x, size) for x in levels[-1])
        levels.append((colour, weight))
    colour, weight = levels[-1]
    found = np.full_like(colour, colour.mean((0, 1)) / weight.mean())
    for sums, weight in reversed(levels):
        found = resized(found, weight.shape[::-1], cv2.INTER_LINEAR)
        found *= _TRUST
        found += sums
        found /= thrice(weight + np.float32(_TRUST))
    return found


def calm_size(h: int, w: int, area: int) -> tuple[int, int]:
    """(width, height) for means over an (h, w) picture: at most half its sides, about ``area`` pixels if large."""
    by = max(2.0, math.sqrt(h * w / area))
    return max(1, round(w / by)), max(1, round(h / by))


def thrice(weight: Floats) -> Floats:
    """(h, w) -> (h, w, 3): a copy for each channel, since numpy is slow at spreading over a last axis of three."""
    return np.asarray(cv2.merge((weight, weight, weight)), np.float32)


def enlarged(colours: Floats, like: Colours) -> Colours:
    """(h, w, 3) float32 at the size and in the type of ``like``."""
    h, w = like.shape[:2]
    rounded = np.clip(np.rint(colours), 0, np.iinfo(like.dtype).max).astype(like.dtype)
    return resized(rounded, (w, h), cv2.INTER_LINEAR)


def resized(picture: Picture, size: tuple[int, int], how: int = cv2.INTER_AREA) -> Picture:
    """``picture`` at ``size`` = (width, height), its type kept."""
    return np.asarray(cv2.resize(picture, size, interpolation=how), picture.dtype)
