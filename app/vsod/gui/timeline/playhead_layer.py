"""What moves over the timeline: the range, the playhead, and the values at it."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF

from vsod.gui.timeline import track_layout
from vsod.gui.timeline.static_layer import ISSUE_COLOUR, TimelineState
from vsod.gui.timeline.time_axis import TimeAxis
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.translation import tr


def paint_track_labels(painter: QPainter, what: TimelineState, index: int, height: int) -> None:
    """Paint the names of the tracks and their values at the playhead."""
    for row in track_layout.metric_tracks(what.tracks, height):
        box = QRectF(8, row.top, track_layout.HEAD - 16, row.height)
        painter.setPen(theme.MUTED)
        painter.drawText(
            box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, tr(row.metric.title)
        )
        values = what.curve(row.metric)
        value = float("nan") if values is None or index >= len(values) else float(values[index])
        bad = bool(row.metric.is_bad(np.array([value], np.float32))[0])
        painter.setPen(ISSUE_COLOUR if bad else theme.TEXT)
        text = row.metric.text(value)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)


def paint_range(painter: QPainter, axis: TimeAxis, marked: range, height: int) -> None:
    """Shade what lies outside of the range, and draw its two handles."""
    left, right = axis.x_of(marked.start), axis.x_of(marked.stop)
    shade = QColor(theme.SUNKEN)
    shade.setAlpha(165)
    top, low = track_layout.THUMBNAILS_TOP - 1.0, height - track_layout.FOOT + 1.0
    start, end = float(track_layout.HEAD), axis.left + axis.width
    painter.fillRect(QRectF(start, top, max(left - start, 0), low - top), shade)
    painter.fillRect(QRectF(right, top, max(end - right, 0), low - top), shade)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(theme.TEXT, 2)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    for x, turn in ((left, 1), (right, -1)):
        foot = x + 5 * turn
        painter.drawPolyline(QPolygonF([QPointF(foot, top), QPointF(x, top)]))
        painter.drawLine(QPointF(x, top - 1), QPointF(x, low + 1))
        painter.drawPolyline(QPolygonF([QPointF(foot, low), QPointF(x, low)]))


def paint_playhead(painter: QPainter, axis: TimeAxis, index: int, height: int) -> None:
    """The line at the playhead, and its frame where frames are wide."""
    left, right = axis.x_of(index), axis.x_of(index + 1)
    x = (left + right) / 2
    if right - left > 3:
        glow = QColor(theme.ACCENT)
        glow.setAlpha(50)
        painter.fillRect(
            QRectF(left, track_layout.RULER, right - left, height - track_layout.RULER - 4), glow
        )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.ACCENT, 1.5))
    painter.drawLine(QPointF(x, 8), QPointF(x, height - 4))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.ACCENT)
    head = [(x - 6, 2), (x + 6, 2), (x + 6, 9), (x, 16), (x - 6, 9)]
    painter.drawPolygon(QPolygonF([QPointF(*point) for point in head]))
