import threading
from fractions import Fraction
from pathlib import Path

import pytest
from fake_clip_session import FakeBackend, FakeClip
from PyQt6.QtCore import QMimeData, QPoint, Qt
from PyQt6.QtGui import QDragEnterEvent, QGuiApplication
from PyQt6.QtWidgets import QAbstractButton, QComboBox, QFileDialog, QLineEdit, QSlider
from pytestqt.qtbot import QtBot
from screen import center_left, drop, wait_for_frame

from vsod.gui.main_window import MainWindow
from vsod.gui.toolkit.preferences import Preferences


def test_starts_empty_with_a_way_in(window: MainWindow) -> None:
    assert window.welcome.isVisible() and not window.workspace.isVisible()
    assert not window.actions_by_id["export"].isEnabled()
    assert not window.actions_by_id["play"].isEnabled()
    assert window.actions_by_id["open"].isEnabled()


def test_opening_shows_the_first_frame_and_the_facts(window: MainWindow, clip: FakeClip) -> None:
    assert window.workspace.isVisible()
    assert window.canvas.shown is not None and window.canvas.shown.index == 0
    assert window.transport.timecode.text() == "01:00:00:00"
    assert window.windowTitle() == "Untitled[*] – heron.mov" and not window.isWindowModified()
    assert window.workspace.view_bar.title.toolTip() == "heron.mov"
    assert window.status.size_label.text() == "320 × 180"
    assert window.status.rate.text() == "25 fps"


def test_dropping_a_file_opens_it(qtbot: QtBot, window: MainWindow, backend: FakeBackend) -> None:
    assert drop(window, Path("/clips/wörld cup.mov"))
    wait_for_frame(qtbot, window, 0)
    assert backend.clips[0].info.path == Path("/clips/wörld cup.mov")


def test_text_cannot_be_dropped(window: MainWindow) -> None:
    data = QMimeData()
    data.setText("not a file")
    event = QDragEnterEvent(
        QPoint(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.ignore()
    window.dragEnterEvent(event)
    assert not event.isAccepted()


def test_open_dialog_starts_in_the_last_folder(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(_parent: object, _title: str, folder: str, kinds: str) -> tuple[list[str], str]:
        assert "*.mov" in kinds and "*.exr" in kinds and "*.vsod" in kinds
        asked.append(folder)
        return [str(tmp_path / "a.mov")], ""

    monkeypatch.setattr(QFileDialog, "getOpenFileNames", answer)
    window.actions_by_id["open"].trigger()
    wait_for_frame(qtbot, window, 0)
    window.actions_by_id["open"].trigger()
    assert asked == [str(Path.home()), str(tmp_path)]
    window.preferences.sync()
    assert Preferences().recent == [tmp_path / "a.mov"]


def test_folder_dialog_opens_a_folder(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    window.actions_by_id["open_folder"].trigger()
    wait_for_frame(qtbot, window, 0)
    assert backend.clips[0].info.path == tmp_path


def test_recent_menu_opens_again(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, backend: FakeBackend
) -> None:
    window.menus.recent.fill()
    window.menus.recent.actions()[0].trigger()
    qtbot.waitUntil(lambda: len(backend.clips) == 2)
    qtbot.waitUntil(lambda: clip.closed)
    assert backend.clips[1].info.path == clip.info.path


def test_a_missing_file_is_a_banner_with_the_fix_and_the_old_clip_stays(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    window.open_path(Path("/clips/missing.mov"))
    qtbot.waitUntil(window.banner.isVisible)
    assert window.banner.kind == "error"
    assert window.banner.text == f"{Path('/clips/missing.mov')}: no such file\nCheck the name."
    assert window.clip is clip and not clip.closed
    window.banner.copy_button.click()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None and clipboard.text() == window.banner.text
    window.banner.close_button.click()
    assert not window.banner.isVisible()


def test_the_newest_of_two_openings_wins(qtbot: QtBot, window: MainWindow, backend: FakeBackend) -> None:
    backend.open_gate = threading.Event()
    window.open_path(Path("/clips/first.mov"))
    window.open_path(Path("/clips/second.mov"))
    backend.open_gate.set()
    qtbot.waitUntil(lambda: window.clip is not None and len(backend.clips) == 2)
    assert window.clip is not None and window.clip.info.path.name == "second.mov"
    first = next(c for c in backend.clips if c.info.path.name == "first.mov")
    qtbot.waitUntil(lambda: first.closed)


def test_opening_while_analysing_cancels_first(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, backend: FakeBackend
) -> None:
    clip.gate = threading.Semaphore(3)
    window.analyse()
    window.open_path(Path("/clips/next.mov"))
    qtbot.waitUntil(lambda: window.clip is not clip)
    wait_for_frame(qtbot, window, 0)
    qtbot.waitUntil(lambda: clip.closed)
    assert not window.jobs.busy


def test_warnings_of_the_file_are_shown(qtbot: QtBot, window: MainWindow, backend: FakeBackend) -> None:
    backend.info_changes = {"warnings": ("The file is cut short.",)}
    window.open_path(Path("/clips/a.mov"))
    wait_for_frame(qtbot, window, 0)
    assert window.banner.kind == "note" and "cut short" in window.banner.text


def test_pixel_aspect_shapes_the_picture(qtbot: QtBot, window: MainWindow, backend: FakeBackend) -> None:
    backend.info_changes = {"size": (160, 180), "sar": Fraction(2)}
    window.open_path(Path("/clips/anamorphic.mov"))
    wait_for_frame(qtbot, window, 0)
    rect = window.canvas.picture_rect()
    assert rect.width() / rect.height() == pytest.approx(320 / 180, rel=0.01)


def test_the_picture_on_screen_is_the_frame(window: MainWindow, clip: FakeClip) -> None:
    red, green, _ = center_left(window)
    assert red == 0 and 90 <= green <= 110


def test_every_control_has_a_name_for_screen_readers(window: MainWindow, clip: FakeClip) -> None:
    kinds = (QAbstractButton, QComboBox, QSlider, QLineEdit)
    nameless = [
        widget
        for kind in kinds
        for widget in window.findChildren(kind)
        if not (widget.accessibleName() or getattr(widget, "text", str)())
        and not widget.objectName().startswith("qt_")
        and not (widget.parent() and widget.parent().objectName().startswith("qt_"))
        and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and widget.isVisible()
    ]
    assert not nameless
