import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsod.inference.raster import Raster


@pytest.mark.parametrize(
    ("display", "expected"),
    [
        ((1920, 1080), (384, 216, 384, 224)),
        ((1080, 1920), (216, 384, 224, 384)),
        ((854, 480), (384, 216, 384, 224)),
        ((640, 480), (332, 250, 352, 256)),
        ((500, 500), (288, 288, 288, 288)),
        ((10000, 100), (576, 144, 576, 160)),
    ],
)
def test_known_rasters(display, expected):
    r = Raster.fit(display, 82944, 32)
    assert (r.width, r.height, r.padded_width, r.padded_height) == expected


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_every_raster_is_even_padded_and_near_the_budget(w, h):
    r = Raster.fit((w, h), 82944, 32)
    assert r.width % 2 == r.height % 2 == r.padded_width % 32 == r.padded_height % 32 == 0
    assert 0 <= r.padded_width - r.width < 32 and 0 <= r.padded_height - r.height < 32
    assert abs(r.width * r.height / 82944 - 1) < 0.02
    if 0.25 <= w / h <= 4:
        assert abs(r.width / r.height / (w / h) - 1) < 0.02


def test_padding_repeats_the_edge_and_crop_undoes_it():
    r = Raster(6, 4, 8, 8)
    a = np.arange(24, dtype=np.float32).reshape(1, 4, 6)
    padded = r.pad(a)
    assert padded.shape == (1, 8, 8)
    assert (padded[0, 4:, :6] == a[0, 3]).all() and (padded[0, :4, 6:] == a[0, :, 5:]).all()
    assert (r.crop(padded) == a).all()
    assert r.pad(a[:, ::2, ::2], 2).shape == (1, 4, 4)
