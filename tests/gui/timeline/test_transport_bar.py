"""The timecode can be typed; the marked range is written beside the buttons."""

import pytest
from fake_clip_session import FakeBackend, FakeClip
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from vsod.gui.main_window import MainWindow
from vsod.gui.toolkit.preferences import Preferences


@pytest.fixture
def active(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> MainWindow:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.player.seek(30)
    return window


def type_in(window: MainWindow, text: str) -> None:
    field = window.transport.timecode
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_a_click_and_digits(active: MainWindow) -> None:
    field = active.transport.timecode
    assert field.text() == "01:00:01:05"
    QTest.mouseClick(field, Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    type_in(active, "112")
    assert active.player.index == 37 and field.text() == "01:00:01:12"
    assert active.focusWidget() is active.canvas


def test_the_key_and_relative(active: MainWindow) -> None:
    for text, index in (("+12", 42), ("-1.", 17), ("1.", 25), ("+99", 59)):
        QTest.keyClick(active.canvas, Qt.Key.Key_Equal)
        assert active.focusWidget() is active.transport.timecode
        QApplication.processEvents()
        type_in(active, text)
        assert active.player.index == index


def test_what_is_no_timecode_waits_and_escape_forgets_it(active: MainWindow) -> None:
    field = active.transport.timecode
    QTest.keyClick(active.canvas, Qt.Key.Key_Equal)
    QApplication.processEvents()
    type_in(active, "x")
    assert active.player.index == 30 and field.selectedText() == "x"
    active.player.seek(31)
    assert field.text() == "x"
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == "01:00:01:06" and active.focusWidget() is active.canvas


def test_the_range_is_written(active: MainWindow) -> None:
    bar = active.transport
    assert [n.text() for n in (bar.mark_in, bar.mark_out, bar.duration)] == [
        "01:00:00:00", "01:00:02:09", "(00:00:02:10)",
    ]  # fmt: skip
    active.actions_by_id["mark_in"].trigger()
    active.player.seek(40)
    active.actions_by_id["mark_out"].trigger()
    assert [n.text() for n in (bar.mark_in, bar.mark_out, bar.duration)] == [
        "01:00:01:05", "01:00:01:15", "(00:00:00:11)",
    ]  # fmt: skip
    assert bar.frame.text() == "41 of 60"


def test_numbers_that_have_no_room_go_and_come_back(active: MainWindow) -> None:
    active.resize(1366, 768)
    QApplication.processEvents()
    bar = active.transport
    numbers = (bar.mark_in, bar.mark_out, bar.duration, bar.frame)
    assert all(number.isVisible() for number in numbers)
    for number in numbers:
        assert number.width() >= number.sizeHint().width()
    active.resize(800, 600)
    QApplication.processEvents()
    assert not bar.duration.isVisible()


def test_a_key_the_user_has_chosen_stays_where_it_is(qtbot: QtBot, backend: FakeBackend) -> None:
    Preferences().set_keys("timeline_in", ["="])
    window = MainWindow(backend)
    qtbot.addWidget(window)
    keys = {id: [key.toString() for key in action.shortcuts()] for id, action in window.actions_by_id.items()}
    assert keys["timeline_in"] == ["="] and keys["go_to_timecode"] == []
    window.close()
