"""Graph segmentation: a slow, independent form of the algorithm agrees, and the rules around it hold."""

import threading

import cv2
import numpy as np
import pytest

from vsod_models.flow.flow_image import flow_to_image
from vsod_models.motion_prior.segmentation import LEVELS, Level, picture_to_cut, segment, segmentations


def scene(h=48, w=64):
    """A picture in four plain areas, and a flow of two motions."""
    rgb = np.zeros((h, w, 3), np.uint8)
    rgb[: h // 2, : w // 2] = (200, 30, 30)
    rgb[: h // 2, w // 2 :] = (30, 200, 30)
    rgb[h // 2 :, : w // 2] = (30, 30, 200)
    rgb[h // 2 :, w // 2 :] = (220, 220, 30)
    rgb[4:10, 4:12] = 255
    rgb[30:40, 40:52] = 0
    flow = np.zeros((h, w, 2), np.float32)
    flow[10:30, 20:44] = (5, -3)
    return rgb, flow


def same_partition(a, b):
    pairs = np.unique(np.stack((a.ravel(), b.ravel())), axis=1)
    return pairs.shape[1] == len(np.unique(a)) == len(np.unique(b))


def slow(picture, level):
    """Felzenszwalb and Huttenlocher's algorithm on the 4-neighbour graph, after the paper."""
    smooth = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), level.sigma).astype(np.float64)
    h, w = smooth.shape[:2]
    edges = []
    for y in range(h):
        for x in range(w):
            for y2, x2 in ((y, x + 1), (y + 1, x)):
                if y2 < h and x2 < w:
                    edges.append(
                        (float(np.linalg.norm(smooth[y, x] - smooth[y2, x2])), y * w + x, y2 * w + x2)
                    )
    edges.sort()
    parent, size, inner = list(range(h * w)), [1] * (h * w), [0.0] * (h * w)

    def root(p):
        while parent[p] != p:
            p = parent[p]
        return p

    def join(a, b, weight):
        parent[b] = a
        size[a] += size[b]
        inner[a] = weight

    for weight, p, q in edges:
        a, b = root(p), root(q)
        if a != b and weight <= min(inner[a] + level.k / size[a], inner[b] + level.k / size[b]):
            join(a, b, weight)
    for weight, p, q in edges:
        a, b = root(p), root(q)
        if a != b and min(size[a], size[b]) < level.min_size:
            join(a, b, weight)
    return np.array([root(p) for p in range(h * w)]).reshape(h, w)


@pytest.mark.parametrize("level", [Level(0.5, 30, 20), Level(0.8, 150, 50)])
def test_agrees_with_the_paper_spelt_out(level):
    rng = np.random.default_rng(0)
    # distinct edge weights: with ties the two sorts may take different turns
    rgb = np.clip(scene(24, 32)[0] + rng.normal(0, 6, (24, 32, 3)), 0, 255).astype(np.float32)
    ours = segment(rgb, level)
    assert ours.dtype == np.int32 and sorted(np.unique(ours)) == list(range(ours.max() + 1))
    assert ours.max() >= 3
    assert same_partition(ours, slow(rgb, level))


def test_larger_k_and_min_size_make_fewer_segments():
    rng = np.random.default_rng(1)
    rgb = cv2.GaussianBlur(rng.integers(0, 256, (60, 80, 3), np.uint8), (0, 0), 2)
    counts = [segment(rgb, Level(0.5, k, 10)).max() for k in (5, 30, 120)]
    assert counts[0] > counts[1] > counts[2]
    sizes = np.bincount(segment(rgb, Level(0.5, 5, 40)).ravel())
    assert sizes.min() >= 40


def test_what_is_cut():
    rgb, flow = scene()
    assert picture_to_cut(rgb, flow, "rgb") is rgb
    assert (picture_to_cut(rgb, flow, "flow") == flow_to_image(flow, robust=True)).all()
    both = picture_to_cut(rgb, flow, "flow+rgb")
    assert both.shape == (48, 64, 6) and both.dtype == np.float32
    assert np.allclose(both[..., :3] * 2, flow_to_image(flow, robust=True)) and np.allclose(
        both[..., 3:] * 2, rgb
    )
    with pytest.raises(ValueError, match=r"flow\+rgb"):
        picture_to_cut(rgb, flow, "depth")


def test_both_cues_cut_along_both():
    rgb, flow = scene()
    labels = segment(picture_to_cut(rgb, flow, "flow+rgb"), LEVELS[0])
    # across the motion's edge inside one colour, and across the colours inside one motion
    assert labels[20, 15] != labels[20, 25] and labels[5, 25] != labels[5, 40]


def test_a_level_without_shapes_is_cut_from_the_picture():
    rgb, _ = scene()
    uniform = np.full((48, 64, 2), 3, np.float32)
    assert segment(flow_to_image(uniform), LEVELS[0]).max() == 0
    for labels, level in zip(segmentations(rgb, uniform), LEVELS, strict=True):
        assert labels.max() >= 4
        assert (labels == segment(rgb, level)).all()


def test_enough_shapes_are_kept():
    rgb, flow = scene()
    flow[2:8, 2:30] = (-4, 4)
    flow[34:46, 2:30] = (0, 5)
    flow[34:46, 36:60] = (4, 4)
    labels = segmentations(rgb, flow, levels=LEVELS[:1])[0]
    assert (labels == segment(flow_to_image(flow, robust=True), LEVELS[0])).all() and labels.max() >= 4


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_nothing_and_leave_nothing(threads):
    rgb, flow = scene()
    before, ran = threading.active_count(), []
    found = segmentations(rgb, flow, "flow+rgb", threads=threads, meanwhile=lambda: ran.append(1))
    assert ran == [1] and threading.active_count() == before
    picture = picture_to_cut(rgb, flow, "flow+rgb")
    assert all((a == segment(picture, level)).all() for a, level in zip(found, LEVELS, strict=True))
