"""The papers' numbers, and the table that puts ours beside them."""

import csv
import json
from dataclasses import replace

import pytest

from vsod.cli.main import main
from vsod.errors import DataError
from vsod.lab.evaluation.option_tables import EvaluationVariant, VariantScores
from vsod.lab.evaluation.paper_comparison import (
    COLUMNS,
    WHOLE,
    Ending,
    compare,
    ending_of,
    format_rows,
    format_summary,
)
from vsod.lab.evaluation.published_results import (
    SYSTEMS,
    PublishedNumber,
    known_data,
    name_of,
    paper_protocol,
    published_numbers,
)
from vsod.storage.ownership_marks import is_ours
from vsod_models.metrics.clip_scores import Scores
from vsod_models.metrics.protocols import DAVSOD


def whole(model, paper, data, metric):
    """The papers' numbers of a whole system."""
    wanted = model, paper, data, metric, ""
    found = [n for n in published_numbers() if (n.model, n.paper, n.data, n.metric, n.variant) == wanted]
    return {n.value for n in found}


def test_the_numbers_are_those_of_the_papers():
    davis, fbms = "DAVIS-2016 val", "FBMS-test"
    assert whole("scnn", "scnn", "DAVIS-2016 (all 50 videos)", "MAE") == {0.058}
    assert whole("scnn", "stan", davis, "maxF") == {0.774} and whole("scnn", "dsnet", davis, "maxF") == {
        0.714
    }
    assert whole("msst", "msst", fbms, "MAE") >= {0.082} and whole("msst", "stan", fbms, "MAE") == {0.088}
    assert whole("stan", "stan", davis, "maxF") == {0.834} and whole("stan", "stan", davis, "J") == {0.711}
    assert whole("pdb", "pdb", davis, "maxF") == {0.849} and whole("pdb", "pdb", davis, "J") == {0.772}
    assert whole("pdb", "dsnet", davis, "maxF") == {0.855}
    assert whole("dsnet", "dsnet", davis, "maxF") == {0.891} and whole("dsnet", "dsnet", davis, "S") == {
        0.914
    }


def test_every_number_is_a_share_of_a_known_metric():
    numbers = published_numbers()
    assert {n.model for n in numbers} == {n.paper for n in numbers} == set(SYSTEMS)
    for n in numbers:
        assert n.value is None or 0 <= n.value <= 1, n
        assert n.metric in paper_protocol(n.paper, n.metric).columns or n.metric == "S", n
        assert n.value is not None or n.note, "an empty value says why"
    # every ablation table of the papers has rows of its own
    tables_of = {(n.paper, n.table) for n in numbers if n.variant}
    assert tables_of >= {("dsnet", f"Table {i}") for i in ("III", "IV", "V", "VI")}
    assert tables_of >= {("pdb", "Table 4"), ("pdb", "Table 5"), ("stan", "Fig. 6(a)"), ("scnn", "Fig. 10")}


def test_a_file_that_is_no_table_is_an_error(tmp_path):
    (tmp_path / "t.csv").write_text("paper,value\nscnn,high\n")
    with pytest.raises(DataError, match="numbers cannot be read"):
        published_numbers(tmp_path / "t.csv")


def folders(root, *names):
    for name in names:
        (root / name).mkdir(parents=True)
    return root


def test_data_sets_are_known_as_the_papers_call_them(tmp_path):
    davis = folders(tmp_path / "d", "ImageSets/480p", *(f"JPEGImages/480p/{i}" for i in range(50)))
    assert known_data(davis, "val") == known_data(davis, "2016/val") == "DAVIS-2016 val"
    assert known_data(davis, "all") == "DAVIS-2016 (all 50 videos)"
    assert known_data(davis, "train") is None and known_data(davis, "2017/val") is None
    part = folders(tmp_path / "p", "ImageSets/2017", "JPEGImages/480p/bear")
    assert known_data(part, "all") is None
    fbms = folders(tmp_path / "f", "Trainingset", "Testset")
    assert known_data(fbms, "test") == "FBMS-test" and known_data(fbms, "train") is None
    assert known_data(folders(tmp_path / "ViSal", "a"), "all") == "ViSal (whole)"
    assert known_data(folders(tmp_path / "SegTrackv2", "a"), "all") == "SegTrackV2 (whole)"
    assert known_data(folders(tmp_path / "VOS", "test"), "test") == "VOS-test"
    assert known_data(folders(tmp_path / "DAVSOD-VOS", "test"), "test") is None
    assert known_data(folders(tmp_path / "ours-val", "davis16", "ImageSets"), "val") is None


