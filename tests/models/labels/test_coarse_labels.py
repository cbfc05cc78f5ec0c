import numpy as np
import pytest

from vsod_models.labels.coarse_labels import Candidate, ErasureRules, coarse_labels, warp_labels

H, W = 60, 100
STILL = np.zeros((H, W, 2), np.float32)


def picture(*boxes, level=0.9, background=0.05):
    s = np.full((H, W), background, np.float32)
    for y, x, h, w in boxes:
        s[y : y + h, x : x + w] = level
    return s


def box_mask(*boxes):
    return picture(*boxes, level=1, background=0) > 0.5


def one(fused, motion=None):
    (label,) = coarse_labels([Candidate(fused, motion, None)])
    return label


def test_specks_go():
    # 0.2 % of 6000 pixels are 12
    label = one(picture((10, 10, 20, 20), (50, 80, 3, 4), (50, 50, 2, 5)))
    assert np.array_equal(label.mask, box_mask((10, 10, 20, 20), (50, 80, 3, 4)))
    assert (label.components, label.erased) == (3, {"a": 1, "b": 0, "c": 0})
    assert label.raw.sum() == 400 + 12 + 10 and label.kept == pytest.approx(412 / 422)


def test_what_is_still_and_doubtful_goes_and_either_alone_stays():
    fused = picture((5, 5, 15, 15), (5, 40, 15, 15), (5, 70, 15, 15), level=0.55)
    fused[5:20, 70:85] = 0.7
    motion = np.zeros((H, W), np.float32)
    motion[5:20, 5:20] = 0.3
    label = one(fused, motion)
    # left: doubtful but moves; middle: neither; right: still but sure
    assert np.array_equal(label.mask, box_mask((5, 5, 15, 15), (5, 70, 15, 15)))
    assert label.erased == {"a": 0, "b": 1, "c": 0}


def test_without_any_motion_stillness_is_no_reason():
    assert one(picture((5, 5, 15, 15), level=0.55)).mask.sum() == 225


def test_flicker_goes_and_what_moves_along_the_flow_stays():
    flow = STILL.copy()
    flow[..., 0] = 30  # further than the box is wide: only the flow connects the frames
    frames = []
    for t in range(3):
        boxes = [(10, 5 + 30 * t, 20, 20)] + ([(40, 40, 10, 10)] if t == 1 else [])
        frames.append(Candidate(picture(*boxes), None, flow))
    labels = list(coarse_labels(frames))
    assert [label.erased["c"] for label in labels] == [0, 1, 0]
    for t, label in enumerate(labels):
        assert np.array_equal(label.mask, box_mask((10, 5 + 30 * t, 20, 20)))
    stuck = list(coarse_labels([Candidate(f.fused, None, STILL) for f in frames]))
    assert all(not label.mask.any() and label.confidence == 0 for label in stuck)


def test_one_faithful_neighbour_is_enough():
    boxes = (10, 10, 20, 20)
    frames = [picture(boxes), picture(boxes), picture((40, 70, 10, 10))]
    labels = list(coarse_labels([Candidate(f, None, STILL) for f in frames]))
    assert [bool(label.mask.any()) for label in labels] == [True, True, False]


def test_a_small_subject_beside_a_big_one_is_not_flicker():
    boxes = [(5, 5, 40, 60), (50, 80, 5, 5)]
    labels = list(coarse_labels([Candidate(picture(*boxes), None, STILL)] * 3))
    assert all(np.array_equal(label.mask, box_mask(*boxes)) for label in labels)


def test_frames_across_a_gap_are_no_neighbours():
    a, b = picture((5, 5, 15, 15)), picture((30, 60, 15, 15))
    apart = list(coarse_labels([Candidate(a, None, None), Candidate(b, None, None)]))
    assert [label.mask.sum() for label in apart] == [225, 225]
    assert [label.steady for label in apart] == [1, 1]
    together = list(coarse_labels([Candidate(a, None, STILL), Candidate(b, None, None)]))
    assert [label.mask.sum() for label in together] == [0, 0]


def test_overlap_threshold_is_where_the_rules_put_it():
    # 20x20 boxes shifted by 12: IoU (8 * 20) / (32 * 20) = 1/4
    frames = [Candidate(picture((10, x, 20, 20)), None, STILL) for x in (10, 22)]
    for limit, left in ((0.24, 400), (0.26, 0)):
        labels = list(coarse_labels(frames, ErasureRules(overlap=limit)))
        assert [label.mask.sum() for label in labels] == [left, left]
        assert labels[0].steady == pytest.approx(0.25)


def test_confidence_is_kept_times_steady():
    frames = [Candidate(picture((10, x, 20, 20), (50, 50, 2, 5)), None, STILL) for x in (10, 22)]
    label = next(coarse_labels(frames))
    outside = (0.05 * (6000 - 410) + 0.9 * 10) / 5600
    assert label.margin == pytest.approx(0.9 - outside, abs=1e-5)
    assert label.kept == pytest.approx(400 / 410)
    assert label.confidence == pytest.approx(400 / 410 * 0.25)


def test_an_empty_map_gives_an_empty_label_nobody_trusts():
    label = one(np.full((H, W), 0.4, np.float32))
    assert not label.mask.any() and label.components == 0 and label.confidence == 0


def test_no_frames_no_labels():
    assert list(coarse_labels([])) == []


def test_carrying_looks_where_the_flow_points():
    ids = np.zeros((6, 8), np.int32)
    ids[2, 5] = 7
    flow = np.zeros((6, 8, 2), np.float32)
    flow[..., 0], flow[..., 1] = 3, 1
    back = warp_labels(ids, flow)
    assert back.dtype == np.int32 and back[1, 2] == 7 and (back != 0).sum() == 1
    assert not warp_labels(np.full((6, 8), 5, np.int32), flow + 20).any()
