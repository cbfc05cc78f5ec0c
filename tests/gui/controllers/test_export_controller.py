import shlex
import threading
from pathlib import Path

import pytest
from fake_clip_session import READ_ONLY, FakeBackend, FakeClip
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from screen import wait_for_frame

from vsod.core.clip_settings import ClipSettings
from vsod.core.job import JobSpec
from vsod.gui.dialogs import queue_questions
from vsod.gui.dialogs.export_dialog import ExportDialog
from vsod.gui.main_window import MainWindow


@pytest.fixture
def here(qtbot: QtBot, window: MainWindow, backend: FakeBackend, tmp_path: Path) -> FakeClip:
    """A clip in a folder that can be written to."""
    window.open_path(tmp_path / "heron.mov")
    wait_for_frame(qtbot, window, 0)
    return backend.clips[-1]


def dialog_of(window: MainWindow) -> ExportDialog:
    window.actions_by_id["export"].trigger()
    assert window.dialog is not None and window.dialog.isVisible()
    return window.dialog


def test_export_writes_and_tells(
    qtbot: QtBot, window: MainWindow, here: FakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog_of(window).export_button.click()
    qtbot.waitUntil(window.banner.isVisible)
    assert (tmp_path / "heron_matte.mov").read_bytes() == b"matte"
    assert window.banner.kind == "success"
    assert window.banner.text == "Wrote heron_matte.mov\n60 frames in 0:03."
    shown: list[Path] = []
    monkeypatch.setattr("vsod.gui.controllers.outcome_messages.show_in_folder", shown.append)
    window.banner.action_button.click()
    assert shown == [tmp_path / "heron_matte.mov"]
    assert not window.queue_room.isVisible() and not window.queue_room.queue.at_work


def test_export_failure_is_a_banner(
    qtbot: QtBot, window: MainWindow, here: FakeClip, backend: FakeBackend
) -> None:
    backend.job_error = READ_ONLY
    dialog_of(window).export_button.click()
    qtbot.waitUntil(window.banner.isVisible)
    assert window.banner.kind == "error"
    assert window.banner.text == "/out: the folder is read-only. Choose another folder."
    assert [item.state for item in window.queue_room.queue.jobs] == ["failed"]


def test_an_export_goes_on_whatever_is_opened_or_pressed(
    qtbot: QtBot, window: MainWindow, here: FakeClip, backend: FakeBackend, tmp_path: Path
) -> None:
    """Opening another clip, and a stray Esc, are no reason to lose what is being written."""
    backend.job_gate = threading.Semaphore(0)
    dialog_of(window).export_button.click()
    qtbot.waitUntil(lambda: window.jobs.busy == "queue")
    assert "heron_matte.mov" in window.status.queue.text()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    window.cancel()
    window.open_path(tmp_path / "owl.mov")
    qtbot.waitUntil(lambda: window.clip is not None and window.clip.info.path.name == "owl.mov")
    assert [item.state for item in window.queue_room.queue.jobs] == ["running"]
    backend.job_gate.release()
    qtbot.waitUntil((tmp_path / "heron_matte.mov").exists)
    qtbot.waitUntil(lambda: "Wrote heron_matte.mov" in window.banner.text)
    assert not window.status.queue.isVisible()


def test_an_export_can_be_set_up_while_the_clip_is_analysed(
    qtbot: QtBot, window: MainWindow, here: FakeClip, backend: FakeBackend, tmp_path: Path
) -> None:
    here.gate = threading.Semaphore(2)
    window.analyse()
    qtbot.waitUntil(lambda: here.coverage("swift").any())
    dialog_of(window).export_button.click()
    assert not backend.ran and window.jobs.busy == "analyse"
    here.gate.release(60)
    qtbot.waitUntil((tmp_path / "heron_matte.mov").exists)


def test_an_export_goes_before_what_waits_and_leaves_it_waiting(
    qtbot: QtBot, window: MainWindow, here: FakeClip, backend: FakeBackend, tmp_path: Path
) -> None:
    queue = window.queue_room.queue
    queue.add(JobSpec(tmp_path / "a.mov", tmp_path / "a_matte.mov"), 60)
    dialog_of(window).export_button.click()
    qtbot.waitUntil((tmp_path / "heron_matte.mov").exists)
    qtbot.waitUntil(lambda: not queue.at_work)
    assert [spec.source.stem for spec in backend.ran] == ["heron"]
    assert [(i.spec.source.stem, i.state) for i in queue.jobs] == [("heron", "done"), ("a", "waiting")]


def test_the_dialog_builds_the_job(window: MainWindow, here: FakeClip, tmp_path: Path) -> None:
    window.timeline.range_dragged.emit(5, 15)
    window.analysis.set_device("cpu")
    window.matte.editors["threshold"].switch.click()
    dialog = dialog_of(window)
    dialog.format_box.setCurrentIndex(1)
    expected = JobSpec(
        source=tmp_path / "heron.mov",
        output=tmp_path / "heron_matte.mkv",
        settings=ClipSettings("swift", matte=window.matte.settings, start=5, stop=15, format="ffv1"),
        device="cpu",
    )
    assert dialog.spec == expected
    assert expected.settings.matte.threshold == 0.5
    dialog.whole.click()
    assert dialog.spec == expected.with_range(0, None)
    dialog.format_box.setCurrentIndex(2)
    assert dialog.spec.output == tmp_path / "heron_matte"
    dialog.reject()


def test_copy_as_command_line(window: MainWindow, here: FakeClip, tmp_path: Path) -> None:
    dialog = dialog_of(window)
    dialog.path_edit.setText(str(tmp_path / "my matte.mov"))
    dialog.copy_button.click()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    words = shlex.split(clipboard.text())
    assert words[:5] == [
        "vsod-desktop",
        "run",
        str(tmp_path / "heron.mov"),
        "-o",
        str(tmp_path / "my matte.mov"),
    ]
    assert dialog.command.text() == clipboard.text()
    dialog.reject()


def test_replacing_a_file_is_said_before(window: MainWindow, here: FakeClip, tmp_path: Path) -> None:
    (tmp_path / "heron_matte.mov").write_bytes(b"old")
    dialog = dialog_of(window)
    assert dialog.export_button.text() == "Replace" and "will be replaced" in dialog.warning.text()
    dialog.path_edit.setText(str(tmp_path / "other.mov"))
    assert dialog.export_button.text() == "Export" and not dialog.warning.text()
    dialog.path_edit.setText("")
    assert not dialog.export_button.isEnabled()
    dialog.reject()


def test_format_is_remembered(qtbot: QtBot, window: MainWindow, here: FakeClip) -> None:
    dialog = dialog_of(window)
    dialog.format_box.setCurrentIndex(1)
    dialog.export_button.click()
    qtbot.waitUntil(window.banner.isVisible)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    again = dialog_of(window)
    assert again.format.id == "ffv1"
    again.reject()


@pytest.mark.parametrize("answer", ["no", "stop", "finish"])
def test_closing_while_a_file_is_written_asks(
    qtbot: QtBot,
    window: MainWindow,
    here: FakeClip,
    backend: FakeBackend,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
) -> None:
    backend.job_gate = threading.Semaphore(0)
    dialog_of(window).export_button.click()
    qtbot.waitUntil(lambda: window.jobs.busy == "queue")
    monkeypatch.setattr(queue_questions, "ask_how_to_quit", lambda *_: answer)
    assert window.close() == (answer == "stop")
    if answer == "finish":
        backend.job_gate.release()
        qtbot.waitUntil(lambda: not window.isVisible())
        assert (tmp_path / "heron_matte.mov").exists()
    else:
        assert window.isVisible() == (answer == "no")
        assert not (tmp_path / "heron_matte.mov").exists()
        backend.job_gate.release()
    monkeypatch.setattr(queue_questions, "ask_how_to_quit", lambda *_: "stop")


def test_the_folder_of_an_export_is_remembered_once_it_worked(
    qtbot: QtBot, window: MainWindow, here: FakeClip, backend: FakeBackend, tmp_path: Path
) -> None:
    def export_to(folder: Path) -> None:
        dialog = dialog_of(window)
        dialog.path_edit.setText(str(folder / "heron_matte.mov"))
        count = len(backend.ran)
        dialog.export_button.click()
        qtbot.waitUntil(lambda: len(backend.ran) > count and not window.jobs.busy)
        qtbot.waitUntil(lambda: not window.queue_room.queue.at_work)

    other = tmp_path / "out"
    other.mkdir()
    backend.job_error = READ_ONLY
    export_to(other)
    assert window.preferences.output_folder("export") is None, "it did not work"
    backend.job_error = None
    export_to(other)
    assert window.preferences.output_folder("export") == other
    dialog = dialog_of(window)
    assert dialog.path_edit.text() == str(other / "heron_matte.mov")
    dialog.reject()
    export_to(tmp_path)
    assert window.preferences.output_folder("export") is None, "the next one goes beside its clip again"


def test_a_job_of_the_queue_that_was_not_set_up_here_moves_no_folder(
    qtbot: QtBot, window: MainWindow, here: FakeClip, tmp_path: Path
) -> None:
    other = tmp_path / "out"
    other.mkdir()
    window.preferences.remember_output("export", other, here.info.path)
    window.queue_room.add_clips([tmp_path / "owl.mov"])
    qtbot.waitUntil(lambda: len(window.queue_room.queue.jobs) == 1)
    window.queue_room.control.start()
    qtbot.waitUntil((tmp_path / "owl_matte.mov").exists)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert window.preferences.output_folder("export") == other


def test_every_purpose_has_a_folder_of_its_own(
    qtbot: QtBot, window: MainWindow, here: FakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stills, films = tmp_path / "stills", tmp_path
    stills.mkdir()
    (stills / "sky.png").write_bytes(b"")
    begun: list[str] = []

    def answer(_parent: object, _title: str, folder: str, _kinds: str = "") -> tuple[str, str]:
        begun.append(folder)
        return str(stills / "sky.png"), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)
    for _ in range(2):
        window.menus.view_menus._ask_still()
    assert begun == [str(films), str(stills)]
    assert window.preferences.last_folder == films
    assert window.preferences.folder("project") == films
    window.preferences.remember_clip(stills / "spot.vsod", "project")
    assert (window.preferences.folder("project"), window.preferences.last_folder) == (stills, films)