NUMBERS = [
    PublishedNumber("stan", "Table 1", "stan", "", "DAVIS-2016 val", "maxF", 0.834, ""),
    PublishedNumber("stan", "Table 1", "stan", "", "FBMS-test", "MAE", 0.087, ""),
    PublishedNumber("stan", "Fig. 6", "stan", "OS", "DAVIS-2016 val", "MAE", None, "graph only"),
    PublishedNumber("dsnet", "Table II", "pdb", "", "DAVIS-2016 val", "S", 0.882, ""),
    PublishedNumber("pdb", "Table 1", "pdb", "", "DAVIS-2016 val", "MAE", 0.03, "no CRF"),
    PublishedNumber("pdb", "Table 2", "pdb", "threshold 0.42", "DAVIS-2016 val", "J", 0.743, ""),
    PublishedNumber("pdb", "Table 5", "pdb", "", "DAVIS-2016 val", "MAE", 0.03, ""),
]


def fake(asked):
    def measure(model, protocol, ending=WHOLE):
        asked.append((model, protocol.name, ending))
        numbers = {c: 0.5 for c in ("J", "F", "S", "MAE") if c in protocol.columns or c == "S"}
        return Scores("mean", 1, **numbers)

    return measure


def test_each_cell_has_a_number_or_a_reason():
    asked = []
    rows = list(compare(["stan", "pdb"], "DAVIS-2016 val", "", fake(asked), NUMBERS))
    assert len(asked) == len(set(asked)), "nothing is measured twice"
    assert set(asked) == {
        *((m, p, WHOLE) for m in ("stan", "pdb") for p in ("flat", "davis")),
        ("pdb", "davsod", WHOLE),
        ("pdb", "davis", Ending(crf=False, decision_threshold=0.42)),
    }
    by_place = {(r.model, r.data, r.metric, r.paper): r for r in rows if r.table != "Table 5"}
    fbms = by_place["stan", "FBMS-test", "MAE", "stan"]
    assert fbms.ours is None and fbms.note == "ours not measured: needs FBMS-test"
    davis = by_place["pdb", "DAVIS-2016 val", "MAE", "pdb"]
    assert (davis.published, davis.ours, davis.protocol, davis.note) == (0.03, 0.5, "flat", "no CRF")
    assert by_place["pdb", "DAVIS-2016 val", "S", "dsnet"].protocol == "davsod"
    extra = by_place["stan", "DAVIS-2016 val", "J", ""]
    assert extra.published is None and extra.ours == 0.5 and extra.note == "no paper has this number"
    ablation = next(r for r in rows if r.table == "Fig. 6")
    assert ablation.variant == "OS" and ablation.ours is None and "no weights of this row" in ablation.note
    cut = next(r for r in rows if r.variant == "threshold 0.42")
    assert (cut.published, cut.ours, cut.protocol) == (0.743, 0.5, "davis")
    for row in rows:
        assert (row.published is not None and row.ours is not None) or row.note or row.metric == "maxF"


def test_our_own_clips_stand_in_rows_of_their_own():
    rows = list(compare(["stan"], None, "DATA val", fake([]), NUMBERS))
    assert all(r.ours is None for r in rows if r.published is not None)
    own = [r for r in rows if r.data == "DATA val"]
    assert [r.metric for r in own] == ["maxF", "MAE", "J", "F"]
    assert {r.note for r in own} == {"no paper has these data"}
    lines = format_rows(rows).splitlines()
    assert lines[0].startswith("| model | variant | data set | metric | paper | table | published | ours |")
    assert lines[2] == "| stan |  | DAVIS-2016 val | maxF | stan | Table 1 | 0.834 |  | flat | " + (
        "ours not measured: needs DAVIS-2016 val |"
    )


def test_the_summary_has_a_line_for_each_measure_of_a_system():
    rows = list(compare(["stan", "pdb"], None, "our val clips", fake([]), NUMBERS))
    lines = format_summary(rows).splitlines()
    assert lines[0] == "| model | metric | protocol | ours | on | the papers' |"
    assert "| `stan` | MAE | flat | 0.500 | our val clips | 0.087 FBMS-test (Table 1) |" in lines
    assert "| `stan` | J | davis | 0.500 | our val clips | in no paper |" in lines
    assert "| `pdb` | MAE | flat | 0.500 | our val clips | 0.030 DAVIS-2016 val (Table 1, Table 5) |" in lines
    assert (
        "| `pdb`, threshold 0.42 | J | davis | 0.500 | our val clips | 0.743 DAVIS-2016 val (Table 2) |"
        in lines
    )
    assert "| `pdb` | S | davsod | 0.500 | our val clips | 0.882 DAVIS-2016 val (dsnet: Table II) |" in lines
    assert not any("OS" in line for line in lines)


