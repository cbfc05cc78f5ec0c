"""The open clip, which of its frames are analysed, and the marked range."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import QObject, pyqtSignal

from vsod.core.clip_settings import ClipSettings
from vsod.core.progress import AnalysisCoverage
from vsod.gui.toolkit.pipeline_interface import OpenClip


class ClipState(QObject):
    """What is known of the open clip.

    Attributes:
        clip: The open clip, None without one.
        coverage: Which of its frames are analysed; of no frame without a clip.
        marked: From the in point to the out point, half-open; all frames where none is set.
    """

    opened = pyqtSignal(object)  # Clip: the new one
    closed = pyqtSignal()  # there is no clip any more
    coverage_changed = pyqtSignal(object)  # AnalysisCoverage
    range_changed = pyqtSignal(object)  # range
    changed = pyqtSignal()  # any of these, once those who show it have heard of it

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.clip: OpenClip | None = None
        self.coverage = AnalysisCoverage.none(0)
        self.marked = range(0)

    @property
    def count(self) -> int:
        """Frames of the clip, 0 without one."""
        return self.clip.info.frame_count if self.clip is not None else 0

    def open(self, clip: OpenClip) -> None:
        """Replace the clip by another, of which nothing is analysed or marked yet."""
        self._set(clip)
        self.opened.emit(clip)
        self.changed.emit()

    def close(self) -> None:
        """Have no clip any more."""
        self._set(None)
        self.closed.emit()
        self.changed.emit()

    def set_coverage(self, coverage: AnalysisCoverage) -> None:
        """Set which frames are analysed; news of a clip of another length is ignored."""
        if len(coverage.mapped) != self.count:
            return
        self.coverage = coverage
        self.coverage_changed.emit(coverage)
        self.changed.emit()

    def clipped(self, settings: ClipSettings) -> ClipSettings:
        """The settings with what of their range is inside the clip; all of the clip if nothing is."""
        start, stop = max(settings.start, 0), settings.stop
        stop = None if stop is None or stop >= self.count else stop
        if start >= (self.count if stop is None else stop):
            start, stop = 0, None
        return replace(settings, start=start, stop=stop)

    def set_range(self, start: int, stop: int) -> None:
        """Mark the frames from ``start`` to before ``stop``, clipped to the clip."""
        if self.count:
            self.marked = range(max(start, 0), min(stop, self.count))
            self.range_changed.emit(self.marked)
            self.changed.emit()

    def _set(self, clip: OpenClip | None) -> None:
        self.clip = clip
        self.coverage = AnalysisCoverage.none(self.count)
        self.marked = range(self.count)
