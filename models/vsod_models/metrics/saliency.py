"""Saliency measures of one frame: MAE, F-measure, precision and recall by threshold, S-measure, E-measure.

Sources: Fan et al., "Structure-measure", ICCV 2017; "Enhanced-alignment measure", IJCAI 2018; Achanta et al.,
CVPR 2009 (F, beta squared 0.3, and its adaptive threshold of twice the mean). They agree with PySODMetrics and the
toolbox of DAVSOD where these agree with each other: E divides by N-1, so that a perfect map of a small picture has a
little more than 1; S has sample deviations.

Maps are (H, W) float64 0..1 of 8 bits, stretched or not; thresholds descend from 255/255 to 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BETA_SQUARED = 0.3
THRESHOLDS: Values = np.arange(255, -1, -1) / 255
"""Of every curve."""
_EPS = np.spacing(1.0)


def levels(saliency: npt.NDArray[np.float32], stretch: bool) -> Values:
    """A map (H, W) of 0..1 as it is stored in 8 bits, and stretched to 0..1 unless it is constant."""
    grey = np.rint(np.clip(saliency, 0, 1) * 255).astype(np.uint8) / 255
    low, high = grey.min(), grey.max()
    return np.asarray((grey - low) / (high - low) if stretch and high != low else grey, np.float64)


def counts_above(level: Values, truth: Flags, strict: bool) -> tuple[Values, Values]:
    """True and false positives at each of :data:`THRESHOLDS`, (256,) each.

    Args:
        level: (H, W) map.
        truth: (H, W) subject.
        strict: Above the threshold; else from it on.
    """
    scaled = level * 255
    bins = (np.ceil(scaled) - 1 if strict else np.floor(scaled)).astype(
        np.int64
    ) + 1  # from 0: below all thresholds

    def summed(chosen: npt.NDArray[np.int64]) -> Values:
        return np.cumsum(np.bincount(chosen, minlength=257)[:0:-1]).astype(np.float64)

    return summed(bins[truth]), summed(bins[~truth])


def f_measure(precision: Values, recall: Values) -> Values:
    """F of precision and recall; 0 where both are."""
    below = BETA_SQUARED * precision + recall
    return np.divide(
        (1 + BETA_SQUARED) * precision * recall, below, out=np.zeros_like(below), where=below > 0
    )


def precision_recall(
    true: Values, false: Values, subject: int, smoothing: float = 0.0
) -> tuple[Values, Values]:
    """Precision and recall of counts; 0 where nothing is found, or nothing is to be found."""

    def share(part: Values, whole: Values) -> Values:
        below = whole + smoothing
        return np.divide(part + smoothing, below, out=np.zeros_like(below), where=below > 0)

    return share(true, true + false), share(true, np.full_like(true, subject))


def adaptive_f(level: Values, truth: Flags) -> float:
    """F at twice the mean of the map, at most 1."""
    found = level >= min(2 * level.mean(), 1)
    true = np.count_nonzero(found & truth)
    counts = np.array([true], np.float64), np.array([np.count_nonzero(found) - true], np.float64)
    return float(f_measure(*precision_recall(*counts, int(np.count_nonzero(truth))))[0])


def e_measure(true: Values, false: Values, subject: int, size: int) -> Values:
    """E at each threshold.

    Args:
        true: True positives at each threshold.
        false: False ones.
        subject: Pixels of it.
        size: Pixels of the picture.
    """
    found = true + false
    if subject in (0, size):
        return np.asarray((found if subject else size - found) / (size - 1 + _EPS))
    missed = subject - true
    ours, theirs = found / size, subject / size
    total = np.zeros_like(true)
    for count, a, b in (
        (true, 1 - ours, 1 - theirs),
        (false, 1 - ours, -theirs),
        (missed, -ours, 1 - theirs),
        (size - found - missed, -ours, -theirs),
    ):
        aligned = 2 * a * b / (a * a + b * b + _EPS)
        total += count * (aligned + 1) ** 2 / 4
    return np.asarray(total / (size - 1 + _EPS))


def s_measure(level: Values, truth: Flags) -> float:
    """S: half what objects look like, half what four parts around the subject's centre look like."""
    share = truth.mean()
    if share in (0, 1):
        return float(level.mean() if share else 1 - level.mean())
    objects = share * _object(level[truth]) + (1 - share) * _object(1 - level[~truth])
    return max(0.0, float(objects + _regions(level, truth.astype(np.float64))) / 2)


def _object(inside: Values) -> float:
    mean = inside.mean()
    deviation = inside.std(ddof=1) if inside.size > 1 else 0.0
    return float(2 * mean / (mean * mean + 1 + deviation + _EPS))


def _regions(level: Values, truth: Values) -> float:
    rows, columns = np.nonzero(truth)
    y, x = int(np.rint(rows.mean())) + 1, int(np.rint(columns.mean())) + 1
    parts = [(slice(None, y), slice(None, x)), (slice(None, y), slice(x, None))]
    parts += [(slice(y, None), columns) for _, columns in parts]
    return sum(_similarity(level[part], truth[part]) * truth[part].size for part in parts) / truth.size


def _similarity(ours: Values, theirs: Values) -> float:
    n = ours.size
    if n == 0:
        return 0.0
    a, b = ours.mean(), theirs.mean()
    da, db = ours - a, theirs - b
    below = max(n - 1, 1)
    above = 4 * a * b * (da * db).sum() / below
    beneath = (a * a + b * b) * ((da * da).sum() + (db * db).sum()) / below
    if above != 0:
        return float(above / (beneath + _EPS))
    return float(beneath == 0)
