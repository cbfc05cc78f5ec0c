"""Progress of an analysis, with the frames that are analysed by then."""

from __future__ import annotations

import time

from vsod.core.clip_settings import ClipSettings
from vsod.core.progress import Progress
from vsod.gui.jobs.job_thread import JobThread
from vsod.gui.toolkit.pipeline_interface import OpenClip

_ENOUGH = 24  # frames; a speed measured over fewer would be luck


class AnalysisProgress:
    """Progress of a job, with the coverage read in the job's own thread each time it is passed on.

    Args:
        job: Its ``noted`` emits (clip, settings, :class:`vsod.core.progress.AnalysisCoverage`).
        clip: The clip.
        settings: What it is analysed for.
    """

    def __init__(self, job: JobThread, clip: OpenClip, settings: ClipSettings) -> None:
        self._job, self._clip, self._settings = job, clip, settings
        self._first: tuple[int, float] | None = None
        self._last = (0, 0.0)

    @property
    def fps(self) -> float:
        """Frames per second of the whole analysis; 0 if it was too short to tell."""
        if self._first is None or self._last[0] - self._first[0] < _ENOUGH:
            return 0.0
        return (self._last[0] - self._first[0]) / (self._last[1] - self._first[1])

    def __call__(self, progress: Progress) -> None:
        """Called by the pipeline."""
        if progress.stage == "analyse" and progress.done:
            self._last = progress.done, time.monotonic()
            self._first = self._first or self._last
        if self._job.report(progress) and progress.stage == "analyse":
            self._job.noted.emit((self._clip, self._settings, self._clip.export_coverage(self._settings)))
