"""Ways from a map to the picture's edges, and the measures of matting."""

import cv2
import numpy as np
import pytest

from vsod.core.matte_settings import EDGE_METHODS, MatteSettings
from vsod.errors import ModelError
from vsod.matte.refiner import Refiner
from vsod_models.metrics.matting import gradient_error, mse, sad
from vsod_models.refine.guided_upsampling import upsample
from vsod_models.refine.soft_edges import soft_edges, uncertainty


def hair(h=240, w=320):
    """A red ball with soft hairs on blue-green noise, its true alpha, and that at an eighth of the size."""
    rng = np.random.default_rng(3)
    alpha = np.zeros((h, w), np.float32)
    cv2.circle(alpha, (w // 2, h // 2), 60, 1, -1)
    for angle in np.linspace(0, 2 * np.pi, 24, endpoint=False):
        tip = (int(w / 2 + 85 * np.cos(angle)), int(h / 2 + 85 * np.sin(angle)))
        cv2.line(alpha, (w // 2, h // 2), tip, 1, 2)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 1)
    ground = np.float32([40, 120, 140]) + rng.normal(0, 6, (h, w, 3)).astype(np.float32)
    rgb = alpha[..., None] * np.float32([210, 60, 50]) + (1 - alpha[..., None]) * ground
    small = cv2.resize(alpha, (w // 8, h // 8), interpolation=cv2.INTER_AREA)
    return np.rint(rgb.clip(0, 255)).astype(np.uint8), alpha, small


def test_soft_edges_find_hairs_that_the_map_has_lost():
    rgb, alpha, small = hair()
    plain, soft = upsample(small, 320, 240), soft_edges(small, rgb)
    for measure in (sad, mse, gradient_error):
        assert measure(soft, alpha) < 0.7 * measure(plain, alpha)


def test_sure_parts_stay_and_the_range_holds():
    rgb, _, small = hair()
    hard = (small > 0.5).astype(np.float32)
    assert np.allclose(soft_edges(hard, rgb)[110:130, 150:170], 1)
    for value in (0.0, 0.5, 1.0):
        flat = soft_edges(np.full_like(small, value), rgb)
        assert np.abs(flat - value).max() < 1e-3
    noise = np.random.default_rng(0).random(small.shape).astype(np.float32)
    out = soft_edges(noise, rgb)
    assert out.min() >= 0 and out.max() <= 1 and out.dtype == np.float32


def test_doubt_is_nought_where_the_map_is_sure():
    assert uncertainty(np.float32([0, 1])).tolist() == [0, 0]
    assert uncertainty(np.float32([0.5, 0.1]))[0] == 1 and 0 < uncertainty(np.float32([0.01]))[0] < 1


def test_closed_form_beats_plain_upsampling():
    pytest.importorskip("pymatting")
    rgb, alpha, small = hair()
    with Refiner(MatteSettings(edges="pymatting")) as refiner:
        out = refiner(small, rgb)
        assert refiner.reads_colour
        # nothing sure on one side: nothing to solve
        assert np.abs(refiner(np.zeros_like(small), rgb)).max() < 1e-3
    assert out.dtype == np.float32 and out.min() >= 0 and out.max() <= 1
    assert sad(out, alpha) < sad(upsample(small, 320, 240), alpha)


def test_trimap_by_hand():
    pytest.importorskip("pymatting")
    from vsod_models.refine.closed_form_matting import trimap

    hard = np.zeros((9, 12), np.float32)
    hard[:, 6:] = 1
    assert trimap(hard)[4].tolist() == [0] * 5 + [0.5] * 2 + [1] * 5
    hard[:, 5] = 0.4
    assert trimap(hard)[4].tolist() == [0] * 3 + [0.5] * 5 + [1] * 4


def test_a_library_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr("vsod.matte.refiner.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"vsod-desktop\[matting\]"):
        Refiner(MatteSettings(edges="pymatting"))


def test_measures_by_hand():
    truth = np.zeros((20, 30), np.float32)
    ours = truth.copy()
    ours[5:7, 5:10] = 0.5
    assert sad(ours, truth) == pytest.approx(10 * 0.5 / 1000)
    assert mse(ours, truth) == pytest.approx(1000 * 10 * 0.25 / 600)
    assert sad(truth, truth) == mse(truth, truth) == gradient_error(truth, truth) == 0
    assert gradient_error(truth + np.float32(0.3), truth) == pytest.approx(0, abs=1e-9)


def test_gradient_error_of_a_step_by_hand():
    # an upright step: the derivative of Gaussian gives a Gaussian across it, the same in every row
    step = np.zeros((40, 41), np.float32)
    step[:, 20:] = 1
    x = np.arange(-4, 5)
    g = np.exp(-0.5 * (x / 1.4) ** 2) / (1.4 * np.sqrt(2 * np.pi))
    d = x * g / 1.4**2
    d /= np.sqrt((np.outer(g, d) ** 2).sum())
    profile = np.convolve(step[0], d[::-1] * g.sum(), "same")[5:-5]
    expected = 40 * (profile**2).sum() / 1000
    assert gradient_error(step, np.zeros_like(step)) == pytest.approx(expected, rel=1e-4)


def test_every_way_of_the_table_is_there():
    rgb, _, small = hair()
    for edges in set(EDGE_METHODS) - {"pymatting"}:
        with Refiner(MatteSettings(edges=edges)) as refiner:
            assert refiner(small, rgb).shape == rgb.shape[:2]
