"""Undo and redo of every edit, projects on disk, and what is kept when the program ends badly."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_clip_session import FakeBackend, FakeClip
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot
from screen import analyse_all, wait_for_frame

from vsod.core.export_settings import ExportSettings
from vsod.core.matte_settings import DEFAULT_MATTE_SETTINGS
from vsod.core.source_settings import SourceSettings
from vsod.gui.main_window import MainWindow
from vsod.gui.state.autosave import Autosave
from vsod.project.project import Project, ProjectClip


@pytest.fixture
def here(qtbot: QtBot, window: MainWindow, backend: FakeBackend, tmp_path: Path) -> FakeClip:
    (tmp_path / "heron.mov").write_bytes(b"pictures")
    return open_clip(qtbot, window, backend, tmp_path / "heron.mov")


def open_clip(qtbot: QtBot, window: MainWindow, backend: FakeBackend, path: Path) -> FakeClip:
    window.open_path(path)
    qtbot.waitUntil(lambda: window.clip is not None and window.clip.info.path == path)
    wait_for_frame(qtbot, window, 0)
    return backend.clips[-1]


def undo(window: MainWindow) -> None:
    window.actions_by_id["undo"].trigger()


def redo(window: MainWindow) -> None:
    window.actions_by_id["redo"].trigger()


def work(window: MainWindow) -> ProjectClip:
    assert window.document.current_clip is not None
    return window.document.current_clip


def test_every_kind_of_edit_is_undone_and_redone_in_order(window: MainWindow, here: FakeClip) -> None:
    action = window.actions_by_id["undo"]
    assert not action.isEnabled()
    begun = work(window)
    window.matte.editors["feather"].box.setValue(4)
    window.analysis.model_box.setCurrentIndex(1)
    window.analysis.adapt_box.click()
    window.player.seek(9)
    window.actions_by_id["mark_in"].trigger()
    window.player.seek(20)
    window.actions_by_id["mark_out"].trigger()
    window.exporting.ask()
    assert window.dialog is not None
    form = window.dialog.export_form
    form.what.setCurrentIndex(form.what.findData("cutout"))
    window.dialog.reject()
    ended = work(window)
    assert (ended.settings.matte.feather, ended.settings.model, ended.settings.adapt) == (4, "flow", True)
    assert (ended.settings.start, ended.settings.stop, ended.settings.export) == (
        9,
        21,
        ExportSettings("cutout"),
    )
    words = []
    while action.isEnabled():
        words.append(action.text())
        undo(window)
    assert [w.replace("&", "") for w in words] == [
        "Undo Export settings",
        "Undo Mark out",
        "Undo Mark in",
        "Undo Adapt to the clip",
        "Undo Model",
        "Undo Feather",
    ]
    assert work(window) == begun
    assert window.matte.settings == DEFAULT_MATTE_SETTINGS and window.analysis.model == "swift"
    assert not window.analysis.adapt and window.player.marked == range(60)
    for _ in words:
        redo(window)
    assert work(window) == ended and not window.actions_by_id["redo"].isEnabled()
    assert window.matte.editors["feather"].value == 4 and window.analysis.model == "flow"
    assert window.analysis.adapt and window.player.marked == range(9, 21)
    assert window.player.view.settings.matte.feather == 4


def test_a_drag_is_one_edit_and_two_drags_are_two(window: MainWindow, here: FakeClip) -> None:
    slider = window.matte.editors["feather"].slider
    for stop in (10, 25):
        for value in range(stop - 5, stop):
            slider.setValue(value)
        slider.sliderReleased.emit()
    assert window.document.history.activeStack().count() == 2
    undo(window)
    assert window.matte.settings.feather == 0.9
    undo(window)
    assert window.matte.settings.feather == 0


def test_a_drag_that_comes_back_is_no_edit(window: MainWindow, here: FakeClip) -> None:
    slider = window.matte.editors["feather"].slider
    for value in (5, 9, 0):
        slider.setValue(value)
    slider.sliderReleased.emit()
    assert not window.document.history.canUndo() and not window.document.history.activeStack().count()


def test_black_pushing_white_is_one_edit(window: MainWindow, here: FakeClip) -> None:
    for value in (50, 99):
        window.matte.editors["black"].slider.setValue(value)
    assert window.matte.settings.white == 1.0 and window.matte.settings.black == 0.99
    undo(window)
    assert window.matte.settings == DEFAULT_MATTE_SETTINGS


def test_a_range_dragged_on_the_timeline_is_one_edit(window: MainWindow, here: FakeClip) -> None:
    for stop in (12, 15, 19):
        window.timeline.range_dragged.emit(5, stop)
    QTest.mouseRelease(window.timeline, Qt.MouseButton.LeftButton)
    window.timeline.range_dragged.emit(5, 30)
    undo(window)
    assert window.player.marked == range(5, 19)
    undo(window)
    assert window.player.marked == range(60)


def test_undoing_the_model_shows_what_that_one_has_done(
    qtbot: QtBot, window: MainWindow, here: FakeClip
) -> None:
    analyse_all(qtbot, window)
    window.analysis.model_box.setCurrentIndex(1)
    qtbot.waitUntil(lambda: window.canvas.shown.alpha is None)
    undo(window)
    qtbot.waitUntil(lambda: window.canvas.shown.alpha is not None)
    assert window.timeline.covered.all() and len(here.analysed) == 1


def test_every_clip_has_its_own_history_and_settings(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, here: FakeClip, tmp_path: Path
) -> None:
    window.matte.editors["feather"].box.setValue(4)
    window.timeline.range_dragged.emit(5, 15)
    open_clip(qtbot, window, backend, tmp_path / "owl.mov")
    assert window.matte.settings.feather == 4, "a new clip begins with the settings of the one before"
    assert window.player.marked == range(60) and not window.actions_by_id["undo"].isEnabled()
    window.matte.editors["feather"].box.setValue(7)
    open_clip(qtbot, window, backend, tmp_path / "heron.mov")
    assert window.matte.settings.feather == 4 and window.player.marked == range(5, 15)
    undo(window)
    undo(window)
    assert window.matte.settings == DEFAULT_MATTE_SETTINGS
    open_clip(qtbot, window, backend, tmp_path / "owl.mov")
    assert window.matte.settings.feather == 7


def save_as(window: MainWindow, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(path), ""))
    window.actions_by_id["save_as"].trigger()


def test_save_and_open_bring_everything_back(
    qtbot: QtBot,
    window: MainWindow,
    backend: FakeBackend,
    here: FakeClip,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window.matte.editors["feather"].box.setValue(4)
    window.timeline.range_dragged.emit(5, 15)
    window.analysis.model_box.setCurrentIndex(1)
    assert window.windowTitle() == "Untitled[*] – heron.mov" and window.isWindowModified()
    window.document.edit("Stream", source_settings=SourceSettings(stream=1))
    save_as(window, tmp_path / "spot", monkeypatch)
    assert window.windowTitle() == "spot.vsod[*] – heron.mov"
    saved = work(window)
    window.matte.editors["feather"].box.setValue(9)
    assert window.isWindowModified()
    undo(window)
    assert not window.isWindowModified(), "undone to what is on disk"
    window.actions_by_id["new_project"].trigger()
    assert window.clip is None and window.welcome.isVisible() and window.document.current_clip is None
    window.matte.set_settings(DEFAULT_MATTE_SETTINGS)
    window.open_path(tmp_path / "spot.vsod")
    qtbot.waitUntil(lambda: window.clip is not None)
    wait_for_frame(qtbot, window, 0)
    assert work(window) == saved
    assert window.clip.info.source_settings == SourceSettings(stream=1)
    assert window.matte.settings.feather == 4 and window.player.marked == range(5, 15)
    assert window.analysis.model == "flow" and not window.actions_by_id["undo"].isEnabled()
    assert window.preferences.recent[1].name == "spot.vsod"


@pytest.mark.parametrize("answer", ["Save", "Discard", "Cancel"])
def test_leaving_a_changed_project_asks(
    window: MainWindow, here: FakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    save_as(window, tmp_path / "spot.vsod", monkeypatch)
    window.matte.editors["feather"].box.setValue(9)
    button = QMessageBox.StandardButton[answer]
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: button)
    closed = window.close()
    feather = Project.read(tmp_path / "spot.vsod").clips[0].settings.matte.feather
    assert (closed, feather) == {"Save": (True, 9), "Discard": (True, 0), "Cancel": (False, 0)}[answer]
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: QMessageBox.StandardButton.Discard)


def test_a_project_without_a_file_is_not_lost_to_a_new_one(
    window: MainWindow, here: FakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def cancel(*words: object, **_: object) -> QMessageBox.StandardButton:
        asked.append(str(words[2]))
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "question", cancel)
    window.matte.editors["feather"].box.setValue(9)
    window.actions_by_id["new_project"].trigger()
    assert asked == ["This project has changes that are not saved."] and window.clip is not None
    undo(window)
    window.actions_by_id["new_project"].trigger()
    assert len(asked) == 1 and window.clip is None, "nothing was decided: nothing to ask"


def test_a_running_job_keeps_its_project(qtbot: QtBot, window: MainWindow, here: FakeClip) -> None:
    here.gate = threading.Semaphore(1)
    window.analyse()
    qtbot.waitUntil(lambda: here.coverage("swift").any())
    window.actions_by_id["new_project"].trigger()
    assert window.banner.text.startswith("A job is running") and window.clip is not None
    window.cancel()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    window.actions_by_id["new_project"].trigger()
    assert window.clip is None
    qtbot.waitUntil(lambda: here.closed)


def test_the_clips_of_a_project_are_a_menu(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, here: FakeClip, tmp_path: Path
) -> None:
    window.menus.clips.fill()
    assert [a.text() for a in window.menus.clips.actions()] == ["heron.mov"]
    open_clip(qtbot, window, backend, tmp_path / "owl.mov")
    window.menus.clips.fill()
    heron, owl = window.menus.clips.actions()
    assert (heron.text(), owl.text(), owl.isChecked()) == ("heron.mov", "owl.mov", True)
    heron.trigger()
    qtbot.waitUntil(lambda: window.clip is not None and window.clip.info.path.name == "heron.mov")


def test_a_damaged_project_is_a_banner(window: MainWindow, here: FakeClip, tmp_path: Path) -> None:
    (tmp_path / "bad.vsod").write_text("{}")
    window.open_path(tmp_path / "bad.vsod")
    assert window.banner.kind == "error" and "bad.vsod" in window.banner.text
    assert window.clip is not None, "the clip on the desk stays"


def test_moved_clips_are_relinked(
    qtbot: QtBot, window: MainWindow, here: FakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_as(window, tmp_path / "spot.vsod", monkeypatch)
    (tmp_path / "there").mkdir()
    (tmp_path / "heron.mov").rename(tmp_path / "there" / "crane.mov")
    window.open_path(tmp_path / "spot.vsod")
    dialog = window.projects.relinking
    assert dialog is not None and dialog.isVisible() and dialog.list.count() == 1
    (tmp_path / "other.mov").write_bytes(b"other pictures")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: (str(tmp_path / "other.mov"), ""))
    dialog.locate_button.click()
    assert "is not the clip" in dialog.remark.text() and dialog.isVisible()
    dialog.reject()
    window.open_path(tmp_path / "spot.vsod")
    dialog = window.projects.relinking
    dialog.relink(tmp_path / "heron.mov", tmp_path / "there" / "crane.mov")
    assert not dialog.isVisible()
    qtbot.waitUntil(lambda: window.clip is not None and window.clip.info.path.name == "crane.mov")
    assert window.isWindowModified()
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: QMessageBox.StandardButton.Discard)


@pytest.fixture
def start(qtbot: QtBot) -> Iterator[Callable[[], MainWindow]]:
    """Starts another window."""
    made: list[MainWindow] = []

    def start_() -> MainWindow:
        made.append(MainWindow(FakeBackend()))
        made[-1].show()
        qtbot.waitUntil(lambda: bool(made[-1].jobs.formats))
        return made[-1]

    yield start_
    for window in made:
        window.close()
        window.deleteLater()


def crash(window: MainWindow) -> None:
    """What a killed process leaves: the session's file, and a lock nobody holds."""
    autosave = window.projects.autosave
    autosave.write()
    autosave._lock.unlock()
    autosave._file.rename(autosave._file.with_name("crashed.json"))


