"""``batch``, ``watch`` and ``rerun``."""

from __future__ import annotations

import argparse
import glob
import logging
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from vsod import logs
from vsod.cli.aliases import add_old_names
from vsod.cli.options.job import job_spec
from vsod.cli.options.option_line import OptionLineParser
from vsod.cli.options.path_access import add_overwrite, reads, writes
from vsod.cli.terminal import output
from vsod.cli.terminal.interrupts import cancel_on_signal
from vsod.cli.terminal.output import print_result
from vsod.core.data_parsing import MAX_BYTES
from vsod.core.job import JobSpec
from vsod.core.name_patterns import fill
from vsod.core.safe_text import sanitise
from vsod.errors import Cancelled, DataError, OutputError, UsageError, VsodError
from vsod.pipeline.batch import JobOutcome, clips_in, failure, report_path, run_batch, watch_folder
from vsod.pipeline.job_claims import claim, job_format
from vsod.pipeline.job_report import REPORT_SUFFIX, JobReport
from vsod.project.project import PROJECT_SUFFIX as PROJECT
from vsod.project.project import Project
from vsod.storage.claims import foreign, identity, lies_in, same

LIST_SUFFIXES = (".txt", ".list", ".lst")

_log = logging.getLogger(__name__)


def batch_jobs(args: argparse.Namespace) -> list[JobSpec]:
    """The jobs of ``batch``: of a list's lines, a folder's clips, or the files a pattern finds.

    Raises:
        UsageError: There is nothing to do, or a line cannot be read.
    """
    found: list[JobSpec] = []
    for text in args.clips:
        path = Path(text)
        if path.is_file() and path.suffix.lower() in LIST_SUFFIXES:
            found += _listed(args, path)
        elif path.is_file() and path.suffix.lower() == PROJECT:
            found += _of_project(args, path)
        elif path.is_dir() and not clips_in(path):
            # a folder of pictures is one clip
            found.append(_with(args, path))
        elif path.is_dir():
            found += without_own([_with(args, clip) for clip in clips_in(path)])
        else:
            # pathlib takes no absolute patterns
            matches = [text] if path.exists() else sorted(glob.glob(text, recursive=True))  # noqa: PTH207
            if not matches:
                raise UsageError(
                    "no such clip, folder, list or pattern", where=text, fix="Put quotes around a pattern."
                )
            found += without_own([_with(args, Path(match)) for match in matches])
    if not found:
        raise UsageError("there is nothing to do", where=" ".join(args.clips), fix="Name clips or a folder.")
    return found


def without_own(specs: list[JobSpec]) -> list[JobSpec]:
    """Jobs of clips that were found, without those on mattes that an earlier batch wrote among the clips."""
    targets = {identity(path) for spec in specs for path in spec.output_paths.values()}

    def is_own(clip: Path) -> bool:
        return identity(clip) in targets and foreign(clip, folder=clip.is_dir()) is None

    return [spec for spec in specs if not is_own(spec.source)]


def _with(args: argparse.Namespace, clip: Path) -> JobSpec:
    """The job that the options of the command make of a clip."""
    return _named(args, job_spec(args, clip, clip))


def _of_project(args: argparse.Namespace, file: Path) -> list[JobSpec]:
    """The jobs of a project: each clip with what is decided about it there."""
    found = []
    for work in Project.read(file).clips:
        spec = work.job(work.path, args.device)
        found.append(
            _named(
                args,
                replace(
                    spec.with_settings(format=args.format or spec.settings.format), overwrite=args.overwrite
                ),
            )
        )
    return found


def _named(args: argparse.Namespace, spec: JobSpec) -> JobSpec:
    """The job with the output that the command names."""
    clip = spec.source
    fmt = job_format(spec.with_settings(format=spec.settings.format or "prores4444"))
    name = fill(args.name, "--name", {"stem": clip.stem, "kind": spec.settings.export.kind})
    if name in ("", ".", ".."):
        raise UsageError(f"--name '{args.name}' does not name a file", fix="Use {stem} in it.")
    folder = args.output or clip.absolute().parent
    suffix = "" if fmt.is_sequence else fmt.suffixes[0]
    return replace(spec.with_settings(format=fmt.id), output=folder / f"{name}{suffix}")


def _listed(args: argparse.Namespace, file: Path) -> Iterator[JobSpec]:
    """The jobs of a list: each line a clip and, if it wants other than the command's, its own options of ``run``."""
    from vsod.cli.options.job import add_run_options

    for number, line in enumerate(_lines(file), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parser = OptionLineParser(add_help=False, fix="See vsod-desktop run --help for what a line may say.")
        add_run_options(parser, output_needed=False)
        add_old_names(parser)
        try:
            # what the line does not say is as the command has it
            usual = {k: v for k, v in vars(args).items() if k not in ("source", "output")}
            own = parser.parse_args(shlex.split(line), argparse.Namespace(**usual))
        except (UsageError, ValueError) as error:
            what = error.what if isinstance(error, UsageError) else str(error)
            raise UsageError(
                what, where=f"{file}, line {number}", fix="See vsod-desktop run --help for what it may say."
            ) from error
        # paths in a list are meant from where the list lies
        clip = file.parent / own.source
        if own.output is not None:
            yield job_spec(own, clip, file.parent / own.output)
        else:
            own.name, own.output = args.name, args.output
            yield _with(own, clip)


def _lines(file: Path) -> list[str]:
    """The lines of a list; bytes that are not UTF-8 are those of a file name that is not.

    Raises:
        DataError: It cannot be read, or is no text.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"this list cannot be read ({error.strerror})", where=file) from error
    if len(data) > MAX_BYTES or b"\0" in data:
        raise DataError("this is no list of clips", where=file, fix="Give a text file, one clip a line.")
    return (
        data.removeprefix(b"\xef\xbb\xbf")
        .decode("utf-8", "surrogateescape")
        .replace("\r\n", "\n")
        .split("\n")
    )


def batch(args: argparse.Namespace) -> int:
    """Do many clips; the exit code is that of the worst."""
    specs = batch_jobs(args)
    if args.dry_run:
        for spec in specs:
            print(spec.as_command())
        return 0
    lists = [
        (path, "the list")
        for path in map(Path, args.clips)
        if path.suffix.lower() in (*LIST_SUFFIXES, PROJECT)
    ]
    claim(specs, reads=lists, reports=map(report_path, specs))
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
    with cancel_on_signal() as cancel, output.ProgressBars(args.json) as bars:
        for clip in watch_folder(args.folder, args.settle, cancel):
            if identity(clip) in map(identity, made) or lies_in(clip, args.output):
                continue  # what it wrote itself, by whatever way it came here
            try:
                spec = _with(args, clip)
                made.update(spec.output_paths.values())
                rows = list(run_batch([spec], on_progress=lambda _: bars, cancel=cancel))
            except (Cancelled, OutputError) as error:
                if isinstance(error, OutputError):
                    raise
                break
            except Exception as error:
                _log.info("%s", clip, exc_info=True, extra=logs.SHOWN)
                # no job can be made of this clip, but of the next one
                rows = [JobOutcome(JobSpec(clip, clip), "failed", notes=(failure(error),))]
            for row in rows:
                if args.json:
                    output.print_event("clip-done", **outcome_json(row))
                else:
                    notes = map(sanitise, row.notes)
                    print(f"{sanitise(clip.name)}: {row.state}", *notes, sep="\n  ", flush=True)
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
