"""Descriptions of segments against plain loops."""

import numpy as np
import pytest
import torch

from vsod_models.flow.motion_encoding import dominant_motion, robust_peak
from vsod_models.motion_prior import region_features as module
from vsod_models.motion_prior.region_features import (
    MOTION_DIMS,
    PooledRegionFeatures,
    cell_shares,
    motion_dims,
    neighbours,
    pool_features,
    without_camera_motion,
)


def patchwork(h, w, segments, seed=0):
    """Label image of ``segments`` areas around random points."""
    rng = np.random.default_rng(seed)
    points = rng.random((segments, 2)) * (h, w)
    y, x = np.mgrid[0:h, 0:w]
    distance = (y[..., None] - points[:, 0]) ** 2 + (x[..., None] - points[:, 1]) ** 2
    _, labels = np.unique(distance.argmin(2), return_inverse=True)
    return labels.reshape(h, w).astype(np.int32)


def slow_neighbours(labels):
    h, w = labels.shape
    found = set()
    for y in range(h):
        for x in range(w):
            for y2, x2 in ((y, x + 1), (y + 1, x)):
                if y2 < h and x2 < w and labels[y, x] != labels[y2, x2]:
                    a, b = int(labels[y, x]), int(labels[y2, x2])
                    found |= {(a, b), (b, a)}
    return found


