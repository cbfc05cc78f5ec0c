"""Export formats by id or by file name, and which of them this machine can write."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from vsod.core.output_frame import FileContent
from vsod.errors import UnknownFormat, UsageError
from vsod.media.formats.ffmpeg_formats import FFMPEG_FORMATS
from vsod.media.formats.ffmpeg_program import INSTALL_HINT, NO_PROGRAM, OTHERWISE, why_unavailable
from vsod.media.formats.table import FORMATS, ExportFormat

_BY_SUFFIX: dict[FileContent, dict[str, str]] = {
    "matte": {".mov": "prores4444", ".mkv": "ffv1-gray8", ".mp4": "h264", ".webm": "vp9", "": "png8"},
    "fill": {".mov": "prores4444", ".mkv": "ffv1-rgba16", ".mp4": "h264", ".webm": "vp9", "": "png16"},
    "cutout": {".mov": "prores4444", ".mkv": "ffv1-rgba16", ".webm": "vp9", "": "png16"},
}


def all_formats() -> dict[str, ExportFormat]:
    """Everything that can be written on this machine."""
    first, *_ = FFMPEG_FORMATS.values()
    why_unavailable(first)  # asks what encoders there are, which is remembered for the others
    with ThreadPoolExecutor(len(FFMPEG_FORMATS)) as trials:
        usable = trials.map(lambda fmt: not why_unavailable(fmt), FFMPEG_FORMATS.values())
        return FORMATS | {
            fmt.id: fmt for fmt, works in zip(FFMPEG_FORMATS.values(), usable, strict=True) if works
        }


def format_by_id(id: str) -> ExportFormat:
    """The format with this id.

    Raises:
        UnknownFormat: There is none, or this machine cannot write it.
    """
    found = FORMATS.get(id) or find_ffmpeg_format(id)
    if found is None:
        raise UnknownFormat(f"no export format {id!r}", fix=f"Choose one of: {', '.join(FORMATS)}.")
    return found


def find_ffmpeg_format(id: str) -> ExportFormat | None:
    """The external format of this name; None if there is none.

    Raises:
        UnknownFormat: It cannot be written on this machine.
    """
    fmt = FFMPEG_FORMATS.get(id)
    if fmt is not None and (why := why_unavailable(fmt)):
        fix = INSTALL_HINT if why == NO_PROGRAM else OTHERWISE
        raise UnknownFormat(f"{fmt.title} cannot be written here: {why}", fix=fix)
    return fmt


def format_for_path(path: str | Path, content: FileContent = "matte") -> ExportFormat:
    """The default format for an output path; a path without a suffix is a folder of PNGs.

    Raises:
        UnknownFormat: No format is written into files of this suffix.
    """
    path, usual = Path(path), _BY_SUFFIX[content]
    suffix = "" if path.is_dir() else path.suffix.lower()
    if suffix not in usual:
        raise UnknownFormat(
            f"no export format for {suffix} files" + (" with alpha" if content == "cutout" else ""),
            where=path,
            fix=f"End the name in {', '.join(s for s in usual if s)}, or give a folder for PNG images.",
        )
    return FORMATS[usual[suffix]]


def check_suffix(path: Path, fmt: ExportFormat) -> None:
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
