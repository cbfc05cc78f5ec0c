"""What ``batch`` is to do: the jobs that its words name, and what of it is no clip."""

from __future__ import annotations

import argparse
import glob
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from vsod.cli.aliases import add_old_names
from vsod.cli.options.job import job_spec
from vsod.cli.options.option_line import OptionLineParser
from vsod.core.data_parsing import MAX_BYTES
from vsod.core.job import JobSpec
from vsod.core.name_patterns import frame_pattern
from vsod.errors import DataError, UsageError
from vsod.pipeline.find_clips import DEEPER, OWN_EXPORT, FoundClips, PassedOver, find_clips, sort_out
from vsod.pipeline.output_names import OutputNames
from vsod.project.project import PROJECT_SUFFIX as PROJECT
from vsod.project.project import Project
from vsod.storage.claims import foreign, identity

LIST_SUFFIXES = (".txt", ".list", ".lst")


@dataclass(slots=True)
class Plan:
    """What a batch will do.

    Attributes:
        specs: Its jobs, with their outputs.
        notes: What is to be told about the names of outputs, by output.
        passed_over: What is not done, one sentence for each reason.
    """

    specs: list[JobSpec]
    notes: dict[Path, list[str]]
    passed_over: FoundClips


def plan_batch(args: argparse.Namespace) -> Plan:
    """The jobs of ``batch``: of a list's lines, a folder's clips, or the files a pattern finds.

    Raises:
        UsageError: There is nothing to do, or a line cannot be read.
    """
    jobs: list[tuple[JobSpec, bool]] = []  # and whether its output is named already
    passed_over = FoundClips()
    for text in args.clips:
        path = Path(text)
        if path.is_file() and path.suffix.lower() in LIST_SUFFIXES:
            jobs += _listed(args, path)
        elif path.is_file() and path.suffix.lower() == PROJECT:
            jobs += [(spec, False) for spec in _of_project(args, path)]
        else:
            found = _found(args, text)
            passed_over.passed_over += found.passed_over
            jobs += [(job_spec(args, clip, clip), False) for clip in found.clips]
    if not jobs:
        raise UsageError("there is nothing to do", where=" ".join(args.clips), fix="Name clips or a folder.")
    names = OutputNames(args.name, args.output, [spec for spec, named in jobs if named])
    specs: list[JobSpec] = []
    notes: dict[Path, list[str]] = {}
    for spec, named in jobs:
        if not named:
            spec, told = names.place(spec)
            notes[spec.output] = told
        specs.append(spec)
    specs = list(dict.fromkeys(specs))  # a clip that is named twice is done once
    own = _without_own(specs)
    passed_over.passed_over += [PassedOver(s.source, OWN_EXPORT) for s in specs if s not in own]
    return Plan(own, notes, passed_over)


def _found(args: argparse.Namespace, text: str) -> FoundClips:
    """What a word of the command names: a clip, a folder of clips, or a pattern.

    Raises:
        UsageError: Nothing.
    """
    path, leave_out = Path(text), [args.output] if args.output else []
    if path.is_dir():
        found = find_clips(path, recursive=args.recursive, leave_out=leave_out)
        if not found.clips and not any(entry.reason == OWN_EXPORT for entry in found.passed_over):
            raise UsageError(_joined("no clips in this folder", found), where=text, fix=_look_deeper(found))
        return found
    sequence = frame_pattern(path) if path.parent.is_dir() else None
    if os.path.lexists(path) or (sequence and sequence.names()):
        return FoundClips([path])
    matches = match_pattern(text)
    if not matches:
        raise UsageError(
            "no such clip, folder, list or pattern", where=text, fix="Put quotes around a pattern."
        )
    found = sort_out(matches, recursive=args.recursive, leave_out=leave_out)
    if not found.clips and not any(entry.reason == OWN_EXPORT for entry in found.passed_over):
        raise UsageError(_joined("this pattern finds no clips", found), where=text, fix=_look_deeper(found))
    return found


def _joined(what: str, found: FoundClips) -> str:
    return "; ".join([what, *found.told()])


def _look_deeper(found: FoundClips) -> str:
    deeper = [entry.path.name for entry in found.passed_over if entry.reason == DEEPER]
    return f"There are some in {deeper[0]}: use --recursive." if deeper else "Name clips, or another folder."


def match_pattern(text: str) -> list[Path]:
    """What a pattern finds, sorted. Signs of patterns in the name of a folder that exists are that folder's name."""
    parts = Path(text).parts
    there = next((n for n in range(len(parts), 0, -1) if Path(*parts[:n]).is_dir()), 0)
    begin, rest = (str(Path(*parts[:there])) if there else ""), str(Path(*parts[there:]))
    literally = rest.replace("[", "[[]")
    # pathlib takes no absolute patterns
    for pattern in (str(Path(glob.escape(begin), rest)), text, str(Path(glob.escape(begin), literally))):
        found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
        if found:
            return [Path(match) for match in found]
    return []


def _without_own(specs: list[JobSpec]) -> list[JobSpec]:
    """Jobs without those on mattes that an earlier batch wrote among the clips, though they were named one by one."""
    targets = {identity(path) for spec in specs for path in spec.output_paths.values()}

    def is_own(clip: Path) -> bool:
        return identity(clip) in targets and foreign(clip, folder=clip.is_dir()) is None

    return [spec for spec in specs if not is_own(spec.source)]


def _of_project(args: argparse.Namespace, file: Path) -> list[JobSpec]:
    """The jobs of a project: each clip with what is decided about it there."""
    found = []
    for work in Project.read(file).clips:
        spec = work.job(work.path, args.device)
        spec = spec.with_settings(format=args.format or spec.settings.format)
        found.append(replace(spec, overwrite=args.overwrite))
    return found


def _listed(args: argparse.Namespace, file: Path) -> Iterator[tuple[JobSpec, bool]]:
    """The jobs of a list: each line a clip and, if it wants other than the command's, its own options of ``run``.

    And whether the line names the output, too.
    """
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
            yield job_spec(own, clip, file.parent / own.output), True
        else:
            yield job_spec(own, clip, clip), False


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
