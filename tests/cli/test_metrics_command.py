"""``metrics`` from clip to table and markers."""

import csv
import json

from helpers.clips import make
from vsod.cli.main import main
from vsod.qc.frame_metrics import METRICS


def test_a_table_with_markers(tmp_path, capsys):
    clip = make("cfr", tmp_path).path
    table, markers = tmp_path / "t.csv", tmp_path / "m.edl"
    words = ["metrics", str(clip), "-o", str(table), "--markers", str(markers), "--range", "4:12"]
    assert main(words) == 0
    out = capsys.readouterr().out.split()
    assert out == [str(table), str(markers)]
    found = list(csv.DictReader(table.read_text().splitlines()))
    assert [int(row["frame"]) for row in found] == list(range(4, 12))
    assert all(0 <= float(row["area"]) <= 1 for row in found)
    assert markers.read_text().startswith("TITLE: ")

    whole = tmp_path / "t.json"
    assert main(["metrics", str(clip), "-o", str(whole), "--range", "6:8", "--json"]) == 0
    seen = json.loads(whole.read_text())
    assert set(seen["metrics"]) == {metric.id for metric in METRICS}
    # the rows of the first run, not measured again
    assert seen["frames"][0]["area"] == float(found[2]["area"])
    events = [json.loads(x) for x in capsys.readouterr().out.splitlines()]
    assert events[-1]["event"] == "done" and events[-1]["issues"] == seen["issues"]


def test_other_kinds_of_table_are_refused_before_any_work(tmp_path, capsys):
    missing = str(tmp_path / "none.mp4")
    assert main(["metrics", missing, "-o", "t.xlsx"]) == 2
    assert main(["metrics", missing, "-o", "t.csv", "--markers", "m.json"]) == 2
    assert "Use a name ending in .csv or .edl" in capsys.readouterr().err


def test_metrics_are_of_the_matte_that_the_options_ask_for(tmp_path):
    clip = make("cfr", tmp_path).path
    softness = {}
    for name, words in {"usual": [], "hard": ["--threshold=0.5"], "soft": ["--feather=6"]}.items():
        table = tmp_path / f"{name}.json"
        options = ["--temporal-smoothing=0", *words]
        assert main(["metrics", str(clip), "-o", str(table), "--range", "2:8", "--json", *options]) == 0
        seen = json.loads(table.read_text())
        softness[name] = [row["softness"] for row in seen["frames"]]
        assert all("advice" in issue for issue in seen["issues"])
    assert softness["hard"] == [0.0] * 6
    assert any(a != b for a, b in zip(softness["usual"], softness["soft"], strict=True))
