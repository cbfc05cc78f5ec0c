"""Number fields as editors know them: entering one selects all of it."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer
from PyQt6.QtGui import QFocusEvent
from PyQt6.QtWidgets import QAbstractSpinBox

_ENTERED = Qt.FocusReason.MouseFocusReason, Qt.FocusReason.OtherFocusReason


def select_on_entry(box: QAbstractSpinBox) -> None:
    """Select a number when its field is clicked, so that what is typed replaces it; Tab does it already."""
    box.installEventFilter(_SelectOnEntry(box))


class _SelectOnEntry(QObject):
    def __init__(self, box: QAbstractSpinBox) -> None:
        super().__init__(box)
        self._box = box

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Coming back to the window is no entering."""
        if isinstance(event, QFocusEvent) and event.gotFocus() and event.reason() in _ENTERED:
            QTimer.singleShot(0, self._box.selectAll)  # after the press has put the caret
        return False
