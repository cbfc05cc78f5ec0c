"""Push buttons that Enter does not press from another field."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QPushButton


def plain_button(text: str, do: Callable[[], object]) -> QPushButton:
    """A button that does ``do`` when pressed, and is never a dialog's default."""
    button = QPushButton(text)
    button.setAutoDefault(False)
    # the checked state a signal brings along is no argument of the deed
    button.clicked.connect(lambda: do())
    return button
