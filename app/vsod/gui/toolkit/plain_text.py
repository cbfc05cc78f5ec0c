"""Text of files, models and tags on screen: shown as it is, never taken for markup and never acting.

Qt guesses whether a text is rich; a clip called ``<img src=…>`` would be one. Labels here show plain text, and
what is handed to tool tips and message boxes, which cannot be told so, is made to look like none.
"""

from __future__ import annotations

import re

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QLabel, QWidget

from vsod.core.safe_text import sanitise

_JOINER = "\u2060"  # of no width: what looks like a tag to Qt is none with it
_MARKUP = re.compile(r"[<&]")


class PlainLabel(QLabel):
    """A label that shows its text as it is.

    Args:
        text: What it shows.
        parent: Its widget.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str | None) -> None:
        """Show this text."""
        super().setText(sanitise(text or "", lines=True))


class ElidedLabel(PlainLabel):
    """A name; where it has no room its middle gives way, and the tool tip has all of it."""

    def setText(self, text: str | None) -> None:
        """Show this name."""
        super().setText(text)
        self.setToolTip(inert(self.text()))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """As much of it as there is room for."""
        room = self.contentsRect()
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room.width())
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(room, self.alignment(), shown)
        painter.end()


def is_rich(text: str) -> bool:
    """Whether Qt would take ``text`` for markup."""
    return bool(Qt.mightBeRichText(text))  # type: ignore[attr-defined]  # PyQt's stubs do not know it


def inert(text: str) -> str:
    """``text`` for a tool tip or a message box: Qt does not take it for markup, and nothing in it acts."""
    shown = sanitise(text, lines=True)
    return _MARKUP.sub(lambda found: found[0] + _JOINER, shown) if is_rich(shown) else shown
