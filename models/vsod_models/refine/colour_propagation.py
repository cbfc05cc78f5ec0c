"""Colours carried from where they are known over the rest of the picture.

Source: Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4 (pull-push on a pyramid).
"""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.arrays import FloatArray

Colours = TypeVar("Colours", npt.NDArray[np.uint8], npt.NDArray[np.uint16])
Picture = TypeVar("Picture", npt.NDArray[np.uint8], npt.NDArray[np.uint16], npt.NDArray[np.float32])

_NOTHING = 0.5 / 255  # alpha below which nobody is there
_SQUARED = 4  # times: a pixel vouches for its colour by the 16th power of alpha, sure ones outvote mixed ones
_ROW = 1024  # samples taken in a row
_TRUST = 0.02  # weight below which a pixel rather takes the colour of a wider neighbourhood


def propagate_colours(colour: FloatArray, alpha: FloatArray) -> FloatArray | None:
    """(h, w, 3) colours spread from where (h, w) ``alpha`` is highest over the rest; None if it is 0 all over."""
    best = float(alpha.max())
    if best <= _NOTHING:
        return None
    weight = alpha / best
    for _ in range(_SQUARED):
        weight *= weight
    levels = [(colour * repeat_channels(weight), weight)]
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
        found /= repeat_channels(weight + np.float32(_TRUST))
    return found


def downsample(picture: Picture, area: int) -> Picture:
    """``picture`` halved once, and again until it has at most ``area`` pixels: for means.

    Halving is many times as fast as averaging to any other size.
    """
    while True:
        h, w = picture.shape[:2]
        picture = resized(picture, (-(-w // 2), -(-h // 2)))
        if picture.shape[0] * picture.shape[1] <= area:
            return picture


def repeat_channels(weight: FloatArray) -> FloatArray:
    """(h, w) -> (h, w, 3): a copy for each channel, since numpy is slow at spreading over a last axis of three."""
    return np.asarray(cv2.merge((weight, weight, weight)), np.float32)


def resize_to(colours: FloatArray, like: Colours) -> Colours:
    """(h, w, 3) float32 at the size and in the type of ``like``."""
    h, w = like.shape[:2]
    rounded = np.clip(np.rint(colours), 0, np.iinfo(like.dtype).max).astype(like.dtype)
    return resized(rounded, (w, h), cv2.INTER_LINEAR)


def resized(picture: Picture, size: tuple[int, int], how: int = cv2.INTER_AREA) -> Picture:
    """``picture`` at ``size`` = (width, height), its type kept."""
    return np.asarray(cv2.resize(picture, size, interpolation=how), picture.dtype)


def sample_at(colours: FloatArray, places: npt.NDArray[np.int32], size: tuple[int, int]) -> FloatArray:
    """(n, 3) of (h, w, 3) ``colours`` as if enlarged to ``size`` = (width, height), at a few ``places`` of it.

    Args:
        colours: (h, w, 3).
        places: (n, 2), column and row.
        size: Of the picture that ``places`` count in.
    """
    h, w = colours.shape[:2]
    across, down = w / size[0], h / size[1]
    rows = -(-len(places) // _ROW)  # remap wants a picture, with sides under 32768
    where = np.zeros((2, rows * _ROW), np.float32)
    where[:, : len(places)] = places.T
    where *= np.array([[across], [down]], np.float32)
    where += np.array([[across / 2 - 0.5], [down / 2 - 0.5]], np.float32)
    columns, lines = where.reshape(2, rows, _ROW)
    found = cv2.remap(colours, columns, lines, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found.reshape(-1, 3)[: len(places)], np.float32)
