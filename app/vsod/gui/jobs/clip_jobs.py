"""Opens, analyses and exports the current clip in worker threads; results arrive as signals."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from vsod.core.clip import ClipInfo
from vsod.core.clip_settings import ClipSettings
from vsod.core.job import JobSpec
from vsod.core.progress import AnalysisCoverage, Progress
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceChoices, SourceSettings
from vsod.errors import VsodError
from vsod.gui.jobs.analysis_progress import AnalysisProgress
from vsod.gui.jobs.job_pool import JobPool
from vsod.gui.jobs.job_thread import JobThread
from vsod.gui.toolkit.pipeline_interface import FormatChoice, OpenClip, PipelineInterface

if TYPE_CHECKING:
    from vsod.core.arrays import Image
    from vsod.pipeline.batch import JobOutcome
    from vsod.pipeline.clip_intermediates import MapInfo
    from vsod.pipeline.find_clips import FoundClips
    from vsod.pipeline.job_estimate import JobEstimate
    from vsod.qc.motion_trust import TrustValues

_log = logging.getLogger(__name__)

QUEUE_JOB = "queue"  # name of the heavy job that belongs to the queue
INSIDE_JOB = "inside"  # of the one that looks inside a network
LIST_JOB = "intermediates"  # of the one that asks what there is to look at
TRUST_JOB = "trust"  # of the one that measures how far models believe the motion


class ClipJobs(QObject):
    """The slow half of the window."""

    models_listed = pyqtSignal(object)  # list of ModelChoice
    formats_listed = pyqtSignal()  # they are in ``formats``
    opening = pyqtSignal(str)  # name of the clip being opened, "" when that is over
    opened = pyqtSignal(object)  # Clip
    covered = pyqtSignal(object, object)  # ClipSettings.for_analysis, AnalysisCoverage of the clip
    analysed = pyqtSignal()
    adapted = pyqtSignal(bool)  # whether the model could be fitted to the clip, if that was asked for
    timed = pyqtSignal(str, str, float)  # model, device, frames per second of a long analysis
    running = pyqtSignal(str)  # name of the heavy job, "" when none
    progressed = pyqtSignal(object)  # Progress
    failed = pyqtSignal(str, object)  # job name, exception

    def __init__(self, backend: PipelineInterface, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend = backend
        self._pool = JobPool(self)
        self._pool.heavy_changed.connect(self._on_heavy)
        self._pool.failed.connect(self._on_failed)
        self._clip: OpenClip | None = None
        self._asked: tuple[OpenClip, ClipSettings] | None = None  # whose coverage is of interest
        self._next: tuple[Path, SourceSettings] | None = None  # waits for the heavy job to let go of the clip
        self._openings = 0
        self.asked_for: tuple[Path, SourceSettings] | None = None  # the clip whose opening began last
        self._unclaimed: list[OpenClip] = []  # opened in a job's thread, not yet handed to the window
        self._stopped = False
        self.formats: Sequence[FormatChoice] = ()

    @property
    def busy(self) -> str:
        """Name of the heavy job that runs, "" if none."""
        return self._pool.exclusive_job.name if self._pool.exclusive_job else ""

    def run_before_exclusive(self, give_way: Callable[[], object]) -> None:
        """Call ``give_way`` in the thread of every heavy job before it begins."""
        self._pool.before_heavy = give_way

    def list_models(self) -> None:
        """List the models, in a worker thread."""
        self._pool.start("models", lambda job: self._backend.models(), self.models_listed.emit)

    def list_formats(self) -> None:
        """List the formats, in a worker thread; it takes a second."""

        def done(formats: Sequence[FormatChoice]) -> None:
            self.formats = formats
            self.formats_listed.emit()

        self._pool.start("formats", lambda job: self._backend.formats(), done)

    def prepare_network(self, model: str, size: tuple[int, int], device: str) -> None:
        """Load a model's network in a worker thread before it is asked for; whoever asks says what fails."""

        def work(job: JobThread) -> None:
            try:
                self._backend.prepare(model, size, device)
            except VsodError as error:
                _log.debug("%s is not loaded ahead: %s", model, error)

        self._pool.start("prepare", work, lambda _none: None)

    def open(self, path: Path, settings: SourceSettings = DEFAULT_SOURCE_SETTINGS) -> None:
        """Open ``path`` as ``settings`` say; a running job is cancelled first. The newest call wins."""
        self.opening.emit(path.name)
        if self._pool.exclusive_job is not None and self.busy != QUEUE_JOB:  # the queue has a clip of its own
            self._next = path, settings
            self.cancel()
            return
        self._openings += 1
        ticket = self._openings
        self.asked_for = path, settings

        def work(job: JobThread) -> OpenClip:
            clip = self._backend.open(path, settings)
            self._unclaimed.append(clip)
            return clip

        def done(clip: OpenClip) -> None:
            if self._stopped:  # this message was under way when the window closed
                return
            self._unclaimed.remove(clip)
            if ticket != self._openings:
                self._pool.start("close", lambda job: clip.close(), lambda _none: None)
                return
            self._clip, self._asked = clip, None  # what is still under way is of another clip
            self.opening.emit("")
            self.opened.emit(clip)

        self._pool.start("open", work, done)

    def forget_clip(self) -> None:
        """There is no current clip any more."""
        self._openings += 1
        self._clip = self._asked = None
        self.opening.emit("")

    def read_coverage(self, settings: ClipSettings) -> None:
        """Ask which frames an export of ``settings`` finds analysed; from then on its maps are those shown."""
        clip, settings = self._clip, settings.for_analysis
        if clip is None:
            return
        asked = self._asked = clip, settings

        def done(coverage: AnalysisCoverage) -> None:
            if self._asked is asked:  # another question may have overtaken this one
                self.covered.emit(settings, coverage)

        def work(job: JobThread) -> AnalysisCoverage:
            clip.use_adapted(settings)
            return clip.export_coverage(settings)

        self._pool.start("coverage", work, done)

    def count_analysed(self, models: Sequence[str], done: Callable[[dict[str, int]], object]) -> None:
        """How many frames of the current clip each model has analysed, by id, in a worker thread."""
        clip = self._clip
        if clip is None:
            return

        def told(found: dict[str, int]) -> None:
            if self._clip is clip:
                done(found)

        self._pool.start("models' coverage", lambda job: clip.count_analysed(models), told)

    def analyse(self, settings: ClipSettings, device: str) -> None:
        """Make the maps of the current clip that an export of ``settings`` lacks."""
        clip = self._clip
        if clip is None or self._pool.exclusive_job is not None:
            return

        def work(job: JobThread) -> tuple[AnalysisCoverage, bool | None, float]:
            progress = AnalysisProgress(job, clip, settings)
            adapted = clip.analyse(settings, device=device, on_progress=progress, cancel=job.cancel)
            clip.use_adapted(settings)
            fps = progress.fps if len(settings.model_ids) == 1 else 0.0
            return clip.export_coverage(settings), adapted, fps

        def done(result: tuple[AnalysisCoverage, bool | None, float]) -> None:
            coverage, adapted, fps = result
            self._note((clip, settings, coverage))
            self.analysed.emit()
            if adapted is not None:
                self.adapted.emit(adapted)
            if fps:
                self.timed.emit(settings.model, device, fps)

        self._pool.start("analyse", work, done, heavy=True, watch=self._watch)

    def compare_models(
        self,
        models: list[str],
        count: int,
        settings: ClipSettings,
        device: str,
        done: Callable[[object], object],
        within: range | None = None,
    ) -> None:
        """Run several models over a few frames of the current clip; ``done`` gets what came out.

        Args:
            models: The models.
            count: How many frames.
            settings: Of the clip: the matte settings are taken from them, shot by shot.
            device: Where to compute.
            done: Gets a :class:`vsod.pipeline.model_comparison.ModelComparison`.
            within: The shot the frames are of; None = all of the clip.
        """
        clip = self._clip
        if clip is None or self._pool.exclusive_job is not None:
            return

        def work(job: JobThread) -> object:
            return clip.compare_models(
                models,
                count,
                settings,
                within=within,
                device=device,
                on_progress=job.progressed.emit,  # few, and each is worth reading
                cancel=job.cancel,
            )

        self._pool.start(
            "compare", work, done, heavy=True, watch=lambda job: job.progressed.connect(self.progressed)
        )

    def list_intermediates(self, model: str, done: Callable[[Sequence[MapInfo]], object]) -> None:
        """Find out in a worker thread what can be looked at inside a model."""
        clip = self._clip
        if clip is not None:
            self._pool.start(LIST_JOB, lambda job: clip.intermediate_maps(model), done)

    def look_inside(self, model: str, index: int, device: str, done: Callable[[list[str]], object]) -> None:
        """Make all that can be looked at of a frame of the current clip; ``done`` gets the names of it."""
        clip = self._clip
        if clip is None or self._pool.exclusive_job is not None:
            return

        def work(job: JobThread) -> list[str]:
            job.report(Progress("inside", 0, None))
            return clip.compute_intermediates(model, index, device=device, cancel=job.cancel)

        self._pool.start(
            INSIDE_JOB, work, done, heavy=True, watch=lambda job: job.progressed.connect(self.progressed)
        )

    def measure_motion_trust(
        self, settings: ClipSettings, frames: range, device: str, done: Callable[[TrustValues], object]
    ) -> None:
        """Measure how far the models believe the motion in some frames of the current clip."""
        clip = self._clip
        if clip is None or self._pool.exclusive_job is not None:
            return

        def work(job: JobThread) -> TrustValues:
            return clip.measure_motion_trust(
                settings,
                frames,
                device=device,
                on_progress=lambda step: _tell(job, step),
                cancel=job.cancel,
            )

        self._pool.start(
            TRUST_JOB, work, done, heavy=True, watch=lambda job: job.progressed.connect(self.progressed)
        )

    def read_motion_trust(self, settings: ClipSettings, done: Callable[[TrustValues], object]) -> None:
        """Read what was measured of it before, in a worker thread."""
        clip = self._clip
        if clip is None:
            return

        def told(values: TrustValues) -> None:
            if self._clip is clip:
                done(values)

        self._pool.start("coverage", lambda job: clip.motion_trust(settings), told)

    def run(self, spec: JobSpec, done: Callable[[JobOutcome], object]) -> None:
        """Do a job of the queue, on a clip of its own; ``failed("queue", …)`` if it is stopped."""

        def work(job: JobThread) -> JobOutcome:
            return self._backend.run(spec, on_progress=lambda step: _tell(job, step), cancel=job.cancel)

        self._pool.start(
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

        return self._pool.start("estimate", work, done)

    def find_clips(
        self, paths: Sequence[Path], *, recursive: bool, done: Callable[[FoundClips], object]
    ) -> None:
        """Look for clips in folders, in a worker thread; files are taken as they are."""
        self._pool.start("find", lambda job: self._backend.find_clips(paths, recursive=recursive), done)

    def list_source_choices(
        self, path: Path, settings: SourceSettings, done: Callable[[SourceChoices | VsodError], object]
    ) -> None:
        """Find out in a worker thread what can be chosen about how a clip is read."""

        def work(job: JobThread) -> SourceChoices | VsodError:
            try:
                return self._backend.source_choices(path, settings)
            except VsodError as error:
                return error

        self._pool.start("source_choices", work, done)

    def thumbnail(
        self,
        path: Path,
        settings: SourceSettings,
        size: tuple[int, int],
        done: Callable[[Image | None], object],
    ) -> None:
        """A clip's first picture, made in a worker thread.

        Args:
            path: The clip.
            settings: How it is read.
            size: (width, height) that it has to fit.
            done: Gets the picture, None if it cannot be read.
        """

        def work(job: JobThread) -> Image | None:
            try:
                return self._backend.thumbnail(path, settings, size)
            except VsodError as error:
                _log.debug("%s: no thumbnail: %s", path, error)  # whoever opens it says so
                return None

        self._pool.start("thumbnail", work, done)

    def probe(
        self,
        path: Path,
        done: Callable[[ClipInfo | VsodError], object],
        settings: SourceSettings = DEFAULT_SOURCE_SETTINGS,
    ) -> None:
        """Probe a clip in a worker thread."""

        def work(job: JobThread) -> ClipInfo | VsodError:
            try:
                clip = self._backend.open(path, settings)
            except VsodError as error:
                return error
            info = clip.info
            clip.close()
            return info

        self._pool.start("probe", work, done)

    def reload_maps(self, settings: ClipSettings) -> None:
        """Reload the map stores of the current clip after another job wrote to them."""
        clip = self._clip

        def work(job: JobThread) -> None:
            assert clip is not None
            for model in settings.model_ids:
                clip.reload_maps(model)

        if clip is not None:
            self._pool.start("coverage", work, lambda _none: self.read_coverage(settings))

    def cancel(self) -> None:
        """Ask the heavy job to stop."""
        self._pool.cancel_exclusive()

    def stop(self) -> None:
        """Cancel and join everything; what was opened in vain is closed."""
        self._next = None
        self._stopped = True
        self._pool.stop_all()
        for clip in self._unclaimed:
            clip.close()
        self._unclaimed.clear()

    def _watch(self, job: JobThread) -> None:
        job.progressed.connect(self.progressed)
        job.noted.connect(self._note)

    def _note(self, news: tuple[OpenClip, ClipSettings, AnalysisCoverage]) -> None:
        clip, settings, coverage = news
        if self._asked is not None and self._asked[0] is clip and self._asked[1] == settings.for_analysis:
            self.covered.emit(settings.for_analysis, coverage)

    def _on_heavy(self, job: JobThread | None) -> None:
        self.running.emit(job.name if job else "")
        if job is None and self._next is not None:
            following, self._next = self._next, None
            self.open(*following)

    def _on_failed(self, name: str, error: Exception) -> None:
        if name == "open":
            self.opening.emit("")
        self.failed.emit(name, error)


def _tell(job: JobThread, progress: Progress) -> None:
    job.report(progress)