def test_work_is_offered_after_a_crash(
    qtbot: QtBot, window: MainWindow, here: FakeClip, start: Callable[[], MainWindow]
) -> None:
    window.matte.editors["feather"].box.setValue(4)
    crash(window)
    second = start()
    assert second.banner.isVisible()
    assert "ended unexpectedly" in second.banner.text and "heron.mov" in second.banner.text
    second.banner.action_button.click()
    qtbot.waitUntil(lambda: second.clip is not None)
    assert work(second).settings.matte.feather == 4 and second.matte.settings.feather == 4
    assert second.projects.autosave.find_unsaved() is None, "offered once"


def test_the_last_session_can_be_gone_on_with(
    qtbot: QtBot, window: MainWindow, here: FakeClip, start: Callable[[], MainWindow]
) -> None:
    window.timeline.range_dragged.emit(5, 15)
    window.close()
    second = start()
    assert second.actions_by_id["restore_session"].isEnabled()
    assert not second.banner.isVisible(), "a window that was closed is no accident"
    second.actions_by_id["restore_session"].trigger()
    qtbot.waitUntil(lambda: second.clip is not None)
    assert second.player.marked == range(5, 15)


def test_nothing_is_offered_after_a_crash_while_clips_were_only_looked_at(
    qtbot: QtBot, window: MainWindow, here: FakeClip, start: Callable[[], MainWindow]
) -> None:
    crash(window)
    second = start()
    assert not second.banner.isVisible()
    assert second.actions_by_id["restore_session"].isEnabled(), "the clips are found again all the same"


