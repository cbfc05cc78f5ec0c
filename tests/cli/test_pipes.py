"""A pipe where a file is read: refused at once, wherever it is named."""

import os
from pathlib import Path

import pytest

from helpers.clips import Recipe, write_clip
from vsod.cli.main import main

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")


@pytest.mark.parametrize(
    "line",
    [
        "probe p.mp4",
        "run p.mp4 -o o.mkv",
        "run clip.mkv -o o.mkv --kind over --format ffv1-rgba --background p.mp4",
        "run clip.mkv -o o.mkv --kind over --format ffv1-rgba --background p.png",
        "batch p.mp4 -o out",
        "batch p.txt -o out",
        "batch p.vsod -o out",
        "rerun p.json",
        "verify clip.mkv p.mp4",
        "metrics p.mp4 -o t.csv",
    ],
)
def test_a_pipe_is_refused_at_once(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_clip(Path("clip.mkv"), Recipe(codec="ffv1", count=2))
    for word in {word for word in line.split() if word.startswith("p.")}:
        os.mkfifo(word)
    assert main(line.split()) in (1, 2)
    told = capsys.readouterr()
    assert "pipe" in told.err + told.out
    assert not Path("o.mkv").exists()
