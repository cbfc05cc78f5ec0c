"""Run a job from clip to verified export."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np

from vsod import __version__
from vsod.analysis.analyse import OpenMapStore
from vsod.core.clip import ClipInfo
from vsod.core.conform import ConformPlan, conform_to_rate
from vsod.core.job import JobResult, JobSpec
from vsod.core.output_frame import FileContent
from vsod.core.progress import ProgressFn
from vsod.core.progress_meter import ProgressMeter
from vsod.errors import SourceChanged
from vsod.media.formats.table import ExportFormat
from vsod.media.sinks.background import open_background
from vsod.media.sinks.image_names import image_names
from vsod.media.sinks.older_images import describe_older
from vsod.media.sinks.opening import open_sink
from vsod.media.sinks.sink import Sink, finish_together, put_in_place
from vsod.media.sources.opening import open_source
from vsod.media.sources.source import Source
from vsod.media.verify.verifier import verify
from vsod.pipeline.job_claims import claim, job_format, refuse_foreign_targets
from vsod.pipeline.job_models import JobModels
from vsod.storage.clip_maps import is_unchanged

NOT_ADAPTED = (
    "the model was not fitted to this clip: its maps are too unsure to learn from, "
    "or what it learned led elsewhere"
)


_log = logging.getLogger(__name__)


def run_job(
    spec: JobSpec,
    *,
    on_progress: ProgressFn | None = None,
    cancel: threading.Event | None = None,
    source: Source | None = None,
    stores: OpenMapStore | None = None,
) -> JobResult:
    """Run a job: analyse what is missing, make the mattes, write and verify them.

    The output appears in one step once it is whole; maps stay in the store, so
    a run that was stopped goes on where it was.

    Args:
        spec: The job.
        on_progress: Called at most ten times a second.
        cancel: Set it from another thread to stop.
        source: The clip, if it is open already; it stays open. One that is read in another way than the job says
            is opened anew.
        stores: Gives its map stores, if they are open already.

    Raises:
        Cancelled: ``cancel`` was set.
        VsodError: Anything else that stops the job; nothing half-written is left.
    """
    began = time.monotonic()
    fmt = job_format(spec)
    claim([spec])
    if source is not None and source.info.source_settings != spec.settings.source_settings:
        source = stores = None
    clip, job_models = source or open_source(spec.source, spec.settings.source_settings), None
    try:
        check_unchanged(clip.info)
        frames = spec.frames(clip.info.frame_count)
        _log.info("%s: frames %d to %d of %s", spec.output, frames.start, frames.stop, spec.source)
        if spec.settings.export.kind == "over":
            # before the work: one that is missing or cannot be read would end the job behind it
            open_background(spec.settings.export, clip.info.upright_size).close()
        job_models = JobModels(clip, spec, frames, stores)
        written = {"export": len(frames), "verify": len(frames) * len(spec.settings.export.contents)}
        meter = ProgressMeter(on_progress, {**job_models.analysis.stages, **written}, cancel)
        # before the sink: its device is part of the report, and a missing net writes nothing
        report = JobResult(spec.output, len(frames), 0.0, job_models.analysis.load(cancel))
        report.clip = clip.info
        report.warnings += clip.info.warnings
        tags = {"model": job_models.models, "software": f"vsod-desktop {__version__}"}
        plan = plan_frames(spec, clip.info, frames)
        report.frames, report.duplicated, report.dropped = (
            len(plan.source_frames),
            plan.duplicated,
            plan.dropped,
        )
        if spec.settings.export.cfr:
            report.warnings.append(
                f"conformed to {spec.settings.export.cfr} fps: {plan.duplicated} frames repeated, "
                f"{plan.dropped} left out"
            )
        targets = spec.output_paths
        if fmt.is_sequence:
            report.warnings += _tell_older(spec, fmt, plan, frames)
        with ExitStack() as open_files:
            sinks: dict[FileContent, Sink] = {}
            for content, path in targets.items():
                sink = open_sink(
                    path,
                    fmt,
                    plan.info,
                    frames=_written(plan, frames),
                    tags=tags,
                    content=content,
                    export_settings=spec.settings.export,
                )
                sinks[content] = open_files.enter_context(sink)
            job_models.analysis.run(meter)
            report.adapted = job_models.analysis.adapted
            if report.adapted is False:
                report.warnings.append(NOT_ADAPTED)
            meter.start("export")
            _export(spec, job_models, frames, plan, sinks, meter, report)
            check_unchanged(clip.info)
            report.warnings += clip.notes
            whole = finish_together(sinks.values())
            report.warnings += [warning for sink in sinks.values() for warning in sink.warnings]
            _verify(spec, frames, whole, meter, report)
            check_unchanged(clip.info)  # before anything is replaced
            if not spec.overwrite:
                refuse_foreign_targets(spec)  # a job takes long enough for something to be put there
            older = spec.settings.export.older_images == "keep"
            report.outputs = put_in_place(whole, good=report.verified is not False, keep_older=older)
        report.output = report.outputs[0]
        _tell_aside(whole, report)
        meter.finish()
        report.stages = {name: round(s, 3) for name, s in meter.seconds.items()}
        report.seconds = round(time.monotonic() - began, 3)
        _log_result(report)
        return report
    finally:
        if job_models is not None:
            job_models.close()
        if source is None:
            clip.close()


def check_unchanged(info: ClipInfo) -> None:
    """Refuse to go on with a clip that is not the one that was opened.

    Raises:
        SourceChanged: One of its files has another state now.
    """
    if not is_unchanged(info):
        raise SourceChanged(info.path)


def plan_frames(spec: JobSpec, info: ClipInfo, frames: range) -> ConformPlan:
    """What every frame of the export shows: the range itself, or what a constant rate makes of it."""
    if spec.settings.export.cfr is None:
        return ConformPlan(info, np.arange(frames.start, frames.stop, dtype=np.int64))
    return conform_to_rate(info, frames, spec.settings.export.cfr, spec.settings.export.cfr_frames)


def _written(plan: ConformPlan, frames: range) -> range:
    """The ordinals the sinks count by: the source's own, or those of the conformed clip."""
    return range(len(plan.source_frames)) if plan.info.frame_count == len(plan.source_frames) else frames


