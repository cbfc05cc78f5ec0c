"""The timeline under the viewer: playhead, marked range, frame metrics and issues."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import (
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from vsod.core.clip import ClipInfo
from vsod.core.clip_settings import ShotOverride
from vsod.gui.timeline import static_layer, track_layout
from vsod.gui.timeline.descriptions import frame_text, summary
from vsod.gui.timeline.playhead_layer import paint_playhead, paint_range, paint_track_labels
from vsod.gui.timeline.static_layer import TimelineState
from vsod.gui.timeline.time_axis import TimeAxis
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.translation import tr
from vsod.qc.frame_metrics import FrameMetrics, Metric, MetricValues
from vsod.qc.issues import Issue

_GRAB = 7  # pixels around a handle that still catch it
_SCROLL_MS = 40  # between two steps while something is dragged beyond an edge
_SCROLL_STEP = 0.4  # of the distance from the edge


class TimelineWidget(QWidget):
    """Ruler, thumbnails, coverage, metric tracks, issues, in and out handles, playhead.

    The wheel scrolls, with Ctrl it zooms to the cursor; a drag beyond an edge scrolls, too. Alt and a drag between the
    handles moves the range. A click on an issue goes to its worst frame.
    """

    scrubbed = pyqtSignal(int)  # go to this frame
    range_dragged = pyqtSignal(int, int)  # in, out (excluded)
    thumbnails_wanted = pyqtSignal(
        list, int
    )  # frames whose thumbnails are in sight, and how far apart they are

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("timeline")
        self.setAccessibleName(tr("Timeline"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.axis = TimeAxis()
        self._picture = TimelineState()
        self._backdrop: QPixmap | None = None
        self._index = 0
        self._marked = range(0)
        self._dragged = ""  # "playhead", "in", "out" or "range"
        self._held_at = 0  # of the range that is dragged: the frame edge that was caught
        self._drag_x = 0.0  # where the pointer is that drags
        self._beyond = QTimer(self)  # runs while it is beyond an edge
        self._beyond.setInterval(_SCROLL_MS)
        self._beyond.timeout.connect(self._scroll_along)
        self._hover: int | None = None
        self.set_shown_metrics(track_layout.METRICS)

    def sizeHint(self) -> QSize:
        """As high as it is until somebody drags it."""
        return QSize(400, track_layout.usual_height(len(self._picture.tracks)))

    # ---- state

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """(N,) which frames are shown as analysed."""
        return self._picture.covered

    @property
    def issues(self) -> Sequence[Issue]:
        """The flags shown."""
        return self._picture.issues

    @property
    def metrics(self) -> FrameMetrics | None:
        """The curves shown."""
        return self._picture.metrics

    @property
    def trust(self) -> Mapping[str, MetricValues]:
        """How far the models believe the motion, by the metric's id."""
        return self._picture.trust

    @property
    def shown_metrics(self) -> Sequence[Metric]:
        """The metrics that have a track, where there is room for it."""
        return self._picture.shown_metrics

    def set_clip(self, info: ClipInfo | None) -> None:
        """Start over with another clip."""
        count = info.frame_count if info else 0
        self._index, self._marked = 0, range(count)
        none = np.zeros(count, np.bool_)
        self._picture = replace(self._picture, info=info, covered=none, shots=())
        self.set_metrics(None, none, ())
        self.axis.set_count(count)
        self._redraw()

    def set_index(self, index: int) -> None:
        """Move the playhead; the page turns when it runs out of sight."""
        self._index = index
        if not self._dragged and self.axis.reveal(index):
            self._redraw()
        self._describe()

    def set_marked(self, marked: range) -> None:
        """Move the in and out handles."""
        self._marked = marked
        self._describe()

    def set_covered(self, covered: npt.NDArray[np.bool_]) -> None:
        """Fill the coverage."""
        self._picture.covered = covered
        self._redraw()

    def set_metrics(
        self, metrics: FrameMetrics | None, cuts: npt.NDArray[np.bool_], issues: Sequence[Issue]
    ) -> None:
        """Show curves, shots and flags."""
        what = self._picture
        what.metrics, what.cuts, what.issues = metrics, cuts, issues
        what.flagged, what.worst = np.zeros(len(cuts), np.bool_), np.zeros(len(cuts), np.bool_)
        for issue in issues:
            what.flagged[issue.frames.start : issue.frames.stop] = True
            what.worst[issue.worst] = True
        self._redraw()

    def set_trust(self, trust: Mapping[str, MetricValues]) -> None:
        """Show how far the models believe the motion, by the metric's id: what of it is known, and has a track."""
        if not trust and not self._picture.trust:
            return
        self._picture.trust = dict(trust)
        self._fit_height()
        self._redraw()

    def set_shots(self, shots: Sequence[ShotOverride]) -> None:
        """Mark shots with something of their own."""
        if shots != self._picture.shots:
            self._picture.shots = shots
            self._redraw()

    def set_thumbnails(self, thumbnail: Callable[[int], QImage | None]) -> None:
        """Where the film's pictures come from."""
        self._picture.thumbnail = thumbnail
        self._redraw()

    def set_shown_metrics(self, metrics: Sequence[Metric]) -> None:
        """Give these metrics a track, in this order; none hides all tracks."""
        self._picture.shown_metrics = metrics
        self._fit_height()
        self._redraw()

    def _fit_height(self) -> None:
        count = len(self._picture.tracks)
        self.setMinimumHeight(track_layout.least_height(count))
        self.setMaximumHeight(track_layout.most_height(count))
        self.updateGeometry()

    def refresh_thumbnails(self) -> None:
        """A thumbnail has arrived."""
        self._backdrop = None
        self.update()

    def zoom_by(self, factor: float, x: float | None = None) -> None:
        """Zoom around ``x`` (default: the playhead)."""
        self.axis.zoom(factor, self.x_of(self._index + 0.5) if x is None else x)
        self._redraw()

    def fit(self) -> None:
        """Show all of the clip."""
        self.axis.fit()
        self._redraw()

    def _redraw(self) -> None:
        self._backdrop = None
        if self._picture.info is not None:
            width, height = self._picture.info.display_size
            step, places = static_layer.thumbnail_positions(self.axis, width / height)
            self.thumbnails_wanted.emit(places, step)
        self._describe()

    def _describe(self) -> None:
        """What the drawing says, in words, for those who cannot see it."""
        self.setAccessibleDescription(summary(self._picture, self._index, self._marked))
        self.update()

    # ---- geometry

    def x_of(self, index: float) -> float:
        """Left edge of a frame, in widget pixels."""
        return self.axis.x_of(index)

    def frame_at(self, x: float) -> int:
        """Frame under a widget position, clipped to the clip."""
        return self.axis.frame_at(x)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keep what is in sight."""
        self.axis.set_strip(track_layout.HEAD, self.width() - track_layout.HEAD - track_layout.TAIL)
        self._redraw()

    # ---- painting

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Backdrop, range, playhead, heads; bottom to top."""
        painter = QPainter(self)
        if self._backdrop is None or self._backdrop.devicePixelRatioF() != self.devicePixelRatioF():
            self._backdrop = self._painted()
        painter.drawPixmap(0, 0, self._backdrop)
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        if self._picture.info is not None:
            painter.save()
            painter.setClipRect(
                QRectF(track_layout.HEAD - 8, 0, self.width() - track_layout.HEAD + 8, self.height())
            )
            paint_range(painter, self.axis, self._marked, self.height())
            paint_playhead(painter, self.axis, self._index, self.height())
            painter.restore()
            paint_track_labels(painter, self._picture, self._index, self.height())
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(theme.ACCENT, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _painted(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        pixmap.setDevicePixelRatio(ratio)
        painter = QPainter(pixmap)
        static_layer.paint_static_layer(painter, self._picture, self.axis, self.width(), self.height())
        painter.end()
        return pixmap

    def changeEvent(self, event: QEvent | None) -> None:
        """Another theme is painted anew."""
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._backdrop = None
        super().changeEvent(event)

    # ---- mouse

    def _handle_at(self, x: float, y: float) -> str:
        if y < track_layout.RULER:
            return "playhead"
        near = {
            "in": abs(x - self.x_of(self._marked.start)),
            "out": abs(x - self.x_of(self._marked.stop)),
        }
        name = min(near, key=lambda key: near[key])
        return name if near[name] <= _GRAB else "playhead"

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Catch a handle or go there."""
        if event is None or self._picture.info is None or event.button() != Qt.MouseButton.LeftButton:
            return
        x, y = event.position().x(), event.position().y()
        issue = self._issue_at(x, y)
        if issue is not None:
            self.scrubbed.emit(issue.worst)
            return
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if alt and self._marked.start <= self.axis.position(x) < self._marked.stop:
            self._dragged, self._held_at = "range", round(self.axis.position(x))
            return
        self._dragged = self._handle_at(x, y)
        self._drag(x)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Drag, or say what is under the cursor."""
        if event is None or self._picture.info is None:
            return
        x, y = event.position().x(), event.position().y()
        if self._dragged:
            self._drag(x)
            beyond = self._past_edge(x)
            if beyond and not self._beyond.isActive():
                self._beyond.start()
            elif not beyond:
                self._beyond.stop()
            return
        over = self._handle_at(x, y)
        self.setCursor(Qt.CursorShape.ArrowCursor if over == "playhead" else Qt.CursorShape.SizeHorCursor)
        index = self.frame_at(x)
        if index != self._hover:
            self._hover = index
            QToolTip.showText(_beside(event), frame_text(self._picture, index), self)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go."""
        self._dragged = ""
        self._beyond.stop()

    def leaveEvent(self, event: QEvent | None) -> None:
        """The next hover is a new one."""
        self._hover = None

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Scroll; zoom to the cursor with Ctrl."""
        if event is None or self._picture.info is None:
            return
        turn = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.axis.zoom(1.2 ** (turn / 120), event.position().x())
        else:
            self.axis.scroll(-turn)
        event.accept()
        self._redraw()

    def _issue_at(self, x: float, y: float) -> Issue | None:
        """The issue whose mark is at a place; of several the shortest, which could not be caught elsewhere."""
        low, high = track_layout.ISSUES_TOP, track_layout.ISSUES_TOP + track_layout.ISSUES
        if not low - 1 <= y <= high + 1:
            return None
        near = [
            issue
            for issue in self._picture.issues
            if self.x_of(issue.frames.start) - 2 <= x <= self.x_of(issue.frames.stop) + 2
        ]
        return min(near, key=lambda issue: len(issue.frames), default=None)

    def _past_edge(self, x: float) -> float:
        """How far a pixel is beyond the strip's edge, negative on the left; 0 inside it."""
        return min(x - self.axis.left, 0.0) + max(x - self.axis.left - self.axis.width, 0.0)

    def _scroll_along(self) -> None:
        self.axis.scroll(self._past_edge(self._drag_x) * _SCROLL_STEP)
        self._redraw()
        self._drag(self._drag_x)

    def _drag(self, x: float) -> None:
        self._drag_x = x
        x = min(max(x, self.axis.left), self.axis.left + self.axis.width)
        if self._dragged == "range":
            self._slide(round(self.axis.position(x)))
            return
        if self._dragged == "playhead":
            self.scrubbed.emit(self.frame_at(x))
            return
        # handles sit on the edges between frames
        edge, count = round(self.axis.position(x)), self.axis.count
        start, stop = self._marked.start, self._marked.stop
        if self._dragged == "in":
            start = max(0, min(edge, stop - 1))
        else:
            stop = min(count, max(edge, start + 1))
        self.range_dragged.emit(start, stop)

    def _slide(self, edge: int) -> None:
        """Move the range as a whole, as far as the clip goes."""
        start, stop, by = self._marked.start, self._marked.stop, edge - self._held_at
        by = max(-start, min(by, self.axis.count - stop))
        if by:
            self._held_at += by
            self.range_dragged.emit(start + by, stop + by)


def _beside(event: QMouseEvent) -> QPoint:
    return event.globalPosition().toPoint() + QPoint(12, -40)
