"""An analysis in which shots have models of their own: one look after the other, told as one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import replace

from vsod.core.clip_settings import ClipSettings
from vsod.core.progress import Progress, ProgressFn
from vsod.gui.jobs.job_thread import JobThread
from vsod.gui.toolkit.pipeline_interface import OpenClip

_ENOUGH = 24  # frames; a speed measured over fewer would be luck


class AnalysisJob:
    """Which model looks at which frames, and how far they are together. Used in a job's thread.

    Args:
        clip: The clip.
        casting: The models.
        frames: What is to be analysed; None = all.
        adapt: Fit the clip's model to the frames: it sees those of all shots.
    """

    def __init__(
        self, clip: OpenClip, casting: ClipSettings, frames: range | None, adapt: bool = False
    ) -> None:
        self._clip, self._card, self._adapt = clip, casting.model, adapt
        whole = range(clip.info.frame_count) if frames is None else frames
        parts: Iterable[tuple[str, range | None]] = (
            (part.model, part.frames) for part in casting.model_assignment.spans(whole)
        )
        if not casting.model_assignment.shots:
            self._looks = [(casting.model, frames)]
        elif adapt:
            self._looks = [(casting.model, frames), *(look for look in parts if look[0] != casting.model)]
        else:
            self._looks = list(parts)
        self._todo = [self._missing(card, part) for card, part in self._looks]
        self._at = 0

    def analyse(self, device: str, tell: ProgressFn, cancel: threading.Event) -> bool | None:
        """Look at all that is missing.

        Returns:
            Whether the clip's model was fitted to it; None if that was not asked for.

        Raises:
            Cancelled: ``cancel`` was set; what is computed stays.
        """
        fitted = None
        for place, (card, frames) in enumerate(self._looks):
            self._at = place
            adapt = self._adapt and card == self._card
            if len(self._looks) > 1 and not self._todo[place] and not adapt:
                continue
            outcome = self._clip.analyse(
                card, frames=frames, device=device, adapt=adapt, on_progress=tell, cancel=cancel
            )
            fitted = outcome if adapt else fitted
        return fitted

    def overall_progress(self, progress: Progress) -> Progress:
        """The progress of the look in hand as progress of the whole."""
        if len(self._looks) == 1 or progress.stage != "analyse":
            return progress
        done, total = sum(self._todo[: self._at]) + progress.done, sum(self._todo)
        eta = (total - done) / progress.fps if progress.fps and progress.eta is not None else None
        return replace(progress, done=done, total=total, eta=eta)

    def _missing(self, card: str, frames: range | None) -> int:
        covered = self._clip.coverage(card)
        return int((~covered if frames is None else ~covered[frames.start : frames.stop]).sum())


class AnalysisProgress:
    """Progress of a job, with the coverage read in the job's own thread each time it is passed on."""

    def __init__(
        self, job: JobThread, clip: OpenClip, casting: ClipSettings, looks: AnalysisJob | None = None
    ) -> None:
        self._job, self._clip, self._casting, self._looks = job, clip, casting, looks
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
        if self._looks is not None:
            progress = self._looks.overall_progress(progress)
        if self._job.report(progress) and progress.stage == "analyse":
            news = self._clip, self._casting, self._casting.select_by_model(self._clip.coverage)
            self._job.noted.emit(news)
