"""What happened so far, for a bug report."""

from __future__ import annotations

import logging

from PyQt6.QtCore import QTimer, QUrl
from PyQt6.QtGui import QDesktopServices, QGuiApplication, QShowEvent, QTextCursor
from PyQt6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from vsod import logs, paths
from vsod.gui.toolkit.dialog_size import resize_within_screen
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.translation import tr

_REFRESH_MS = 500


class LogDialog(QDialog):
    """The last lines of the log, from a level on; follows what happens while it is open.

    Args:
        parent: The window.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Log"))
        resize_within_screen(self, 900, 560)
        self._shown = (-1, -1)  # level, records there were
        self.level = QComboBox()
        self.level.setAccessibleName(tr("Level"))
        for title, level in (
            (tr("Everything"), logging.DEBUG),
            (tr("Messages"), logging.INFO),
            (tr("Warnings"), logging.WARNING),
            (tr("Errors"), logging.ERROR),
        ):
            self.level.addItem(title, level)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName(tr("Log"))
        where = PlainLabel(str(paths.log_dir() / logs.FILE))
        where.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy_button = buttons.addButton(tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        self.folder_button = buttons.addButton(tr("Open folder"), QDialogButtonBox.ButtonRole.ActionRole)
        for button, call in ((self.copy_button, self.copy), (self.folder_button, _open_folder)):
            if button is not None:
                button.clicked.connect(call)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (self.level, self.text, where, buttons):
            column.addWidget(widget)
        self.level.currentIndexChanged.connect(self.refresh)
        timer = QTimer(self)
        timer.setInterval(_REFRESH_MS)
        timer.timeout.connect(self.refresh)
        timer.start()
        self.refresh()

    def refresh(self) -> None:
        """Show what there is now; the end of it, unless somebody reads further up."""
        state = int(self.level.currentData()), logs.recent().count
        if state == self._shown:
            return
        bar = self.text.verticalScrollBar()
        follows = bar is None or state[0] != self._shown[0] or bar.value() == bar.maximum()
        place = bar.value() if bar is not None else 0
        self._shown = state
        self.text.setPlainText("\n".join(line.text for line in logs.recent().lines(state[0])))
        if follows:
            self.text.moveCursor(QTextCursor.MoveOperation.End)
        elif bar is not None:
            bar.setValue(place)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Begin at the end: only now it is known how much has room."""
        super().showEvent(event)
        bar = self.text.verticalScrollBar()
        if bar is not None:
            bar.setValue(bar.maximum())

    def copy(self) -> None:
        """What is shown, to the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.text.toPlainText())


def _open_folder() -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(paths.log_dir())))
