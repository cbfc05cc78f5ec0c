"""Gaps in a clip's timestamps: frames that are missing with their packets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]

_REGULAR = 0.9  # share of equal steps from which a rate counts as constant
_LONGEST = 250  # frames of a hole beyond which a stream was interrupted, not damaged


def frame_step(pts: Times) -> int | None:
    """Ticks between frames if the rate is constant but for gaps, else None."""
    steps = np.diff(pts)
    if len(steps) < 8:
        return None
    usual = int(np.median(steps))
    if usual <= 0 or np.mean(np.abs(steps - usual) <= 1) < _REGULAR:
        return None
    return usual


def largest_gap(pts: Times) -> tuple[int, int] | None:
    """(frame before it, frames missing) of the largest gap of three frames or more, else None."""
    usual = frame_step(pts)
    if usual is None:
        return None
    steps = np.diff(pts)
    at = int(np.argmax(steps))
    missing = round(int(steps[at]) / usual) - 1
    return (at, missing) if missing >= 3 else None


def fill_gaps(pts: Times) -> Times:
    """``pts`` with a time for every frame that is missing of an otherwise constant rate."""
    usual = frame_step(pts)
    if usual is None:
        return pts
    steps = np.diff(pts)
    missing = np.rint(steps / usual).astype(np.int64) - 1
    holes = np.flatnonzero((missing > 0) & (missing <= _LONGEST))
    added = [
        np.rint(np.linspace(pts[at], pts[at + 1], missing[at] + 2)[1:-1]).astype(np.int64) for at in holes
    ]
    return np.union1d(pts, np.concatenate(added)) if added else pts