def test_rows_of_the_whole_network_are_told_from_rows_of_others():
    """Each row of the file: an ending, or a network that is trained for itself."""
    others = {(n.model, n.variant) for n in published_numbers() if ending_of(n.model, n.variant) is None}
    assert {variant for model, variant in others if model == "scnn"} == {
        *("FG", "FP", "OS", "OT", "s-FCN", "without weak labels", "up-sampling from all blocks"),
    }
    assert {variant for model, variant in others if model == "pdb"} == {
        *("r=2", "r=4", "r=8", "r=16", "r={2,4,8,16}", "ASPP"),
        *("FC-LSTM", "ConvLSTM", "B-ConvLSTM", "DB-ConvLSTM", "without static data"),
    }
    assert len([variant for model, variant in others if model == "dsnet"]) == 12
    assert ending_of("scnn", "SCNN without CRF") == Ending(crf=False)
    assert ending_of("pdb", "threshold 0.42") == Ending(crf=False, decision_threshold=0.42)
    assert ending_of("dsnet", "Proposed (DS-Net)") == WHOLE == ending_of("stan", "")


def test_data_of_no_paper_have_a_name(tmp_path):
    assert name_of(folders(tmp_path / "d", "davis16"), "val") == "our val clips"
    assert name_of(folders(tmp_path / "Clips", "JPEGImages"), "all") == "Clips all"


def test_the_command_prints_markdown_csv_or_json(tmp_path, monkeypatch, capsys):
    asked = []
    measure = fake(asked)

    def evaluate(model, data, *, split_name, device, protocol, published, matte_settings, decision_threshold):
        assert published and split_name == "val" and device == "auto"
        return [measure(model, protocol, Ending(matte_settings.crf != "off", decision_threshold))]

    monkeypatch.setattr("vsod.lab.evaluation.evaluate.evaluate", evaluate)
    davis = folders(tmp_path / "d", "ImageSets/480p", "JPEGImages/480p/bear")
    words = ["evaluate", "--tables", "dsnet", "--data", str(davis)]
    assert main([*words, "--csv", str(tmp_path / "t.csv")]) == 0
    shown = capsys.readouterr().out
    assert "| dsnet |  | DAVIS-2016 val | MAE | dsnet | Table II | 0.018 | 0.500 | davsod |" in shown
    table = list(csv.DictReader((tmp_path / "t.csv").read_text().splitlines()))
    summary, whole_table = shown.split("\n\n")
    assert len(table) == len(whole_table.splitlines()) - 2 and list(table[0]) == list(COLUMNS)
    assert summary.startswith("| model | metric |") and is_ours(tmp_path / "t.csv")
    (tmp_path / "before.csv").write_text(",".join(c for c in COLUMNS if c != "variant") + "\n")
    assert is_ours(tmp_path / "before.csv")
    assert main([*words, "--csv", str(tmp_path / "t.csv"), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(r["metric"], r["published"]) for r in rows[:2]] == [
        (r["metric"], float(r["published"])) for r in table[:2]
    ]
    for wrong in (["swift", "--tables"], ["--tables", "--adapt"], ["--tables", "--protocol", "davis"]):
        assert main(["evaluate", *wrong, "--data", str(davis)]) == 2


def test_all_options_end_with_the_papers_table(tmp_path, monkeypatch, capsys):
    """Of the models that are of a paper; ``--csv`` is that table."""
    measure = fake([])

    def evaluate(model, data, *, protocol, matte_settings, decision_threshold, **_):
        return [measure(model, protocol, Ending(matte_settings.crf != "off", decision_threshold))]

    def in_every_way(data, models, **_):
        for model in models:
            scores = [replace(measure(model, DAVSOD, WHOLE), name="mean")]
            yield VariantScores(model, EvaluationVariant(""), scores)

    monkeypatch.setattr("vsod.lab.evaluation.evaluate.evaluate", evaluate)
    monkeypatch.setattr("vsod.lab.evaluation.option_tables.evaluate_all", in_every_way)
    davis = folders(tmp_path / "d", "ImageSets/480p", "JPEGImages/480p/bear")
    words = ["evaluate", "--all", "--data", str(davis), "--csv", str(tmp_path / "t.csv")]
    assert main([*words, "swift", "dsnet"]) == 0
    shown = capsys.readouterr().out
    assert "| `swift` |" in shown
    assert "| dsnet |  | DAVIS-2016 val | MAE | dsnet | Table II | 0.018 | 0.500 | davsod |" in shown
    table = list(csv.DictReader((tmp_path / "t.csv").read_text().splitlines()))
    assert {row["model"] for row in table} == {"dsnet"}
    assert main([*words[:4], "swift"]) == 0
    assert "Table II" not in capsys.readouterr().out, "of no paper"
