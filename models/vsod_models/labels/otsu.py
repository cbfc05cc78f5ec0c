"""Otsu's threshold: a soft map becomes a mask.

Source: Otsu, "A Threshold Selection Method from Gray-Level Histograms", 1979; used by SCNN
(Algorithm 1), MSST §3.3 and STAN §3.3.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Mask


def to_levels(saliency: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """(H, W) map in 0..1 -> uint8 levels ``round(255 S)``."""
    return np.asarray(np.clip(np.rint(np.asarray(saliency, np.float64) * 255), 0, 255), np.uint8)


def otsu_threshold(levels: npt.NDArray[np.uint8]) -> int:
    """The level that splits the histogram into the two classes furthest apart.

    Args:
        levels: uint8, any shape.

    Returns:
        0..254, foreground is what lies *above*; 255 for a constant picture, which has no two classes.
    """
    counts = np.bincount(levels.ravel(), minlength=256).astype(np.float64)
    share = counts / max(counts.sum(), 1.0)
    below = np.cumsum(share)[:-1]
    moment = np.cumsum(share * np.arange(256))
    split = (np.cumsum(counts)[:-1] > 0) & (np.cumsum(counts)[:-1] < counts.sum())
    if not split.any():
        return 255
    between = np.full(255, -1.0)
    b = below[split]
    between[split] = (moment[-1] * b - moment[:-1][split]) ** 2 / (b * (1 - b))
    return int(np.argmax(between))


def otsu_mask(saliency: npt.NDArray[np.floating]) -> Mask:
    """(H, W) map in 0..1 -> (H, W) bool, True above Otsu's threshold; a constant map gives an empty mask."""
    levels = to_levels(saliency)
    return np.asarray(levels > otsu_threshold(levels), np.bool_)