def _tell_older(spec: JobSpec, fmt: ExportFormat, plan: ConformPlan, frames: range) -> list[str]:
    """What becomes of images of earlier exports; said before the work, and again when it is done."""
    settings, written = spec.settings.export, _written(plan, frames)
    told = []
    for content, folder in spec.output_paths.items():
        names = image_names(plan.info, written, fmt.image, content, settings)
        told.append(describe_older(folder, names, settings.older_images == "remove"))
    for text in filter(None, told):
        _log.warning("%s", text)
    return [text for text in told if text]


def _export(
    spec: JobSpec,
    job_models: JobModels,
    frames: range,
    plan: ConformPlan,
    sinks: dict[FileContent, Sink],
    meter: ProgressMeter,
    report: JobResult,
) -> None:
    number, first = 0, _written(plan, frames).start
    with closing(job_models.export_frames(spec.settings.export)) as ready:
        for frame, pictures in ready:
            if frame.held:
                report.held.append(frame.index)
            while number < len(plan.source_frames) and plan.source_frames[number] == frame.index:
                for content, sink in sinks.items():
                    sink.write(first + number, pictures[content])
                number += 1
            meter.step()


def _verify(
    spec: JobSpec, frames: range, whole: list[tuple[Path, Path]], meter: ProgressMeter, report: JobResult
) -> None:
    """Read back what was written, before it takes its place."""
    meter.start("verify")
    verified = True
    for content, (made, target) in zip(spec.output_paths, whole, strict=True):
        outcome = verify(
            spec.source,
            made,
            frames=frames,
            on_frame=meter.step,
            content=content,
            export_settings=spec.settings.export,
            name=target,
            source_settings=spec.settings.source_settings,
            held=report.held,
        )
        verified = verified and outcome.ok
        # a missing second reader is the doctor's business, not every job's
        notes = [c.message for c in outcome.checks if c.ok is None and c.id != "second-reader"]
        report.warnings += outcome.failures + notes
    report.verified = verified


def _log_result(report: JobResult) -> None:
    stages = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.stages.items())
    told = report.output, report.frames, report.seconds, report.device, stages
    _log.info("%s: %d frames in %.1f s on %s: %s", *told)
    for warning in report.warnings:  # whoever asked for the job says them to the user
        _log.info("%s: %s", report.output, warning)


def _tell_aside(whole: list[tuple[Path, Path]], report: JobResult) -> None:
    """Say where the outputs are if they did not take their places."""
    for (_, target), path in zip(whole, report.outputs, strict=True):
        if path != target:
            report.warnings.append(
                f"{target.name} was kept as it was: the new one did not pass the checks and is called {path.name}"
            )
