"""Programs are found on the path and nowhere else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from vsod.media.formats import ffmpeg_program, versions
from vsod.media.formats.system_programs import find_program
from vsod.media.verify.verifier import _second_reader
from vsod.media.verify.verify_report import VerifyReport


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with an ffmpeg and an ffprobe that tell when they run, and a path that leads there."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    for name in ("ffmpeg", "ffprobe", "ffmpeg.exe", "ffprobe.exe"):
        (folder / name).write_text(f"#!/bin/sh\n: > {folder}/fired\n")
        (folder / name).chmod(0o755)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", "../downloads", "no/such", os.environ["PATH"]]))
    return folder


@pytest.mark.parametrize("name", ["ffmpeg", "ffprobe"])
def test_a_program_of_the_current_folder_is_none_of_ours(name: str, strangers: Path) -> None:
    found = find_program(name)
    assert found is None or (Path(found).is_absolute() and Path(found).parent != strangers)


def test_a_program_is_found_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / ("ffmpeg.exe" if os.name == "nt" else "ffmpeg")
    program.write_text("#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_program("ffmpeg") is None or os.name == "nt"
    program.chmod(0o755)
    assert find_program("ffmpeg") == str(program)
    assert find_program("ffprobe") is None


def test_nothing_of_the_current_folder_runs(strangers: Path) -> None:
    versions.external_ffmpeg_version()
    ffmpeg_program.why_unavailable(next(iter(ffmpeg_program.FFMPEG_FORMATS.values())))
    report = VerifyReport(strangers / "s.mov", strangers / "m.mov")
    _second_reader(report, strangers / "m.mov", 1)
    assert [check.id for check in report.checks] == ["second-reader"]
    assert not (strangers / "fired").exists()


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
def test_the_second_reader_is_still_found() -> None:
    assert versions.external_ffmpeg_version()
