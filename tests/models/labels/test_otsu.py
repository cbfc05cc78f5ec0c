import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vsod_models.labels.otsu import otsu_mask, otsu_threshold, to_levels


def spread(levels, t):
    """Variance between the classes `<= t` and `> t`, computed the long way."""
    low, high = levels[levels <= t].astype(float), levels[levels > t].astype(float)
    if not len(low) or not len(high):
        return 0.0
    a, b = len(low) / levels.size, len(high) / levels.size
    return a * b * (low.mean() - high.mean()) ** 2


@pytest.mark.parametrize("seed", range(6))
def test_agrees_with_opencv_on_pictures(seed):
    rng = np.random.default_rng(seed)
    picture = rng.normal(70, 20, (60, 80))
    picture[10 : 20 + 5 * seed, 20:50] = rng.normal(180, 30, (10 + 5 * seed, 30))
    levels = np.clip(picture, 0, 255).astype(np.uint8)
    theirs, mask = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    assert otsu_threshold(levels) == int(theirs)
    assert np.array_equal(otsu_mask(levels / 255), mask > 0)


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(2, 9))))
def test_no_threshold_splits_better(levels):
    best = max(spread(levels, t) for t in range(256))
    t = otsu_threshold(levels)
    assert spread(levels, t) == pytest.approx(best, rel=1e-9, abs=1e-9)
    # OpenCV's choice is as good as ours (it may differ where two are equal)
    theirs, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    assert spread(levels, t) >= spread(levels, int(theirs)) - 1e-6


def test_two_levels_are_told_apart():
    saliency = np.full((8, 8), 0.3)
    saliency[2:5, 3:6] = 0.31
    mask = otsu_mask(saliency)
    assert mask.sum() == 9 and mask[2:5, 3:6].all()


@pytest.mark.parametrize("value", [0.0, 0.2, 0.5, 1.0])
def test_a_constant_map_has_no_foreground(value):
    assert not otsu_mask(np.full((5, 7), value, np.float32)).any()


def test_levels_are_rounded_and_clipped():
    assert to_levels(np.array([[0.0, 0.5 / 255 - 1e-6, 0.5 / 255 + 1e-6, 1.0, 1.2, -1.0]])).tolist() == [
        [0, 0, 1, 255, 255, 0]
    ]
