"""The ruler under the picture: click or drag to go anywhere, drag the handles to mark a range."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from vsod.core.clip import ClipInfo
from vsod.gui import theme
from vsod.gui.timeline.readout import position, tick_steps

_PAD = 14  # free space left and right, so that the first frame can be grabbed
_RULER = 24
_LANE_TOP, _LANE = 34, 10
_GRAB = 7  # pixels around a handle that still catch it


class Scrubber(QWidget):
    """Playhead, in and out handles, and a lane that shows which frames are analysed."""

    scrubbed = pyqtSignal(int)  # go to this frame
    range_dragged = pyqtSignal(int, int)  # in, out (excluded)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scrubber")
        self.setAccessibleName("Timeline")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._info: ClipInfo | None = None
        self._index = 0
        self._marked = range(0)
        self._covered: npt.NDArray[np.bool_] = np.zeros(0, bool)
        self._dragged = ""  # "playhead", "in" or "out"
        self._hover: int | None = None

    def sizeHint(self) -> QSize:
        """As high as it is drawn."""
        return QSize(400, _LANE_TOP + _LANE + 12)

    # ---- state

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """(N,) which frames the lane shows as analysed."""
        return self._covered

    def set_clip(self, info: ClipInfo | None) -> None:
        """Start over with another clip."""
        count = info.frame_count if info else 0
        self._info, self._index, self._marked = info, 0, range(count)
        self._covered = np.zeros(count, bool)
        self._describe()

    def set_index(self, index: int) -> None:
        """Move the playhead."""
        self._index = index
        self._describe()

    def set_marked(self, marked: range) -> None:
        """Move the in and out handles."""
        self._marked = marked
        self._describe()

    def set_covered(self, covered: npt.NDArray[np.bool_]) -> None:
        """Fill the lane."""
        self._covered = covered
        self._describe()

    def _describe(self) -> None:
        """What the drawing says, in words, for those who cannot see it."""
        if self._info is None:
            self.setAccessibleDescription("No clip")
        else:
            done, count = int(self._covered.sum()), self._info.frame_count
            self.setAccessibleDescription(
                f"Frame {self._index} of {count}, {position(self._info, self._index)}. "
                f"In {self._marked.start}, out {self._marked.stop}. {done} of {count} frames analysed."
            )
        self.update()

    # ---- geometry

    def x_of(self, index: float) -> float:
        """Left edge of a frame, in widget pixels."""
        count = self._info.frame_count if self._info else 1
        return _PAD + (self.width() - 2 * _PAD) * index / max(count, 1)

    def frame_at(self, x: float) -> int:
        """Frame under a widget position, clipped to the clip."""
        count = self._info.frame_count if self._info else 1
        index = int((x - _PAD) * count / max(self.width() - 2 * _PAD, 1))
        return max(0, min(index, count - 1))

    # ---- painting

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Ruler, range, lane, handles, playhead; bottom to top."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.SUNKEN)
        if self._info is not None:
            self._paint_ruler(painter, self._info)
            self._paint_lane(painter)
            self._paint_range(painter)
            self._paint_playhead(painter)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(theme.ACCENT, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_ruler(self, painter: QPainter, info: ClipInfo) -> None:
        free = max(self.width() - 2 * _PAD, 1)
        small, labelled = tick_steps(info.frame_count / free, info.rate)
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        for index in range(0, info.frame_count, small):
            x = round(self.x_of(index)) + 0.5
            big = index % labelled == 0
            painter.setPen(theme.FAINT if big else theme.LINE)
            painter.drawLine(QPointF(x, _RULER - (9 if big else 4)), QPointF(x, _RULER))
            if big and x < self.width() - 70:
                painter.setPen(theme.MUTED)
                painter.drawText(QPointF(x + 4, _RULER - 9), position(info, index))

    def _paint_lane(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillRect(QRectF(_PAD, _LANE_TOP, self.width() - 2 * _PAD, _LANE), theme.RAISED)
        # neighbouring analysed frames are one bar: a 100 000 frame clip paints as fast as a short one
        edges = np.flatnonzero(np.diff(np.concatenate(([0], self._covered.astype(np.int8), [0]))))
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            left, right = self.x_of(float(start)), self.x_of(float(stop))
            painter.fillRect(QRectF(left, _LANE_TOP, max(right - left, 1.0), _LANE), theme.ACCENT.darker(140))

    def _paint_range(self, painter: QPainter) -> None:
        left, right = self.x_of(self._marked.start), self.x_of(self._marked.stop)
        shade = QColor(theme.SUNKEN)
        shade.setAlpha(165)
        bottom = self.height() - 4.0
        painter.fillRect(QRectF(_PAD, _RULER, left - _PAD, bottom - _RULER), shade)
        painter.fillRect(QRectF(right, _RULER, self.width() - _PAD - right, bottom - _RULER), shade)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(theme.TEXT, 2)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        top, low = _LANE_TOP - 5.0, _LANE_TOP + _LANE + 5.0
        for x, turn in ((left, 1), (right, -1)):
            foot = x + 5 * turn
            painter.drawPolyline(QPolygonF([QPointF(foot, top), QPointF(x, top)]))
            painter.drawLine(QPointF(x, top - 1), QPointF(x, low + 1))
            painter.drawPolyline(QPolygonF([QPointF(foot, low), QPointF(x, low)]))

    def _paint_playhead(self, painter: QPainter) -> None:
        left, right = self.x_of(self._index), self.x_of(self._index + 1)
        x = (left + right) / 2
        if right - left > 3:
            glow = QColor(theme.ACCENT)
            glow.setAlpha(50)
            painter.fillRect(QRectF(left, _RULER, right - left, self.height() - _RULER - 4), glow)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.ACCENT, 1.5))
        painter.drawLine(QPointF(x, 8), QPointF(x, self.height() - 4))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.ACCENT)
        painter.drawPolygon(
            QPolygonF(
                [QPointF(x - 6, 2), QPointF(x + 6, 2), QPointF(x + 6, 9), QPointF(x, 16), QPointF(x - 6, 9)]
            )
        )

    # ---- mouse

    def _handle_at(self, x: float, y: float) -> str:
        if y < _RULER:
            return "playhead"
        near = {
            "in": abs(x - self.x_of(self._marked.start)),
            "out": abs(x - self.x_of(self._marked.stop)),
        }
        name = min(near, key=lambda key: near[key])
        return name if near[name] <= _GRAB else "playhead"

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Catch a handle or go there."""
        if event is None or self._info is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self._dragged = self._handle_at(event.position().x(), event.position().y())
        self._drag(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Drag, or say what is under the cursor."""
        if event is None or self._info is None:
            return
        x, y = event.position().x(), event.position().y()
        if self._dragged:
            self._drag(x)
            return
        over = self._handle_at(x, y)
        self.setCursor(Qt.CursorShape.ArrowCursor if over == "playhead" else Qt.CursorShape.SizeHorCursor)
        index = self.frame_at(x)
        if index != self._hover:
            self._hover = index
            text = f"{position(self._info, index)}  ·  frame {index}"
            QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go."""
        self._dragged = ""

    def leaveEvent(self, event: QEvent | None) -> None:
        """The next hover is a new one."""
        self._hover = None

    def _drag(self, x: float) -> None:
        if self._dragged == "playhead":
            self.scrubbed.emit(self.frame_at(x))
            return
        # handles sit on the edges between frames
        count = self._info.frame_count if self._info else 1
        edge = round((x - _PAD) * count / max(self.width() - 2 * _PAD, 1))
        start, stop = self._marked.start, self._marked.stop
        if self._dragged == "in":
            start = max(0, min(edge, stop - 1))
        else:
            stop = min(count, max(edge, start + 1))
        self.range_dragged.emit(start, stop)
