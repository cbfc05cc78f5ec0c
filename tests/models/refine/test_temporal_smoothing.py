"""The stabiliser: steadier, on time, no trails, nothing across a cut; and the measure of flicker."""

import cv2
import numpy as np
import pytest

from vsod.core.frame import Frame
from vsod.core.matte_settings import MatteSettings
from vsod.matte.smoothing_window import frames_needed, smooth_maps
from vsod_models.flow.dis import DIS
from vsod_models.flow.warp import consistent, warp
from vsod_models.metrics.flicker import FlickerMeter, flicker
from vsod_models.refine.temporal_smoothing import RADIUS, SmoothingFrame, TemporalSmoother

H, W = 96, 160


def texture(seed, shift=0):
    """A picture with structure everywhere, moved right by ``shift`` pixels."""
    rng = np.random.default_rng(seed)
    wide = cv2.GaussianBlur(rng.random((H, W + 400)).astype(np.float32), (0, 0), 2)
    wide = (wide - wide.min()) / (wide.max() - wide.min())
    return np.rint(255 * wide[:, 200 - shift : 200 - shift + W]).astype(np.uint8)


def box(left, value=1.0):
    out = np.zeros((H, W), np.float32)
    out[30:66, left : left + 40] = value
    return out


def clip(count, speed=0, noise=0.08, cut=None):
    """Frames whose subject moves with the picture, their noisy maps and the true ones."""
    rng = np.random.default_rng(5)
    looks, truth = {}, {}
    for t in range(count):
        after = cut is not None and t >= cut
        truth[t] = 0.25 + 0.5 * box(90 if after else 30 + speed * t)
        shown = texture(2 if after else 1, 0 if after else speed * t)
        # as coarse as what a network gets wrong
        coarse = rng.normal(0, noise, (H // 4, W // 4)).astype(np.float32)
        noisy = truth[t] + cv2.resize(coarse, (W, H))
        looks[t] = SmoothingFrame.at(shown, noisy.clip(0, 1))
    return looks, truth


def test_flow_carries_and_comes_home():
    first, second = texture(1), texture(1, 3)
    flow, back = DIS()(first, second), DIS()(second, first)
    inner = np.s_[16:-16, 16:-16]
    assert np.abs(warp(second, flow) - first)[inner].mean() < 3
    assert consistent(flow, back)[inner].mean() > 0.95
    assert consistent(flow, DIS()(texture(2), first))[inner].mean() < 0.3


@pytest.mark.parametrize("speed", [0, 3])
def test_noise_is_averaged_along_the_motion(speed):
    looks, truth = clip(2 * RADIUS + 1, speed)
    before = np.abs(looks[RADIUS].saliency - truth[RADIUS]).mean()
    after = np.abs(TemporalSmoother(1)(RADIUS, looks) - truth[RADIUS]).mean()
    assert after < 0.5 * before


def test_no_lag_and_no_trail():
    looks, _ = clip(2 * RADIUS + 1, speed=3, noise=0)
    out = TemporalSmoother(1)(RADIUS, looks)
    sure = out[32:64]
    assert sure[:, 30 + 9 + 3 : 30 + 9 + 37].min() > 0.7
    # a lagging or trailing matte would leave something here, a hasty one there
    assert sure[:, : 30 + 9 - 3].max() < 0.3 and sure[:, 30 + 9 + 43 :].max() < 0.3


def test_nothing_comes_across_a_cut():
    looks, _ = clip(8, cut=4, noise=0)
    alone = {k: v for k, v in looks.items() if k < 4}
    assert np.array_equal(TemporalSmoother(1)(3, looks), TemporalSmoother(1)(3, alone))
    alone = {k: v for k, v in looks.items() if k >= 4}
    assert np.array_equal(TemporalSmoother(1)(4, looks), TemporalSmoother(1)(4, alone))


def test_the_map_keeps_detail_finer_than_the_motion():
    looks, _ = clip(2 * RADIUS + 1, noise=0)
    fine = np.indices((H, W)).sum(0) % 2 * np.float32(0.2)
    big = {t: SmoothingFrame.at(k.luma, cv2.resize(k.saliency, (4 * W, 4 * H))) for t, k in looks.items()}
    assert big[0].luma.size < 0.1 * big[0].saliency.size
    striped = {t: SmoothingFrame(k.luma, np.tile(fine, (4, 4)) + 0.5 * k.saliency) for t, k in big.items()}
    # nothing flickers, so nothing changes, least of all what the raster of the motion cannot show
    assert np.abs(TemporalSmoother(1)(RADIUS, striped) - striped[RADIUS].saliency).max() < 0.02


def test_strength_nought_changes_nothing():
    looks, _ = clip(5)
    assert np.allclose(TemporalSmoother(0)(2, looks), looks[2].saliency, atol=1e-7)


def pairs(looks, frames):
    return ((Frame(t, t, looks[t].luma), looks[t].saliency) for t in frames)


def test_a_part_comes_out_as_in_the_whole():
    looks, _ = clip(16, speed=2)
    whole = {f.index: m for f, m in smooth_maps(pairs(looks, range(16)), 0.8, range(16))}
    assert list(whole) == list(range(16))
    part = range(5, 9)
    reads = frames_needed(part, MatteSettings(temporal_smoothing=0.8), 16)
    assert reads == range(5 - RADIUS, 9 + RADIUS)
    some = {f.index: m for f, m in smooth_maps(pairs(looks, reads), 0.8, part)}
    assert list(some) == list(part)
    assert all(np.array_equal(some[t], whole[t]) for t in part)


def test_without_it_nothing_more_is_read():
    assert frames_needed(range(5, 9), MatteSettings(temporal_smoothing=0), 16) == range(5, 9)
    assert frames_needed(range(0, 16), MatteSettings(temporal_smoothing=1), 16) == range(0, 16)


def test_flicker_by_hand():
    still = np.zeros((4, 5, 2), np.float32)
    all_of_it = np.ones((4, 5), bool)
    before, now = np.full((4, 5), 0.2, np.float32), np.full((4, 5), 0.5, np.float32)
    assert flicker(before, now, still, all_of_it) == pytest.approx(0.3)
    assert flicker(before, now, still, ~all_of_it) == 0
    ramp = np.tile(np.arange(5, dtype=np.float32) / 10, (4, 1))
    one_left = still + np.float32([-1, 0])
    # the ramp moved right by a pixel: only the column that came in has changed
    moved = np.roll(ramp, 1, 1)
    assert flicker(ramp, moved, one_left, np.arange(5)[None] > np.zeros((4, 1))) == pytest.approx(0)


def test_movement_is_not_flicker():
    moving, shaking = FlickerMeter(), FlickerMeter()
    assert moving.result is None
    rng = np.random.default_rng(0)
    for t in range(4):
        moving.add(box(30 + 3 * t), texture(1, 3 * t))
        shaking.add((box(30) * rng.uniform(0.5, 1)).astype(np.float32), texture(1))
    assert moving.result < 1 and shaking.result > 5
