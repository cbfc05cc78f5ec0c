"""The oracle against trying every labelling."""

from itertools import product

import numpy as np
import pytest

from vsod.lab.evaluation.prior_upper_bound import best_iou, segment_coverage


def test_best_labelling_of_whole_segments():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 6, (9, 13)).astype(np.int32)
    labels.ravel()[:6] = range(6)
    mask = rng.random((9, 13)) < (labels / 6)
    best = 0.0
    for said in product((False, True), repeat=6):
        found = np.array(said)[labels]
        if found.any():
            best = max(best, np.count_nonzero(found & mask) / np.count_nonzero(found | mask))
    assert 0.4 < best < 1
    assert best_iou(segment_coverage(labels, mask), mask) == pytest.approx(best)


def test_ties_are_cut_together():
    # one value everywhere: all or nothing
    mask = np.array([[True, False], [False, False]])
    assert best_iou(np.ones((2, 2)), mask) == pytest.approx(0.25)
    assert best_iou(mask.astype(float), mask) == 1
