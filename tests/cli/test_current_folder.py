"""The whole program in a folder full of a stranger's modules."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import tripwires
from helpers.clips import make

PROGRAM = Path(sys.executable).with_name("vsod-desktop")


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(not PROGRAM.is_file(), reason="the program is not installed here")
@pytest.mark.parametrize(
    "words",
    [
        ["run", "../clip.mp4", "-o", "m.mkv", "--range", "0:1"],  # converts the network, asks ffprobe
        ["run", "../clip.mp4", "-o", "m.mov", "--range", "0:1", "--model", "scnn"],  # and the motion prior's
        ["run", "../clip.mp4", "-o", "m.mkv", "--range", "0:1", "--crf", "--adapt"],
        ["verify", "../clip.mp4", "../clip.mp4"],
        ["formats"],
        ["doctor"],
    ],
    ids=lambda words: " ".join(words[:1] + words[6:]),
)
def test_nothing_in_the_current_folder_is_run(words: list[str], tmp_path: Path) -> None:
    make("cfr", tmp_path).path.rename(tmp_path / "clip.mp4")
    folder = tripwires.lay(tmp_path / "downloads")
    env = {**os.environ, "VSOD_CACHE": str(tmp_path / "cache")}
    env = {name: value for name, value in env.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    done = subprocess.run([PROGRAM, *words], cwd=folder, env=env, capture_output=True, text=True, timeout=280)
    assert "Traceback" not in done.stderr and "warning: converting" not in done.stderr, done.stderr
    assert tripwires.fired(folder) == []
