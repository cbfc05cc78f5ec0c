"""Measures of a map without ground truth: area, certainty, softness and stability.

Maps are (h, w) float32 0..1, 1 = subject, at the network's raster.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Map
from vsod_models.flow.warp import flow_confidence, warp

_POSSIBLE = 0.1  # below it a pixel is ground
_EPS = 1e-6


def area(saliency: Map) -> float:
    """Share of the picture that is subject, 0..1."""
    return float((saliency >= 0.5).mean())


def confidence(saliency: Map) -> float:
    """One minus the mean entropy, in bits, of the pixels that may be subject; 0 where there are none.

    The plain ground is left out, so that a small subject in doubt counts as much as a large one.
    """
    p = np.clip(saliency[saliency >= _POSSIBLE], _EPS, 1 - _EPS)
    if not p.size:
        return 0.0
    entropy = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    return float(1 - entropy.mean())


def softness(saliency: Map) -> float:
    """Width of the soft edge in pixels of the map: undecided pixels over the length of the outline.

    0 where there is no outline.
    """
    inside = saliency >= 0.5
    outline = np.count_nonzero(inside[1:] != inside[:-1]) + np.count_nonzero(inside[:, 1:] != inside[:, :-1])
    undecided = np.count_nonzero((saliency > _POSSIBLE) & (saliency < 1 - _POSSIBLE))
    return undecided / outline if outline else 0.0


def temporal_inconsistency(before: Map, now: Map, motion: Map, believed: npt.NDArray[np.bool_]) -> float:
    """1 - IoU of a map and the one before, carried along the motion; soft, as sum of minima over sum of maxima.

    Args:
        before: The map one frame earlier.
        now: The map.
        motion: (h, w, 2) float32 pixels, from now to before.
        believed: (h, w) where the motion can be trusted; only there is looked.

    Returns:
        0..1; 0 if neither has a subject where the motion is believed.
    """
    earlier = warp(before, motion)[believed]
    later = now[believed]
    union = float(np.maximum(earlier, later).sum())
    return 1 - float(np.minimum(earlier, later).sum()) / union if union > 1 else 0.0


def unexplained_change(
    now: npt.NDArray[np.uint8], before: npt.NDArray[np.uint8], motion: Map, back: Map
) -> float:
    """Share of a picture, 0..1, that no motion from the one before explains: near 1 at a cut.

    Args:
        now: (h, w) uint8 luma.
        before: The picture one frame earlier.
        motion: (h, w, 2) float32 pixels, from now to before.
        back: From before to now.
    """
    return 1 - float(flow_confidence(now, before, motion, back).mean())


def dissolve(
    first: npt.NDArray[np.uint8],
    middle: npt.NDArray[np.uint8],
    last: npt.NDArray[np.uint8],
    motion: Map,
    back: Map,
) -> float:
    """Share of a picture, 0..1, that is being mixed into another one: no motion explains it, and the mean does.

    Args:
        first: (h, w) uint8 luma, some frames before.
        middle: Halfway between the two in time.
        last: The picture.
        motion: (h, w, 2) float32 pixels, from last to first.
        back: From first to last.
    """
    strange = 1 - flow_confidence(last, first, motion, back)
    a, b = first.astype(np.float32), last.astype(np.float32)
    apart = float((strange * np.abs(b - a)).sum()) / 2
    if apart < 1:
        return 0.0
    missed = float((strange * np.abs(middle - (a + b) / 2)).sum())
    return float(strange.mean()) * max(0.0, 1 - missed / apart)
