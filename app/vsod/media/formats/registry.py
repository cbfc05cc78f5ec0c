"""Export formats by id or by file name, and which of them this machine can write."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from vsod.core.output_frame import FileContent
from vsod.core.safe_text import shell_words
from vsod.errors import UnknownFormat, UsageError
from vsod.media.formats.ffmpeg_formats import FFMPEG_FORMATS
from vsod.media.formats.ffmpeg_program import INSTALL_HINT, NO_PROGRAM, OTHERWISE, why_unavailable
from vsod.media.formats.file_kinds import VIDEO_SUFFIXES
from vsod.media.formats.input_limits import IMAGE_SUFFIXES
from vsod.media.formats.table import FORMATS, ExportFormat

_BY_SUFFIX: dict[FileContent, dict[str, str]] = {
    "matte": {".mov": "prores4444", ".mkv": "ffv1-gray8", ".mp4": "h264", ".webm": "vp9", "": "png8"},
    "fill": {".mov": "prores4444", ".mkv": "ffv1-rgba16", ".mp4": "h264", ".webm": "vp9", "": "png16"},
    "cutout": {".mov": "prores4444", ".mkv": "ffv1-rgba16", ".webm": "vp9", "": "png16"},
}


_IMAGES = {".png": "png8", ".tif": "tiff16", ".tiff": "tiff16", ".exr": "exr"}
_INTO_A_FOLDER = "An image sequence goes into a folder"
# what the users of a file that is not written take as well
_INSTEAD = {
    **dict.fromkeys(
        (".m4v", ".mp4v", ".f4v", ".flv", ".3gp", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg"), (".mp4", "h264")
    ),
    **dict.fromkeys((".wmv", ".asf", ".h264", ".264"), (".mp4", "h264")),
    **dict.fromkeys((".hevc", ".h265", ".265"), (".mp4", "h265")),
    **dict.fromkeys((".gif", ".apng", ".ogv", ".ivf"), (".webm", "vp9")),
    **dict.fromkeys((".y4m", ".nut"), (".mkv", "")),
    ".qt": (".mov", "prores4444"),
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
        raise _unknown_suffix(path, suffix, content)
    return FORMATS[usual[suffix]]


def check_suffix(path: Path, fmt: ExportFormat) -> None:
    """Refuse a file name the format cannot live in.

    Raises:
        UsageError: Names the suffixes that work.
    """
    suffix = path.suffix.lower()
    of_files = {other for known in FORMATS.values() for other in known.suffixes}
    if fmt.is_sequence and suffix in (*IMAGE_SUFFIXES, *of_files) and not path.is_dir():
        raise UsageError(
            f"{fmt.title} is no file", where=path, fix=f"{_INTO_A_FOLDER}: {_call(_folder(path), fmt.id)}."
        )
    if fmt.is_sequence or suffix in fmt.suffixes:
        return
    others = [f.id for f in FORMATS.values() if suffix in f.suffixes]
    instead = f", or choose {' or '.join(others)} for {path.suffix} files" if others else ""
    raise UsageError(
        f"{fmt.title} cannot be written into {path.suffix or 'a file without suffix'}",
        where=path,
        fix=f"End the name in {' or '.join(fmt.suffixes)}{instead}.",
    )


def _unknown_suffix(path: Path, suffix: str, content: FileContent) -> UnknownFormat:
    """Why no format is chosen by a suffix, and what to write instead."""
    alpha = " with alpha" if content == "cutout" else ""
    name, written = suffix[1:].upper(), any(suffix in usual for usual in _BY_SUFFIX.values())
    by_name = [f.id for f in FORMATS.values() if suffix in f.suffixes and content in f.contents]
    if by_name and not written:
        what, fix = f"{name} needs a format by name", f"Use --format {' or --format '.join(by_name)}."
    elif suffix in IMAGE_SUFFIXES:
        known = suffix in _IMAGES
        into = _IMAGES[suffix] if known else "png16" if content == "cutout" else "png8"
        what = "images are not written one by one" if known else f"no {name} images are written here"
        fix = f"{_INTO_A_FOLDER}: {_call(_folder(path), into)}."
    elif suffix in VIDEO_SUFFIXES and not written:
        file, other = _INSTEAD.get(suffix, (".mov", "dnxhr-hqx")) if not alpha else (".mov", "prores4444")
        what = f"no {name} files{alpha} are written here"
        other = other or _BY_SUFFIX[content][file]
        fix = f"Take {_call(path.with_suffix(file), other)} instead, or end the name in {_listed(content)}."
    else:
        what = f"no export format for {suffix} files{alpha}"
        fix = f"End the name in {_listed(content)}, or add --format png8 for a folder of images."
    return UnknownFormat(what, where=path, fix=fix)


def _listed(content: FileContent) -> str:
    return ", ".join(suffix for suffix in _BY_SUFFIX[content] if suffix)


def _folder(path: Path) -> Path:
    """A folder for what was given as an image or a pattern of images: ``shot`` for ``shot.####.png``."""
    stem = re.sub(r"[._ -]*(?:#+|%0?\d*d|\d+)$", "", path.stem)
    return path.with_name(stem or path.stem)


def _call(path: Path, format_id: str) -> str:
    return f"-o {shell_words([str(path)])} --format {format_id}"
