"""Two versions of a picture in one viewer: a line to drag, or side by side. Geometry in widget pixels."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

from vsod.gui.playback.frame_renderer import RAW_MAP, SOURCE, Compare, ViewState
from vsod.gui.toolkit.translation import tr
from vsod.gui.viewer.divider import on_divider, paint_divider, paint_labels, within_picture


class Comparison:
    """Where the second version lies.

    ``line`` is the wipe's place as a share of the viewer's width.
    """

    def __init__(self) -> None:
        self.mode: Compare = "off"
        self.line = 0.5
        self.titles: dict[str, str] = {}  # of the models, by id

    def title(self, against: str) -> str:
        """What is compared with, in words."""
        return self.titles.get(against) or compare_title(against)

    def pane(self, width: float) -> float:
        """Width of one picture's share of the viewer."""
        return width // 2 if self.mode == "side" else width

    def local(self, at: QPointF, width: float) -> QPointF:
        """A point of either pane as a point of the first: both show the same place."""
        half = width // 2
        return QPointF(at.x() - half, at.y()) if self.mode == "side" and at.x() >= half else at

    def on_second(self, at: QPointF, width: float) -> bool:
        """Whether the second version is under a point."""
        if self.mode == "side":
            return at.x() >= width // 2
        return self.mode == "wipe" and at.x() >= self.line * width

    def catches(self, at: QPointF, width: float) -> bool:
        """Whether the line is under a point."""
        return self.mode == "wipe" and on_divider(at.x(), self.line * width)

    def drag(self, x: float, width: float) -> None:
        """Move the line, inside the viewer."""
        self.line = within_picture(x / max(width, 1.0))

    def first_part(self, width: float, height: float) -> QRectF:
        """What of the viewer the first version is painted in."""
        return QRectF(0, 0, self._edge(width), height)

    def second_part(self, width: float, height: float) -> QRectF:
        """What of the viewer the second version is painted in."""
        edge = self._edge(width)
        return QRectF(edge, 0, width - edge, height)

    def _edge(self, width: float) -> float:
        """In whole pixels, so that the line is as sharp in a window of any width."""
        return {"off": width, "wipe": self.line * width // 1, "side": width // 2}[self.mode]

    def paint(self, painter: QPainter, view: ViewState, width: float, height: float) -> None:
        """The line, and what lies on its sides; the same in every theme, for it lies on a picture."""
        edge = self._edge(width)
        paint_divider(painter, edge, height, handle=self.mode == "wipe")
        shown = f"A  {view.intermediate}" if view.intermediate else tr("A  finished matte")
        first = shown, self.first_part(width, height)
        second = f"B  {self.title(view.compare_with)}", self.second_part(width, height)
        paint_labels(painter, edge, first, second)


def compare_title(against: str) -> str:
    """What is compared with, in words; a model by its id."""
    return {SOURCE: tr("picture"), RAW_MAP: tr("raw matte")}.get(against, against)


def paint_guides(painter: QPainter, picture: QRectF) -> None:
    """Safe areas after EBU R 95: 93 % of the picture for action, 90 % for titles; and its middle."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    middle = picture.center()
    for pen in (QPen(QColor(0, 0, 0, 120), 3), QPen(QColor(255, 255, 255, 200), 1)):
        painter.setPen(pen)
        for share in (0.93, 0.90):
            x, y = picture.width() * (1 - share) / 2, picture.height() * (1 - share) / 2
            painter.drawRect(picture.adjusted(x, y, -x, -y))
        painter.drawLine(middle - QPointF(8, 0), middle + QPointF(8, 0))
        painter.drawLine(middle - QPointF(0, 8), middle + QPointF(0, 8))
