"""The queue at work: one job after the other, until it is paused or nothing waits."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from vsod.core.clip import ClipInfo
from vsod.core.progress import Progress
from vsod.errors import Cancelled, UsageError, VsodError
from vsod.gui.jobs.clip_jobs import QUEUE_JOB, ClipJobs
from vsod.gui.state.queue_model import QueueModel
from vsod.gui.toolkit.pipeline_interface import FormatChoice
from vsod.project.project import ProjectClip

if TYPE_CHECKING:
    from vsod.pipeline.batch import JobOutcome


_REFRESH_MS = 2000  # between two looks at what other windows did


_log = logging.getLogger(__name__)


class QueueController(QObject):
    """Starts and stops the jobs of the queue.

    Args:
        jobs: Does the jobs.
        usual: What is decided about a clip nothing was decided about yet.
        device: Where to compute, as chosen in the window.
        parent: The window.

    Attributes:
        model: The list of jobs.
    """

    finished = pyqtSignal(object)  # QueuedJob that is over
    rested = pyqtSignal()  # no job runs, and none is begun

    def __init__(
        self,
        jobs: ClipJobs,
        usual: Callable[[Path], ProjectClip],
        device: Callable[[], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._usual, self._device = jobs, usual, device
        self.model = QueueModel(self)
        self.model.job_waits.connect(self._next)
        self._running: str | None = None
        self._alone: set[str] = set()  # jobs that are done although the queue rests
        self._to_probe: deque[Path] = deque()
        jobs.running.connect(self._on_running)
        jobs.progressed.connect(self._on_progress)
        jobs.failed.connect(self._on_failed)
        self._refresh_timer = QTimer(self)
        self._refresh_timer.setInterval(_REFRESH_MS)
        self._refresh_timer.timeout.connect(self._refresh)
        self._refresh_timer.start()

    def start(self) -> None:
        """Do what waits."""
        if not self.model.check_owned():
            return
        self._alone.clear()
        self.model.at_work = True
        self.model.changed.emit()
        self._next()

    def run_now(self, id: str) -> None:
        """Do a job before all that wait; of a queue that rests, this one alone."""
        model = self.model
        waiting = [item.id for item in model.waiting_jobs if item.id != id]
        if waiting:
            model.jobs.move(id, min(model.jobs.position(other) for other in waiting))
        if not model.at_work or self._alone:
            self._alone.add(id)
        model.at_work = True
        model.changed.emit()
        self._next()

    def pause(self, *, after_job: bool = False) -> None:
        """Begin no more jobs.

        Args:
            after_job: Let the job that runs come to its end. Else it is stopped: its maps are kept, writing begins
                again.
        """
        self._alone.clear()
        self.model.at_work = False
        if self._jobs.busy == QUEUE_JOB and not after_job:
            self._jobs.cancel()
        self.model.changed.emit()

    def run(self, at_work: bool) -> None:
        """Start, or pause."""
        if at_work:
            self.start()
        else:
            self.pause()

    def add_clips(self, paths: Sequence[Path]) -> None:
        """Append clips to the queue in this order, each with its own settings or the defaults.

        The output goes beside the source.
        """
        idle = not self._to_probe
        self._to_probe.extend(paths)
        if idle:
            self._probe_next()

    def close(self) -> None:
        """The window goes; another may work on the queue."""
        self._refresh_timer.stop()
        self.model.jobs.close()

    def _refresh(self) -> None:
        if not self.model.refresh():
            self._refresh_timer.stop()  # said once, not every two seconds

    def _next(self) -> None:
        model = self.model
        if not model.at_work or self._jobs.busy:
            if not self._jobs.busy:
                self.rested.emit()
            return
        wanted = (item for item in model.waiting_jobs if not self._alone or item.id in self._alone)
        item = next(wanted, None) if model.owned else None
        if item is None:
            self._alone.clear()
            model.at_work = False
            model.changed.emit()
            self.rested.emit()
            return
        self._running, model.progress = item.id, None
        model.jobs.change(item.id, state="running", notes=())
        model.changed.emit()
        self._jobs.run(item.spec, self._on_row)

    # ---- messages

    def _on_running(self, name: str) -> None:
        if not name:
            self._next()

    def _probe_next(self) -> None:
        path = self._to_probe[0]
        self._jobs.probe(path, partial(self._on_probed, path), self._usual(path).settings.source_settings)

    def _on_probed(self, path: Path, found: ClipInfo | VsodError) -> None:
        if isinstance(found, VsodError):
            self.model.refused.emit(found)
        else:
            self._add(path, found)
        self._to_probe.popleft()
        if self._to_probe:
            self._probe_next()

    def _add(self, path: Path, found: ClipInfo) -> None:
        work = self._usual(path)
        output = _beside(found, work, self._jobs.formats)
        spec = work.job(self.model.jobs.free_name(output), self._device())
        try:
            frames = len(spec.frames(found.frame_count))
        except UsageError as error:  # a range that was meant for another clip
            _log.info("%s is done whole: %s", path, error)
            spec, frames = spec.with_range(0, None), found.frame_count
        self.model.add(spec, frames)

    def _on_row(self, row: JobOutcome) -> None:
        id, self._running, self.model.progress = self._running, None, None
        if id is None:
            return
        frames = row.frames or self.model.jobs[id].frames
        taken = {"seconds": row.seconds, "working": row.working}
        item = self.model.jobs.change(id, state=row.state, frames=frames, notes=row.notes, **taken)
        if self._alone:
            self._alone.discard(id)
            self.model.at_work = bool(self._alone)
        self.model.changed.emit()
        self.finished.emit(item)
        self._next()

    def _on_progress(self, progress: Progress) -> None:
        if self._jobs.busy == QUEUE_JOB:
            self.model.progress = progress
            self.model.progressed.emit(progress)

    def _on_failed(self, job: str, error: Exception) -> None:
        if job != QUEUE_JOB or self._running is None:
            return
        id, self._running, self.model.progress = self._running, None, None
        if isinstance(error, Cancelled):
            self.model.jobs.change(id, state="waiting")
        else:
            self.model.jobs.change(id, state="failed", notes=(f"{type(error).__name__}: {error}",))
        self.model.changed.emit()
        self._next()


def _beside(info: ClipInfo, work: ProjectClip, formats: Sequence[FormatChoice]) -> Path:
    """Default output path of a clip: beside it, named after the kind of export."""
    stem = info.stem
    chosen = next((row for row in formats if row.id == work.settings.format), None)
    suffixes = chosen.suffixes if chosen else (".mov",)
    kind = work.settings.export.kind
    what = "export" if kind == "fill+matte" else kind
    return info.path.with_name(f"{stem}_{what}{suffixes[0] if suffixes else ''}")
