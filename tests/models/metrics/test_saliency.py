"""Saliency measures against PySODMetrics and against counting by hand."""

import warnings

import numpy as np
import pytest

from vsod_models.metrics import saliency
from vsod_models.metrics.clip_scores import ClipScorer, mean_scores
from vsod_models.metrics.protocols import DAVSOD, FLAT

SHAPE = 23, 31


def maps():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    blob = np.exp(-((y - 9) ** 2 / 30 + (x - 14) ** 2 / 60))
    return {
        "random": rng.random(SHAPE),
        "narrow": 0.3 + 0.2 * rng.random(SHAPE),
        "constant": np.full(SHAPE, 0.3),
        "empty": np.zeros(SHAPE),
        "full": np.ones(SHAPE),
        "binary": (rng.random(SHAPE) > 0.5).astype(float),
        "real": np.clip(blob + 0.1 * rng.random(SHAPE), 0, 1),
    }


def truths():
    rng = np.random.default_rng(1)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return {
        "random": rng.random(SHAPE) > 0.5,
        "empty": np.zeros(SHAPE, bool),
        "full": np.ones(SHAPE, bool),
        "real": (y - 10) ** 2 + (x - 15) ** 2 < 40,
        "corner": (y < 4) & (x < 3),
    }


CASES = [(m, t) for m in maps() for t in truths()]


@pytest.mark.parametrize(("shown", "asked"), CASES)
def test_each_measure_is_that_of_pysodmetrics(shown, asked):
    sod = pytest.importorskip("py_sod_metrics")
    level, truth = maps()[shown].astype(np.float32), truths()[asked]
    scorer = ClipScorer("x")
    scorer.add(level, truth.astype(np.uint8) * 255)
    ours = scorer.result()
    by_level = {"with_dynamic": True, "with_adaptive": True}
    curves = sod.FmeasureV2(
        {
            "F": sod.FmeasureHandler(**by_level, beta=0.3),
            "P": sod.PrecisionHandler(**by_level),
            "R": sod.RecallHandler(**by_level),
        }
    )
    theirs = mae, s, e = sod.MAE(), sod.Smeasure(), sod.Emeasure()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for measure in (*theirs, curves):
            measure.step(np.rint(level * 255).astype(np.uint8), truth.astype(np.uint8) * 255)
    found = curves.get_results()
    near = {"rel": 0, "abs": 1e-9}
    assert pytest.approx(mae.get_results()["mae"], **near) == ours.MAE
    assert pytest.approx(s.get_results()["sm"], **near) == ours.S
    assert ours.alignment == pytest.approx(e.get_results()["em"]["curve"], **near)
    assert ours.curve == pytest.approx(found["F"]["dynamic"], **near)
    assert ours.adpF == pytest.approx(found["F"]["adaptive"], **near)
    assert ours.precision == pytest.approx(found["P"]["dynamic"], **near)
    assert ours.recall == pytest.approx(found["R"]["dynamic"], **near)
    assert ours.maxF == ours.curve.max() and ours.meanF == pytest.approx(ours.curve.mean())


@pytest.mark.parametrize(("shown", "asked"), CASES)
def test_flat_is_what_counting_gives(shown, asked):
    level, truth = maps()[shown].astype(np.float32), truths()[asked]
    scorer = ClipScorer("x", FLAT)
    scorer.add(level, truth.astype(np.uint8) * 255)
    ours = scorer.result()
    stored = np.rint(level * 255).astype(np.float64)
    for i, k in enumerate(range(255, -1, -1)):
        on = stored > k
        precision = ((on & truth).sum() + 1e-4) / (on.sum() + 1e-4)
        recall = ((on & truth).sum() + 1e-4) / (truth.sum() + 1e-4)
        assert saliency.THRESHOLDS[i] == k / 255
        assert ours.precision[i] == pytest.approx(precision, abs=1e-9)
        assert ours.recall[i] == pytest.approx(recall, abs=1e-9)
        assert ours.curve[i] == pytest.approx(1.3 * precision * recall / (0.3 * precision + recall), abs=1e-9)
    assert ours.MAE == ours.plainMAE == pytest.approx(np.abs(stored / 255 - truth).mean(), abs=1e-9)


def test_the_plain_error_is_of_the_map_as_it_is():
    level = np.full((10, 10), 0.2, np.float32)
    level[0, 0] = 0.6
    truth = np.zeros((10, 10), np.uint8)
    truth[0, 0] = 255
    scorer = ClipScorer("x")
    scorer.add(level, truth)
    found = scorer.result()
    assert found.MAE == 0, "stretched, the map is the truth"
    assert found.plainMAE == pytest.approx((99 * 0.2 + 0.4) / 100)


def test_grey_truth_counts_for_the_flat_error_alone():
    truth = np.full((4, 4), 102, np.uint8)
    truth[:, :2] = 204
    for protocol, error in ((FLAT, (0.2 + 0.4) / 2), (DAVSOD, 0.0)):
        scorer = ClipScorer("x", protocol)
        scorer.add((truth > 127).astype(np.float32), truth)
        assert pytest.approx(error) == scorer.result().MAE


def frame(share, wanted):
    """A map that is right at one threshold and wrong at all others, and its truth."""
    level, truth = np.zeros((20, 20), np.float32), np.zeros((20, 20), np.uint8)
    truth[:10] = 255
    level[:10] = share
    level[10:] = share - wanted
    return level, truth


