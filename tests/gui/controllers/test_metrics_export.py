"""The curves and the flags leave the window as files."""

import csv
import json
from pathlib import Path

import pytest
from fake_clip_session import FakeClip
from PyQt6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from screen import analyse_all

from vsod.gui.main_window import MainWindow


@pytest.fixture
def flagged(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> FakeClip:
    clip.bad_frames, clip.cuts = (12, 13, 14, 50), (30,)
    analyse_all(qtbot, window)
    qtbot.waitUntil(lambda: len(window.overview.issues) == 2 and bool(window.timeline.metrics.measured.all()))
    return clip


def pick(monkeypatch: pytest.MonkeyPatch, name: str, kind: str = "") -> list[str]:
    suggested: list[str] = []

    def answer(_parent: object, _title: str, path: str, _kinds: str) -> tuple[str, str]:
        suggested.append(path)
        return name, kind

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    return suggested


def test_curves_are_saved(
    window: MainWindow, flagged: FakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suggested = pick(monkeypatch, str(tmp_path / "t"), "Table (*.csv)")
    window.actions_by_id["save_metrics"].trigger()
    assert suggested[0].endswith("heron_curves.csv")
    with (tmp_path / "t.csv").open() as file:
        table = list(csv.DictReader(file))
    assert len(table) == 60 and [int(row["cut"]) for row in table].index(1) == 30
    assert float(table[13]["confidence"]) == pytest.approx(0.1)
    pick(monkeypatch, str(tmp_path / "t.json"))
    window.actions_by_id["save_metrics"].trigger()
    whole = json.loads((tmp_path / "t.json").read_text())
    assert whole["shots"] == [[0, 30], [30, 60]] and whole["model"] == "swift" and len(whole["issues"]) == 2
    assert "60 frames, 2 issues" in window.banner.text


def test_markers_are_those_of_the_range(
    window: MainWindow, flagged: FakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.timeline.range_dragged.emit(40, 60)
    pick(monkeypatch, str(tmp_path / "m.edl"))
    window.actions_by_id["save_markers"].trigger()
    text = (tmp_path / "m.edl").read_text()
    assert "01:00:02:00" in text and text.count("|M:") == 1


def test_what_cannot_be_written_is_said(
    window: MainWindow, flagged: FakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pick(monkeypatch, str(tmp_path / "m.txt"))
    window.actions_by_id["save_markers"].trigger()
    assert window.banner.kind == "error" and ".edl" in window.banner.text
    pick(monkeypatch, "")
    window.actions_by_id["save_metrics"].trigger()
    assert not list(tmp_path.glob("m*"))


def test_without_an_analysis_there_is_nothing(window: MainWindow, clip: FakeClip) -> None:
    window.actions_by_id["save_metrics"].trigger()
    assert window.banner.isVisible() and "measured" in window.banner.text
