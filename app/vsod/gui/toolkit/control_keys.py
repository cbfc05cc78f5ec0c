"""Who gets a key that both a control and a menu could use: the control, while it has the focus."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QMainWindow,
    QRadioButton,
    QSpinBox,
    QWidget,
)

_Key = Qt.Key
_ACROSS, _ALONG = {_Key.Key_Left, _Key.Key_Right}, {_Key.Key_Up, _Key.Key_Down}
_MOVING = _ACROSS | _ALONG | {_Key.Key_Home, _Key.Key_End, _Key.Key_PageUp, _Key.Key_PageDown}

# A key a control has no use for stays the player's: the space bar plays while a slider or a number is turned.
_USES: tuple[tuple[type[QWidget], set[Qt.Key]], ...] = (
    (QAbstractSlider, _MOVING),
    (QAbstractSpinBox, _MOVING),
    (QLineEdit, _MOVING),
    (QComboBox, _MOVING | {_Key.Key_Space}),
    (QAbstractItemView, _MOVING | {_Key.Key_Space}),
    (QCheckBox, {_Key.Key_Space}),
    (QRadioButton, _ALONG | _ACROSS | {_Key.Key_Space}),
)
_SELECTING = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier


class ControlKeys(QObject):
    """Keeps the window's shortcuts away from the control that has the focus; Esc gives the keys back to the viewer.

    Keys nobody has taken come up to the window, shortcuts not yet looked for: one filter there serves every control.

    Args:
        window: Has the shortcuts.
        viewer: Gets the focus by Esc.
    """

    def __init__(self, window: QMainWindow, viewer: QWidget) -> None:
        super().__init__(window)
        self._window, self._viewer = window, viewer
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take a shortcut's key for the control, or act on Esc in one."""
        if not isinstance(event, QKeyEvent):
            return False
        used = used_keys(self._window.focusWidget(), event.modifiers())
        escape = event.key() == _Key.Key_Escape and bool(used)
        if event.type() == QEvent.Type.ShortcutOverride and (event.key() in used or escape):
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and escape:
            self._give_back()
            return True
        return False

    def _give_back(self) -> None:
        focus = self._window.focusWidget()
        if isinstance(focus, QSpinBox | QDoubleSpinBox):
            focus.setValue(focus.value())  # type: ignore[arg-type]  # what was typed and not entered is forgotten
        self._viewer.setFocus(Qt.FocusReason.OtherFocusReason)


def used_keys(control: QWidget | None, modifiers: Qt.KeyboardModifier) -> set[Qt.Key]:
    """The keys that mean something to the control that has the focus; none for what is no control."""
    held = modifiers & ~Qt.KeyboardModifier.KeypadModifier
    for kind, keys in _USES:
        if isinstance(control, kind):
            plain = held == Qt.KeyboardModifier.NoModifier
            # lists select with Shift and Ctrl, fields of text move by words
            extending = isinstance(control, QAbstractItemView | QLineEdit) and not held & ~_SELECTING
            return keys if plain or extending else set()
    return set()
