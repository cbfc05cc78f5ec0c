"""A paper's tables by command: their rows by name, trained on a budget and measured beside the paper's numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch

from helpers import data_sets as fakes
from vsod.__main__ import main
from vsod.errors import UsageError
from vsod.inference.model_registry import find_model, read_model_spec
from vsod.lab.evaluation.ablation import ablation_rows, choose_rows
from vsod.lab.training.variants import variants_of
from vsod_models.weights import load_weights

SYSTEMS = ("scnn", "msst", "stan", "pdb", "dsnet")

# tables and graphs of the papers, and how many rows each has
TABLES = {
    "scnn": {"Fig. 7(a)": 2, "Fig. 7(b)": 5, "Fig. 7(c)": 2, "Fig. 9": 2, "Fig. 10": 2},
    "msst": {"Fig. 6": 3, "Fig. 8": 2},
    "stan": {"Fig. 6(a)": 6, "Fig. 6(b)": 2, "Fig. 6(c)": 2},
    "pdb": {"Table 4": 6, "Table 5": 5, "text 4.4": 2},
    "dsnet": {"Table III": 5, "Table IV": 3, "Table V": 4, "Table VI": 4, "Fig. 7": 6},
}


@pytest.mark.parametrize("model", SYSTEMS)
def test_every_table_has_its_rows_and_every_variant_is_in_one(model: str) -> None:
    rows = ablation_rows(find_model(model))
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.table] = counts.get(row.table, 0) + 1
    assert counts == TABLES[model]
    alias = {"dsnet": {"M5"}, "pdb": {"PDB-ConvLSTM"}}.get(model, set())  # the whole network once more
    assert {row.variant for row in rows} - {""} == {v.name for v in variants_of(find_model(model))} - alias


def test_the_papers_numbers_stand_beside_their_rows() -> None:
    rows = {(row.table, row.variant): row for row in ablation_rows(find_model("dsnet"))}
    assert [(n.metric, n.value) for n in rows["Table III", "M1"].numbers] == [("maxF", 0.875), ("S", 0.906)]
    assert rows["Table III", ""].numbers[0].value == 0.891
    assert rows["Fig. 7", "tau=0.4"].numbers == ()
    rows = {(row.table, row.variant): row for row in ablation_rows(find_model("pdb"))}
    static = {n.metric: n.value for n in rows["text 4.4", "no-static"].numbers}
    assert static == {"maxF": 0.753, "MAE": 0.049}


def test_rows_and_tables_are_chosen_by_name() -> None:
    rows = ablation_rows(find_model("pdb"))
    chosen = choose_rows(rows, ["table 5"], ["whole", "convlstm"])
    assert [(row.table, row.variant) for row in chosen] == [("Table 5", "ConvLSTM"), ("Table 5", "")]
    with pytest.raises(UsageError, match="no table 'Table 9'"):
        choose_rows(rows, ["Table 9"], [])
    with pytest.raises(UsageError, match="no row 'M1'"):
        choose_rows(rows, [], ["M1"])
    with pytest.raises(UsageError, match="no ablation"):
        ablation_rows(find_model("swift"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    fakes.davis(tmp_path / "data" / "DAVIS", {"bear": 5, "camel": 6}, ["bear"], size=(96, 64))
    fakes.duts(tmp_path / "data" / "DUTS", 3)
    return tmp_path / "data"


def words(model: str, data: Path, out: Path, *more: str) -> list[str]:
    budget = ["--published", "--compact", "--size", "64", "--batch", "2", "--samples", "2", "--device", "cpu"]
    return ["ablation", model, "--data", str(data), "--out", str(out), *budget, *more]


def test_a_table_is_trained_measured_and_printed(data: Path, tmp_path: Path, capsys) -> None:
    out, table = tmp_path / "run", tmp_path / "table.csv"
    line = words("pdb", data, out, "--table", "Table 5", "--rows", "ConvLSTM", "whole", "--csv", str(table))
    assert main(line) == 0
    printed = capsys.readouterr().out
    assert "| Table 5 | ConvLSTM | maxF | 0.783 | 0.755 | " in printed and "ours, val of DAVIS" in printed
    with table.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["variant"] for row in rows} == {"ConvLSTM", "whole"}
    assert {row["published"] for row in rows if row["metric"] == "MAE"} == {"0.043", "0.096", "0.03", "0.069"}
    for row in rows:
        assert 0 <= float(row["ours"]) <= 1
    # one spatial part for both rows, a memory of its own for each
    one, whole = (out / "rows" / name for name in ("ConvLSTM", "whole"))
    spatial = [load_weights(folder / "spatial" / "weights.safetensors") for folder in (one, whole)]
    assert all(torch.equal(v, spatial[1][k]) for k, v in spatial[0].items())
    models = [read_model_spec(folder / "model.toml") for folder in (one, whole)]
    assert [model.options.get("recurrent") for model in models] == ["conv", None]
    assert all(model.problem is None for model in models)
    # the same again: everything is there, and the table is the same
    assert main(line) == 0
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize(
    ("model", "row"),
    [
        ("dsnet", "M2"),
        pytest.param("dsnet", "tau=0.2", marks=pytest.mark.slow),
        ("scnn", "FG"),
        pytest.param("stan", "flow", marks=pytest.mark.slow),
    ],
)
def test_rows_that_read_or_weigh_otherwise(model: str, row: str, data: Path, tmp_path: Path, capsys) -> None:
    """Without a threshold, with another one, with the flow in grey and in colour: as models of their own."""
    out = tmp_path / "run"
    assert main(words(model, data, out, "--rows", row)) == 0
    assert f"| {row} |" in capsys.readouterr().out
    made = read_model_spec(out / "rows" / row.replace("=", "-") / "model.toml")
    assert made.problem is None
    expected = {
        "M2": ("tau", "none"),
        "tau=0.2": ("tau", 0.2),
        "FG": ("variant", "fg"),
        "flow": ("temporal_input", "flow"),
    }[row]
    assert made.options[expected[0]] == expected[1]
    assert made.inputs[1] == {"scnn": "grey_flow"}.get(model, "flow_image")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("model", SYSTEMS)
def test_every_row_of_every_paper(model: str, data: Path, tmp_path: Path, capsys) -> None:
    """One training step of each of its stages, then measured as its paper does."""
    table = tmp_path / "table.csv"
    assert main(words(model, data, tmp_path / "run", "--csv", str(table))) == 0
    capsys.readouterr()
    with table.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    measured = {(row["table"], row["variant"]) for row in rows if 0 <= float(row["ours"]) <= 1}
    assert measured == {(row.table, row.variant or "whole") for row in ablation_rows(find_model(model))}


def test_what_is_missing_is_said(tmp_path: Path, capsys) -> None:
    assert main(["ablation", "pdb"]) == 2
    assert "needs --data and --out" in capsys.readouterr().err
    assert main(["ablation", "pdb", "--list"]) == 0
    assert "Table 4" in capsys.readouterr().out
    fakes.duts(tmp_path / "DUTS", 2)
    assert main(words("pdb", tmp_path, tmp_path / "run", "--rows", "r2")) == 1
    assert "no clips to measure on" in capsys.readouterr().err
