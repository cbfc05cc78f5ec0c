"""Issues end at transitions, come with advice that the settings allow, and are kept apart by matte settings."""

import numpy as np
import pytest

from vsod.core.clip_settings import ClipSettings, ShotOverride
from vsod.core.matte_settings import MatteSettings
from vsod.core.shot_detection import DISSOLVE_WINDOW, detect_cuts, detect_dissolves
from vsod.qc.advice import ALL_ADVICE, advice, asks_for_comparison, remedy
from vsod.qc.frame_metrics import FrameMetrics, select_metrics
from vsod.qc.issues import by_weight, find_issues
from vsod.qc.metrics_store import MetricsStore

COUNT = 60
CUT = np.arange(COUNT) == 30


def calm():
    metrics = FrameMetrics.empty(COUNT)
    for metric, value in {
        "area": 0.2,
        "confidence": 0.9,
        "softness": 2,
        "flicker": 0.05,
        "change": 0.1,
    }.items():
        metrics[metric][:] = value
    metrics["dissolve"][:] = 0.02
    return metrics


def test_an_issue_ends_at_a_cut():
    metrics = calm()
    metrics["softness"][25:36] = 20
    metrics["confidence"][[28, 31]] = 0.1  # so near that they would be one stretch
    found = {(i.type.id, i.frames.start, i.frames.stop) for i in find_issues(metrics, CUT)}
    assert found == {("soft", 25, 30), ("soft", 30, 36), ("unsure", 28, 29), ("unsure", 31, 32)}


def test_flicker_is_not_known_across_a_cut_nor_in_a_dissolve():
    metrics = calm()
    metrics["change"][30], metrics["flicker"][30] = 0.97, 1
    metrics["dissolve"][48:54], metrics["flicker"][44:50] = 0.6, 0.9
    shown = metrics.without_transitions()
    assert np.isnan(shown["flicker"][[30, *range(44, 50)]]).all()
    assert shown["flicker"][29] == shown["flicker"][40] == np.float32(0.05)
    assert metrics["flicker"][30] == 1  # what was measured stays


def test_nothing_temporal_is_judged_in_a_dissolve():
    metrics = calm()
    metrics["flicker"][42:48], metrics["area"][45:] = 0.9, 0.6
    assert {i.type.id for i in find_issues(metrics, CUT & False)} == {"flicker", "jump"}
    assert find_issues(metrics, CUT & False, [range(41, 50)]) == []


def test_a_dissolve_is_a_stretch_around_its_middle():
    level = np.full(COUNT, 0.05, np.float32)
    level[0] = np.nan
    level[34:38] = 0.7  # noted at the end of the window
    (found,) = detect_dissolves(level)
    assert found == range(34 - DISSOLVE_WINDOW + 1, 37 + 1)
    assert detect_dissolves(np.full(3, 0.9, np.float32)) == [range(3)]
    assert detect_dissolves(np.zeros(0, np.float32)) == []


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        ("flicker", {"temporal_smoothing": 0.5}, "Raise temporal smoothing."),
        ("flicker", {}, "Compare models here."),
        ("flicker", {"threshold": 0.5}, "threshold off"),
        ("jump", {}, "Despeckle"),
        ("jump", {"despeckle": 50, "fill_holes": 50}, None),
        ("soft", {"edges": "plain"}, "Guided"),
        ("soft", {"feather": 3.0}, "feather"),
        ("soft", {}, "black point"),
        ("soft", {"black": 0.4, "white": 0.6}, None),
        ("empty", {"threshold": 0.9}, "threshold"),
        ("empty", {"black": 0.5}, "black"),
        ("empty", {"grow": -8.0}, "Shrink"),
        ("empty", {}, "leave these frames"),
        ("unsure", {}, "adapt"),
    ],
)
def test_advice_is_something_the_settings_allow(kind, settings, words):
    said = advice(kind, MatteSettings(**settings))
    assert said == "" if words is None else words in said and said in ALL_ADVICE


def test_an_adapted_model_is_not_to_be_adapted():
    assert "adapt" not in advice("unsure", MatteSettings(), adapted=True)


def test_advice_goes_by_the_settings_of_the_shot():
    metrics = calm()
    metrics["softness"][20:40] = 20
    own = ShotOverride(30, 60, matte=MatteSettings(feather=9))
    first, second = find_issues(metrics, CUT & False, (), ClipSettings(shots=(own,)))
    assert (first.frames, second.frames) == (range(20, 30), range(30, 40))
    assert "black point" in first.advice and "feather" in second.advice


def test_the_longer_and_worse_weighs_more():
    metrics = calm()
    metrics["softness"][5:7] = 9
    metrics["confidence"][20:26] = 0.1
    metrics["flicker"][50] = 0.9
    listed = [i.type.id for i in by_weight(find_issues(metrics, CUT & False))]
    assert listed == ["unsure", "flicker", "soft"]


def test_values_of_other_settings_are_not_shown(tmp_path):
    for k in range(9):
        store = MetricsStore(tmp_path, COUNT, MatteSettings(feather=k))
        assert not store.snapshot().measured.any()
        store.put(3, {"area": k / 10})
        store.flush()
    again = MetricsStore(tmp_path, COUNT, MatteSettings(feather=8)).snapshot()
    assert again["area"][3] == np.float32(0.8)
    assert not MetricsStore(tmp_path, COUNT).snapshot().measured.any()
    # those of the last few settings are kept
    assert len(list(tmp_path.glob("metrics-*"))) <= 6
    assert not MetricsStore(tmp_path, COUNT, MatteSettings(feather=0)).snapshot().measured.any()


def test_each_shot_has_the_metrics_of_its_own_matte():
    own = MatteSettings(threshold=0.5)
    known = {("swift", MatteSettings()): calm(), ("swift", own): FrameMetrics.empty(COUNT)}
    known["swift", own]["softness"][:] = 0
    settings = ClipSettings(shots=(ShotOverride(30, 60, matte=own),))
    found = select_metrics(settings, lambda model, matte: known[model, matte], COUNT)
    assert found["softness"].tolist() == [2] * 30 + [0] * 30
    assert not np.isnan(found["change"]).any()  # of the picture, not of the matte
    assert not detect_cuts(found["change"]).any()


@pytest.mark.parametrize("kind", ["empty", "unsure", "jump", "flicker", "soft"])
@pytest.mark.parametrize(
    "matte",
    [
        MatteSettings(),
        MatteSettings(threshold=0.9, temporal_smoothing=0.3),
        MatteSettings(feather=7, edges="plain", black=0.4, white=0.9, grow=-3),
    ],
)
def test_advice_that_is_followed_comes_to_an_end(kind: str, matte: MatteSettings) -> None:
    """Every step turns something, and what the settings allow does not go on for ever."""
    for _ in range(40):
        said = advice(kind, matte)
        after = remedy(said, matte)
        if after == matte:
            assert not said or asks_for_comparison(said) or "raise Despeckle" in said
            return
        matte = after
    raise AssertionError(f"{said} again and again")
