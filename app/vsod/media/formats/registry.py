"""Export formats by id or by file name, and which of them this machine can write."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from vsod.core.output_frame import Layout
from vsod.errors import UnknownFormat, UsageError
from vsod.media.formats.ffmpeg_formats import EXTERNAL
from vsod.media.formats.ffmpeg_program import GET_FFMPEG, NO_PROGRAM, OTHERWISE, problem
from vsod.media.formats.table import FORMATS, Format

_BY_SUFFIX: dict[Layout, dict[str, str]] = {
    "matte": {".mov": "prores4444", ".mkv": "ffv1-gray8", ".mp4": "h264", ".webm": "vp9", "": "png8"},
    "fill": {".mov": "prores4444", ".mkv": "ffv1-rgba16", ".mp4": "h264", ".webm": "vp9", "": "png16"},
    "cutout": {".mov": "prores4444", ".mkv": "ffv1-rgba16", ".webm": "vp9", "": "png16"},
}


def all_formats() -> dict[str, Format]:
    """Everything that can be written on this machine."""
    first, *_ = EXTERNAL.values()
    problem(first)  # asks what encoders there are, which is remembered for the others
    with ThreadPoolExecutor(len(EXTERNAL)) as trials:
        usable = trials.map(lambda fmt: not problem(fmt), EXTERNAL.values())
        return FORMATS | {fmt.id: fmt for fmt, works in zip(EXTERNAL.values(), usable, strict=True) if works}


def format_by_id(id: str) -> Format:
    """The format with this id.

    Raises:
        UnknownFormat: There is none, or this machine cannot write it.
    """
    found = FORMATS.get(id) or external_format(id)
    if found is None:
        raise UnknownFormat(f"no export format {id!r}", fix=f"Choose one of: {', '.join(FORMATS)}.")
    return found


def external_format(id: str) -> Format | None:
    """The external format of this name; None if there is none.

    Raises:
        UnknownFormat: It cannot be written on this machine.
    """
    fmt = EXTERNAL.get(id)
    if fmt is not None and (why := problem(fmt)):
        fix = GET_FFMPEG if why == NO_PROGRAM else OTHERWISE
        raise UnknownFormat(f"{fmt.title} cannot be written here: {why}", fix=fix)
    return fmt


def format_for_path(path: str | Path, layout: Layout = "matte") -> Format:
    """The usual format for an output path; a path without a suffix is a folder of PNGs.

    Raises:
        UnknownFormat: No format is written into files of this suffix.
    """
    path, usual = Path(path), _BY_SUFFIX[layout]
    suffix = "" if path.is_dir() else path.suffix.lower()
    if suffix not in usual:
        raise UnknownFormat(
            f"no export format for {suffix} files" + (" with alpha" if layout == "cutout" else ""),
            where=path,
            fix=f"End the name in {', '.join(s for s in usual if s)}, or give a folder for PNG images.",
        )
    return FORMATS[usual[suffix]]


def check_suffix(path: Path, fmt: Format) -> None:
    """Refuse a file name the format cannot live in.

    Raises:
        UsageError: Names the suffixes that work.
    """
    if fmt.is_sequence or path.suffix.lower() in fmt.suffixes:
        return
    others = [f.id for f in FORMATS.values() if path.suffix.lower() in f.suffixes]
    instead = f", or choose {' or '.join(others)} for {path.suffix} files" if others else ""
    raise UsageError(
        f"{fmt.title} cannot be written into {path.suffix or 'a file without suffix'}",
        where=path,
        fix=f"End the name in {' or '.join(fmt.suffixes)}{instead}.",
    )
