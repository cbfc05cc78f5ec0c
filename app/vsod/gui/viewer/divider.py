"""The line of a wipe, and the words on its sides: in the viewer and in the pictures of the model comparison."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QPainter, QPen

from vsod.gui.toolkit import theme

LABEL_GAP = 12.0  # pixels between the line and the labels on its sides
_GRAB = 8.0  # pixels around the line that still catch it
_BLACK, _WHITE, _BOX = QColor(0, 0, 0), QColor(255, 255, 255), QColor(0, 0, 0, 190)


def within_picture(share: float) -> float:
    """A line's place as a share of the width, near enough to the middle to be caught again."""
    return max(0.02, min(share, 0.98))


def on_divider(x: float, edge: float) -> bool:
    """Whether a line at ``edge`` is under ``x``."""
    return abs(x - edge) <= _GRAB


def paint_divider(painter: QPainter, edge: float, height: float, *, handle: bool) -> None:
    """Draw the line; the same in every theme, for it lies on a picture.

    Args:
        painter: Of the widget.
        edge: Where the line is, in whole pixels.
        height: How long it is.
        handle: With a dot to drag it by.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    # white between two lines of black: one of them stands out on any picture
    painter.fillRect(QRectF(edge - 2, 0, 4, height), _BLACK)
    painter.fillRect(QRectF(edge - 1, 0, 2, height), _WHITE)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if handle:
        painter.setPen(QPen(_BLACK, 1))
        painter.setBrush(_WHITE)
        painter.drawEllipse(QPointF(edge, height / 2), 7, 7)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.ACCENT)
        painter.drawEllipse(QPointF(edge, height / 2), 4, 4)


def paint_labels(
    painter: QPainter, edge: float, first: tuple[str, QRectF], second: tuple[str, QRectF]
) -> None:
    """Write what lies left and right of the line: the words, and the part of the widget they have room in."""
    font = QFont(painter.font())
    font.setPixelSize(12)
    painter.setFont(font)
    _paint_label(painter, first[0], edge - LABEL_GAP, first[1], left=False)
    _paint_label(painter, second[0], edge + LABEL_GAP, second[1], left=True)


def _paint_label(painter: QPainter, text: str, at: float, part: QRectF, *, left: bool) -> None:
    """Words in a box that begins, or ends, at ``at``, no wider than its part of the viewer."""
    metrics = painter.fontMetrics()
    room = part.width() - LABEL_GAP - 16
    if room < 24:
        return
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(room))
    box_width = metrics.horizontalAdvance(shown) + 16
    box = QRectF(at if left else at - box_width, 8, box_width, metrics.height() + 8)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_BOX)
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(_WHITE)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)
