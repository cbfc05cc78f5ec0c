"""``batch``, ``watch`` and ``rerun``."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from vsod import logs
from vsod.cli.commands.batch_plan import LIST_SUFFIXES, plan_batch
from vsod.cli.options.job import job_spec
from vsod.cli.options.path_access import add_overwrite, reads, writes
from vsod.cli.terminal import output
from vsod.cli.terminal.interrupts import cancel_on_signal
from vsod.cli.terminal.output import print_result
from vsod.core.job import JobSpec
from vsod.core.safe_text import sanitise
from vsod.errors import Cancelled, DataError, OutputError, UsageError, VsodError
from vsod.pipeline.batch import JobOutcome, failure, is_disk_full, run_batch, watch_folder
from vsod.pipeline.find_clips import FoundClips
from vsod.pipeline.job_claims import claim
from vsod.pipeline.job_report import REPORT_SUFFIX, JobReport
from vsod.pipeline.output_names import OutputNames
from vsod.pipeline.output_owner import report_path
from vsod.project.project import PROJECT_SUFFIX as PROJECT
from vsod.storage.claims import identity, lies_in, same

_log = logging.getLogger(__name__)


def batch(args: argparse.Namespace) -> int:
    """Do many clips; the exit code is that of the worst."""
    plan = plan_batch(args)
    specs = plan.specs
    if args.dry_run:
        _tell_passed_over(plan.passed_over, as_json=False)
        for spec in specs:
            for note in plan.notes.get(spec.output, []):
                output.print_note(sanitise(f"{spec.source}: {note}"))
            print(spec.as_command())
        return 0
    lists = [
        (path, "the list")
        for path in map(Path, args.clips)
        if path.suffix.lower() in (*LIST_SUFFIXES, PROJECT)
    ]
    claim(specs, reads=lists, reports=map(report_path, specs))
    _tell_passed_over(plan.passed_over, args.json)
    rows: list[JobOutcome] = []
    stopped: VsodError | None = None
    with cancel_on_signal() as cancel, output.ProgressBars(args.json) as bars:

        def begin(spec: JobSpec) -> output.ProgressBars:
            if args.json:
                output.print_event("clip", source=str(spec.source), output=str(spec.output))
            else:
                output.print_note(f"[{len(rows) + 1}/{len(specs)}] {sanitise(str(spec.source))}")
            return bars

        try:
            for row in run_batch(specs, again=args.redo, on_progress=begin, cancel=cancel):
                row = replace(row, notes=(*plan.notes.get(row.spec.output, ()), *row.notes))
                rows.append(row)
                if args.json:
                    output.print_event("clip-done", **outcome_json(row))
        except (Cancelled, OutputError) as error:
            stopped = error
    if not args.json:
        print(format_table(rows))
    if stopped:
        left = len(specs) - len(rows)
        if isinstance(stopped, OutputError):
            output.print_error(stopped, args.json)
        output.print_note(f"stopped; {left} clips are left: the same command goes on there")
        return stopped.exit_code
    return batch_exit_code(rows)


def _tell_passed_over(found: FoundClips, as_json: bool) -> None:
    """Say what is not done, and why."""
    if as_json:
        for entry in found.passed_over:
            output.print_event("passed-over", path=str(entry.path), reason=entry.reason)
        return
    for line in found.told():
        output.print_note(sanitise(line))


def batch_exit_code(rows: Sequence[JobOutcome]) -> int:
    """Exit code of a batch: 1 if a clip failed, 3 if one has warnings, else 0."""
    states = {row.state for row in rows}
    return 1 if "failed" in states else 3 if "warnings" in states else 0


def outcome_json(row: JobOutcome) -> dict[str, object]:
    """A row as JSON."""
    return {
        "source": str(row.spec.source),
        "output": str(row.spec.output),
        "state": row.state,
        "frames": row.frames,
        "seconds": round(row.seconds, 3),
        "notes": list(row.notes),
    }


def format_table(rows: Sequence[JobOutcome]) -> str:
    """The batch in a table: one line a clip, its notes below."""
    names = [sanitise(row.spec.source.name) for row in rows]
    width = max(map(len, names), default=4)
    lines = [f"{'clip':{width}}  state     frames      time"]
    for name, row in zip(names, rows, strict=True):
        spent = tqdm.format_interval(row.seconds)
        lines.append(f"{name:{width}}  {row.state:8}  {row.frames:6d}  {spent:>8}")
        lines += [f"  {sanitise(note)}" for note in row.notes]
    return "\n".join(lines)


def watch(args: argparse.Namespace) -> int:
    """Do every clip that comes into a folder, until Ctrl-C."""
    if not args.folder.is_dir():
        raise DataError("no such folder", where=args.folder, fix="Create it first.")
    if args.output is None or args.output.absolute() == args.folder.absolute():
        raise UsageError("mattes would be taken for clips", fix="Give another folder with -o.")
    if same(args.output, args.folder):
        raise UsageError(
            "mattes would be taken for clips",
            where=args.output,
            fix=f"It is {args.folder}, under another name: give another folder with -o.",
        )
    output.print_note(f"watching {args.folder}; Ctrl-C ends it")
    made: set[Path] = set()
    names = OutputNames(args.name, args.output)
    # the clips that come are told, and what is no clip, too
    search: dict[str, Any] = {"recursive": args.recursive, "leave_out": [args.output]}
    with cancel_on_signal() as cancel, output.ProgressBars(args.json) as bars:
        search["on_passed_over"] = lambda entry: _tell_passed_over(FoundClips([], [entry]), args.json)
        for clip in watch_folder(args.folder, args.settle, cancel, **search):
            if identity(clip) in map(identity, made) or lies_in(clip, args.output):
                continue  # what it wrote itself, by whatever way it came here
            notes: list[str] = []
            try:
                spec, notes = names.place(job_spec(args, clip, clip))
                made.update(spec.output_paths.values())
                rows = list(run_batch([spec], on_progress=lambda _: bars, cancel=cancel))
            except (Cancelled, OutputError) as error:
                if isinstance(error, OutputError) and is_disk_full(error):
                    raise
                if isinstance(error, Cancelled):
                    break
                rows = [JobOutcome(JobSpec(clip, clip), "failed", notes=(failure(error),))]
            except Exception as error:
                _log.info("%s", clip, exc_info=True, extra=logs.SHOWN)
                # no job can be made of this clip, but of the next one
                rows = [JobOutcome(JobSpec(clip, clip), "failed", notes=(failure(error),))]
            for found in rows:
                row = replace(found, notes=(*notes, *found.notes))
                if args.json:
                    output.print_event("clip-done", **outcome_json(row))
                else:
                    told = map(sanitise, row.notes)
                    print(f"{sanitise(clip.name)}: {row.state}", *told, sep="\n  ", flush=True)
    return 0


def rerun(args: argparse.Namespace) -> int:
    """Repeat a job from its report, and say whether the same came of it."""
    from vsod.pipeline import runner

    known = JobReport.read(args.report)
    changed = [note for note in known.changes() if not any(note.startswith(str(p)) for p in known.outputs)]
    if changed and not args.ignore_changes:
        raise DataError(
            "; ".join(changed),
            where=args.report,
            fix="Bring it back, or use --ignore-changes for what comes now.",
        )
    spec = replace(known.spec, output=args.output or known.spec.output, overwrite=args.overwrite)
    # the report that is read stays as it is: it tells what was
    beside = None if same(report_path(spec), args.report) else report_path(spec)
    claim([spec], reads=[(args.report, "the report")], reports=[beside] if beside else [])
    with cancel_on_signal() as cancel, output.ProgressBars(args.json) as bars:
        report = runner.run_job(spec, on_progress=bars, cancel=cancel)
    code = print_result(report, args.json)
    made = JobReport.of(spec, report)
    alike = known.has_written(list(made.outputs))
    if beside:
        made.write(beside)
    if args.json:
        output.print_event("compared", same=alike)
    else:
        output.print_note(f"{'the same' if alike else 'not the same'} as in {args.report.name}")
    return code


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """``batch``, ``watch`` and ``rerun``."""
    from vsod.cli.options.job import add_job_options

    p = commands.add_parser("batch", help="many clips: a folder, a pattern or a list; goes on where it was")
    reads(
        p.add_argument(
            "clips",
            metavar="CLIPS",
            nargs="+",
            help=f"clips, folders, patterns in quotes, a project ({PROJECT}) with what is decided in it, or a "
            f"list ({', '.join(LIST_SUFFIXES)}): a clip a line, and its own options of 'run' behind it",
        )
    )
    _many(p)
    p.add_argument("--redo", action="store_true", help="do also what is done already")
    p.add_argument("--dry-run", action="store_true", help="print the single commands and leave")
    add_job_options(p)
    p.set_defaults(run=batch)

    p = commands.add_parser("watch", help="do every clip that comes into a folder")
    reads(p.add_argument("folder", metavar="FOLDER", type=Path))
    _many(p)
    p.add_argument(
        "--settle", type=float, default=5.0, metavar="SECONDS", help="a clip must not change for so long (5)"
    )
    add_job_options(p)
    p.set_defaults(run=watch)

    p = commands.add_parser("rerun", help=f"repeat a job from its report (…{REPORT_SUFFIX})")
    reads(p.add_argument("report", metavar="REPORT", type=Path))
    writes(
        p.add_argument("-o", "--output", metavar="OUT", type=Path, help="write there (default: where it was)")
    )
    p.add_argument("--ignore-changes", action="store_true", help="also if source or model have changed since")
    add_overwrite(p)
    p.add_argument("--json", action="store_true")
    p.set_defaults(run=rerun)


def _many(p: argparse.ArgumentParser) -> None:
    writes(p.add_argument("-o", "--output", metavar="FOLDER", type=Path, help="(default: beside each clip)"))
    p.add_argument(
        "--name", default="{stem}_matte", help="of the outputs, without suffix: {stem}, {kind} ({stem}_matte)"
    )
    p.add_argument(
        "--recursive",
        action="store_true",
        help="look into folders in folders, too (folders of images and those of a memory card are looked into anyway)",
    )
