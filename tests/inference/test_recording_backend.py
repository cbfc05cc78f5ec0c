"""A plugin's network hands out what it names, and nothing it names gets in the way."""

import csv
import os
from pathlib import Path

import pytest

from helpers import contrast_model
from helpers.clips import write_pictures
from vsod.cli.main import main

HEAD = "from vsod_models.intermediates import Intermediate, record\n"
TABLE = """
INTERMEDIATES = {
    "trust": Intermediate("weights", "how far motion is believed", trust_of_motion=True, scales=2),
    "blurred": Intermediate("features", "the smoothed picture", "section 2"),
}
"""
HOOK = "        record(trust=image.new_full((image.shape[0], 2), 0.25), blurred=smooth, unnamed=smooth)\n"
PLACE = "        mean = image.mean((2, 3), keepdim=True)\n"


@pytest.fixture
def folder(monkeypatch):
    # with the session's cache: the motion prior is converted once
    return contrast_model.install(monkeypatch, Path(os.environ["VSOD_CACHE"]))


@pytest.fixture
def clip(tmp_path):
    return write_pictures(tmp_path / "clip.mkv", [contrast_model.ball(k)[..., ::-1] for k in range(0, 9, 3)])


def write(folder, table=TABLE, hook=HOOK):
    code = folder / "contrast.py"
    text = code.read_text()
    assert PLACE in text
    code.write_text(
        text.replace("import torch\n", f"import torch\n{HEAD}", 1).replace(PLACE, PLACE + hook) + table
    )


def inside(clip, out, *words):
    return main(
        ["inside", str(clip), "--model", contrast_model.MODEL, "-o", str(out), "--every", "2", *words]
    )


def test_a_plugin_hands_out_what_it_names(folder, clip, tmp_path, capsys):
    write(folder)
    out = tmp_path / "maps"
    assert inside(clip, out) == 0
    names = {file.name.split(".")[0] for file in out.glob("*.png")}
    assert {"S", "blurred", "flow", "prior"} <= names and "unnamed" not in names
    rows = list(csv.DictReader((out / "intermediates.csv").read_text().splitlines()))
    assert [(r["frame"], r["name"], r["scale"], float(r["value"])) for r in rows[:3]] == [
        ("0", "trust", "1", 0.25),
        ("0", "trust", "2", 0.25),
        ("0", "trust_of_motion", "", 0.25),
    ]
    capsys.readouterr()
    assert main(["inside", "--list", "--model", contrast_model.MODEL]) == 0
    assert "the smoothed picture  (section 2)" in capsys.readouterr().out


def test_a_plugin_that_names_nothing_has_what_all_have(folder, clip, tmp_path):
    out = tmp_path / "maps"
    assert inside(clip, out, "--maps", "S", "segments_1") == 0
    assert len(list(out.glob("*.png"))) == 4


@pytest.mark.parametrize(
    ("table", "hook", "words", "hint"),
    [
        (TABLE.replace('"blurred"', '"S"'), "", [], "'S', which is taken"),
        (TABLE.replace('"blurred"', '"prior_2"'), "", [], "'prior_2', which is taken"),
        (TABLE.replace('"blurred"', '"../maps"'), "", [], "'../maps', which is taken or no name"),
        (TABLE, HOOK.replace("blurred=smooth", "blurred=smooth[0]"), [], "'blurred' in another shape"),
        (TABLE, "", ["--maps", "blurred"], "hands out no 'blurred'"),
    ],
)
def test_what_cannot_be_shown_is_one_line(table, hook, words, hint, folder, clip, tmp_path, capsys):
    write(folder, table, hook)
    assert inside(clip, tmp_path / "maps", *words) != 0
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("vsod-desktop:")]
    assert len(lines) == 1 and hint in lines[0] and "unexpected" not in lines[0]
    assert not (tmp_path / "maps").exists()
