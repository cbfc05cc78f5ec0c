"""Every card in every way: the tables of docs/accuracy.md."""

from dataclasses import replace

from vsod.core.matte_settings import MatteSettings
from vsod.inference.model_registry import require_model
from vsod.lab.evaluation import option_tables as surveying
from vsod.lab.evaluation.option_tables import (
    EVALUATION_VARIANTS,
    EvaluationVariant,
    evaluate_all,
    format_tables,
)

TWO = (
    EvaluationVariant(""),
    EvaluationVariant(
        "--temporal-smoothing 0 --threshold 0.9",
        matte_settings=MatteSettings(temporal_smoothing=0, threshold=0.9),
    ),
)


def test_the_words_of_a_look_ask_for_what_it_does():
    for variant in EVALUATION_VARIANTS:
        words = variant.words.split()
        assert ("--adapt" in words) == variant.adapt
        assert ("--no-flow" in words) == (variant.cue == "no-flow")
        asked = " ".join(w for w in words if w not in ("--adapt", "--no-flow"))
        engine = "=meanfield" if words[-1:] == ["--crf"] else ""
        assert asked.replace(" off", "=off").replace(" 0", "=0") + engine == " ".join(
            w.replace("=0.0", "=0") for w in variant.matte_settings.to_options()
        )


def test_maps_are_computed_once_for_all_finishing(data, monkeypatch):
    monkeypatch.setattr(surveying, "EVALUATION_VARIANTS", TWO)
    first, second = evaluate_all(data, ["swift"])
    assert [s.name for s in first.scores] == ["demo", "mean"]
    assert first.scores[-1].J > 0.99 > second.scores[-1].J

    def gone(*_):
        raise AssertionError("the network was run again")

    monkeypatch.setattr("vsod.inference.predictor.Predictor.load", gone)
    again = next(iter(evaluate_all(data, ["swift"])))
    assert again.scores[-1].row() == first.scores[-1].row()


def test_the_tables_have_a_row_per_look(data, monkeypatch):
    monkeypatch.setattr(surveying, "EVALUATION_VARIANTS", TWO)
    lines = format_tables(list(evaluate_all(data, ["swift"]))).splitlines()
    assert lines[0] == "| `evaluate` | J | F | maxF | S | maxE | MAE | flicker |"
    assert lines[3].startswith("| `swift --temporal-smoothing 0 --threshold 0.9` | 0.") and lines[4] == ""
    assert lines[5] == "| J by clip | demo |" and len(lines) == 9
    assert all(line.count("|") == 9 for line in lines[:4])


def test_a_net_counts_its_parameters():
    assert surveying.count_model_parameters("swift") == 3_238_220


def test_a_model_that_ends_in_a_crf_is_measured_without_it(data, monkeypatch):
    monkeypatch.setattr(
        surveying,
        "EVALUATION_VARIANTS",
        [variant for variant in EVALUATION_VARIANTS if "crf" in variant.words and not variant.adapt],
    )
    assert [row.variant.words for row in evaluate_all(data, ["swift"])] == ["--crf", "--crf off"]
    both = [replace(require_model("swift"), crf=crf) for crf in ("off", "meanfield")]
    monkeypatch.setattr(
        surveying, "EVALUATION_VARIANTS", [EvaluationVariant(""), *surveying.EVALUATION_VARIANTS]
    )
    words = []
    for model in both:
        monkeypatch.setattr("vsod.lab.evaluation.option_tables.require_model", lambda _, model=model: model)
        monkeypatch.setattr("vsod.lab.evaluation.evaluate.require_model", lambda _, model=model: model)
        rows = list(evaluate_all(data, ["swift"]))
        words.append([row.variant.words for row in rows])
        assert rows[0].scores[-1].MAE != rows[1].scores[-1].MAE
    assert words == [["", "--crf"], ["", "--crf off"]]