def slow_pooled(features, labels, stride):
    h, w = labels.shape
    full = np.zeros((h, w, len(features)))
    for y in range(h):
        for x in range(w):
            full[y, x] = features[:, y // stride, x // stride]
    touching = slow_neighbours(labels)
    out = []
    for s in range(labels.max() + 1):
        ring = [b for a, b in touching if a == s]
        near, rest = np.isin(labels, ring), labels != s
        parts = [full[labels == s].mean(0)]
        parts += [full[where].mean(0) if where.any() else np.zeros(len(features)) for where in (near, rest)]
        out.append(np.concatenate(parts))
    return np.array(out)


@pytest.mark.parametrize(("h", "w", "segments"), [(40, 56, 17), (37, 51, 30), (8, 8, 2), (9, 70, 60)])
def test_pooling_agrees_with_loops(h, w, segments):
    labels = patchwork(h, w, segments)
    features = np.random.default_rng(1).normal(size=(5, -(-h // 8), -(-w // 8))).astype(np.float32)
    found = pool_features(features, labels, 8)
    assert found.dtype == np.float32 and found.shape == (labels.max() + 1, 15)
    assert np.abs(found - slow_pooled(features, labels, 8)).max() < 1e-5


def test_counting_and_sorting_give_the_same(monkeypatch):
    labels = patchwork(33, 41, 12)
    counted = cell_shares(labels, 6, 30, 8)
    monkeypatch.setattr(module, "_DENSE", 0)
    for a, b in zip(counted, cell_shares(labels, 6, 30, 8), strict=True):
        assert (a == b).all()
    assert counted[2].sum() == labels.size


def test_one_segment_is_all_there_is():
    features = np.random.default_rng(2).normal(size=(3, 2, 2)).astype(np.float32)
    found = pool_features(features, np.zeros((16, 16), np.int32), 8)
    assert np.allclose(found[0, :3], features.mean((1, 2)), atol=1e-6) and not found[0, 3:].any()


def test_a_map_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="does not reach"):
        pool_features(np.zeros((3, 2, 2), np.float32), np.zeros((17, 16), np.int32), 8)


def test_neighbours_agree_with_loops():
    labels = patchwork(31, 45, 25, seed=3)
    pairs = neighbours(labels)
    assert {(int(a), int(b)) for a, b in pairs} == slow_neighbours(labels)
    assert len(pairs) == len(slow_neighbours(labels)) and (np.diff(pairs[:, 0]) >= 0).all()
    assert neighbours(np.zeros((4, 5), np.int32)).shape == (0, 2)


def test_motion_dims_agree_with_loops():
    rng = np.random.default_rng(4)
    labels = patchwork(30, 44, 9, seed=5)
    flow, residual = rng.normal(1, 2, (2, 30, 44, 2)).astype(np.float32)
    found = motion_dims(flow, residual, labels)
    assert found.shape == (labels.max() + 1, MOTION_DIMS) and found.dtype == np.float32
    for s in range(labels.max() + 1):
        f, r = flow[labels == s].astype(np.float64), residual[labels == s].astype(np.float64)
        expected = [
            np.linalg.norm(f, axis=1).mean(),
            *f.mean(0),
            np.linalg.norm(r, axis=1).mean(),
            np.sqrt(f.var(0).sum()),
            np.sqrt((labels == s).mean()),
        ]
        assert np.abs(found[s] - expected).max() < 1e-5


def test_the_camera_is_taken_out_and_speed_is_relative():
    flow = np.full((60, 80, 2), (4, 2), np.float32)
    flow[20:40, 30:50] += (6, 0)
    whole, residual = without_camera_motion(flow)
    assert np.hypot(*whole[30, 40]) == pytest.approx(1) == robust_peak(np.hypot(whole[..., 0], whole[..., 1]))
    assert np.hypot(*residual[5, 5]) < 0.05 and np.hypot(*residual[30, 40]) > 0.45
    assert np.allclose(residual * np.hypot(10, 2), flow - dominant_motion(flow), atol=1e-4)
    again = without_camera_motion(flow * 3)
    assert np.allclose(again[0], whole, atol=1e-5) and np.abs(again[1] - residual).max() < 0.02


def test_described_level_by_level():
    rgb = np.zeros((24, 40, 3), np.uint8)
    flow = np.random.default_rng(6).normal(0, 2, (24, 40, 2)).astype(np.float32)
    levels = [patchwork(24, 40, n) for n in (12, 5)]
    seen = np.random.default_rng(7).normal(size=(4, 3, 5)).astype(np.float32)
    full = PooledRegionFeatures(lambda _: seen)
    bare = PooledRegionFeatures(lambda _: seen, motion=False)
    assert full.prepare(rgb) is seen
    for labels, with_motion, without in zip(
        levels, full.describe(seen, rgb, flow, levels), bare.describe(seen, rgb, flow, levels), strict=True
    ):
        assert with_motion.shape == (labels.max() + 1, 12 + MOTION_DIMS)
        assert (with_motion[:, :12] == without).all() and (without == pool_features(seen, labels, 8)).all()
        assert (with_motion[:, 12:] == motion_dims(*without_camera_motion(flow), labels)).all()


class FirstPixels(torch.nn.Module):
    """Stands in for AlexNet: mean, smallest and largest value of a crop's first channel."""

    def forward(self, x):
        first = x[:, 0].flatten(1)
        return torch.stack((first.mean(1), first.amin(1), first.amax(1)), 1)


def test_three_crops_a_segment():
    from vsod_models.motion_prior.multiscale_crops import MultiscaleCrops

    labels = np.zeros((20, 30), np.int32)
    labels[:, 10:20] = 1
    labels[:, 20:] = 2
    rgb = np.zeros((20, 30, 3), np.uint8)
    rgb[:, :10], rgb[:, 10:20], rgb[:, 20:] = 50, 150, 250
    crops = MultiscaleCrops(FirstPixels(), size=60, batch=4)
    seen = crops.prepare(rgb)
    one, two, three = ((v / 255 - 0.485) / 0.229 for v in (50, 150, 250))
    found = crops.describe(seen, rgb, np.zeros((20, 30, 2), np.float32), [labels])[0]
    assert found.shape == (3, 9)
    # the left segment alone; it and its neighbour; everything but it
    assert found[0, [0, 4, 5]] == pytest.approx([one, one, two], abs=1e-5)
    assert found[0, 6] == pytest.approx((0 + two + three) / 3, abs=0.02) and found[0, 7] == pytest.approx(
        0, abs=1e-6
    )
    # the middle one touches both others, the right one does not touch the left
    assert found[1, [4, 5]] == pytest.approx([one, three], abs=1e-5)
    assert found[2, [4, 5]] == pytest.approx([two, three], abs=1e-5)
