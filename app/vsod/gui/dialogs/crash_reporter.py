"""A bug in the window shows itself and lets the user go on."""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType

from PyQt6.QtCore import QObject, Qt, QThread, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication, QMessageBox, QWidget

from vsod.core.safe_text import sanitise
from vsod.gui.toolkit.translation import tr
from vsod.logs import SHOWN

_log = logging.getLogger(__name__)


class CrashReporter(QObject):
    """Shows uncaught exceptions of any thread, one at a time.

    Without it PyQt aborts the process on an exception in a slot.
    """

    _caught = pyqtSignal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.box: QMessageBox | None = None
        self._caught.connect(self._show)

    def install(self) -> None:
        """Become ``sys.excepthook``."""
        sys.excepthook = self.hook

    def hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Called by Python for an uncaught exception."""
        text = "".join(traceback.format_exception(kind, error, trace))
        if sys.stderr is not None:
            print(text, file=sys.stderr, end="")
        if not issubclass(kind, KeyboardInterrupt):
            _log.error("unexpected", exc_info=error, extra=SHOWN)
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        head = f"{kind.__name__}: {error}"
        if QThread.currentThread() is self.thread():
            self._show(head, text)
        else:
            self._caught.emit(head, text)

    def _show(self, head: str, text: str) -> None:
        if self.box is not None:
            # one bug in a paint event would otherwise stack up hundreds of boxes
            return
        parent: QWidget | None = QApplication.activeWindow()
        box = QMessageBox(parent)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(tr("Internal error"))
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(sanitise(head, lines=True))
        box.setInformativeText(
            tr(
                "This is a bug in this program. Your clip and what has been analysed are safe; "
                "you can go on working. Please report the text below."
            )
        )
        box.setDetailedText(sanitise(text, lines=True))
        copy = box.addButton("Copy text", QMessageBox.ButtonRole.ActionRole)
        box.addButton("Continue", QMessageBox.ButtonRole.AcceptRole)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.buttonClicked.connect(lambda button: _copy(text) if button is copy else None)
        box.finished.connect(self._closed)
        self.box = box
        box.setModal(False)
        box.show()

    def _closed(self) -> None:
        self.box = None


def _copy(text: str) -> None:
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
