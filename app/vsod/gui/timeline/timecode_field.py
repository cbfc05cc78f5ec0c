"""The timecode of the playhead, which can be typed over."""

from __future__ import annotations

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QFocusEvent, QKeyEvent
from PyQt6.QtWidgets import QLineEdit, QWidget

from vsod.core.clip import ClipInfo
from vsod.gui.toolkit.time_text import position_text
from vsod.gui.toolkit.translation import tr
from vsod.gui.toolkit.typed_position import typed_frame

_NONE = "--:--:--:--"
_PADDING = 16  # pixels of border and margin on both sides together


class TimecodeField(QLineEdit):
    """Shows where the playhead is; a click selects it, what is typed and entered is gone to."""

    entered = pyqtSignal(int)  # go to this frame
    left = pyqtSignal()  # the keys are the player's again

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_NONE, parent)
        self.setObjectName("timecode")
        self.setAccessibleName(tr("Timecode"))
        self.setToolTip(
            tr("Type a timecode: 312 is 3 seconds and 12 frames, +12 is twelve frames on, -1. a second back")
        )
        self.setFrame(False)
        self.setEnabled(False)
        self._info: ClipInfo | None = None
        self._index = 0

    def show_position(self, info: ClipInfo | None, index: int) -> None:
        """Write where the playhead is, unless something is being typed."""
        self._info, self._index = info, index
        self.setEnabled(info is not None)
        if not self.isModified():
            self._write()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Select all: what is typed replaces it."""
        super().focusInEvent(event)
        if event is not None and event.reason() != Qt.FocusReason.ActiveWindowFocusReason:
            QTimer.singleShot(0, self.selectAll)  # after the press has put the caret

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """What was typed and not entered is forgotten."""
        super().focusOutEvent(event)
        if event is not None and event.reason() != Qt.FocusReason.ActiveWindowFocusReason:
            self._write()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Enter goes there; what is no timecode stays selected."""
        if event is None or event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        if self._info is None:
            return
        if self.isModified():
            try:
                frame = typed_frame(self.text(), self._info, self._index)
            except ValueError:
                self.selectAll()
                return
            self.setModified(False)
            self.entered.emit(frame)
        self._write()
        self.left.emit()

    def _write(self) -> None:
        text = _NONE if self._info is None else position_text(self._info, self._index)
        selected = self.hasFocus() and self.selectedText() == self.text()
        self.setText(text)  # no longer modified
        width = self.fontMetrics().horizontalAdvance("0" * len(text)) + _PADDING
        if width != self.minimumWidth():
            self.setFixedWidth(width)
        if selected:
            self.selectAll()