def test_a_window_killed_while_looking_hides_no_edits_of_an_earlier_one(
    qtbot: QtBot, window: MainWindow, here: FakeClip, start: Callable[[], MainWindow]
) -> None:
    window.matte.editors["feather"].box.setValue(4)
    crash(window)
    kept = window.projects.autosave._file.with_name("crashed.json")
    looked = json.loads(kept.read_text()) | {"edited": False}
    kept.with_name("later.json").write_text(json.dumps(looked))
    assert "ended unexpectedly" in start().banner.text


def test_what_was_saved_or_undone_is_no_edit(
    window: MainWindow, here: FakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = window.document
    assert not document.edited
    window.matte.editors["feather"].box.setValue(4)
    assert document.edited
    document.history.undo()
    assert not document.edited
    document.history.redo()
    save_as(window, tmp_path / "spot.vsod", monkeypatch)
    assert not document.edited
    document.history.undo()
    assert document.edited
    document.discard()
    assert not document.edited


def test_the_end_of_the_desktop_session_is_no_accident(
    window: MainWindow, here: FakeClip, start: Callable[[], MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    window.matte.editors["feather"].box.setValue(4)
    autosave = window.projects.autosave
    window.keep_session()
    autosave._lock.unlock()  # the process is ended
    autosave._file.rename(autosave._file.with_name("ended.json"))
    second = start()
    assert not second.banner.isVisible() and second.actions_by_id["restore_session"].isEnabled()


def test_a_session_another_window_works_on_is_left_alone(
    window: MainWindow, here: FakeClip, start: Callable[[], MainWindow]
) -> None:
    window.matte.editors["feather"].box.setValue(4)
    window.projects.autosave.write()
    assert start().projects.autosave.find_unsaved() is None


def test_edits_are_kept_by_themselves_soon_after(qtbot: QtBot, window: MainWindow, here: FakeClip) -> None:
    autosave = window.projects.autosave
    window.matte.editors["feather"].box.setValue(4)
    qtbot.waitUntil(autosave._file.is_file)
    raw = json.loads(autosave._file.read_text())
    assert raw["project"]["clips"][0]["matte"] == {"feather": 4.0} and not raw["ended"]


def test_a_saved_project_leaves_no_session(
    window: MainWindow, here: FakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_as(window, tmp_path / "spot.vsod", monkeypatch)
    window.projects.autosave.write()
    window.close()
    assert Autosave(window.document, window.preferences).find_unsaved() is None


def test_a_damaged_session_is_no_session(window: MainWindow, expect_log: Callable[..., None]) -> None:
    expect_log(r"a session cannot be restored: .*x\.json")
    folder = window.projects.autosave._folder
    folder.mkdir(parents=True)
    (folder / "x.json").write_text("{")
    assert window.projects.autosave.find_unsaved() is None


def test_an_autosave_that_is_refused_is_logged_once(
    window: MainWindow, expect_log: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    expect_log("autosave: .*sessions")
    folder = window.projects.autosave._folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("no folder")
    for _ in range(3):
        window.projects.autosave.write()
    assert [record.message for record in caplog.records if "autosave" in record.message][1:] == []
    folder.unlink()


def test_the_title_tells_what_is_not_saved(qtbot: QtBot, window: MainWindow) -> None:
    assert window.windowTitle() == "vsod-desktop" and not window.isWindowModified()
    window.open_path(Path("/clips/a[*].mov"))
    qtbot.waitUntil(lambda: window.clip is not None)
    assert window.windowTitle() == "Untitled[*] – a[*][*].mov", "Qt would put its mark into the name"
    assert not window.isWindowModified(), "it was only looked at"
    window.matte.editors["feather"].box.setValue(4)
    assert window.isWindowModified()
    undo(window)
    assert not window.isWindowModified()
    window.actions_by_id["new_project"].trigger()
    assert window.windowTitle() == "vsod-desktop" and not window.isWindowModified()
