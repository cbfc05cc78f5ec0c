"""Where shots begin, from how much every picture differs from the one before."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vsod.core.frame_ranges import true_ranges

CUT_THRESHOLD = (
    0.8  # unexplained share of the picture above which two frames have nothing to do with each other
)
_STANDS_OUT = 0.25  # by how much a cut lies above its surroundings: hectic motion is no cut
CUT_WINDOW = 2  # frames to each side
DISSOLVE_WINDOW = 8  # frames over which a dissolve is looked for
_DISSOLVE_THRESHOLD = 0.3  # share of the picture that is mixed into another one


def detect_cuts(change: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Which frames begin a shot; hard cuts only.

    A frame that differs from both neighbours is a flash, not a shot, and a stretch in which every
    frame differs from the next is motion blur or noise.

    Args:
        change: (N,) 0..1, share of each picture that the motion from the one before cannot explain;
            NaN where that is not known.

    Returns:
        (N,) bool. Each value depends on the two frames before and behind alone.
    """
    level = np.nan_to_num(change, nan=0.0)
    cuts = level > CUT_THRESHOLD
    for index in np.flatnonzero(cuts).tolist():
        near = level[max(0, index - CUT_WINDOW) : index + CUT_WINDOW + 1].copy()
        near[min(index, CUT_WINDOW)] = 0
        if level[index] - near.max() < _STANDS_OUT:
            cuts[index] = False
    return np.asarray(cuts, np.bool_)


def shots_from_cuts(cuts: npt.NDArray[np.bool_]) -> list[range]:
    """The shots of a clip, in order; all of it is one where there is no cut."""
    starts: list[int] = [0, *(i for i in np.flatnonzero(cuts).tolist() if i), len(cuts)]
    return [range(a, b) for a, b in pairwise(starts) if b > a]


def detect_dissolves(level: npt.NDArray[np.float32]) -> list[range]:
    """Transitions over several frames: dissolves, and fades from and to a plain picture.

    Args:
        level: (N,) 0..1, share of each picture that is mixed out of the one :data:`DISSOLVE_WINDOW` frames before;
            NaN where that is not known.

    Returns:
        The frames of each, in order; none touch.
    """
    half = DISSOLVE_WINDOW // 2
    mixed = np.zeros(len(level), np.bool_)
    for index in np.flatnonzero(np.nan_to_num(level, nan=0.0) > _DISSOLVE_THRESHOLD).tolist():
        middle = index - half
        mixed[max(0, middle - half + 1) : middle + half + 1] = True
    return true_ranges(mixed)
