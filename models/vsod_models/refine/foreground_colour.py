"""The subject's own colour at soft edges, without what lay behind it, and carried on beyond them.

At a pixel of alpha a the camera saw ``a F + (1 - a) B``. Laid over a new ground, that mixture drags the
old ground along as a fringe; what is wanted is F.

Source: Forte & Pitié, "Approximate Fast Foreground Colour Estimation", ICIP 2021 (Blur-Fusion, two
rounds): both colours are guessed as means over surer neighbours, then corrected by the picture. Ours: the
first means come from a pyramid (Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4, pull-push),
so that every pixel finds the nearest sure colour however far away; and all means are taken on a smaller picture.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.arrays import FloatArray
from vsod_models.refine.colour_propagation import (
    Colours,
    Picture,
    downsample,
    propagate_colours,
    repeat_channels,
    resize_to,
    sample_at,
)

_SURE = 0.5 / 255  # nearer to 0 or 1 than this is 0 or 1 in eight bits
_AREA = 1 << 18  # pixels at which means are taken
_REACH = 2  # of those pixels to each side over which the second round averages


def estimate_foreground(rgb: Colours, alpha: FloatArray) -> Colours:
    """The subject's colour at every pixel.

    Args:
        rgb: (H, W, 3) uint8 or uint16, the picture.
        alpha: (H, W) float32 0..1, 1 = subject.

    Returns:
        (H, W, 3) of the picture's type: the picture itself where alpha is 1, the estimate where it is
        between 0 and 1, and the nearest subject's colour carried on to the frame's edge where it is 0.
        Black if there is no subject at all.
    """
    seen, share = downsample(rgb, _AREA).astype(np.float32), downsample(alpha, _AREA)
    foreground, background = propagate_colours(seen, share), propagate_colours(seen, 1 - share)
    if foreground is None:
        return np.zeros_like(rgb)
    places = _places(alpha)
    if background is None or not len(places):
        out = resize_to(foreground, rgb)
    else:
        _second_round(seen, share, foreground, background)
        out = resize_to(foreground, rgb)
        _clean(out, rgb, alpha, places, foreground, background)
    cv2.copyTo(rgb, (alpha > 1 - _SURE).view(np.uint8), out)
    return out


def _places(alpha: FloatArray) -> npt.NDArray[np.int32]:
    """(n, 2): column and row of every mixed pixel."""
    mixed = cv2.inRange(alpha, _SURE, 1 - _SURE)  # type: ignore[call-overload]
    found = cv2.findNonZero(mixed)
    return np.zeros((0, 2), np.int32) if found is None else np.asarray(found, np.int32).reshape(-1, 2)


def _clean(
    out: Colours,
    rgb: Colours,
    alpha: FloatArray,
    places: npt.NDArray[np.int32],
    foreground: FloatArray,
    background: FloatArray,
) -> None:
    """Put the colours of the mixed pixels, (n, 2) ``places``, into ``out``."""
    size = (alpha.shape[1], alpha.shape[0])
    edge = places[:, 1] * size[0] + places[:, 0]
    near, behind = (sample_at(x, places, size) for x in (foreground, background))
    share = repeat_channels(alpha.reshape(-1, 1)[edge]).reshape(-1, 3)
    found = _fused(rgb.reshape(-1, 3)[edge], share, near, behind)
    np.minimum(found, np.iinfo(rgb.dtype).max, out=found)
    out.reshape(-1, 3)[edge] = np.rint(found, out=found)


def _fused(seen: Picture, alpha: FloatArray, guess: Picture, behind: Picture) -> FloatArray:
    """(…, 3) guesses corrected by what was seen, in proportion to alpha, (…, 3) too; not below 0."""
    found = seen - alpha * guess
    found -= (1 - alpha) * behind
    found *= alpha
    found += guess
    return np.maximum(found, 0, out=found)


def _second_round(
    seen: FloatArray, alpha: FloatArray, foreground: FloatArray, background: FloatArray
) -> None:
    """Correct both guesses about the edges and average each over its neighbours, in place."""
    mixed = (alpha > 0) & (alpha < 1)
    spans = []
    for axis in (1, 0):
        hit = np.flatnonzero(mixed.any(axis))
        if not len(hit):
            return
        spans.append(slice(max(0, hit[0] - _REACH), hit[-1] + _REACH + 1))
    box = tuple(spans)
    seen, alpha, first, second = seen[box], alpha[box], foreground[box], background[box]
    corrected = _fused(seen, repeat_channels(alpha), first, second)
    second[:] = _averaged(_fused(seen, repeat_channels(1 - alpha), second, first), 1 - alpha)
    first[:] = _averaged(corrected, alpha)


def _averaged(colour: FloatArray, alpha: FloatArray) -> FloatArray:
    """(h, w, 3) colours as means over their neighbours, the surer counting more."""
    window = (2 * _REACH + 1, 2 * _REACH + 1)
    weight = alpha * alpha + np.float32(1e-3)
    colour *= repeat_channels(weight)
    sums = np.asarray(cv2.blur(colour, window), np.float32)
    sums /= repeat_channels(np.asarray(cv2.blur(weight, window), np.float32))
    return sums
