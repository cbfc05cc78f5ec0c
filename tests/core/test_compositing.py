"""Picture arithmetic of the exports."""

import numpy as np
import pytest

from vsod.core.compositing import over, premultiply, to_8bit, to_16bit

RNG = np.random.default_rng(0)
ALPHA = RNG.random((20, 30), dtype=np.float32)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_straight_and_premultiplied_agree_over_any_ground(kind):
    """T20: over black, white and magenta, both readings give the analytic result within one step."""
    top = np.iinfo(kind).max
    rgb = RNG.integers(0, top + 1, (20, 30, 3)).astype(kind)
    for colour in ((0, 0, 0), (top, top, top), (top, 0, top)):
        background = np.full_like(rgb, colour)
        due = rgb * ALPHA[..., None].astype(float) + background * (1 - ALPHA[..., None].astype(float))
        assert np.abs(over(rgb, ALPHA, background) - due).max() <= 1
        from_premultiplied = premultiply(rgb, ALPHA) + background * (1 - ALPHA[..., None].astype(float))
        assert np.abs(from_premultiplied - due).max() <= 1
        if any(colour):  # read as the other kind it is visibly wrong
            assert np.abs(over(premultiply(rgb, ALPHA), ALPHA, background) - due).max() > top / 20


def test_depths():
    codes = np.arange(256, dtype=np.uint8).reshape(1, -1)
    assert np.array_equal(to_8bit(to_16bit(codes)), codes)
    assert to_16bit(codes).max() == 65535
    assert to_8bit(codes) is codes
