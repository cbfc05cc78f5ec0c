"""Opening, analysing and exporting: jobs on the desk, outcomes as signals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from vsod.core.progress import Progress
from vsod.gui.backend import Backend, Clip, Format
from vsod.gui.desk import Desk
from vsod.gui.workers import Job
from vsod.pipeline.job import JobReport, JobSpec


class Tasks(QObject):
    """The slow half of the window."""

    catalogued = pyqtSignal(object, object)  # list of Card, list of Format
    opening = pyqtSignal(str)  # name of the clip being opened, "" when that is over
    opened = pyqtSignal(object)  # Clip
    covered = pyqtSignal(object)  # (N,) bool: frames of the current clip and card with a map
    analysed = pyqtSignal()
    exported = pyqtSignal(object)  # JobReport
    running = pyqtSignal(str)  # name of the heavy job, "" when none
    progressed = pyqtSignal(object)  # Progress
    failed = pyqtSignal(str, object)  # job name, exception

    def __init__(self, backend: Backend, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend = backend
        self._desk = Desk(self)
        self._desk.heavy_changed.connect(self._on_heavy)
        self._desk.failed.connect(self._on_failed)
        self._clip: Clip | None = None
        self._next_path: Path | None = None  # waits for the heavy job to let go of the clip
        self._openings = 0
        self._unclaimed: list[Clip] = []  # opened in a job's thread, not yet handed to the window
        self._stopped = False
        self.formats: Sequence[Format] = ()

    @property
    def busy(self) -> str:
        """Name of the heavy job that runs, "" if none."""
        return self._desk.heavy.name if self._desk.heavy else ""

    def catalogue(self) -> None:
        """Look for models and formats."""

        def done(result: tuple[list[object], Sequence[Format]]) -> None:
            self.formats = result[1]
            self.catalogued.emit(*result)

        self._desk.start("catalogue", lambda job: (self._backend.cards(), self._backend.formats()), done)

    def open(self, path: Path) -> None:
        """Open ``path``; a running job is cancelled first. The newest call wins."""
        self.opening.emit(path.name)
        if self._desk.heavy is not None:
            self._next_path = path
            self.cancel()
            return
        self._openings += 1
        ticket = self._openings

        def work(job: Job) -> Clip:
            clip = self._backend.open(path)
            self._unclaimed.append(clip)
            return clip

        def done(clip: Clip) -> None:
            if self._stopped:  # this message was under way when the window closed
                return
            self._unclaimed.remove(clip)
            if ticket != self._openings:
                self._desk.start("close", lambda job: clip.close(), lambda _none: None)
                return
            self._clip = clip
            self.opening.emit("")
            self.opened.emit(clip)

        self._desk.start("open", work, done)

    def look_up_coverage(self, card: str) -> None:
        """Ask which frames ``card`` has done already."""
        clip = self._clip
        if clip is None:
            return

        def done(covered: object) -> None:
            if self._clip is clip:
                self.covered.emit(covered)

        self._desk.start("coverage", lambda job: clip.coverage(card), done)

    def analyse(self, card: str, frames: range | None, device: str) -> None:
        """Run the network over ``frames`` of the current clip."""
        clip = self._clip
        if clip is None or self._desk.heavy is not None:
            return

        def work(job: Job) -> object:
            clip.analyse(
                card, frames=frames, device=device, on_progress=_Teller(job, clip, card), cancel=job.cancel
            )
            return clip.coverage(card)

        def done(covered: object) -> None:
            self.covered.emit(covered)
            self.analysed.emit()

        self._desk.start("analyse", work, done, heavy=True, watch=self._watch)

    def export(self, spec: JobSpec) -> None:
        """Do ``spec`` on the current clip, analysing what is missing."""
        clip = self._clip
        if clip is None or self._desk.heavy is not None:
            return

        def work(job: Job) -> JobReport:
            report = clip.export(spec, on_progress=_Teller(job, clip, spec.card), cancel=job.cancel)
            job.noted.emit(clip.coverage(spec.card))
            return report

        self._desk.start("export", work, self.exported.emit, heavy=True, watch=self._watch)

    def cancel(self) -> None:
        """Ask the heavy job to stop."""
        self._desk.cancel_heavy()

    def stop(self) -> None:
        """Cancel and join everything; what was opened in vain is closed."""
        self._next_path = None
        self._stopped = True
        self._desk.stop_all()
        for clip in self._unclaimed:
            clip.close()
        self._unclaimed.clear()

    def _watch(self, job: Job) -> None:
        job.progressed.connect(self.progressed)
        job.noted.connect(self.covered)

    def _on_heavy(self, job: Job | None) -> None:
        self.running.emit(job.name if job else "")
        if job is None and self._next_path is not None:
            path, self._next_path = self._next_path, None
            self.open(path)

    def _on_failed(self, name: str, error: Exception) -> None:
        if name == "open":
            self.opening.emit("")
        self.failed.emit(name, error)


class _Teller:
    """Progress of a job, with the coverage read in the job's own thread each time it is passed on."""

    def __init__(self, job: Job, clip: Clip, card: str) -> None:
        self._job, self._clip, self._card = job, clip, card

    def __call__(self, progress: Progress) -> None:
        if self._job.report(progress) and progress.stage == "analyse":
            self._job.noted.emit(self._clip.coverage(self._card))
