import numpy as np

from vsod.core.compositing import luma
from vsod.core.matte_settings import MatteSettings
from vsod.matte.refiner import Refiner
from vsod_models.refine.guided_upsampling import guided_upsample, upsample


def disc(h, w, cx, cy, r):
    y, x = np.mgrid[0:h, 0:w]
    return np.hypot(x + 0.5 - cx, y + 0.5 - cy) < r


def scene():
    """A bright disc on a dark ground at 640x360 and its blurred map at 80x45."""
    import cv2

    truth = disc(360, 640, 300, 180, 90).astype(np.float32)
    rng = np.random.default_rng(0)
    picture = (60 + 130 * truth + rng.normal(0, 4, truth.shape)).clip(0, 255).astype(np.uint8)
    small = cv2.resize(cv2.GaussianBlur(truth, (0, 0), 8), (80, 45), interpolation=cv2.INTER_AREA)
    return truth, picture, small


def test_guidance_brings_the_edge_back():
    truth, picture, small = scene()
    plain = np.abs(upsample(small, 640, 360) - truth).mean()
    guided = np.abs(guided_upsample(small, picture) - truth).mean()
    assert guided < 0.75 * plain


def test_constant_maps_stay_constant():
    _, picture, small = scene()
    for value in (0.0, 1.0, 0.25):
        out = guided_upsample(np.full_like(small, value), picture)
        assert out.shape == picture.shape and out.dtype == np.float32
        assert np.abs(out - value).max() < 1e-3


def test_result_stays_between_zero_and_one():
    _, picture, small = scene()
    out = guided_upsample((small > 0.5).astype(np.float32), picture, radius=2)
    assert out.min() >= 0 and out.max() <= 1


def test_settings_choose_the_way():
    truth, picture, small = scene()
    soft = Refiner(MatteSettings(edges="plain"))(small, picture)
    assert np.allclose(soft, upsample(small, 640, 360))
    hard = Refiner(MatteSettings(threshold=0.5))(small, picture)
    assert set(np.unique(hard)) == {0.0, 1.0}
    assert np.abs(hard - truth).mean() < 0.02


def test_luma_of_a_picture():
    rgb = np.zeros((2, 3, 3), np.uint8)
    rgb[0, 0] = 255
    rgb[1, 2] = (255, 0, 0)
    assert luma(rgb).tolist() == [[255, 0, 0], [0, 0, 76]]
