"""Where a net's answer is best cut."""

import math

import numpy as np
import pytest

from vsod.cli.main import main
from vsod.core.matte_settings import MatteSettings
from vsod.errors import ModelError, UsageError
from vsod.inference.model_registry import require_model
from vsod.inference.model_spec import ModelSpec
from vsod.lab.evaluation import threshold_tuning
from vsod.lab.evaluation.scoring import rescale_map
from vsod.lab.evaluation.threshold_tuning import (
    ThresholdScore,
    best_threshold,
    format_table,
    sweep_thresholds,
    thresholds,
)

PLAIN = MatteSettings(temporal_smoothing=0, edges="plain")


def test_a_recut_map_is_that_of_the_other_half():
    logits = np.linspace(-6, 6, 25, dtype=np.float32).reshape(5, 5)

    def seen(half):
        return 1 / (1 + np.exp(-(logits - math.log(half / (1 - half)))))

    assert np.abs(rescale_map(seen(0.5), 0.5, 0.8) - seen(0.8)).max() < 1e-6
    assert np.abs(rescale_map(seen(0.7), 0.7, 0.55) - seen(0.55)).max() < 1e-6
    ends = rescale_map(np.array([[0.0, 1.0]], np.float32), 0.5, 0.9)
    assert ends.tolist() == [[0.0, 1.0]]


def test_masks_cut_at_one_half_are_best_matched_at_one_half(data):
    own = require_model("swift").decision_threshold
    cuts = sweep_thresholds("swift", data, levels=(0.02, own, 0.98), every=3)
    assert best_threshold(cuts).level == own and best_threshold(cuts).J > 0.99
    assert cuts[0].J < 0.99 > cuts[2].J
    assert [len(cut.clips) for cut in cuts] == [1, 1, 1] and cuts[1].clips[0] == pytest.approx(cuts[1].J)


def test_the_network_runs_once_for_all_levels(data, monkeypatch):
    sweep_thresholds("swift", data, levels=(0.5,), matte_settings=PLAIN)

    def gone(*_):
        raise AssertionError("the network was run again")

    monkeypatch.setattr("vsod.inference.predictor.Predictor.load", gone)
    assert len(sweep_thresholds("swift", data, levels=(0.3, 0.6, 0.9), matte_settings=PLAIN)) == 3


def test_steps_of_a_hundredth_have_the_papers_threshold():
    assert thresholds() == threshold_tuning.THRESHOLDS == (
        0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9
    )  # fmt: skip
    fine = thresholds(0.01)
    assert 0.42 in fine and len(fine) == 51 and fine[-1] == 0.9
    for wrong in (0, -0.01, 0.6, float("nan")):
        with pytest.raises(UsageError, match="step"):
            thresholds(wrong)


def test_the_command_tries_each_step(data, capsys):
    words = ["--step", "0.25", "--temporal-smoothing", "0", "--edges", "plain"]
    assert main(["tune-threshold", "swift", "--data", str(data), *words]) == 0
    rows = [line.split("|")[1].strip(" *") for line in capsys.readouterr().out.splitlines()[2:]]
    assert rows == ["0.4", "0.65", "0.9"]


def test_the_table_marks_the_best():
    cuts = [ThresholdScore(0.5, 0.6, 0.5, (0.6,)), ThresholdScore(0.65, 0.7, 0.4, (0.7,))]
    lines = list(format_table(cuts))
    assert lines[2] == "| 0.5 | 0.6000 | 0.5000 | 0.600 |" and lines[3].startswith("| **0.65** | 0.7000 |")


def test_the_best_goes_into_the_model(data, tmp_path, monkeypatch, capsys):
    model = tmp_path / "swift.toml"
    before = require_model("swift").source.read_text()
    model.write_text(before)
    monkeypatch.setattr(threshold_tuning, "find_model", lambda _: ModelSpec("swift", source=model))
    assert (
        main(["tune-threshold", "swift", "--data", str(data), "--install", "--temporal-smoothing", "0"]) == 0
    )
    (top,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| **")]
    wanted = f"decision_threshold = {top.split('**')[1]} "
    now = model.read_text().splitlines()
    (at,) = [i for i, line in enumerate(now) if line.startswith("decision_threshold")]
    assert now[at].startswith(wanted) and "# on val" in now[at]
    assert now[:at] + now[at + 1 :] == [
        x for x in before.splitlines() if not x.startswith("decision_threshold")
    ]


def test_a_model_without_half_is_an_error(monkeypatch):
    monkeypatch.setattr(threshold_tuning, "find_model", lambda _: ModelSpec("bare"))
    with pytest.raises(ModelError, match="no decision threshold to set"):
        threshold_tuning.install_threshold("bare", 0.6)
