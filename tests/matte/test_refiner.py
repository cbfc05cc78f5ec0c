"""Finishing with the dense CRF: at its own raster, in colour, its engine let go."""

import sys

import cv2
import numpy as np
import pytest

from vsod.core.matte_settings import MatteSettings
from vsod.errors import ModelError
from vsod.matte.refiner import CRF_AREA, Refiner, crf_size, full_size_operations


def scene(h=144, w=256):
    """A red disc on grey noise, its true mask, and a map that is off by some pixels."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:h, 0:w]
    mask = np.hypot(x - w * 0.5, y - h * 0.5) < h * 0.3
    picture = rng.integers(90, 120, (h, w, 3)).astype(np.uint8)
    picture[mask] = (200, 40, 40)
    shifted = np.roll(mask, 5, 1).astype(np.float32)
    soft = cv2.GaussianBlur(shifted, (0, 0), 4)
    return picture, mask, cv2.resize(soft, (w // 4, h // 4), interpolation=cv2.INTER_AREA)


def iou(matte, mask):
    on = matte > 0.5
    return (on & mask).sum() / (on | mask).sum()


def test_colour_settles_the_outline():
    picture, mask, coarse = scene()
    with (
        Refiner(MatteSettings(edges="plain")) as plain,
        Refiner(MatteSettings(edges="plain", crf="meanfield")) as crf,
    ):
        before, after = plain(coarse, picture), crf(coarse, picture)
    assert crf.reads_colour and not plain.reads_colour
    assert after.shape == mask.shape and after.dtype == np.float32
    assert iou(before, mask) < 0.88 and iou(after, mask) > 0.95


@pytest.mark.parametrize("size", [(854, 480), (1920, 1080), (640, 360), (1080, 1920), (7, 3)])
def test_it_works_at_480p_at_most(size):
    w, h = crf_size(*size)
    assert w * h <= CRF_AREA * 1.01 and w <= size[0] and h <= size[1]
    assert w / h == pytest.approx(size[0] / size[1], rel=0.02)


def test_a_large_picture_keeps_its_size():
    picture, _, coarse = scene(720, 1280)
    with Refiner(MatteSettings(crf="meanfield", threshold=0.5)) as refiner:
        out = refiner(coarse, picture)
    assert out.shape == (720, 1280) and set(np.unique(out)) == {0, 1}


def test_luma_is_enough_without_the_crf():
    picture, _, coarse = scene()
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    with Refiner(MatteSettings()) as refiner:
        assert np.array_equal(refiner(coarse, grey), refiner(coarse, picture))


def test_an_engine_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "vsod_models.refine.pydensecrf_engine", None)
    with pytest.raises(ModelError, match="'pydensecrf' cannot be used"):
        Refiner(MatteSettings(crf="pydensecrf"))


def test_every_setting_changes_the_matte_and_a_neutral_one_does_nothing():
    assert full_size_operations(MatteSettings()) == []
    picture, _, coarse = scene()
    with Refiner(MatteSettings()) as plain:
        before = plain(coarse, picture)
    for changed in (
        {"threshold": 0.5},
        {"despeckle": 20_000},
        {"grow": 1.5},
        {"feather": 2.0},
        {"black": 0.2},
        {"white": 0.8},
        {"gamma": 2.0},
        {"invert": True},
        {"invert": True, "fill_holes": 20_000, "grow": -2},
    ):
        with Refiner(MatteSettings(**changed)) as refiner:
            after = refiner(coarse, picture)
        assert after.dtype == np.float32 and after.shape == before.shape
        assert np.abs(after - before).max() > 0.1, changed
    with Refiner(MatteSettings(invert=True)) as refiner:
        assert np.array_equal(refiner(coarse, picture), 1 - before)


def test_the_order_is_the_one_of_the_table():
    steps = full_size_operations(MatteSettings(0, "off", "guided", 0.5, 9, 9, 1, 1, 0.1, 0.9, 2, True))
    names = [getattr(s, "func", s).__name__ for s in steps]
    assert names == ["threshold", "despeckle", "fill_holes", "grow", "feather", "levels", "gamma", "invert"]
