import numpy as np
import pytest

from vsod_models.metrics.clip_scores import ClipScorer, mean_scores
from vsod_models.metrics.davis import boundary_accuracy, contour, region_similarity
from vsod_models.metrics.protocols import scored_frames


def box(h, w, y0, y1, x0, x1):
    m = np.zeros((h, w), bool)
    m[y0:y1, x0:x1] = True
    return m


def test_region_by_hand():
    a, b = box(10, 10, 0, 4, 0, 4), box(10, 10, 2, 6, 0, 4)
    assert region_similarity(a, b) == pytest.approx(8 / 24)
    empty = np.zeros((10, 10), bool)
    assert region_similarity(empty, empty) == 1 and region_similarity(a, empty) == 0


def test_contour_by_hand():
    m = np.zeros((4, 4), bool)
    m[1, 1] = True
    assert np.argwhere(contour(m)).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    corner = np.zeros((3, 3), bool)
    corner[2, 2] = True
    # the last column looks down, the last row looks right, the corner itself nowhere
    assert np.argwhere(contour(corner)).tolist() == [[1, 1], [1, 2], [2, 1]]


def test_boundary_by_hand():
    a = box(100, 100, 20, 60, 20, 60)
    assert boundary_accuracy(a, a) == 1
    empty = np.zeros_like(a)
    assert (
        boundary_accuracy(empty, empty) == 1
        and boundary_accuracy(empty, a) == 0
        and boundary_accuracy(a, empty) == 0
    )
    # tolerance at 100x100 is ceil(0.008 * 141.4) = 2 px: a shift of 2 is free, one of 10 is not
    assert boundary_accuracy(np.roll(a, 2, 0), a) == 1
    assert boundary_accuracy(np.roll(a, 10, 0), a) < 0.7


def test_boundary_partial_credit_in_numbers():
    truth = box(64, 64, 10, 50, 10, 50)
    ours = truth | box(64, 64, 10, 50, 50, 60)
    near = boundary_accuracy(ours, truth, tolerance=1)
    # outlines of 41x51 and 41x41 pixels; of ours the left, and 42 of the top and the bottom, lie on or beside the
    # truth's; of the truth's right side the corners and their neighbours do
    p, r = (39 + 2 * 42) / (2 * (41 + 51) - 4), (39 + 2 * 41 + 2) / (4 * 41 - 4)
    assert near == pytest.approx(2 * p * r / (p + r), abs=1e-12)


def test_first_and_last_frames_do_not_count():
    assert list(scored_frames(5)) == [1, 2, 3]
    assert list(scored_frames(2)) == [0, 1]


def test_a_perfect_clip_and_an_inverted_one():
    truth = box(60, 80, 15, 45, 20, 60).astype(np.uint8) * 255
    good, bad = ClipScorer("good"), ClipScorer("bad")
    for _ in range(3):
        good.add(truth.astype(np.float32) / 255, truth, truth)
        bad.add(1 - truth.astype(np.float32) / 255, truth, truth)
    g, b = good.result(), bad.result()
    assert g.J == g.F == 1 and g.flicker == 0 and g.maxF == pytest.approx(1) and g.MAE == 0 and g.S > 0.99
    assert b.J == 0 and b.MAE == 1 and b.S < 0.2
    m = mean_scores([g, b])
    assert m.J == 0.5 and m.MAE == 0.5 and m.frames == 6


def test_max_f_is_the_maximum_of_the_mean_curve():
    truth = box(40, 40, 10, 30, 10, 30).astype(np.uint8) * 255
    scorer = ClipScorer("x")
    ramp = np.linspace(0, 1, 1600, dtype=np.float32).reshape(40, 40)
    for _ in range(2):
        scorer.add(ramp, truth, truth)
    best = 0.0
    level = (np.rint(ramp * 255).astype(np.uint8).astype(np.float64)) / 255
    for k in range(256):
        on = level >= k / 255
        tp = np.count_nonzero(on & (truth > 0))
        if tp:
            p, r = tp / np.count_nonzero(on), tp / 400
            best = max(best, 1.3 * p * r / (0.3 * p + r))
    assert scorer.result().maxF == pytest.approx(best, abs=1e-12)


def test_masks_are_cut_above_one_half():
    truth = box(40, 40, 10, 30, 10, 30).astype(np.uint8) * 255
    for level, j in ((0.5, 0), (0.501, 1), (0.49, 0)):
        scorer = ClipScorer("x")
        scorer.add(np.where(truth > 0, np.float32(level), np.float32(0)), truth)
        assert j == scorer.result().J, level
