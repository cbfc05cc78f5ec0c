"""The queue at work: one job after the other, until it is paused or nothing waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from vsod.core.clip import ClipInfo
from vsod.core.job import JobSpec
from vsod.core.progress import Progress
from vsod.errors import Cancelled, UsageError, VsodError
from vsod.gui.jobs.clip_jobs import QUEUE, Tasks
from vsod.gui.toolkit.pipeline_interface import Format
from vsod.gui.toolkit.translation import tr
from vsod.pipeline.job_queue import Item, JobQueue
from vsod.project.project import ClipWork

if TYPE_CHECKING:
    from vsod.pipeline.batch import Row


_LOOK_MS = 2000  # between two looks at what other windows did


class QueueControl(QObject):
    """Starts and stops jobs, and keeps the list of them.

    One window at a time works on the queue; in the others the list can be seen and added to.

    Args:
        tasks: Does the jobs.
        usual: What is decided about a clip nothing was decided about yet.
        device: Where to compute, as chosen in the window.
        parent: The window.
    """

    changed = pyqtSignal()  # the list, or whether it is at work
    progressed = pyqtSignal(object)  # Progress of the job that runs
    finished = pyqtSignal(object)  # Item that is over
    refused = pyqtSignal(object)  # VsodError: something could not be added

    def __init__(
        self,
        tasks: Tasks,
        usual: Callable[[Path], ClipWork],
        device: Callable[[], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._tasks, self._usual, self._device = tasks, usual, device
        self.jobs = JobQueue()
        self.at_work = False
        self.progress: Progress | None = None
        self._running: str | None = None
        tasks.running.connect(self._on_running)
        tasks.progressed.connect(self._on_progress)
        tasks.failed.connect(self._on_failed)
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(self.refresh)
        self._look.start()

    @property
    def owned(self) -> bool:
        """Whether this window works on the queue."""
        return self.jobs.owned

    def refresh(self) -> None:
        """Look what other windows added, or what became of theirs."""
        try:
            changed = self.jobs.refresh()
        except VsodError as error:
            self._look.stop()  # said once, not every two seconds
            self.refused.emit(error)
            return
        if changed:
            self.changed.emit()
            self._next()

    def close(self) -> None:
        """The window goes; another may work on the queue."""
        self._look.stop()
        self.jobs.close()

    # ---- the list

    def add(self, spec: JobSpec, frames: int = 0) -> bool:
        """Put a job last; it begins at once if the queue is at work. True if it was taken."""
        try:
            self.jobs.add(spec, frames)
        except VsodError as error:
            self.refused.emit(error)
            return False
        self.changed.emit()
        self._next()
        return True

    def add_clips(self, paths: Sequence[Path]) -> None:
        """Put clips last, each as is decided about it or usual, beside its source."""
        for path in paths:
            self._tasks.probe(path, partial(self._on_probed, path))

    def remove(self, ids: Sequence[str]) -> None:
        """Forget jobs; the one that runs is stopped first and then stays."""
        if self._may():
            self.jobs.remove(ids)
            self.changed.emit()

    def move(self, id: str, by: int) -> None:
        """Do a job earlier or later."""
        if self._may():
            self.jobs.move(id, self.jobs.place(id) + by)
            self.changed.emit()

    def retry(self, ids: Sequence[str]) -> None:
        """Jobs that failed wait again."""
        if not self._may():
            return
        for id in ids:
            if self.jobs[id].state == "failed":
                self.jobs.change(id, state="waiting", notes=())
        self.changed.emit()
        self._next()

    def clear_done(self) -> None:
        """Forget what went well."""
        self.remove([item.id for item in self.jobs if item.state in ("done", "skipped")])

    def use(self, ids: Sequence[str], work: ClipWork) -> None:
        """Do waiting jobs with the model and matte settings of ``work``."""
        if not self._may():
            return
        for id in ids:
            item = self.jobs[id]
            if item.state == "waiting":
                # the shots of one clip are none of another's
                shots = work.shots if work.path == item.spec.source else ()
                spec = replace(item.spec, card=work.card, adapt=work.adapt, finish=work.finish, shots=shots)
                self.jobs.change(id, spec=spec)
        self.changed.emit()

    # ---- at work

    def start(self) -> None:
        """Do what waits."""
        if not self._may():
            return
        self.at_work = True
        self.changed.emit()
        self._next()

    def pause(self) -> None:
        """Do no more; the job that runs goes on later where it is."""
        self.at_work = False
        if self._tasks.busy == QUEUE:
            self._tasks.cancel()
        self.changed.emit()

    def change(self, id: str, spec: JobSpec, frames: int) -> None:
        """Set a job up anew; it waits again."""
        if self._may():
            self.jobs.change(id, spec=spec, frames=frames, state="waiting", notes=())
            self.changed.emit()

    def _may(self) -> bool:
        if not self.owned:
            self.refused.emit(
                UsageError(
                    tr("another window works on the queue ({worker})").format(worker=self.jobs.worker),
                    fix=tr("Change its jobs there, or close it."),
                )
            )
        return self.owned

    def _next(self) -> None:
        if not self.at_work or self._tasks.busy:
            return
        item = self.jobs.next
        if item is None:
            self.at_work = False
            self.changed.emit()
            return
        self._running, self.progress = item.id, None
        self.jobs.change(item.id, state="running", notes=())
        self.changed.emit()
        self._tasks.run(item.spec, self._on_row)

    # ---- messages

    def _on_running(self, name: str) -> None:
        if not name:
            self._next()

    def _on_probed(self, path: Path, found: ClipInfo | VsodError) -> None:
        if isinstance(found, VsodError):
            self.refused.emit(found)
            return
        work = self._usual(path)
        output = _beside(found, work, self._tasks.formats)
        spec = work.job(self.jobs.free_name(output), self._device())
        try:
            frames = len(spec.frames(found.frame_count))
        except UsageError:  # a range that was meant for another clip
            spec, frames = spec.with_range(0, None), found.frame_count
        self.add(spec, frames)

    def _on_row(self, row: Row) -> None:
        id, self._running, self.progress = self._running, None, None
        if id is None:
            return
        frames = row.frames or self.jobs[id].frames
        taken = {"seconds": row.seconds, "working": row.working}
        item = self.jobs.change(id, state=row.state, frames=frames, notes=row.notes, **taken)
        self.changed.emit()
        self.finished.emit(item)
        self._next()

    def _on_progress(self, progress: Progress) -> None:
        if self._tasks.busy == QUEUE:
            self.progress = progress
            self.progressed.emit(progress)

    def _on_failed(self, job: str, error: Exception) -> None:
        if job != QUEUE or self._running is None:
            return
        id, self._running, self.progress = self._running, None, None
        if isinstance(error, Cancelled):
            self.jobs.change(id, state="waiting")
        else:
            self.jobs.change(id, state="failed", notes=(f"{type(error).__name__}: {error}",))
        self.changed.emit()


def _beside(info: ClipInfo, work: ClipWork, formats: Sequence[Format]) -> Path:
    """Where the export of a clip goes when nobody said: beside it, named after what it is."""
    stem = info.path.name if info.kind == "sequence" else info.path.stem
    chosen = next((row for row in formats if row.id == work.format), None)
    suffixes = chosen.suffixes if chosen else (".mov",)
    what = "export" if work.delivery.what == "fill+matte" else work.delivery.what
    return info.path.with_name(f"{stem}_{what}{suffixes[0] if suffixes else ''}")


def waiting(queue: QueueControl) -> list[Item]:
    """What is still to be done."""
    return [item for item in queue.jobs if item.state == "waiting"]
