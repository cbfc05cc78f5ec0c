"""Foreground colour: no fringe of the old ground, and colour beyond the edge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsod_models.refine.foreground_colour import estimate_foreground

ORANGE, GREEN, MAGENTA = np.float32([[220, 130, 60], [0, 255, 0], [255, 0, 255]])


def soft_disc(h=180, w=240, radius=50, softness=8):
    y, x = np.mgrid[0:h, 0:w]
    distance = radius - np.hypot(x - w / 2, y - h / 2)
    return np.clip(distance / softness + 0.5, 0, 1).astype(np.float32)


def over(foreground, alpha, background):
    return alpha[..., None] * foreground + (1 - alpha[..., None]) * background


def scene(textured=True):
    """An orange disc over green as the camera sees it; its true colours; its alpha."""
    alpha = soft_disc()
    x = np.arange(alpha.shape[1], dtype=np.float32)
    shade = 1 + 0.15 * np.sin(x / 9) if textured else np.ones_like(x)
    truth = ORANGE * np.broadcast_to(shade[:, None], (*alpha.shape, 1))
    truth = truth.clip(0, 255)
    return np.rint(over(truth, alpha, GREEN)).astype(np.uint8), truth, alpha


def test_the_edge_has_the_subjects_colour():
    seen, truth, alpha = scene()
    band = (alpha > 0.05) & (alpha < 0.95)
    before = np.abs(seen - truth)[band].mean()
    after = np.abs(estimate_foreground(seen, alpha) - truth)[band].mean()
    assert before > 50 and after < 8


def test_over_a_new_ground_nothing_green_remains():
    seen, truth, alpha = scene()
    band = (alpha > 0.05) & (alpha < 0.95)
    ideal = over(truth, alpha, MAGENTA)
    before = np.abs(over(seen, alpha, MAGENTA) - ideal)[band].mean()
    after = np.abs(over(estimate_foreground(seen, alpha), alpha, MAGENTA) - ideal)[band].mean()
    assert after < 0.1 * before


def test_colour_reaches_beyond_the_edge():
    seen, _, alpha = scene(textured=False)
    y, x = np.mgrid[0:180, 0:240]
    ring = (alpha == 0) & (np.hypot(x - 120, y - 90) < 50 + 4 + 34)
    assert np.abs(estimate_foreground(seen, alpha)[ring] - ORANGE).max() < 12


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_sure_pixels_are_the_picture_exactly(kind):
    rng = np.random.default_rng(1)
    alpha = soft_disc()
    seen = rng.integers(0, np.iinfo(kind).max, (*alpha.shape, 3), kind, endpoint=True)
    out = estimate_foreground(seen, alpha)
    assert out.dtype == kind and np.array_equal(out[alpha == 1], seen[alpha == 1])


def test_sixteen_bits_give_the_same_colours_finer():
    seen, truth, alpha = scene()
    fine = np.rint(over(truth, alpha, GREEN) * 257).astype(np.uint16)
    out = estimate_foreground(fine, alpha)
    assert np.abs(out / 257 - estimate_foreground(seen, alpha)).max() < 4
    assert len(np.unique(out[(alpha > 0) & (alpha < 1)])) > 256


def test_all_or_nothing():
    seen, _, alpha = scene()
    assert np.array_equal(estimate_foreground(seen, np.ones_like(alpha)), seen)
    assert not estimate_foreground(seen, np.zeros_like(alpha)).any()


def test_a_veil_that_is_nowhere_sure_has_a_colour_too():
    alpha = np.full((40, 60), 0.4, np.float32)
    alpha[:, :20] = 0
    seen = np.rint(over(ORANGE, alpha, GREEN)).astype(np.uint8)
    assert (
        np.abs(estimate_foreground(seen, alpha)[:, 30:] - ORANGE).mean()
        < np.abs(seen[:, 30:] - ORANGE).mean()
    )


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 9))
def test_any_size_and_any_alpha(h, w, seed):
    rng = np.random.default_rng(seed)
    seen = rng.integers(0, 256, (h, w, 3)).astype(np.uint8)
    alpha = rng.choice(np.float32([0, 0.3, 0.7, 1]), (h, w))
    before = seen.copy(), alpha.copy()
    out = estimate_foreground(seen, alpha)
    assert out.shape == seen.shape and np.array_equal(out[alpha == 1], seen[alpha == 1])
    assert np.array_equal(seen, before[0]) and np.array_equal(alpha, before[1])


def test_noise_does_not_wrap_around():
    rng = np.random.default_rng(0)
    alpha = rng.random((64, 64)).astype(np.float32)
    alpha[:8] = 1
    seen = np.full((64, 64, 3), 255, np.uint8)
    assert estimate_foreground(seen, alpha).min() > 250
    assert estimate_foreground(255 - seen, alpha).max() < 5


def test_where_the_guess_is_right_the_picture_is_rebuilt():
    seen, _, alpha = scene(textured=False)
    out = estimate_foreground(seen, alpha)
    assert np.abs(over(out, alpha, GREEN) - seen).max() < 4
