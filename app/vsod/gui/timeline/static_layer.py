"""All of the timeline that does not move with the playhead, painted once per change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPen

from vsod.core.clip import ClipInfo
from vsod.core.clip_settings import ShotOverride
from vsod.core.frame_ranges import true_ranges
from vsod.gui.timeline import track_layout
from vsod.gui.timeline.metric_plot import PlotColours, column_edges, extremes, plot_metric
from vsod.gui.timeline.time_axis import TimeAxis
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.time_text import position_text, tick_steps
from vsod.qc.frame_metrics import METRICS_BY_ID, FrameMetrics, Metric, MetricValues
from vsod.qc.issues import Issue

ISSUE_COLOUR = QColor("#f0a53a")
"""Amber: told from the blue of the curves by every kind of colour vision."""

OVERRIDE_COLOUR = QColor("#b9a3f5")
"""Lilac, told from amber and blue by its brightness, too."""


@dataclass
class TimelineState:
    """What is drawn.

    Attributes:
        info: The clip, None for an empty strip.
        covered: (N,) frames with a map.
        metrics: The curves, None before the first was measured.
        cuts: (N,) frames that begin a shot.
        issues: Stretches of trouble.
        flagged: (N,) frames in one of them.
        worst: (N,) the worst frame of each.
        shots: Those with something of their own.
        thumbnail: Small picture of a frame, None while it is not there.
        thumbnail_step: Frames from one thumbnail to the next.
        shown_metrics: Those that have a track, where there is room for it.
        trust: How far the models believe the motion, by the metric's id; only what is known.
    """

    info: ClipInfo | None = None
    covered: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    metrics: FrameMetrics | None = None
    cuts: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    issues: Sequence[Issue] = ()
    flagged: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    worst: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    shots: Sequence[ShotOverride] = ()
    thumbnail: Callable[[int], QImage | None] = lambda _index: None
    thumbnail_step: int = 1
    shown_metrics: Sequence[Metric] = track_layout.METRICS
    trust: Mapping[str, MetricValues] = field(default_factory=dict)

    @property
    def tracks(self) -> Sequence[Metric]:
        """The metrics that have a track: of the trust those that are known."""
        return [m for m in self.shown_metrics if m.id in METRICS_BY_ID or m.id in self.trust]

    def curve(self, metric: Metric) -> MetricValues | None:
        """(N,) values of a metric; None before it was measured."""
        if metric.id not in METRICS_BY_ID:
            return self.trust.get(metric.id)
        return None if self.metrics is None else self.metrics[metric.id]


def paint_static_layer(
    painter: QPainter, what: TimelineState, axis: TimeAxis, width: int, height: int
) -> None:
    """Paint background, ruler, thumbnails, coverage, metric tracks and issues."""
    painter.fillRect(0, 0, width, height, theme.SUNKEN)
    font = painter.font()
    font.setPixelSize(10)
    painter.setFont(font)
    if what.info is None:
        return
    strip = QRectF(axis.left, 0, axis.width, height)
    painter.save()
    painter.setClipRect(strip)
    _paint_ruler(painter, what.info, axis)
    _paint_thumbnails(painter, what, axis)
    _paint_shots(painter, what.shots, axis)
    _paint_covered(painter, what.covered, axis)
    painter.restore()
    _paint_metrics(painter, what, axis, height)
    painter.save()
    painter.setClipRect(strip)
    _paint_cuts(painter, what.cuts, axis, height)
    _paint_issues(painter, what, axis)
    painter.restore()


def thumbnail_positions(axis: TimeAxis, aspect: float) -> tuple[int, list[int]]:
    """Frames from one thumbnail to the next, and the frames that have one in sight."""
    step = max(1, round(track_layout.THUMBNAILS * aspect * axis.frames_per_pixel))
    seen = axis.visible
    start = seen.start - seen.start % step
    return step, list(range(start, seen.stop, step))


def _paint_ruler(painter: QPainter, info: ClipInfo, axis: TimeAxis) -> None:
    small, labelled = tick_steps(axis.frames_per_pixel, info.rate)
    seen, low = axis.visible, track_layout.RULER
    first = seen.start - seen.start % labelled
    # in two calls: a minute has thousands of marks
    for step, height, colour in ((small, 4, theme.LINE), (labelled, 9, theme.FAINT)):
        places = [round(axis.x_of(index)) + 0.5 for index in range(first, seen.stop, step)]
        painter.setPen(colour)
        if places:
            painter.drawLines(*(QLineF(x, low - height, x, low) for x in places))
    painter.setPen(theme.MUTED)
    for index in range(first, seen.stop, labelled):
        x = round(axis.x_of(index)) + 0.5
        if x < axis.left + axis.width - 60:
            painter.drawText(QPointF(x + 4, low - 9), position_text(info, index))


def _paint_thumbnails(painter: QPainter, what: TimelineState, axis: TimeAxis) -> None:
    if what.info is None:
        return
    painter.fillRect(
        QRectF(axis.left, track_layout.THUMBNAILS_TOP, axis.width, track_layout.THUMBNAILS),
        theme.WINDOW_BACKGROUND,
    )
    width, height = what.info.display_size
    step, places = thumbnail_positions(axis, width / height)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    end = axis.x_of(what.info.frame_count)
    for index in places:
        picture = what.thumbnail(index)
        if picture is None:
            continue
        left, whole = axis.x_of(index), track_layout.THUMBNAILS * width / height
        # neither squeezed nor stretched: at the clip's end a place may be narrower than its picture, and a frame of a
        # very short clip wider
        wide = min(axis.x_of(index + step), end) - left
        wide = min(wide, whole) if step == 1 else wide
        share = min(1.0, wide / whole)
        source = QRectF(0, 0, picture.width() * share, picture.height())
        painter.drawImage(
            QRectF(left, track_layout.THUMBNAILS_TOP, wide - 1, track_layout.THUMBNAILS), picture, source
        )


def _paint_shots(painter: QPainter, shots: Sequence[ShotOverride], axis: TimeAxis) -> None:
    """A bracket on the film over every shot with something of its own, and the name of its model."""
    painter.setPen(QPen(OVERRIDE_COLOUR, 2))
    for shot in shots:
        left, right = axis.x_of(shot.start) + 1, axis.x_of(shot.stop) - 1
        low = track_layout.THUMBNAILS_TOP + track_layout.THUMBNAILS - 1
        for x in (left, right):
            painter.drawLine(QPointF(x, low - 5), QPointF(x, low))
        painter.drawLine(QPointF(left, low), QPointF(right, low))
        words = shot.model or ""
        room = painter.fontMetrics().horizontalAdvance(words) + 8
        if words and right - left > room:
            painter.fillRect(QRectF(left, low - 14, room, 14), OVERRIDE_COLOUR)
            painter.setPen(theme.WINDOW_BACKGROUND)
            painter.drawText(QPointF(left + 4, low - 3), words)
            painter.setPen(QPen(OVERRIDE_COLOUR, 2))


def _paint_covered(painter: QPainter, covered: npt.NDArray[np.bool_], axis: TimeAxis) -> None:
    box = QRectF(axis.left, track_layout.COVERED_TOP, axis.width, track_layout.COVERED)
    painter.fillRect(box, theme.RAISED)
    _paint_bars(painter, covered, axis, box, theme.ACCENT.darker(140))


def _paint_bars(
    painter: QPainter, mask: npt.NDArray[np.bool_], axis: TimeAxis, box: QRectF, colour: QColor
) -> None:
    """One bar per run of columns that hold a frame of ``mask``: as fast for an hour as for a second."""
    if not len(mask):
        return
    edges = column_edges(axis.first, axis.frames_per_pixel, round(axis.width), len(mask))
    _, most = extremes(mask.astype(np.float32), edges)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    bars = [
        QRectF(box.left() + part.start, box.top(), len(part), box.height()) for part in true_ranges(most > 0)
    ]
    if bars:
        painter.drawRects(*bars)


def _paint_metrics(painter: QPainter, what: TimelineState, axis: TimeAxis, height: int) -> None:
    device = painter.device()
    ratio = device.devicePixelRatioF() if device is not None else 1.0
    ink = PlotColours(
        theme.SURFACE.rgba(),
        theme.ACCENT.darker(190).rgba(),
        theme.ACCENT.darker(115).rgba(),
        ISSUE_COLOUR.rgba(),
        theme.FAINT.rgba(),
    )
    wide = round(axis.width * ratio)
    count = what.info.frame_count if what.info else 0
    edges = column_edges(axis.first, axis.frames_per_pixel / ratio, wide, count)
    for row in track_layout.metric_tracks(what.tracks, height):
        box = QRectF(axis.left, row.top, axis.width, row.height)
        values = what.curve(row.metric)
        if values is None:
            painter.fillRect(box, theme.SURFACE)
            continue
        low, high = extremes(values, edges)
        pixels = plot_metric(row.metric, low, high, round(row.height * ratio), ink)
        raw: Any = pixels.data  # PyQt takes any buffer; its stubs know bytes only
        painter.drawImage(box, QImage(raw, wide, len(pixels), 4 * wide, QImage.Format.Format_ARGB32))


def _paint_cuts(painter: QPainter, cuts: npt.NDArray[np.bool_], axis: TimeAxis, height: int) -> None:
    line = QColor(theme.TEXT)
    line.setAlpha(110)
    painter.setPen(line)
    seen = axis.visible
    places = {round(axis.x_of(seen.start + i)) for i in np.flatnonzero(cuts[seen.start : seen.stop]).tolist()}
    end = height - track_layout.FOOT
    if places:
        painter.drawLines(*(QLineF(x + 0.5, track_layout.RULER, x + 0.5, end) for x in places))


def _paint_issues(painter: QPainter, what: TimelineState, axis: TimeAxis) -> None:
    box = QRectF(axis.left, track_layout.ISSUES_TOP + 2, axis.width, 3)
    _paint_bars(painter, what.flagged, axis, box, ISSUE_COLOUR)
    box = QRectF(axis.left, track_layout.ISSUES_TOP, axis.width, track_layout.ISSUES)
    _paint_bars(painter, what.worst, axis, box, ISSUE_COLOUR)
