"""What a job will cost, told from eight frames of it before it is begun."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from vsod.analysis.analyse import OpenMapStore
from vsod.analysis.fill_store import fill_store
from vsod.core.job import JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.errors import Cancelled
from vsod.matte import export_frames
from vsod.matte.smoothing_window import frames_needed
from vsod.media.sinks.opening import open_sink
from vsod.media.sources.source import Source
from vsod.media.verify.verifier import verify
from vsod.pipeline.bench import peak_mb
from vsod.pipeline.job_claims import job_format
from vsod.pipeline.job_models import JobModels
from vsod.pipeline.runner import plan_frames
from vsod.storage.map_store import MapStore

SAMPLE_FRAMES = 8


@dataclass(frozen=True, slots=True)
class JobEstimate:
    """What eight frames tell about a job.

    Attributes:
        frames: Frames it writes.
        analysed: Frames the network still has to look at.
        device: Where the network would run.
        pace: Stage → seconds a frame, measured.
        loading: Seconds to load the network; 0 where nothing is to be analysed.
        bytes: The output would take.
        memory_mb: Largest resident memory of this process while it was measured, and before.
        adapt: The model is fitted to the clip first, which is not in :attr:`seconds`.
    """

    frames: int
    analysed: int
    device: str
    pace: dict[str, float] = field(default_factory=dict)
    loading: float = 0.0
    bytes: int = 0
    memory_mb: float = 0.0
    adapt: bool = False

    @property
    def by_stage(self) -> dict[str, float]:
        """Stage → seconds of the whole job."""
        counts = {"analyse": self.analysed}
        return {stage: pace * counts.get(stage, self.frames) for stage, pace in self.pace.items()}

    @property
    def seconds(self) -> float:
        """Wall time of the whole job."""
        return self.loading + sum(self.by_stage.values())

    @property
    def limit(self) -> str:
        """The stage that takes most of it."""
        return max(self.by_stage, key=lambda stage: self.by_stage[stage])


@dataclass(frozen=True, slots=True)
class _Sample:
    """Seconds and bytes a frame, measured on eight frames of the spans with one model and one matte settings."""

    model: str
    frames: int
    loading: float
    pace: dict[str, float]
    bytes: float


def estimate_job(
    clip: Source,
    stores: OpenMapStore,
    spec: JobSpec,
    cancel: threading.Event | None = None,
) -> JobEstimate:
    """Do eight frames from the middle of a job in a throw-away folder, stage by stage as the job does them.

    Where shots have a model or a finish of their own, eight frames of each kind.

    Args:
        clip: The job's source, open.
        stores: Gives its map stores; they are only read.
        spec: The job.
        cancel: Set it from another thread to stop.

    Raises:
        Cancelled: ``cancel`` was set.
        VsodError: What would stop the job.
    """
    wanted = spec.frames(clip.info.frame_count)
    job_models = JobModels(clip, spec, wanted, stores)
    try:
        return _estimated(clip, job_models, spec, wanted, cancel)
    finally:
        job_models.close()


def _estimated(
    clip: Source, job_models: JobModels, spec: JobSpec, wanted: range, cancel: threading.Event | None
) -> JobEstimate:
    info = clip.info
    kinds: dict[tuple[str, MatteSettings], list[range]] = {}
    for part in job_models.spans:
        kinds.setdefault((part.model, part.matte), []).append(part.frames)
    samples = [
        _sample(clip, job_models, spec.with_settings(model=model, matte=matte, shots=()), frames, cancel)
        for (model, matte), frames in kinds.items()
    ]
    count, missing = len(plan_frames(spec, info, wanted).source_frames), job_models.analysis.missing
    one_each = {sample.model: sample for sample in samples}
    busy = [sample for sample in one_each.values() if missing[sample.model]]
    pace = {
        stage: sum(sample.frames * sample.pace[stage] for sample in samples) / len(wanted)
        for stage in ("export", "verify")
    }
    if busy:
        seconds = sum(missing[sample.model] * sample.pace["analyse"] for sample in busy)
        pace = {"analyse": seconds / job_models.analysis.missing_total, **pace}
    return JobEstimate(
        frames=count,
        analysed=job_models.analysis.missing_total,
        device=job_models.analysis.predictors[spec.settings.model].device,
        pace=pace,
        loading=sum(sample.loading for sample in busy),
        bytes=round(sum(sample.frames * sample.bytes for sample in samples) / len(wanted) * count),
        memory_mb=peak_mb(),
        adapt=spec.settings.adapt,
    )


def _sample(
    clip: Source, job_models: JobModels, spec: JobSpec, stretches: list[range], cancel: threading.Event | None
) -> _Sample:
    """Eight frames from the middle of the longest of ``stretches``."""
    longest = max(stretches, key=len)
    middle = max(longest.start, longest.start + (len(longest) - SAMPLE_FRAMES) // 2)
    frames = range(middle, min(middle + SAMPLE_FRAMES, longest.stop))
    predictor = job_models.analysis.predictors[spec.settings.model]
    with tempfile.TemporaryDirectory() as temp:
        began = time.perf_counter()
        predictor.load(cancel)
        loading = time.perf_counter() - began
        maps = MapStore(Path(temp) / "maps", clip.info.frame_count)
        reads = frames_needed(frames, spec.settings.matte, clip.info.frame_count)
        with closing(fill_store(clip, predictor, maps, reads)) as indices:
            measured = _pace(indices, cancel)
        size, pace = _written(clip, maps, spec, frames, Path(temp), cancel)
    total = sum(len(stretch) for stretch in stretches)
    return _Sample(spec.settings.model, total, loading, {"analyse": measured, **pace}, size / len(frames))


def _written(
    clip: Source, maps: MapStore, spec: JobSpec, frames: range, folder: Path, cancel: threading.Event | None
) -> tuple[int, dict[str, float]]:
    """Bytes of ``frames`` as the job writes them, and seconds a frame to write and to check them."""
    fmt, export_settings = job_format(spec), replace(spec.settings.export, cfr=None)
    targets = export_settings.output_paths(folder / f"out{'' if fmt.is_sequence else fmt.suffixes[0]}")
    pace: dict[str, float] = {}
    with ExitStack() as open_files:
        sinks = {
            content: open_files.enter_context(
                open_sink(
                    path, fmt, clip.info, frames=frames, content=content, export_settings=export_settings
                )
            )
            for content, path in targets.items()
        }

        def steps() -> Iterator[None]:
            with closing(
                export_frames.export_frames(clip, maps, frames, spec.settings.matte, export_settings)
            ) as pictures:
                for frame, picture in pictures:
                    for content, sink in sinks.items():
                        sink.write(frame.index, picture[content])
                    yield

        pace["export"] = _pace(steps(), cancel)
        for sink in sinks.values():
            sink.close()
    began = time.perf_counter()
    for content, path in targets.items():
        verify(clip.info.path, path, frames=frames, content=content, export_settings=export_settings)
    pace["verify"] = (time.perf_counter() - began) / len(frames)
    return sum(_size(path) for path in targets.values()), pace


def _pace(steps: Iterable[object], cancel: threading.Event | None) -> float:
    """Seconds a step once the first is done: finding the place in the clip does not count."""
    first, last, count = 0.0, 0.0, 0
    began = time.perf_counter()
    for _ in steps:
        if cancel is not None and cancel.is_set():
            raise Cancelled
        last = time.perf_counter()
        first = first or last
        count += 1
    return (last - first) / (count - 1) if count > 1 else last - began


def _size(path: Path) -> int:
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files)
