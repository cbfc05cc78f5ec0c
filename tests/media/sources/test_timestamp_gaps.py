"""Missing frames of a constant rate are found and given their times; real variable rates are left alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsod.media.sources.timestamp_gaps import fill_gaps, largest_gap

GRID = np.arange(60, dtype=np.int64) * 3003 + 900


@given(st.sets(st.integers(1, 58), max_size=3), st.integers(0, 2**31))
def test_what_is_lost_gets_its_time_back(lost, seed):
    jitter = np.random.default_rng(seed).integers(0, 2, 60)
    pts = np.delete(GRID + jitter, sorted(lost))
    again = fill_gaps(pts)
    assert len(again) == 60 and np.abs(again - GRID).max() <= 2
    assert np.isin(pts, again).all()


def test_variable_rates_and_long_breaks_are_left_alone():
    varying = np.cumsum(np.tile([1001, 2002, 1001, 4004, 3003], 12)).astype(np.int64)
    assert fill_gaps(varying) is varying and largest_gap(varying) is None
    broken = np.concatenate((GRID, GRID + 3003 * 10_000))
    assert np.array_equal(fill_gaps(broken), broken)
    assert fill_gaps(GRID[:5]) is not None and len(fill_gaps(GRID[:5])) == 5


@pytest.mark.parametrize(("lost", "found"), [(range(20, 22), None), (range(20, 23), (19, 3))])
def test_three_frames_are_a_hole(lost, found):
    assert largest_gap(np.delete(GRID, list(lost))) == found
