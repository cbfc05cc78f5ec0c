"""Analyses the current clip in the background while the machine is idle."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from vsod.core.clip_settings import ClipSettings
from vsod.core.progress import AnalysisCoverage, Progress
from vsod.errors import Cancelled
from vsod.gui.jobs.clip_jobs import ClipJobs
from vsod.gui.jobs.job_pool import JobPool
from vsod.gui.jobs.job_thread import JobThread
from vsod.gui.playback.frame_renderer import RenderedFrame
from vsod.gui.playback.player import Player
from vsod.gui.toolkit.pipeline_interface import OpenClip
from vsod.gui.toolkit.preferences import Preferences

IDLE_MS = 3_000  # without a wish, before it begins
_FIRST_MS = 8_000  # after which nothing waits for the first map any more: its model may have to be prepared


class IdleAnalysis(QObject):
    """Computes maps from the playhead on when nothing else is asked for: at once for a clip just opened, else soon.

    A moved playhead, playback, another clip or model, and every job stop it at once; what it has computed stays.

    Args:
        player: The playhead.
        jobs: Jobs go first: one that begins waits, in its own thread, until this has let go of the clip.
        parent: The window.
    """

    working = pyqtSignal(bool)
    first_map_awaited = pyqtSignal(bool)  # a clip was just opened: what can wait for its first map should
    enabled_changed = pyqtSignal(bool)
    progressed = pyqtSignal(object)  # Progress
    failed = pyqtSignal(object)  # the exception; with these models and this device it does not begin again

    def __init__(self, player: Player, jobs: ClipJobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player, self._jobs = player, jobs
        self.enabled = True
        self._clip: OpenClip | None = None
        self._settings: ClipSettings | None = None
        self._device = "auto"
        self._covered: npt.NDArray[np.bool_] | None = None  # None: not known yet
        self._news: tuple[ClipSettings, AnalysisCoverage] | None = None  # the last of this clip
        self._fresh = False  # the clip was just opened, and nothing was asked for since
        self._job: JobThread | None = None
        self._failed: tuple[ClipSettings | None, str] | None = (
            None  # models and device that cannot: not tried again
        )
        self._awaiting = False
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_FIRST_MS)
        self._patience.timeout.connect(lambda: self._await_first_map(False))
        player.shown.connect(self._on_shown)
        self._free = threading.Event()
        self._free.set()
        self._pool = JobPool(self)
        self._pool.failed.connect(self._on_failed)
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._interval = IDLE_MS
        self._idle.timeout.connect(self._begin)
        player.moved.connect(self._on_moved)
        player.speed_changed.connect(self._on_speed)
        jobs.running.connect(lambda _name: self.restart_timer())
        jobs.covered.connect(self._on_covered)
        jobs.run_before_exclusive(self._give_way)

    @property
    def awaits_first_map(self) -> bool:
        """Whether the first map of a clip just opened is on its way."""
        return self._awaiting

    def load_ahead(self, preferences: Preferences) -> None:
        """Load the network that a clip is likely to need, while that is being opened.

        Its model is that of the clip before, of the preferences, or the one used last; its shape that of the last clip.
        """
        usual = preferences.get_text("default_model") or preferences.get_text("model") or ClipSettings().model
        model = self._settings.model if self._settings is not None else usual
        if self.enabled:
            self._jobs.prepare_network(model, preferences.last_size, preferences.get_text("device", "auto"))

    def set_clip(self, clip: OpenClip | None) -> None:
        """Set the current clip."""
        self._clip, self._settings = clip, None
        self._covered = self._news = None
        self._fresh = clip is not None
        self._await_first_map(self._fresh and self.enabled)
        self.restart_timer()

    def set_settings(self, settings: ClipSettings | None, device: str) -> None:
        """What the user would analyse for; nothing for a model that is to be adapted first."""
        wanted = None if settings is None or settings.adapt else settings.for_analysis
        if (wanted, device) != (self._settings, self._device):
            if wanted != self._settings:
                # what is known already, whichever came first; else news of it is on its way
                known = self._news is not None and self._news[0] == wanted
                self._covered = self._news[1].exportable if known and self._news is not None else None
            self._settings, self._device = wanted, device
            self.restart_timer()

    def enable(self, enabled: bool) -> None:
        """Allow it, or not."""
        self.enabled = enabled
        self._await_first_map(self._awaiting and enabled)
        self.enabled_changed.emit(enabled)
        self.restart_timer()

    def restart_timer(self) -> None:
        """Stop, and begin again when nothing has been asked for during a while."""
        if self._job is not None:
            self._job.cancel.set()
        if self.enabled:
            self._idle.start(0 if self._fresh else self._interval)
        else:
            self._idle.stop()

    def stop(self) -> None:
        """Join."""
        self.enabled = False
        self._idle.stop()
        self._patience.stop()
        self._pool.stop_all()
        self._free.set()

    def _await_first_map(self, awaiting: bool) -> None:
        if awaiting != self._awaiting:
            self._awaiting = awaiting
            self.first_map_awaited.emit(awaiting)
        if awaiting:
            self._patience.start()
        else:
            self._patience.stop()

    def _on_shown(self, shown: RenderedFrame) -> None:
        if shown.alpha is not None:
            self._await_first_map(False)

    def _give_way(self) -> None:
        """Called in the thread of a job that is about to begin."""
        job = self._job
        if job is not None:
            job.cancel.set()
        self._free.wait()

    def _begin(self) -> None:
        clip, settings, device = self._clip, self._settings, self._device
        busy = self._jobs.busy or self._player.speed or self._job is not None
        if clip is None or settings is None or busy or self._covered is None or self._covered.all():
            return
        if self._failed == (settings, device):
            return
        self._fresh = False
        at, covered = self._player.index, self._covered
        rest = replace(settings, start=0 if covered[at:].all() else at)

        def work(job: JobThread) -> AnalysisCoverage:
            def tell(progress: Progress) -> None:
                if job.report(progress) and progress.stage != "prepare":
                    job.noted.emit(clip.export_coverage(settings))

            try:
                clip.analyse(rest, device=device, on_progress=tell, cancel=job.cancel)
                return clip.export_coverage(settings)
            finally:
                self._free.set()

        def show(coverage: AnalysisCoverage) -> None:
            if self._clip is clip and self._settings == settings:
                self._jobs.covered.emit(settings, coverage)

        def done(coverage: AnalysisCoverage) -> None:
            self._ended()
            show(coverage)

        self._free.clear()

        def watch(job: JobThread) -> None:
            job.noted.connect(show)
            job.progressed.connect(self.progressed)

        self._job = self._pool.start("idle_analysis", work, done, watch=watch)
        self.working.emit(True)

    def _on_moved(self, _index: int) -> None:
        self._await_first_map(False)
        self.restart_timer()

    def _on_speed(self, speed: float) -> None:
        self._await_first_map(self._awaiting and not speed)
        self._fresh = self._fresh and not speed
        self.restart_timer()

    def _on_covered(self, settings: ClipSettings, coverage: AnalysisCoverage) -> None:
        self._news = settings, coverage
        if self._settings != settings:
            return
        self._covered = coverage.exportable
        if self.enabled and self._job is None and not self._idle.isActive():
            self._idle.start(0 if self._fresh else self._interval)

    def _on_failed(self, _name: str, error: Exception) -> None:
        if not isinstance(error, Cancelled):
            self._failed = (self._settings, self._device)
            self.failed.emit(error)
        self._ended()

    def _ended(self) -> None:
        self._job = None
        self.working.emit(False)
        if self.enabled and not self._jobs.busy:
            self._idle.start(self._interval)
