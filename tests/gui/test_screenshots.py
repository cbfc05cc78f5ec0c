"""The tour of the window ends with a clip of any length."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.clips import Recipe, write_clip
from vsod.gui.screenshots import job_ranges


@pytest.mark.parametrize("count", [1, 2, 3, 8, 40, 87, 88, 1000])
def test_every_job_of_the_tour_lies_in_the_clip(count: int) -> None:
    ranges = job_ranges(count, 4)
    assert len(ranges) == 4 and all(0 <= start < stop <= count for start, stop in ranges)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 8])
def test_the_tour_of_a_short_clip_ends(tmp_path: Path, count: int) -> None:
    write_clip(tmp_path / "short.mp4", Recipe(count=count))
    words = [
        sys.executable,
        "-m",
        "vsod",
        "screenshots",
        str(tmp_path / "shots"),
        str(tmp_path / "short.mp4"),
    ]
    told = subprocess.run(
        words, capture_output=True, text=True, timeout=300, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    )
    assert told.returncode == 0, told.stderr
    assert len(list((tmp_path / "shots").glob("*.png"))) == len(told.stdout.split()) == 15
