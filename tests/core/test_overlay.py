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
    out = ov.heat_map(picture((40, 80, 255)), ALPHA)
    # ends: three quarters of the table's colour and a quarter of the picture
    assert out[0, 0].tolist() == [0 + 10, 0 + 20, 3 + 63]
    assert out[0, 2].tolist() == [189 + 10, 191 + 20, 123 + 63]


def test_heat_never_wraps() -> None:
    alpha = np.arange(256, dtype=np.uint8)[None]
    out = ov.heat_map(np.full((1, 256, 3), 255, np.uint8), alpha)
    assert out.min() >= 63


def test_heat_table_grows_lighter_in_even_steps() -> None:
    light = ov.heat_map_colours().astype(float) @ [0.2126, 0.7152, 0.0722]
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
    out = ov.draw_overlay(overlay, rgb, alpha, other=255 - alpha)
    assert out.shape == rgb.shape and out.dtype == np.uint8 and out.flags.c_contiguous
    assert (out != rgb).any()
    assert (rgb == before[0]).all() and (alpha == before[1]).all()


@pytest.mark.parametrize("overlay", list(Overlay))
def test_without_a_matte_the_picture_comes_back(overlay: Overlay) -> None:
    rgb = picture((1, 2, 3))
    assert ov.draw_overlay(overlay, rgb, None) is rgb


def test_mixing_agrees_with_real_arithmetic() -> None:
    rng = np.random.default_rng(2)
    rgb = rng.integers(0, 256, (50, 40, 3), dtype=np.uint8)
    alpha = rng.integers(0, 256, (50, 40), dtype=np.uint8)
    a = alpha[..., None] / 255
    y, x = np.mgrid[:50, :40]
    squares = np.where((x // 16 + y // 16) % 2, 92, 128)[..., None]
    exact = rgb * a + squares * (1 - a)
    assert np.abs(ov.cutout(rgb, alpha) - exact).max() <= 1.5


def disc() -> np.ndarray:
    y, x = np.mgrid[:90, :160]
    return np.clip((30 - np.hypot(x - 80, y - 45)) * 64, 0, 255).astype(np.uint8)


def test_a_contour_runs_round_the_subject_and_leaves_the_rest() -> None:
    rgb = picture((100, 110, 120), (90, 160))
    out = ov.contour(rgb, disc())
    line = (out == ov.OUTLINE_COLOR).all(2)
    assert 4 <= line[45].sum() <= 6 and line[45, 48:53].any() and not line[45, 55:105].any()
    assert (out[0, 0] == rgb[0, 0]).all() and (out[45, 80] == rgb[45, 80]).all()
    assert 4 <= (out == 0).all(2)[45].sum() <= 6  # black on both sides of the line


def test_a_difference_is_orange_where_there_is_more_and_blue_where_less() -> None:
    out = ov.difference(
        picture((30, 30, 30), (1, 3)), np.array([[255, 0, 90]], np.uint8), np.array([[0, 255, 90]], np.uint8)
    )
    assert out[0].tolist() == [list(ov.MORE_COLOR), list(ov.LESS_COLOR), [10, 10, 10]]


def test_alpha_read_the_wrong_way() -> None:
    rgb, half = picture((200, 100, 40), (1, 1)), np.array([[128]], np.uint8)
    grey = picture((100, 100, 100), (1, 1))
    right = ov.over(rgb, half, grey)[0, 0]
    glow = ov.as_misread_alpha(rgb, half, grey, "as premultiplied")[0, 0]
    dark = ov.as_misread_alpha(rgb, half, grey, "as straight")[0, 0]
    assert right.tolist() == [150, 100, 70]
    assert glow.tolist() == [250, 150, 90]
    assert dark.tolist() == [100, 75, 60]


def test_misreading_harms_edges_only() -> None:
    rgb, grey = picture((200, 100, 40)), picture((90, 90, 90))
    right = ov.over(rgb, ALPHA, grey)
    for reading in ("as premultiplied", "as straight"):
        wrong = ov.draw_overlay(Overlay.CUTOUT, rgb, ALPHA, background=grey, reading=reading)
        assert (wrong[0, 2] == right[0, 2]).all() and (wrong[0, 1] != right[0, 1]).any()
    # black holds no glow where nothing is
    assert ov.as_misread_alpha(rgb, ALPHA, grey, "as straight")[0, 0].tolist() == [90, 90, 90]


def test_a_cut_out_on_a_ground() -> None:
    background = picture((7, 8, 9))
    out = ov.draw_overlay(Overlay.CUTOUT, picture((200, 100, 40)), ALPHA, background=background)
    assert out[0, 0].tolist() == [7, 8, 9] and out[0, 2].tolist() == [200, 100, 40]
    assert (ov.draw_overlay(Overlay.DIFFERENCE, background, ALPHA) == background).all()
