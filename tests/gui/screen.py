"""Reads from the window what a user would see."""

from pathlib import Path

import numpy as np
from PyQt6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from pytestqt.qtbot import QtBot

from vsod.gui.main_window import MainWindow


def pixels(window: MainWindow) -> np.ndarray:
    """(H, W, 3) of what the canvas paints."""
    image = (
        window.canvas.grab().toImage().convertToFormat(window.canvas.grab().toImage().Format.Format_RGB888)
    )
    raw = image.constBits()
    assert raw is not None
    rows = np.frombuffer(raw.asarray(image.sizeInBytes()), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def center_left(window: MainWindow) -> list[int]:
    """Colour a fifth into the picture, half way down: red is the frame's number."""
    rect = window.canvas.picture_rect()
    at = rect.left() + rect.width() * 0.05, rect.center().y()
    return [int(v) for v in pixels(window)[int(at[1]), int(at[0])]]


def wait_for_frame(qtbot: QtBot, window: MainWindow, index: int) -> None:
    def there() -> None:
        shown = window.canvas.shown
        assert shown is not None and shown.index == index and not shown.from_cache
        assert window.player.index == index

    qtbot.waitUntil(there)


def analyse_all(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.jobs.analysed):
        window.actions_by_id["analyse"].trigger()
    qtbot.waitUntil(lambda: window.canvas.shown is not None and window.canvas.shown.alpha is not None)
    settle(qtbot, window)


def settle(qtbot: QtBot, window: MainWindow) -> None:
    """Wait for the picture that was last asked for; one asked for before may still be on its way."""
    qtbot.waitUntil(
        lambda: (
            window.canvas.shown is not None
            and window.canvas.shown.view == window.player.view
            and not window.canvas.shown.from_cache
        )
    )


def drop(window: MainWindow, *paths: Path) -> bool:
    """Drag files and folders over the window and drop them; False if it does not take them."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, buttons, keys)
    window.dragEnterEvent(enter)
    if not enter.isAccepted():
        return False
    window.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, buttons, keys))
    return True
