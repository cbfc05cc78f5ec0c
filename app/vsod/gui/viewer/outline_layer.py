"""The line round the subject, over the picture."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPen

from vsod.core.overlay import OUTLINE_COLOR, RGB

_EDGE = QColor(0, 0, 0)


def paint_outline(
    painter: QPainter, outline: QPainterPath, picture: QRectF, size: QSize, color: RGB = OUTLINE_COLOR
) -> None:
    """Draw the line one device pixel wide with a dark edge, however far the picture is zoomed in.

    Args:
        painter: Of the viewer.
        outline: In pixels of the raster.
        picture: Where the picture lies in the viewer.
        size: Of the raster.
        color: Of the line.
    """
    device = painter.device()
    step = 1 / device.devicePixelRatioF() if device is not None else 1.0
    painter.save()
    # crisp pixels: smoothed, a line of one pixel would be two pale ones
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    # the line four times in black round its place: many times faster than a line three pixels wide
    shifts = ((step, 0), (-step, 0), (0, step), (0, -step), (0, 0))
    for x, y in shifts:
        pen = QPen(QColor(*color) if (x, y) == (0, 0) else _EDGE, 1)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.save()
        painter.translate(picture.x() + x, picture.y() + y)
        painter.scale(picture.width() / size.width(), picture.height() / size.height())
        painter.drawPath(outline)
        painter.restore()
    painter.restore()
