"""Run a job from clip to verified matte."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from pathlib import Path

from vsod import __version__
from vsod.core.progress import ProgressFn
from vsod.errors import Cancelled
from vsod.inference.cards import usable_card
from vsod.inference.mapstore import MapStore
from vsod.inference.predictor import Predictor
from vsod.media.formats import Format, format_by_id, format_for_path
from vsod.media.sinks import open_sink
from vsod.media.source import Source, open_source
from vsod.media.verify import verify
from vsod.pipeline import stages
from vsod.pipeline.job import JobReport, JobSpec
from vsod.pipeline.pace import Pace
from vsod.pipeline.steady import needed
from vsod.pipeline.threads import prefetch


def job_format(spec: JobSpec) -> Format:
    """The export format a job asks for, by name or by its output's suffix.

    Raises:
        UnknownFormat: No such id, or a suffix no format has.
    """
    return format_by_id(spec.format) if spec.format else format_for_path(spec.output)


def run(
    spec: JobSpec,
    *,
    on_progress: ProgressFn | None = None,
    cancel: threading.Event | None = None,
    source: Source | None = None,
    store: MapStore | None = None,
) -> JobReport:
    """Do the job: analyse what is missing, finish, write, verify.

    The output appears in one step once it is whole; maps stay in the store, so
    a run that was stopped goes on where it was.

    Args:
        spec: The job.
        on_progress: Called at most ten times a second.
        cancel: Set it from another thread to stop.
        source: The clip, if it is open already; it stays open.
        store: Its map store for the card, if it is open already.

    Raises:
        Cancelled: ``cancel`` was set.
        VsodError: Anything else that stops the job; nothing half-written is left.
    """
    began = time.monotonic()
    card = usable_card(spec.card)
    fmt = job_format(spec)
    clip = source or open_source(spec.source)
    try:
        frames = spec.frames(clip.info.frame_count)
        predictor = Predictor(card, clip.info.display_size, spec.device)
        store = store or MapStore.open(clip.info, predictor.signature)
        reads = needed(frames, spec.finish, clip.info.frame_count)
        todo = sum(len(gap) for gap in stages.missing_ranges(store, reads))
        pace = Pace(on_progress, {"analyse": todo, "export": len(frames), "verify": len(frames)})
        if todo:
            # before the sink: its device is part of the report, and a missing net writes nothing
            predictor.load(cancel)
        report = JobReport(spec.output, len(frames), 0.0, predictor.device if todo else "map store")
        report.warnings += clip.info.warnings
        tags = {"model": f"{card.id} {card.sha256[:12]}", "software": f"vsod-desktop {__version__}"}
        with open_sink(spec.output, fmt, clip.info, frames=frames, tags=tags) as sink:
            report.warnings += sink.warnings
            if todo:
                analyse(clip, predictor, store, reads, pace, cancel)
            pace.start("export")
            with closing(prefetch(stages.finish(clip, store, frames, spec.finish), 2, "finish")) as mattes:
                for frame, matte in mattes:
                    if cancel and cancel.is_set():
                        raise Cancelled
                    sink.write(frame.index, matte)
                    if frame.held:
                        report.held.append(frame.index)
                    pace.step()
            report.output = Path(sink.close())
        _verify(spec, frames, pace, report, cancel)
        pace.finish()
        report.stages = {name: round(s, 3) for name, s in pace.seconds.items()}
        report.seconds = round(time.monotonic() - began, 3)
        return report
    finally:
        if source is None:
            clip.close()


def analyse(
    clip: Source,
    predictor: Predictor,
    store: MapStore,
    frames: range,
    pace: Pace,
    cancel: threading.Event | None = None,
) -> None:
    """The analysing half of a job on its own: fill ``store`` for ``frames``.

    Raises:
        Cancelled: ``cancel`` was set; what is computed stays.
    """
    pace.start("analyse")
    with closing(stages.analyse(clip, predictor, store, frames)) as indices:
        for _ in indices:
            if cancel and cancel.is_set():
                raise Cancelled
            pace.step()


def _verify(
    spec: JobSpec, frames: range, pace: Pace, report: JobReport, cancel: threading.Event | None
) -> None:
    def seen() -> None:
        if cancel and cancel.is_set():
            raise Cancelled
        pace.step()

    pace.start("verify")
    outcome = verify(spec.source, report.output, frames=frames, on_frame=seen)
    report.verified = outcome.ok
    # a missing second reader is the doctor's business, not every job's
    notes = [c.message for c in outcome.checks if c.ok is None and c.id != "second-reader"]
    report.warnings += outcome.failures + notes
