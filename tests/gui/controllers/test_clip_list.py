"""Several clips, and folders of them, become clips of the project; the list goes from one to the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_clip_session import FakeBackend, FakeClip
from pytestqt.qtbot import QtBot
from screen import drop, wait_for_frame

from vsod.gui.main_window import MainWindow


def shows(window: MainWindow, name: str) -> bool:
    return window.clip is not None and window.clip.info.path.name == name


def names(window: MainWindow) -> list[str]:
    return [work.path.name for work in window.document.project.clips]


@pytest.fixture
def several(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> list[Path]:
    """Three clips that were dropped, the first of them open."""
    paths = [tmp_path / f"{name}.mov" for name in "abc"]
    assert drop(window, *paths)
    qtbot.waitUntil(lambda: shows(window, "a.mov"))
    wait_for_frame(qtbot, window, 0)
    return paths


def test_several_clips_become_clips_of_the_project(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, several: list[Path]
) -> None:
    """In the order given, the first one shown, nothing in the queue."""
    assert names(window) == ["a.mov", "b.mov", "c.mov"]
    assert window.clip_list.isHidden() and window.workspace.view_bar.clips.isVisible(), "no room: a menu"
    window.actions_by_id["clip_list"].trigger()
    assert not window.workspace.view_bar.clips.isVisible()
    assert not window.clip_list.isHidden() and window.clip_list.panel.paths == several
    assert not list(window.queue_room.queue.jobs)
    qtbot.waitUntil(lambda: not window.clip_list.panel.list.item(2).icon().isNull())
    assert backend.pictured == several


def test_a_wide_window_shows_the_list_at_once(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.resize(1300, 800)
    drop(window, tmp_path / "a.mov", tmp_path / "b.mov")
    qtbot.waitUntil(lambda: shows(window, "a.mov"))
    assert not window.clip_list.isHidden() and not window.workspace.view_bar.clips.isVisible()


def test_one_clip_needs_no_list(window: MainWindow, clip: FakeClip) -> None:
    assert window.clip_list.isHidden() and names(window) == ["heron.mov"]


def test_from_clip_to_clip(qtbot: QtBot, window: MainWindow, several: list[Path]) -> None:
    window.actions_by_id["next_clip"].trigger()
    qtbot.waitUntil(lambda: shows(window, "b.mov"))
    window.actions_by_id["previous_clip"].trigger()
    qtbot.waitUntil(lambda: shows(window, "a.mov"))
    window.actions_by_id["previous_clip"].trigger()
    window.clip_list.panel.picked.emit(several[2])
    qtbot.waitUntil(lambda: shows(window, "c.mov"))
    assert names(window) == ["a.mov", "b.mov", "c.mov"]


def test_states_are_told(qtbot: QtBot, window: MainWindow, several: list[Path]) -> None:
    window.timeline.range_dragged.emit(0, 15)
    window.analyse()
    qtbot.waitUntil(lambda: "25 % analysed" in window.clip_list.panel.list.item(0).text())
    window.actions_by_id["clear_marks"].trigger()
    window.analyse()
    qtbot.waitUntil(lambda: "issue" in window.clip_list.panel.list.item(0).text())
    window.actions_by_id["export"].trigger()
    window.dialog.export_button.click()
    qtbot.waitUntil(lambda: "exported" in window.clip_list.panel.list.item(0).text())


def test_clips_can_be_queued_and_taken_out(qtbot: QtBot, window: MainWindow, several: list[Path]) -> None:
    window.clip_list.panel.queue_button.click()
    qtbot.waitUntil(lambda: [i.spec.source for i in window.queue_room.queue.jobs] == several)
    window.clip_list.panel.remove_asked.emit(several[:2])
    assert names(window) == ["a.mov", "c.mov"], "the current one stays"


def test_a_folder_of_clips_becomes_clips(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    folder = tmp_path / "day"
    folder.mkdir()
    for name in ("2.mov", "1.mov", "notes.txt", "sound.wav"):
        (folder / name).write_bytes(b"x")
    window.opening.open_all([folder])
    qtbot.waitUntil(lambda: shows(window, "1.mov"))
    assert names(window) == ["1.mov", "2.mov"]
    assert "sound.wav" in window.banner.text


def test_folders_further_down_are_offered(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    for name in ("day/1.mov", "day/second/2.mov", "day/second/3.mov"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    window.opening.open_all([tmp_path / "day"])
    qtbot.waitUntil(lambda: window.banner.isVisible() and window.banner.action_button.isVisible())
    assert "second" in window.banner.text and names(window) in ([], ["1.mov"])
    window.banner.action_button.click()
    qtbot.waitUntil(lambda: names(window) == ["1.mov", "2.mov", "3.mov"])


def test_a_folder_of_images_is_one_clip(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(4):
        (folder / f"shot.{number:04d}.png").write_bytes(b"x")
    window.opening.open_all([folder])
    qtbot.waitUntil(lambda: shows(window, "frames"))
    assert names(window) == ["frames"]


def test_each_of_several_sequences_in_a_folder_is_a_clip(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, tmp_path: Path
) -> None:
    for name in [f"{letter}.{k:04d}.png" for letter in "ab" for k in range(5)]:
        (tmp_path / name).write_bytes(b"")
    window.preferences.set_text("frame_rate", "25")
    drop(window, tmp_path)
    qtbot.waitUntil(lambda: shows(window, "a.####.png"))
    assert names(window) == ["a.####.png", "b.####.png"]
    rates = {work.settings.source_settings.frame_rate for work in window.document.project.clips}
    assert rates == {25}, "the rate that was chosen last"


def test_several_images_of_a_sequence_are_opened_as_the_sequence(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    images = [tmp_path / f"{k:03d}.png" for k in range(5)]
    for image in images:
        image.write_bytes(b"")
    drop(window, *images)
    qtbot.waitUntil(lambda: shows(window, tmp_path.name))
    assert names(window) == [tmp_path.name]
