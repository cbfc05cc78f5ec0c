"""An editor's operations on a matte: by hand, and what must hold for any matte."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from vsod_models.refine import matte_operations as ops

mattes = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 24), st.integers(1, 24)),
    elements=st.sampled_from([np.float32(x) for x in (0, 0.01, 0.1, 0.3, 0.5, 0.7, 1)]),
)
EVERY = [
    (ops.threshold, 0.4),
    (ops.despeckle, 5),
    (ops.fill_holes, 5),
    (ops.grow, 1.5),
    (ops.grow, -1.5),
    (ops.feather, 1.5),
    (ops.feather, 19.0),
    (lambda a, white: ops.levels(a, 0.1, white), 0.8),
    (ops.gamma, 1.8),
    (lambda a, _: ops.invert(a), None),
]


def box(h, w, y0, y1, x0, x1, value=1.0):
    out = np.zeros((h, w), np.float32)
    out[y0:y1, x0:x1] = value
    return out


def disc(size, radius):
    y, x = np.mgrid[0:size, 0:size] - (size - 1) / 2
    return np.clip(radius - np.hypot(x, y) + 0.5, 0, 1).astype(np.float32)


@pytest.mark.parametrize(("operation", "value"), EVERY)
@given(alpha=mattes)
def test_a_matte_stays_a_matte(operation, value, alpha):
    before = alpha.copy()
    out = operation(alpha, value)
    assert out.dtype == np.float32 and out.shape == alpha.shape
    assert out.min() >= 0 and out.max() <= 1
    assert np.array_equal(alpha, before)


@given(mattes)
def test_neutral_values_change_nothing(alpha):
    neutral = (
        ops.despeckle(alpha, 0),
        ops.grow(alpha, 0),
        ops.levels(alpha, 0, 1),
        ops.gamma(alpha, 1),
    )
    assert all(np.array_equal(x, alpha) for x in neutral)


def test_islands_go_by_their_area():
    alpha = box(20, 20, 2, 5, 2, 5) + box(20, 20, 10, 18, 10, 18, 0.8)
    assert np.array_equal(ops.despeckle(alpha, 9), alpha)
    assert np.array_equal(ops.despeckle(alpha, 10), box(20, 20, 10, 18, 10, 18, 0.8))
    assert not ops.despeckle(alpha, 65).any()


def test_diagonal_neighbours_are_one_island():
    alpha = np.eye(6, dtype=np.float32)
    assert np.array_equal(ops.despeckle(alpha, 6), alpha) and not ops.despeckle(alpha, 7).any()


def test_a_speck_in_haze_sinks_into_the_haze():
    alpha = np.full((20, 20), 0.05, np.float32)
    alpha[9:11, 9:11] = 0.9
    assert ops.despeckle(alpha, 10).max() == np.float32(1 / 16)


def test_holes_are_enclosed():
    alpha = box(20, 20, 0, 20, 0, 20)
    alpha[8:10, 8:11] = 0.2  # a hole of 6 pixels
    alpha[0, 5:8] = 0  # a notch at the frame's edge
    filled = ops.fill_holes(alpha, 7)
    assert filled[8:10, 8:11].min() > 0.99 and not filled[0, 5:8].any()
    assert np.allclose(ops.fill_holes(alpha, 6), alpha, atol=1e-6)


@given(mattes, st.integers(1, 30))
def test_despeckling_only_takes_and_filling_only_gives(alpha, area):
    less, more = ops.despeckle(alpha, area), ops.fill_holes(alpha, area)
    assert (less <= alpha).all() and (more >= alpha - 1e-6).all()
    assert np.array_equal(ops.despeckle(less, area), less)


@pytest.mark.parametrize("by", [0.25, 1, 2.5, 7, -0.5, -3.25])
def test_an_upright_edge_moves_by_exactly_so_much(by):
    alpha = box(40, 40, 0, 40, 0, 20)
    assert ops.grow(alpha, by)[20].sum() == pytest.approx(20 + by, abs=1e-4)


@pytest.mark.parametrize("by", [4, 12.5, -9])
def test_a_disc_stays_round(by):
    grown = ops.grow(disc(101, 24), by) > 0.5
    outline = cv2.findContours(grown.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0][0]
    radius = np.hypot(*(outline[:, 0] - 50.0).T)
    assert radius.min() > 24 + by - 0.06 * abs(by) - 1 and radius.max() < 24 + by + 0.06 * abs(by) + 1


@given(mattes, st.floats(0, 4))
def test_choking_is_growing_the_ground(alpha, by):
    assert np.allclose(ops.grow(alpha, -by), 1 - ops.grow(1 - alpha, by), atol=1e-6)
    assert (ops.grow(alpha, by) >= alpha - 1e-6).all()


@pytest.mark.parametrize("deviation", [1.0, 8.0, 8.5, 15.0, 30.0])
def test_wide_feathers_are_gaussian_too(deviation):
    alpha = disc(301, 60)
    exact = cv2.GaussianBlur(alpha.astype(np.float64), (0, 0), deviation)
    assert np.abs(ops.feather(alpha, deviation) - exact).max() < 1 / 255


def test_feathering_leaves_flat_frames_flat():
    for value in (0, 0.5, 1):
        flat = np.full((50, 70), value, np.float32)
        assert np.abs(ops.feather(flat, 12) - value).max() < 1e-6


def test_tone_by_hand():
    alpha = np.float32([[0, 0.2, 0.25, 0.5, 0.8, 1]])
    assert ops.levels(alpha, 0.2, 0.8).tolist()[0] == pytest.approx([0, 0, 0.05 / 0.6, 0.5, 1, 1], abs=1e-6)
    assert ops.gamma(alpha, 2).tolist()[0] == pytest.approx(np.sqrt(alpha)[0].tolist(), abs=1e-6)
    assert ops.threshold(alpha, 0.5).tolist()[0] == [0, 0, 0, 0, 1, 1]
    assert ops.invert(ops.invert(alpha)).tolist()[0] == pytest.approx(alpha[0].tolist(), abs=1e-6)
