"""Runs of frames in a mask."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def true_ranges(mask: npt.NDArray[np.bool_], bridge: int = 0) -> list[range]:
    """The runs of True in ``mask`` (N,), in order; gaps of up to ``bridge`` do not end a run."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    if bridge and len(starts):
        apart = starts[1:] - stops[:-1] > bridge
        starts, stops = starts[np.concatenate(([True], apart))], stops[np.concatenate((apart, [True]))]
    return [range(int(a), int(b)) for a, b in zip(starts, stops, strict=True)]
