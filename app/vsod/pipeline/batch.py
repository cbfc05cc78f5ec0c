"""Many clips, one after the other: what fails does not stop the rest, and what is done is not done again."""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vsod import logs
from vsod.core.job import JobResult, JobSpec
from vsod.core.name_patterns import frame_pattern
from vsod.core.progress import ProgressFn
from vsod.core.safe_text import sanitise
from vsod.errors import Cancelled, DataError, OutputError, VsodError
from vsod.pipeline.find_clips import FoundClips, PassedOver, find_clips
from vsod.pipeline.job_claims import claim
from vsod.pipeline.job_report import JobReport
from vsod.pipeline.output_owner import report_path

State = Literal["done", "warnings", "failed", "skipped"]

_LOOSE_IMAGES = "images in the folder that is watched: put each sequence into a folder of its own"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What became of one job.

    Attributes:
        spec: The job.
        state: ``skipped`` was done by an earlier batch; ``warnings`` is done, but frames were held or the check failed.
        seconds: It took.
        frames: Written.
        notes: Warnings, or why it failed.
        working: Of the seconds, those of its stages: without opening the clip and loading networks.
    """

    spec: JobSpec
    state: State
    seconds: float = 0.0
    frames: int = 0
    notes: tuple[str, ...] = ()
    working: float = 0.0


def check_outputs_distinct(specs: Sequence[JobSpec]) -> None:
    """Refuse jobs that would overwrite each other, a source, or what this program did not write.

    Raises:
        UsageError: Names the two.
    """
    claim(specs, reports=[report_path(spec) for spec in specs])


def find_finished_job(spec: JobSpec) -> JobReport | None:
    """The manifest of this very job, if it was done and source, model and outputs are as they were then."""
    try:
        known = JobReport.read(report_path(spec))
        # a matte that did not pass its checks may lie beside its place
        placed = set(known.outputs) == {path.absolute() for path in spec.output_paths.values()}
        return known if placed and known.spec == spec and known.is_proof and not known.changes() else None
    except Exception as error:  # whatever stands in a report of anyone's, the job can be done again
        _log.debug("%s is not done yet: %s", spec.source, error)
        return None


def run_batch(
    specs: Sequence[JobSpec],
    *,
    again: bool = False,
    on_progress: Callable[[JobSpec], ProgressFn] | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[JobOutcome]:
    """Do the jobs in order; one row as each is finished.

    Args:
        specs: The jobs.
        again: Do also what is done already.
        on_progress: Gives the receiver of a job's progress; called as it begins.
        cancel: Set it from another thread to stop; the maps of the job in hand stay.

    Whatever a job raises is its own row; only what would end every job after it ends the batch.

    Raises:
        Cancelled: ``cancel`` was set.
        OutputError: The disk is full.
        UsageError: Two jobs have one output.
    """
    check_outputs_distinct(specs)
    for spec in specs:
        if cancel and cancel.is_set():
            raise Cancelled
        yield _attempt(spec, again, on_progress, cancel)


def _attempt(
    spec: JobSpec,
    again: bool,
    on_progress: Callable[[JobSpec], ProgressFn] | None,
    cancel: threading.Event | None,
) -> JobOutcome:
    began = time.monotonic()
    try:
        known = None if again else find_finished_job(spec)
        if known is not None:
            return JobOutcome(spec, "skipped", frames=known.report["frames"])
        spec.output.parent.mkdir(parents=True, exist_ok=True)
        from vsod.pipeline import runner  # decoders and networks, which the command line's help needs not

        report = runner.run_job(spec, on_progress=on_progress and on_progress(spec), cancel=cancel)
        JobReport.of(spec, report).write(report_path(spec))
        return _row(spec, report)
    except (Cancelled, KeyboardInterrupt):
        raise
    except BaseException as error:  # a model's exit() and the panic of a library in Rust are no Exception
        if is_disk_full(error):
            raise
        _log.info("%s: %s", spec.source, failure(error), exc_info=True, extra=logs.SHOWN)
        if os.environ.get("VSOD_DEBUG"):
            print(sanitise(traceback.format_exc(), lines=True), file=sys.stderr)
        return JobOutcome(spec, "failed", time.monotonic() - began, notes=(failure(error),))


def is_disk_full(error: BaseException) -> bool:
    """Whether what stopped a job will stop every other one, too: there is no room left to write."""
    full = (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, OutputError) and getattr(error.__cause__, "errno", None) in full


def failure(error: BaseException) -> str:
    """Why a job failed, for its row: the text of our error, or class and text of any other exception."""
    if isinstance(error, VsodError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _row(spec: JobSpec, report: JobResult) -> JobOutcome:
    notes = list(report.warnings)
    if report.held:
        notes.append(f"{len(report.held)} missing or unreadable frames were held")
    state: State = "warnings" if report.exit_code else "done"
    working = sum(report.stages.values())
    return JobOutcome(spec, state, report.seconds, report.frames, tuple(notes), working)


def watch_folder(
    folder: Path,
    quiet: float,
    cancel: threading.Event,
    poll: float = 1.0,
    *,
    recursive: bool = False,
    leave_out: Sequence[Path] = (),
    on_passed_over: Callable[[PassedOver], None] | None = None,
) -> Iterator[Path]:
    """The clips of a folder, as they are there whole.

    Args:
        folder: Looked at until ``cancel`` is set.
        quiet: Seconds for which size and time of a clip must not change: it may still be copied.
        cancel: Set it from another thread to stop.
        poll: Seconds between two looks.
        recursive: Look into its folders, too; see :func:`vsod.pipeline.find_clips.find_clips`.
        leave_out: Folders that are not looked into.
        on_passed_over: Told once of everything that is not taken for a clip.
    """
    known: dict[Path, tuple[tuple[int, int], float]] = {}
    given: dict[Path, tuple[int, int]] = {}
    told = set[Path]()
    away, gone = False, set[Path]()
    while not cancel.is_set():
        now = time.monotonic()
        try:
            there = find_clips(folder, recursive=recursive, leave_out=leave_out)
            away = False
        except DataError as error:
            if not away:
                _log.info("%s", error)
            there, away = FoundClips(), True  # a drive that is away for a moment comes back
        others = {entry.path: entry for entry in there.passed_over}
        loose = [
            path for path in there.clips if path == folder or (path.parent == folder and not path.exists())
        ]
        if loose:
            others[folder] = PassedOver(folder, _LOOSE_IMAGES)
        clips = [path for path in there.clips if path not in others and path not in loose]
        for path in (*others, *clips):
            try:
                state = _state(path)
            except OSError as error:
                if path not in gone:
                    _log.debug("%s", error)
                gone.add(path)
                continue  # it went away
            before = known.get(path)
            if before is None or before[0] != state:
                known[path] = (state, now)
            elif now - before[1] < quiet:
                continue
            elif path in others:
                if path not in told and on_passed_over is not None:
                    on_passed_over(others[path])
                told.add(path)
            elif given.get(path) != state:
                given[path] = state
                yield path
                if cancel.is_set():
                    return
        cancel.wait(poll)


def _state(path: Path) -> tuple[int, int]:
    """Size and latest change of a file, of the files of a folder, or of the images of a pattern."""
    pattern = None if path.exists() else frame_pattern(path)
    if pattern is not None:
        stats = [(path.parent / name).stat() for name in pattern.names()]
    else:
        stats = [p.stat() for p in path.iterdir()] if path.is_dir() else [path.stat()]
    return sum(s.st_size for s in stats), max((s.st_mtime_ns for s in stats), default=0)
