"""Opening, analysing and exporting: jobs on the desk, outcomes as signals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from vsod.core.clip import ClipInfo
from vsod.core.clip_settings import ClipSettings
from vsod.core.job import JobResult, JobSpec
from vsod.core.progress import Progress
from vsod.errors import VsodError
from vsod.gui.jobs.analysis_job import AnalysisJob, AnalysisProgress
from vsod.gui.jobs.job_pool import JobPool
from vsod.gui.jobs.job_thread import JobThread
from vsod.gui.toolkit.pipeline_interface import FormatChoice, OpenClip, PipelineInterface

if TYPE_CHECKING:
    from vsod.pipeline.batch import JobOutcome
    from vsod.pipeline.job_estimate import JobEstimate

QUEUE_JOB = "queue"  # name of the heavy job that belongs to the queue


class ClipJobs(QObject):
    """The slow half of the window."""

    catalogued = pyqtSignal(object, object)  # list of Card, list of Format
    opening = pyqtSignal(str)  # name of the clip being opened, "" when that is over
    opened = pyqtSignal(object)  # Clip
    covered = pyqtSignal(object, object)  # casting, (N,) bool: frames of the current clip that are done
    analysed = pyqtSignal()
    fitted = pyqtSignal(bool)  # whether the model could be fitted to the clip, if that was asked for
    timed = pyqtSignal(str, str, float)  # card, device, frames per second of a long analysis
    exported = pyqtSignal(object)  # JobReport
    running = pyqtSignal(str)  # name of the heavy job, "" when none
    progressed = pyqtSignal(object)  # Progress
    failed = pyqtSignal(str, object)  # job name, exception

    def __init__(self, backend: PipelineInterface, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend = backend
        self._desk = JobPool(self)
        self._desk.heavy_changed.connect(self._on_heavy)
        self._desk.failed.connect(self._on_failed)
        self._clip: OpenClip | None = None
        self._asked: tuple[OpenClip, ClipSettings, bool] | None = None  # whose coverage is of interest
        self._next_path: Path | None = None  # waits for the heavy job to let go of the clip
        self._openings = 0
        self._unclaimed: list[OpenClip] = []  # opened in a job's thread, not yet handed to the window
        self._stopped = False
        self.formats: Sequence[FormatChoice] = ()

    @property
    def busy(self) -> str:
        """Name of the heavy job that runs, "" if none."""
        return self._desk.exclusive_job.name if self._desk.exclusive_job else ""

    def run_before_exclusive(self, give_way: Callable[[], object]) -> None:
        """Call ``give_way`` in the thread of every heavy job before it begins."""
        self._desk.before_heavy = give_way

    def catalogue(self) -> None:
        """Look for models and formats."""

        def done(result: tuple[list[object], Sequence[FormatChoice]]) -> None:
            self.formats = result[1]
            self.catalogued.emit(*result)

        self._desk.start("catalogue", lambda job: (self._backend.models(), self._backend.formats()), done)

    def open(self, path: Path) -> None:
        """Open ``path``; a running job is cancelled first. The newest call wins."""
        self.opening.emit(path.name)
        if self._desk.exclusive_job is not None and self.busy != QUEUE_JOB:  # the queue has a clip of its own
            self._next_path = path
            self.cancel()
            return
        self._openings += 1
        ticket = self._openings

        def work(job: JobThread) -> OpenClip:
            clip = self._backend.open(path)
            self._unclaimed.append(clip)
            return clip

        def done(clip: OpenClip) -> None:
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

    def forget_clip(self) -> None:
        """There is no current clip any more."""
        self._openings += 1
        self._clip = self._asked = None
        self.opening.emit("")

    def read_coverage(self, casting: ClipSettings, adapt: bool = False) -> None:
        """Ask which frames are done already; with ``adapt`` by the clip's card as fitted to it, if it is."""
        clip = self._clip
        if clip is None:
            return
        asked = self._asked = clip, casting, adapt

        def done(covered: object) -> None:
            if self._asked is asked:  # another question may have overtaken this one
                self.covered.emit(casting, covered)

        def work(job: JobThread) -> object:
            clip.use_adapted(casting.model, adapt)
            return casting.select_by_model(clip.coverage)

        self._desk.start("coverage", work, done)

    def analyse(self, casting: ClipSettings, frames: range | None, device: str, adapt: bool = False) -> None:
        """Run the networks over ``frames`` of the current clip, each over its own."""
        clip = self._clip
        if clip is None or self._desk.exclusive_job is not None:
            return

        def work(job: JobThread) -> tuple[object, bool | None, float]:
            clip.use_adapted(casting.model, False)  # the first look is what fills the lane
            looks = AnalysisJob(clip, casting, frames, adapt)
            teller = AnalysisProgress(job, clip, casting, looks)
            fitted = looks.analyse(device, teller, job.cancel)
            clip.use_adapted(casting.model, adapt)
            return (
                casting.select_by_model(clip.coverage),
                fitted,
                teller.fps if len(casting.model_ids) == 1 else 0.0,
            )

        def done(result: tuple[object, bool | None, float]) -> None:
            covered, fitted, fps = result
            self._note((clip, casting, covered))
            self.analysed.emit()
            if fitted is not None:
                self.fitted.emit(fitted)
            if fps:
                self.timed.emit(casting.model, device, fps)

        self._desk.start("analyse", work, done, heavy=True, watch=self._watch)

    def export(self, spec: JobSpec) -> None:
        """Do ``spec`` on the current clip, analysing what is missing."""
        clip = self._clip
        if clip is None or self._desk.exclusive_job is not None:
            return

        def work(job: JobThread) -> JobResult:
            casting = spec.settings.model_assignment
            report = clip.export(spec, on_progress=AnalysisProgress(job, clip, casting), cancel=job.cancel)
            job.noted.emit((clip, casting, casting.select_by_model(clip.coverage)))
            return report

        self._desk.start("export", work, self.exported.emit, heavy=True, watch=self._watch)

    def compare_models(
        self,
        cards: list[str],
        count: int,
        device: str,
        done: Callable[[object], object],
        within: range | None = None,
    ) -> None:
        """Run several models over a few frames of the current clip; ``done`` gets what came out.

        Args:
            cards: The models.
            count: How many frames.
            device: Where to compute.
            done: Gets a :class:`vsod.pipeline.model_comparison.ModelComparison`.
            within: The shot the frames are of; None = all of the clip.
        """
        clip = self._clip
        if clip is None or self._desk.exclusive_job is not None:
            return

        def work(job: JobThread) -> object:
            return clip.compare_models(
                cards,
                count,
                within=within,
                device=device,
                on_progress=lambda step: _tell(job, step),
                cancel=job.cancel,
            )

        self._desk.start(
            "compare", work, done, heavy=True, watch=lambda job: job.progressed.connect(self.progressed)
        )

    def run(self, spec: JobSpec, done: Callable[[JobOutcome], object]) -> None:
        """Do a job of the queue, on a clip of its own; ``failed("queue", …)`` if it is stopped."""

        def work(job: JobThread) -> JobOutcome:
            return self._backend.run(spec, on_progress=lambda step: _tell(job, step), cancel=job.cancel)

        self._desk.start(
            QUEUE_JOB, work, done, heavy=True, watch=lambda job: job.progressed.connect(self.progressed)
        )

    def estimate(self, spec: JobSpec, done: Callable[[JobEstimate | VsodError], object]) -> JobThread | None:
        """Time eight frames of a job on the current clip; cancel the job that is given back to stop it."""
        clip = self._clip
        if clip is None:
            return None

        def work(job: JobThread) -> JobEstimate | VsodError:
            try:
                return clip.estimate(spec, job.cancel)
            except VsodError as error:
                return error

        return self._desk.start("estimate", work, done)

    def probe(self, path: Path, done: Callable[[ClipInfo | VsodError], object]) -> None:
        """Look what a clip is, or why it cannot be read."""

        def work(job: JobThread) -> ClipInfo | VsodError:
            try:
                clip = self._backend.open(path)
            except VsodError as error:
                return error
            info = clip.info
            clip.close()
            return info

        self._desk.start("probe", work, done)

    def reload_maps(self, casting: ClipSettings, adapt: bool) -> None:
        """Another job has computed maps of the current clip: look again."""
        clip = self._clip

        def work(job: JobThread) -> None:
            assert clip is not None
            for card in casting.model_ids:
                clip.reload_maps(card)

        if clip is not None:
            self._desk.start("coverage", work, lambda _none: self.read_coverage(casting, adapt))

    def cancel(self) -> None:
        """Ask the heavy job to stop."""
        self._desk.cancel_exclusive()

    def stop(self) -> None:
        """Cancel and join everything; what was opened in vain is closed."""
        self._next_path = None
        self._stopped = True
        self._desk.stop_all()
        for clip in self._unclaimed:
            clip.close()
        self._unclaimed.clear()

    def _watch(self, job: JobThread) -> None:
        job.progressed.connect(self.progressed)
        job.noted.connect(self._note)

    def _note(self, news: tuple[OpenClip, ClipSettings, object]) -> None:
        clip, casting, covered = news
        if self._asked is not None and self._asked[0] is clip and self._asked[1] == casting:
            self.covered.emit(casting, covered)

    def _on_heavy(self, job: JobThread | None) -> None:
        self.running.emit(job.name if job else "")
        if job is None and self._next_path is not None:
            path, self._next_path = self._next_path, None
            self.open(path)

    def _on_failed(self, name: str, error: Exception) -> None:
        if name == "open":
            self.opening.emit("")
        self.failed.emit(name, error)


def _tell(job: JobThread, progress: Progress) -> None:
    job.report(progress)
