"""The jobs in hand: started, reported, cancelled and, at the end, all joined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from vsod.gui.jobs.job_thread import JobFunction, JobThread

Done = Callable[[Any], object]


class JobPool(QObject):
    """Runs jobs in threads of their own.

    At most one job is *heavy* (analysis, export); it owns the progress bar and
    the Cancel button.
    """

    heavy_changed = pyqtSignal(object)  # the JobThread that started, or None
    failed = pyqtSignal(str, object)  # job name, exception

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: set[JobThread] = set()
        self._heavy: JobThread | None = None
        self._stopped = False
        self.before_heavy: Callable[[], object] = lambda: None  # called in a heavy job's thread, first

    @property
    def exclusive_job(self) -> JobThread | None:
        """The heavy job that runs now."""
        return self._heavy

    def start(
        self,
        name: str,
        work: JobFunction,
        done: Done,
        *,
        heavy: bool = False,
        watch: Callable[[JobThread], object] | None = None,
    ) -> JobThread:
        """Run ``work(job)`` in a thread; ``done(result)`` is called in this one.

        ``watch(job)`` may connect to the job's signals: it is called before the thread begins, so none is missed.
        Once all was stopped nothing is started any more: the job given back never runs.
        """
        if heavy and self._heavy is not None:
            raise RuntimeError(f"'{self._heavy.name}' is still running")
        work = self._made_way(work) if heavy else work
        job = JobThread(name, work, None if self._stopped else self)
        job.succeeded.connect(lambda result: self._settle(job, lambda: done(result)))
        job.failed.connect(lambda error: self._settle(job, lambda: self.failed.emit(name, error)))
        job.finished.connect(lambda: self._ended(job))
        if self._stopped:  # whoever heard of the last outcome goes on, but the window is closing
            return job
        self._jobs.add(job)
        if heavy:
            self._heavy = job
            self.heavy_changed.emit(job)
        if watch is not None:
            watch(job)
        job.start()
        return job

    def _made_way(self, work: JobFunction) -> JobFunction:
        def after(job: JobThread) -> Any:
            self.before_heavy()
            return work(job)

        return after

    def cancel_exclusive(self) -> None:
        """Ask the heavy job to stop; it ends with ``failed(name, Cancelled)``."""
        if self._heavy is not None:
            self._heavy.cancel.set()

    def stop_all(self) -> None:
        """Cancel all jobs and wait for them; no result is delivered any more."""
        self._stopped = True
        for job in list(self._jobs):
            job.cancel.set()
        for job in list(self._jobs):
            job.blockSignals(True)
            job.stop()
        self._jobs.clear()
        self._heavy = None

    def _settle(self, job: JobThread, tell: Callable[[], object]) -> None:
        if job not in self._jobs:  # its outcome was under way when all was stopped
            return
        # free before anyone hears of the outcome: who is told may start the next job at once
        was_heavy = self._heavy is job
        if was_heavy:
            self._heavy = None
        tell()
        if was_heavy and self._heavy is None:
            self.heavy_changed.emit(None)

    def _ended(self, job: JobThread) -> None:
        if job not in self._jobs:
            return
        self._jobs.discard(job)
        job.wait()
        job.deleteLater()
