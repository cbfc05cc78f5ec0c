import shlex
import threading
from pathlib import Path

import pytest
from fake_clip_session import READ_ONLY, FakeBackend, FakeClip
from PyQt6.QtGui import QDesktopServices, QGuiApplication
from PyQt6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot
from screen import wait_for_frame

from vsod.core.clip_settings import ClipSettings
from vsod.core.job import JobSpec
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
    assert window.banner.text == "Wrote heron_matte.mov\n60 frames, checked, 1.5 s on CPU."
    assert window.status.device.text() == "Device: CPU"
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    window.banner.action_button.click()
    assert opened == [str(tmp_path)]
    qtbot.waitUntil(lambda: window.timeline.covered.all())


def test_export_failure_is_a_banner(qtbot: QtBot, window: MainWindow, here: FakeClip) -> None:
    here.export_error = READ_ONLY
    dialog_of(window).export_button.click()
    qtbot.waitUntil(window.banner.isVisible)
    assert window.banner.kind == "error"
    assert window.banner.text == "/out: the folder is read-only\nChoose another folder."
    qtbot.waitUntil(lambda: window.actions_by_id["export"].isEnabled())


def test_cancelled_export_writes_nothing(
    qtbot: QtBot, window: MainWindow, here: FakeClip, tmp_path: Path
) -> None:
    here.gate = threading.Semaphore(2)
    dialog_of(window).export_button.click()
    qtbot.waitUntil(lambda: window.jobs.busy == "export")
    window.cancel()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert window.banner.text == "Cancelled\nNothing was written."
    assert not list(tmp_path.glob("*matte*"))


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


def test_closing_while_exporting_asks(
    qtbot: QtBot, window: MainWindow, here: FakeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.gate = threading.Semaphore(1)
    dialog_of(window).export_button.click()
    qtbot.waitUntil(lambda: window.jobs.busy == "export")
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.No)
    assert not window.close() and window.isVisible()
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    assert window.close()
    assert here.closed
