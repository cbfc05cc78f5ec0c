"""Words of 0.1.0 go on working, give the same job, and say once what they are now."""

from __future__ import annotations

import shlex

import pytest

from vsod.cli import aliases
from vsod.cli.main import build_parser, main

PAIRS = [
    ("run a.mp4 -o m.mov --card studio", "run a.mp4 -o m.mov --model studio"),
    ("run a.mp4 -o m.mov --car studio", "run a.mp4 -o m.mov --model studio"),
    ("run a.mp4 -o m.mov --card=studio --what cutout", "run a.mp4 -o m.mov --model studio --kind cutout"),
    ("run a.mp4 -o m.mov --stabilise 0.5", "run a.mp4 -o m.mov --temporal-smoothing 0.5"),
    ("run a.mp4 -o m.mov --stab 0.5", "run a.mp4 -o m.mov --temporal-smoothing 0.5"),
    ("batch in -o out --again", "batch in -o out --redo"),
    ("rerun m.mov.vsod.json --anyway", "rerun m.mov.vsod.json --ignore-changes"),
    ("watch in --quiet 2", "watch in --settle 2"),
    ("bench a.mp4 --card scnn --what mask", "bench a.mp4 --model scnn --kind mask"),
    ("cards --json", "models --json"),
    ("lanes a.mp4 -o t.csv --card scnn", "metrics a.mp4 -o t.csv --model scnn --old-keys"),
    ("calibrate swift --data d --stabilise 0", "tune-threshold swift --data d --temporal-smoothing 0"),
    ("survey swift --data d", "evaluate --all swift --data d"),
]


@pytest.fixture(autouse=True)
def a_new_run(monkeypatch):
    monkeypatch.setattr(aliases, "_said", set())


def parsed(line):
    return vars(build_parser().parse_args(aliases.new_command(shlex.split(line))))


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_an_old_word_gives_the_same(old, new, capsys):
    assert parsed(old) == parsed(new)
    told = capsys.readouterr()
    lines = told.err.splitlines()
    assert told.out == "" and lines and len(set(lines)) == len(lines)
    assert all(line.startswith("vsod-desktop: ") and " is now " in line for line in lines)


@pytest.mark.parametrize("new", [new for _, new in PAIRS])
def test_a_new_word_says_nothing(new, capsys):
    parsed(new)
    assert capsys.readouterr() == ("", "")


def test_it_is_said_once(capsys):
    parsed("run a.mp4 -o m.mov --card swift --shot '0:4 --card studio' --shot '4:8 --card scnn'")
    assert capsys.readouterr().err == "vsod-desktop: --card is now --model\n"


def test_no_help_shows_an_old_word(capsys):
    shown = ""
    for command in ([], ["run"], ["batch"], ["rerun"], ["watch"], ["evaluate"], ["metrics"]):
        with pytest.raises(SystemExit):
            main([*command, "--help"])
        shown += capsys.readouterr().out
    assert "--model" in shown and "metrics" in shown
    for old in (*aliases.COMMANDS, *aliases.OPTIONS):
        assert f" {old} " not in shown and f"[{old}" not in shown, old


@pytest.mark.parametrize(
    "words",
    ["evaluate --data d", "evaluate --all --adapt --data d", "evaluate --all --protocol davis --data d"],
)
def test_evaluate_takes_models_or_all(words, capsys):
    assert main(words.split()) == 2
    assert "--all" in capsys.readouterr().err
