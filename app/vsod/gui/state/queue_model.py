"""The list of queued jobs, as the window watches and edits it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtCore import QObject, pyqtSignal

from vsod.core.job import JobSpec
from vsod.core.progress import Progress
from vsod.errors import UsageError, VsodError
from vsod.gui.toolkit.translation import tr
from vsod.pipeline.job_queue import JobQueue, QueuedJob
from vsod.project.project import ProjectClip


class QueueModel(QObject):
    """The queue on disk, with signals.

    One window at a time works on the queue; in the others the list can be seen and added to. An edit that is not
    allowed leaves the list as it is and says so by :attr:`refused`.

    Attributes:
        jobs: The list, kept on disk.
        at_work: Whether waiting jobs are done one after the other; set by the queue's controller.
        progress: How far the job is that runs, None if that is not known.
        speed: Frames per second that a job's model was measured at on this computer; 0 if it was not.
    """

    changed = pyqtSignal()  # the list, or whether it is at work
    progressed = pyqtSignal(object)  # Progress of the job that runs
    refused = pyqtSignal(object)  # VsodError: an edit that was not made
    job_waits = pyqtSignal()  # one more job may be begun; comes after ``changed``

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = JobQueue()
        self.at_work = False
        self.progress: Progress | None = None
        self.speed: Callable[[JobSpec], float] = lambda _spec: 0.0

    @property
    def owned(self) -> bool:
        """Whether this window works on the queue."""
        return self.jobs.owned

    @property
    def waiting_jobs(self) -> list[QueuedJob]:
        """What is still to be done, in order."""
        return [item for item in self.jobs if item.state == "waiting"]

    def refresh(self) -> bool:
        """Read what other windows added, or what became of their jobs. False if the queue cannot be read."""
        try:
            changed = self.jobs.refresh()
        except VsodError as error:
            self.refused.emit(error)
            return False
        if changed:
            self.changed.emit()
            self.job_waits.emit()
        return True

    def add(self, spec: JobSpec, frames: int = 0) -> QueuedJob | None:
        """Put a job last, and give it back; None if it was not taken."""
        try:
            item = self.jobs.add(spec, frames)
        except VsodError as error:
            self.refused.emit(error)
            return None
        self.changed.emit()
        self.job_waits.emit()
        return item

    def remove(self, ids: Sequence[str]) -> None:
        """Take jobs off the list; the one that runs stays."""
        if self.check_owned():
            self.jobs.remove(ids)
            self.changed.emit()

    def move(self, id: str, by: int) -> None:
        """Do a job ``by`` places later, earlier if negative."""
        if self.check_owned():
            self.jobs.move(id, self.jobs.position(id) + by)
            self.changed.emit()

    def retry(self, ids: Sequence[str]) -> None:
        """Let jobs that failed wait again."""
        if not self.check_owned():
            return
        for id in ids:
            if self.jobs[id].state == "failed":
                self.jobs.change(id, state="waiting", notes=())
        self.changed.emit()
        self.job_waits.emit()

    def clear_done(self) -> None:
        """Take the jobs off the list that went well."""
        self.remove([item.id for item in self.jobs if item.state in ("done", "skipped")])

    def change(self, id: str, spec: JobSpec, frames: int) -> None:
        """Replace what a job does; it waits again."""
        if self.check_owned():
            self.jobs.change(id, spec=spec, frames=frames, state="waiting", notes=())
            self.changed.emit()

    def apply_settings(self, ids: Sequence[str], work: ProjectClip) -> None:
        """Give waiting jobs the model and matte settings of ``work``."""
        if not self.check_owned():
            return
        for id in ids:
            item = self.jobs[id]
            if item.state == "waiting":
                chosen = work.settings
                # the shots of one clip are none of another's
                shots = chosen.shots if work.path == item.spec.source else ()
                spec = item.spec.with_settings(
                    model=chosen.model, adapt=chosen.adapt, matte=chosen.matte, shots=shots
                )
                self.jobs.change(id, spec=spec)
        self.changed.emit()

    def check_owned(self) -> bool:
        """Whether this window works on the queue; if not, :attr:`refused` names the one that does."""
        if not self.owned:
            self.refused.emit(
                UsageError(
                    tr("another window works on the queue ({worker})").format(worker=self.jobs.worker),
                    fix=tr("Change its jobs there, or close it."),
                )
            )
        return self.owned
