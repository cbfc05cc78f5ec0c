"""The colour wheel against the benchmark's arithmetic, written out slowly in float64."""

import math

import numpy as np
import pytest

from vsod_models.flow.flow_image import colour_wheel, flow_to_image


def slow_wheel():
    """makecolorwheel of the flow-code, step by step."""
    out = []
    for i in range(15):
        out.append((255, 255 * i // 15, 0))
    for i in range(6):
        out.append((255 - 255 * i // 6, 255, 0))
    for i in range(4):
        out.append((0, 255, 255 * i // 4))
    for i in range(11):
        out.append((0, 255 - 255 * i // 11, 255))
    for i in range(13):
        out.append((255 * i // 13, 0, 255))
    for i in range(6):
        out.append((255, 0, 255 - 255 * i // 6))
    return out


def slow_colour(flow, peak):
    wheel = slow_wheel()
    h, w = flow.shape[:2]
    out = np.zeros((h, w, 3))
    for y in range(h):
        for x in range(w):
            u, v = float(flow[y, x, 0]) / peak, float(flow[y, x, 1]) / peak
            radius = math.hypot(u, v)
            at = (math.atan2(-v, -u) / math.pi + 1) / 2 * 54
            low = math.floor(at)
            share = at - low
            for c in range(3):
                value = (1 - share) * wheel[low][c] / 255 + share * wheel[(low + 1) % 55][c] / 255
                value = 1 - radius * (1 - value) if radius <= 1 else value * 0.75
                out[y, x, c] = 255 * value
    return out


def test_the_wheel_has_the_benchmarks_55_hues():
    assert np.abs(colour_wheel() * 255 - np.array(slow_wheel())).max() < 1e-4


def test_agrees_with_the_slow_form():
    rng = np.random.default_rng(0)
    flow = rng.normal(0, 4, (23, 31, 2)).astype(np.float32)
    peak = float(np.hypot(flow[..., 0], flow[..., 1]).max())
    assert np.abs(flow_to_image(flow) - slow_colour(flow, peak)).max() <= 1.5


def test_agrees_beyond_a_given_peak():
    rng = np.random.default_rng(1)
    flow = rng.normal(0, 4, (17, 19, 2)).astype(np.float32)
    expected = slow_colour(flow, 5.0)
    # at the very rim the two forms may fall on either side of the darkening
    clear = np.abs(np.hypot(flow[..., 0], flow[..., 1]) - 5) > 1e-3
    beyond = np.hypot(flow[..., 0], flow[..., 1]) > 5
    assert 20 < np.count_nonzero(beyond) < beyond.size - 20
    assert np.abs(flow_to_image(flow, peak=5.0) - expected)[clear].max() <= 1.5


@pytest.mark.parametrize(
    ("motion", "rgb"),
    [
        # (1, 0) is where the wheel starts: red. Angles run down the picture, as v does
        ((1, 0), (255, 0, 0)),
        ((math.cos(2 * math.pi * 15 / 54), math.sin(2 * math.pi * 15 / 54)), (255, 255, 0)),
        ((math.cos(2 * math.pi * 25 / 54), math.sin(2 * math.pi * 25 / 54)), (0, 255, 255)),
        ((math.cos(2 * math.pi * 36 / 54), math.sin(2 * math.pi * 36 / 54)), (0, 0, 255)),
    ],
)
def test_known_hues(motion, rgb):
    flow = np.zeros((2, 2, 2), np.float32)
    flow[0, 0] = motion
    painted = flow_to_image(flow)
    assert np.abs(painted[0, 0].astype(int) - rgb).max() <= 2
    assert (painted[0, 1] == 255).all()


def test_no_motion_is_white():
    assert (flow_to_image(np.zeros((5, 7, 2), np.float32)) == 255).all()


def test_speed_is_relative_unless_a_peak_is_given():
    flow = np.random.default_rng(2).normal(0, 1, (9, 9, 2)).astype(np.float32)
    assert np.abs(flow_to_image(flow).astype(int) - flow_to_image(flow * 7)).max() <= 1
    half = np.zeros((1, 1, 2), np.float32)
    half[0, 0, 0] = 2
    assert flow_to_image(half, peak=4.0)[0, 0].tolist() == [255, 127, 127]


def test_robust_peak_survives_one_wild_pixel():
    flow = np.zeros((40, 40, 2), np.float32)
    flow[10:30, 10:30, 0] = 2
    flow[3, 3, 0] = 90
    assert flow_to_image(flow)[20, 20, 1] > 240
    robust = flow_to_image(flow, robust=True)
    assert robust[20, 20, 1] < 180 and robust[3, 3].tolist() == [255, 0, 0]


def test_unknown_motion_is_black():
    flow = np.ones((3, 3, 2), np.float32)
    flow[1, 1, 0], flow[0, 2, 1] = np.nan, np.inf
    painted = flow_to_image(flow)
    assert not painted[1, 1].any() and not painted[0, 2].any() and painted[0, 0].any()


def test_odd_views_and_sizes():
    flow = np.random.default_rng(3).normal(0, 3, (11, 13, 2)).astype(np.float32)
    assert (flow_to_image(flow[:, ::-1]) == flow_to_image(flow)[:, ::-1]).all()
    assert flow_to_image(np.zeros((0, 4, 2), np.float32)).shape == (0, 4, 3)
    with pytest.raises(ValueError, match="read-only"):
        colour_wheel()[0] = 0
