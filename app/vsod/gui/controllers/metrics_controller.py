"""Loads thumbnails, frame metrics and issues in the background and shows them on the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from vsod.core.clip_settings import ClipSettings
from vsod.core.progress import AnalysisCoverage
from vsod.core.shot_detection import detect_cuts, detect_dissolves
from vsod.errors import Cancelled
from vsod.gui.jobs.job_pool import JobPool
from vsod.gui.jobs.job_thread import JobThread
from vsod.gui.playback.player import Player
from vsod.gui.timeline.descriptions import next_cut, next_issue
from vsod.gui.timeline.thumbnails import ThumbnailLoader
from vsod.gui.timeline.timeline_widget import TimelineWidget
from vsod.gui.timeline.track_layout import THUMBNAILS
from vsod.gui.toolkit.pipeline_interface import OpenClip
from vsod.qc.frame_metrics import FrameMetrics, select_metrics
from vsod.qc.issues import Issue, find_issues

SETTLE_MS = 500  # a setting rests, before the mattes are measured again
_BATCH = 64  # new maps that are worth a look of their own while an analysis runs


@dataclass(frozen=True, eq=False)
class MetricsResult:
    """What a measurement found; made in its thread."""

    metrics: FrameMetrics
    cuts: npt.NDArray[np.bool_]
    issues: list[Issue]

    @classmethod
    def of(cls, metrics: FrameMetrics, settings: ClipSettings) -> Self:
        """Cuts and issues of what was measured for ``settings``."""
        cuts, dissolves = detect_cuts(metrics["change"]), detect_dissolves(metrics["dissolve"])
        return cls(metrics, cuts, find_issues(metrics, cuts, dissolves, settings))


class MetricsController(QObject):
    """Feeds the timeline in the background, and goes from trouble to trouble.

    Args:
        player: The playhead.
        timeline: The timeline.
        parent: The window.
    """

    failed = pyqtSignal(object)  # the exception that ended a measurement, or left a thumbnail grey
    found = pyqtSignal(object, bool)  # list of Issue, whether anything was measured
    outdated = pyqtSignal(bool)  # the mattes are to be measured again, as settings changed

    def __init__(self, player: Player, timeline: TimelineWidget, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player, self._timeline = player, timeline
        self.issues: list[Issue] = []
        self.metrics: FrameMetrics | None = None  # what was measured so far
        self.cuts: list[int] = []  # frames that begin a shot
        self._clip: OpenClip | None = None
        self._casting: ClipSettings | None = None
        self._judged: ClipSettings | None = None  # the settings whose mattes are measured
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(SETTLE_MS)
        self._settling.timeout.connect(self._measure_more)
        self._covered = self._measured = 0
        self._resting = True  # no analysis runs: every new map is worth a look
        self._job: JobThread | None = None
        self._pool = JobPool(self)
        self._pool.failed.connect(self._on_failed)
        self._thumbnails = ThumbnailLoader(self)
        self._thumbnails.ready.connect(timeline.refresh_thumbnails)
        self._thumbnails.failed.connect(self.failed)
        self._thumbnails.filled.connect(self._measure_more)
        timeline.thumbnails_wanted.connect(self._want_thumbnails)
        timeline.set_thumbnails(self._thumbnails.picture)

    def set_clip(self, clip: OpenClip | None) -> None:
        """Set the current clip; the one before may be closed from now on."""
        self._forget()
        self._clip, self._judged = clip, None
        width, height = clip.info.display_size if clip is not None else (16, 9)
        self._thumbnails.set_clip(clip, (max(2, round(THUMBNAILS * 2 * width / height)), THUMBNAILS * 2))

    def set_settings(self, path: Path, settings: ClipSettings) -> None:
        """What the mattes of the clip at ``path`` are made with; they are measured again once it rests."""
        judged = _judged(settings)
        if self._clip is None or self._clip.info.path != path or judged == self._judged:
            return
        self._judged = judged
        if self._job is not None:
            self._job.cancel.set()  # it measures mattes that nobody will export
        if self._covered:
            self._measured = 0
            self._settling.start()
            if self.metrics is not None:
                self._show(MetricsResult.of(self.metrics.without_matte(), judged))
            self.outdated.emit(True)

    def set_covered(self, settings: ClipSettings, coverage: AnalysisCoverage) -> None:
        """News from an analysis, or of other models."""
        casting, covered = settings.model_assignment, int(coverage.mapped.sum())
        if casting != self._casting or covered < self._covered:
            self._forget()
        self._casting, self._covered = casting, covered
        if self._judged is None:
            self._judged = _judged(settings)
        if self._covered:
            self._thumbnails.pause(False)
        self._measure_more()

    def set_running(self, name: str) -> None:
        """A heavy job began, or ended with ``""``."""
        self._resting = not name
        self._thumbnails.pause(bool(name) and not self._covered)  # the first map goes before the film
        self._measure_more()

    def wait_for_first_map(self, awaited: bool) -> None:
        """The first map of a clip goes before its film."""
        self._thumbnails.pause(awaited and not self._covered)

    def go_to_issue(self, way: int) -> None:
        """Go to the next (1) or the previous (-1) issue."""
        issue = next_issue(self.issues, self._player.index, way)
        if issue is not None:
            self._player.seek(issue.worst)

    def go_to_shot(self, way: int) -> None:
        """To the beginning of the next or the previous shot."""
        place = next_cut(self.cuts, self._player.index, way)
        if place is not None:
            self._player.seek(place)

    def stop(self) -> None:
        """Join everything."""
        self._pool.stop_all()
        self._thumbnails.stop()

    # ---- measuring

    def _measure_more(self) -> None:
        new = self._covered - self._measured
        if self._clip is None or self._judged is None or self._job is not None or new <= 0:
            return
        if (
            self._settling.isActive() or self._thumbnails.filling
        ):  # the film goes first, and says when it is there
            return
        if self._resting or new >= _BATCH:
            clip, judged, count = self._clip, self._judged, self._player.count
            self._measured = self._covered

            def work(job: JobThread) -> MetricsResult:
                for span in judged.spans(range(count)):
                    clip.measure_metrics(span.model, span.matte, frames=span.frames, cancel=job.cancel)
                return MetricsResult.of(select_metrics(judged, clip.metrics, count), judged)

            self._job = self._pool.start("measure", work, lambda found: self._on_found(clip, judged, found))

    def _on_found(self, clip: OpenClip, judged: ClipSettings, found: MetricsResult) -> None:
        if clip is self._clip and judged == self._judged:
            self._show(found)
            self.outdated.emit(False)
        self._ended()

    def _on_failed(self, _name: str, error: Exception) -> None:
        if not isinstance(error, Cancelled):
            self.failed.emit(error)
        self._ended()

    def _ended(self) -> None:
        self._job = None
        self._measure_more()

    def _forget(self) -> None:
        if self._job is not None:
            self._job.cancel.set()
        self._casting, self._covered, self._measured = None, 0, 0
        count = self._player.count
        self._settling.stop()
        self._show(MetricsResult(FrameMetrics.empty(count), np.zeros(count, np.bool_), []))
        self.outdated.emit(False)

    def _show(self, found: MetricsResult) -> None:
        self.issues, self.cuts = found.issues, np.flatnonzero(found.cuts).tolist()
        metrics = None if np.isnan(found.metrics.values).all() else found.metrics
        self.metrics = metrics
        self._timeline.set_metrics(metrics, found.cuts, found.issues)
        self.found.emit(found.issues, metrics is not None)

    # ---- film

    def _want_thumbnails(self, places: list[int], step: int) -> None:
        at = self._player.index  # from there on, then what is before it
        self._thumbnails.request([(p, step // 2) for p in sorted(places, key=lambda p: (p + step <= at, p))])


def _judged(settings: ClipSettings) -> ClipSettings:
    """The part of ``settings`` that mattes and advice depend on."""
    return ClipSettings(settings.model, settings.matte, settings.shots, settings.adapt)
