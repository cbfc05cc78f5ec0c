import numpy as np
import pytest

from vsod.core import overlay as ov
from vsod.core.overlay import Overlay


def picture(value: tuple[int, int, int], shape: tuple[int, int] = (1, 3)) -> np.ndarray:
    return np.full((*shape, 3), value, np.uint8)


ALPHA = np.array([[0, 128, 255]], np.uint8)


def test_tint_by_hand() -> None:
    # half strength: weights 0, 64, 128 of 256 for the dye
    out = ov.tint(picture((100, 50, 200)), ALPHA, (200, 0, 0), 0.5)
    assert out[0].tolist() == [[100, 50, 200], [125, 38, 150], [150, 25, 100]]


def test_tint_at_full_strength_is_the_dye() -> None:
    out = ov.tint(picture((1, 2, 3)), ALPHA, (9, 8, 7), 1.0)
    assert out[0, 2].tolist() == [9, 8, 7]


def test_matte_is_grey() -> None:
    out = ov.matte(ALPHA)
    assert out.tolist() == [[[0] * 3, [128] * 3, [255] * 3]]


def test_cutout_keeps_the_subject_exactly_and_hides_the_rest() -> None:
    rgb = picture((10, 20, 30), (4, 4))
    alpha = np.zeros((4, 4), np.uint8)
    alpha[0] = 255
    out = ov.cutout(rgb, alpha, checker=2)
    assert (out[0] == [10, 20, 30]).all()
    assert out[1, :, 0].tolist() == [128, 128, 92, 92]
    assert out[2, :, 0].tolist() == [92, 92, 128, 128]


def test_cutout_mixes_by_hand() -> None:
    # alpha 128 weighs 129 of 256: (10*129 + 128*127 + 128) >> 8 = 69
    assert ov.cutout(picture((10, 10, 10)), ALPHA)[0, 1].tolist() == [69, 69, 69]


def test_heat_by_hand() -> None:
    out = ov.heat(picture((40, 80, 255)), ALPHA)
    # ends: three quarters of the table's colour and a quarter of the picture
    assert out[0, 0].tolist() == [0 + 10, 0 + 20, 3 + 63]
    assert out[0, 2].tolist() == [189 + 10, 191 + 20, 123 + 63]


def test_heat_never_wraps() -> None:
    alpha = np.arange(256, dtype=np.uint8)[None]
    out = ov.heat(np.full((1, 256, 3), 255, np.uint8), alpha)
    assert out.min() >= 63


def test_heat_table_grows_lighter_in_even_steps() -> None:
    light = ov.heat_table().astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) >= 0).all()
    eighths = np.diff(light[::32])
    assert eighths.max() < 4 * np.median(eighths)


def test_to_u8_rounds_and_clips() -> None:
    alpha = np.array([[-0.5, 0.0, 0.5, 1.0, 1.5, 0.0019, 0.002]], np.float32)
    assert ov.to_u8(alpha)[0].tolist() == [0, 0, 128, 255, 255, 0, 1]


@pytest.mark.parametrize("overlay", [o for o in Overlay if o is not Overlay.NONE])
def test_every_overlay_leaves_its_input_alone_and_changes_the_picture(overlay: Overlay) -> None:
    rng = np.random.default_rng(1)
    rgb = rng.integers(0, 256, (37, 53, 3), dtype=np.uint8)
    alpha = rng.integers(0, 256, (37, 53), dtype=np.uint8)
    before = rgb.copy(), alpha.copy()
    out = ov.compose(overlay, rgb, alpha)
    assert out.shape == rgb.shape and out.dtype == np.uint8 and out.flags.c_contiguous
    assert (out != rgb).any()
    assert (rgb == before[0]).all() and (alpha == before[1]).all()


@pytest.mark.parametrize("overlay", list(Overlay))
def test_without_a_matte_the_picture_comes_back(overlay: Overlay) -> None:
    rgb = picture((1, 2, 3))
    assert ov.compose(overlay, rgb, None) is rgb


def test_mixing_agrees_with_real_arithmetic() -> None:
    rng = np.random.default_rng(2)
    rgb = rng.integers(0, 256, (50, 40, 3), dtype=np.uint8)
    alpha = rng.integers(0, 256, (50, 40), dtype=np.uint8)
    a = alpha[..., None] / 255
    y, x = np.mgrid[:50, :40]
    squares = np.where((x // 16 + y // 16) % 2, 92, 128)[..., None]
    exact = rgb * a + squares * (1 - a)
    assert np.abs(ov.cutout(rgb, alpha) - exact).max() <= 1.5
