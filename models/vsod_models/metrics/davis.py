"""Region similarity J and boundary accuracy F of the DAVIS-2016 benchmark.

Source: Perazzi et al., "A Benchmark Dataset and Evaluation Methodology for
Video Object Segmentation", CVPR 2016, section 5, and the protocol of its
toolbox: boundary tolerance ceil(0.008 x diagonal), first and last frame of a
sequence left out (that part is the caller's).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Mask


def region_similarity(prediction: Mask, truth: Mask) -> float:
    """J: intersection over union of two (H, W) masks; 1 if both are empty."""
    union = np.count_nonzero(prediction | truth)
    return 1.0 if union == 0 else np.count_nonzero(prediction & truth) / union


def contour(mask: Mask) -> Mask:
    """(H, W) pixels that differ from their right, lower or lower right neighbour.

    The last column looks down only, the last row right only, the corner not at all.
    """
    out = np.zeros_like(mask)
    out[:-1, :-1] = (mask[:-1, :-1] != mask[:-1, 1:]) | (mask[:-1, :-1] != mask[1:, :-1])
    out[:-1, :-1] |= mask[:-1, :-1] != mask[1:, 1:]
    out[-1, :-1] = mask[-1, :-1] != mask[-1, 1:]
    out[:-1, -1] = mask[:-1, -1] != mask[1:, -1]
    return out


def _disk(radius: int) -> npt.NDArray[np.uint8]:
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(x * x + y * y <= radius * radius, np.uint8)


def boundary_accuracy(prediction: Mask, truth: Mask, tolerance: float = 0.008) -> float:
    """F: harmonic mean of boundary precision and recall of two (H, W) masks.

    Args:
        prediction: (H, W) bool.
        truth: (H, W) bool.
        tolerance: Allowed distance as a share of the diagonal; 1 or more is in pixels.
    """
    h, w = truth.shape
    radius = math.ceil(tolerance if tolerance >= 1 else tolerance * math.hypot(h, w))
    ours, theirs = contour(prediction), contour(truth)
    n_ours, n_theirs = np.count_nonzero(ours), np.count_nonzero(theirs)
    if n_ours == 0 or n_theirs == 0:
        return float(n_ours == n_theirs)
    disk = _disk(radius)
    near_theirs = cv2.dilate(theirs.astype(np.uint8), disk).astype(bool)
    near_ours = cv2.dilate(ours.astype(np.uint8), disk).astype(bool)
    precision = np.count_nonzero(ours & near_theirs) / n_ours
    recall = np.count_nonzero(theirs & near_ours) / n_theirs
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def decay(values: Sequence[float]) -> float:
    """Mean of the first quarter of a clip's values less that of the last; the quarters share their border frames.

    As in the benchmark's program, but for its 8-bit indices, which go wrong beyond 256 frames.

    Args:
        values: J or F of the frames that count, in order; at least one.
    """
    ends = (np.round(np.linspace(1, len(values), 5) + 1e-10) - 1).astype(int)
    first, last = values[ends[0] : ends[1] + 1], values[ends[3] : ends[4] + 1]
    return float(np.mean(first) - np.mean(last))
