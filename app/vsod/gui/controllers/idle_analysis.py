"""Analysis that runs ahead while nobody needs the machine."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from vsod.core.clip_settings import ClipSettings
from vsod.core.progress import Progress
from vsod.errors import Cancelled
from vsod.gui.jobs.analysis_job import AnalysisJob
from vsod.gui.jobs.clip_jobs import ClipJobs
from vsod.gui.jobs.job_pool import JobPool
from vsod.gui.jobs.job_thread import JobThread
from vsod.gui.playback.player import Player
from vsod.gui.toolkit.pipeline_interface import OpenClip

IDLE_MS = 3_000  # without a wish, before it begins


class IdleAnalysis(QObject):
    """Computes maps from the playhead on when nothing else is asked for.

    A moved playhead, playback, another clip or card, and every job stop it at once; what it has computed stays.

    Args:
        player: The playhead.
        tasks: Jobs go first: one that begins waits, in its own thread, until this has let go of the clip.
        parent: The window.
    """

    working = pyqtSignal(bool)
    failed = pyqtSignal(object)  # the exception; with these models and this device it does not begin again

    def __init__(self, player: Player, tasks: ClipJobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player, self._tasks = player, tasks
        self.enabled = True
        self._clip: OpenClip | None = None
        self._casting: ClipSettings | None = None
        self._device = "auto"
        self._covered: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._job: JobThread | None = None
        self._failed: tuple[ClipSettings | None, str] | None = (
            None  # cards and device that cannot: not tried again
        )
        self._free = threading.Event()
        self._free.set()
        self._desk = JobPool(self)
        self._desk.failed.connect(self._on_failed)
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE_MS)
        self._idle.timeout.connect(self._begin)
        player.moved.connect(lambda _index: self.restart_timer())
        player.speed_changed.connect(lambda _speed: self.restart_timer())
        tasks.running.connect(lambda _name: self.restart_timer())
        tasks.covered.connect(self._on_covered)
        tasks.run_before_exclusive(self._give_way)

    def set_clip(self, clip: OpenClip | None) -> None:
        """Another clip is on the desk."""
        self._clip, self._casting = clip, None
        self.restart_timer()

    def set_assignment(self, casting: ClipSettings | None, device: str, adapt: bool) -> None:
        """What the user would analyse with; nothing for a card that is to be fitted first."""
        wanted = None if adapt else casting
        if (wanted, device) != (self._casting, self._device):
            if wanted != self._casting:
                self._covered = np.zeros(0, np.bool_)  # news of it is on its way
            self._casting, self._device = wanted, device
            self.restart_timer()

    def enable(self, enabled: bool) -> None:
        """Allow it, or not."""
        self.enabled = enabled
        self.restart_timer()

    def restart_timer(self) -> None:
        """Stop, and begin again when nothing has been asked for during a while."""
        if self._job is not None:
            self._job.cancel.set()
        if self.enabled:
            self._idle.start()
        else:
            self._idle.stop()

    def stop(self) -> None:
        """Join."""
        self.enabled = False
        self._idle.stop()
        self._desk.stop_all()
        self._free.set()

    def _give_way(self) -> None:
        """Called in the thread of a job that is about to begin."""
        job = self._job
        if job is not None:
            job.cancel.set()
        self._free.wait()

    def _begin(self) -> None:
        clip, casting, device = self._clip, self._casting, self._device
        busy = self._tasks.busy or self._player.speed or self._job is not None
        if clip is None or casting is None or busy or self._covered.all():
            return
        if self._failed == (casting, device):
            return
        at = self._player.index
        frames = range(0 if self._covered[at:].all() else at, clip.info.frame_count)

        def work(job: JobThread) -> object:
            def tell(progress: Progress) -> None:
                if job.report(progress):
                    job.noted.emit(casting.select_by_model(clip.coverage))

            try:
                AnalysisJob(clip, casting, frames).analyse(device, tell, job.cancel)
                return casting.select_by_model(clip.coverage)
            finally:
                self._free.set()

        def show(covered: object) -> None:
            if self._clip is clip and self._casting == casting:
                self._tasks.covered.emit(casting, covered)

        def done(covered: object) -> None:
            self._ended()
            show(covered)

        self._free.clear()
        self._job = self._desk.start("ahead", work, done, watch=lambda job: job.noted.connect(show))
        self.working.emit(True)

    def _on_covered(self, casting: ClipSettings, covered: npt.NDArray[np.bool_]) -> None:
        if self._casting not in (casting, None):
            return
        self._covered = covered
        if self.enabled and self._job is None and not self._idle.isActive():
            self._idle.start()

    def _on_failed(self, _name: str, error: Exception) -> None:
        if not isinstance(error, Cancelled):
            self._failed = (self._casting, self._device)
            self.failed.emit(error)
        self._ended()

    def _ended(self) -> None:
        self._job = None
        self.working.emit(False)
        if self.enabled and not self._tasks.busy:
            self._idle.start()