def scored(protocol, *frames):
    scorer = ClipScorer("x", protocol)
    for level, truth in frames:
        scorer.add(level, truth)
    return scorer.result()


def test_max_e_and_max_f_are_maxima_of_the_mean_curve():
    rng = np.random.default_rng(2)
    truth = (rng.random((20, 20)) > 0.6).astype(np.uint8) * 255
    clips = [scored(DAVSOD, ((rng.random((20, 20)) ** p).astype(np.float32), truth)) for p in (0.3, 3)]
    mean = mean_scores(clips)
    assert mean.maxE == pytest.approx(np.mean([c.alignment for c in clips], axis=0).max())
    assert mean.maxF == pytest.approx(np.mean([c.curve for c in clips], axis=0).max())
    assert mean.maxE < np.mean([c.maxE for c in clips]) - 1e-6
    assert mean.maxF < np.mean([c.maxF for c in clips]) - 1e-6


def test_every_frame_counts_the_same_or_every_clip():
    good, bad = frame(1.0, 1.0), frame(0.0, 1.0)
    bad = np.zeros_like(bad[0]), bad[1]
    long, short = [good] * 3, [bad]
    for protocol, error in ((DAVSOD, (0 + 0.5) / 2), (FLAT, (0 * 3 + 0.5) / 4)):
        clips = [scored(protocol, *long), scored(protocol, *short)]
        assert pytest.approx(error) == mean_scores(clips, protocol).MAE
        assert mean_scores(clips, protocol).frames == 4


def test_flat_takes_f_of_mean_precision_and_recall_and_the_other_the_mean_of_f():
    rng = np.random.default_rng(3)
    frames = [
        (rng.random((20, 20)).astype(np.float32), (rng.random((20, 20)) > share).astype(np.uint8) * 255)
        for share in (0.2, 0.9)
    ]
    for protocol in (FLAT, DAVSOD):
        whole = scored(protocol, *frames)
        each = [scored(protocol, one) for one in frames]
        p, r = (np.mean([getattr(one, name) for one in each], axis=0) for name in ("precision", "recall"))
        of_means = np.divide(1.3 * p * r, 0.3 * p + r, out=np.zeros(256), where=0.3 * p + r > 0)
        mean_of = np.mean([one.curve for one in each], axis=0)
        assert np.abs(of_means - mean_of).max() > 1e-3
        assert whole.curve == pytest.approx(of_means if protocol is FLAT else mean_of, abs=1e-12)
        assert mean_scores(each, protocol).curve == pytest.approx(whole.curve, abs=1e-12)


def e_by_hand(found, truth):
    """The measure of two masks as its paper writes it; the sum over N-1."""
    if truth.all() or not truth.any():
        return (found if truth.any() else ~found).sum() / (found.size - 1)
    a, b = found - found.mean(), truth - truth.mean()
    aligned = 2 * a * b / (a * a + b * b + 1e-300)
    return ((aligned + 1) ** 2 / 4).sum() / (found.size - 1)


def s_by_hand(level, truth):
    """Half objects, half regions around the centre; deviations of samples."""
    if truth.all() or not truth.any():
        return level.mean() if truth.any() else 1 - level.mean()

    def thing(x):
        return 2 * x.mean() / (x.mean() ** 2 + 1 + x.std(ddof=1))

    share = truth.mean()
    objects = share * thing(level[truth]) + (1 - share) * thing(1 - level[~truth])
    y, x = (round(k.mean()) + 1 for k in np.nonzero(truth))
    regions = 0.0
    for rows in (slice(0, y), slice(y, None)):
        for columns in (slice(0, x), slice(x, None)):
            p, q = level[rows, columns], truth[rows, columns].astype(float)
            if p.size == 0:
                continue
            (pp, pq), (_, qq) = np.cov(p.ravel(), q.ravel())
            above, below = 4 * p.mean() * q.mean() * pq, (p.mean() ** 2 + q.mean() ** 2) * (pp + qq)
            alike = above / below if above else float(below == 0)
            regions += alike * p.size / truth.size
    return max(0.0, (objects + regions) / 2)


@pytest.mark.parametrize(("shown", "asked"), CASES)
def test_s_e_and_adaptive_f_are_what_their_papers_write(shown, asked):
    level, truth = maps()[shown].astype(np.float32), truths()[asked]
    found = scored(DAVSOD, (level, truth.astype(np.uint8) * 255))
    stored = np.rint(level * 255).astype(np.float64) / 255
    if stored.max() > stored.min():
        stored = (stored - stored.min()) / (stored.max() - stored.min())
    assert pytest.approx(s_by_hand(stored, truth), abs=1e-6) == found.S
    for i in range(0, 256, 15):
        on = np.floor(stored * 255) >= 255 - i
        assert found.alignment[i] == pytest.approx(e_by_hand(on, truth), abs=1e-6)
    on = stored >= min(2 * stored.mean(), 1)
    hit = (on & truth).sum()
    p, r = hit / max(on.sum(), 1), hit / max(truth.sum(), 1)
    assert found.adpF == pytest.approx(1.3 * p * r / (0.3 * p + r) if hit else 0, abs=1e-9)
