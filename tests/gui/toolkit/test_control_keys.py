"""The control that has the focus gets its keys; without one they are the player's."""

import pytest
from fake_clip_session import FakeClip
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from vsod.gui.main_window import MainWindow

K = Qt.Key


@pytest.fixture
def active(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> MainWindow:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.player.seek(30)
    return window


def press(window: MainWindow, widget: QWidget, *keys: Qt.Key) -> None:
    widget.setFocus()
    assert window.focusWidget() is widget
    for key in keys:
        QTest.keyClick(widget, key)


def test_a_slider_is_turned_and_the_playhead_stays(active: MainWindow) -> None:
    slider = active.matte.editors["feather"].slider
    press(active, slider, K.Key_Right, K.Key_Right, K.Key_Up)
    assert slider.value() == 3 and active.matte.settings.feather == 0.3
    press(active, slider, K.Key_PageUp)
    assert slider.value() == 3 + slider.pageStep()
    press(active, slider, K.Key_End)
    assert slider.value() == slider.maximum()
    press(active, slider, K.Key_Home, K.Key_Left, K.Key_Down)
    assert slider.value() == slider.minimum()
    assert active.player.index == 30


def test_number_list_and_check_box(active: MainWindow) -> None:
    box = active.matte.editors["feather"].box
    press(active, box, K.Key_Up, K.Key_Up)
    assert box.value() == 0.2
    choices = active.matte.editors["edges"].list
    before = choices.currentIndex()
    press(active, choices, K.Key_End)
    assert choices.currentIndex() == choices.count() - 1 != before
    check = active.matte.editors["invert"].box
    press(active, check, K.Key_Space)
    assert check.isChecked() and active.player.speed == 0
    press(active, check, K.Key_Right)  # of no use to a check box
    assert active.player.index == 31


def test_the_space_bar_plays_while_a_slider_has_the_focus(active: MainWindow) -> None:
    slider = active.matte.editors["feather"].slider
    press(active, slider, K.Key_Space)
    assert active.player.speed == 1
    QTest.keyClick(slider, K.Key_Space)
    assert active.player.speed == 0


def test_escape_gives_the_keys_back(active: MainWindow) -> None:
    box = active.matte.editors["feather"].box
    box.setFocus()
    QTest.qWait(20)
    QTest.keyClicks(box, "7")
    QTest.keyClick(box, K.Key_Escape)
    assert active.focusWidget() is active.canvas and box.value() == 0 and box.text().startswith("0")
    QTest.keyClick(active.canvas, K.Key_Right)
    assert active.player.index == 31


def test_rows_of_a_list_are_walked(active: MainWindow) -> None:
    from PyQt6.QtWidgets import QTreeWidgetItem

    tree = active.workspace.issues.tree
    tree.addTopLevelItems([QTreeWidgetItem([str(row)]) for row in range(3)])
    tree.show()
    tree.setCurrentItem(tree.topLevelItem(0))
    press(active, tree, K.Key_Down)
    assert tree.currentItem() is tree.topLevelItem(1)
    press(active, tree, K.Key_End)
    assert tree.currentItem() is tree.topLevelItem(2) and active.player.index == 30


def test_a_typed_number_replaces_the_one_there(active: MainWindow) -> None:
    box = active.matte.editors["feather"].box
    line = box.lineEdit()
    QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=line.rect().center())
    QApplication.processEvents()
    QTest.keyClicks(box, "3")
    QTest.keyClick(box, K.Key_Return)
    assert active.matte.settings.feather == 3
