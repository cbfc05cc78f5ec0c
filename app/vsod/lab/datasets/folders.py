"""Folders and files of a data set, whatever the case of their names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from vsod.errors import DataError


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder that are not hidden, by name.

    Raises:
        DataError: It cannot be read.
    """
    return [path for path in _entries(folder) if path.is_dir()]


def files_in(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """The files in a folder that end in one of ``suffixes``, by name.

    Raises:
        DataError: It cannot be read.
    """
    return [path for path in _entries(folder) if path.suffix.lower() in suffixes and path.is_file()]


def named(folder: Path, names: Sequence[str]) -> Path | None:
    """The first of ``names`` that is a folder in ``folder``; upper and lower case are one."""
    there = {path.name.casefold(): path for path in subfolders(folder)}
    return next((there[name.casefold()] for name in names if name.casefold() in there), None)


def file_stamp(files: Iterable[Path]) -> str:
    """Changes whenever one of the files does, or its place: by path, size and time, unread."""
    digest = hashlib.sha256()
    for file in sorted({file.resolve() for file in files}):
        try:
            stat = file.stat()
        except OSError:
            continue  # reading it tells
        digest.update(f"{file}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()


def frame_number(name: str) -> int | None:
    """``"bear_matte.000012.png"`` -> 12: the last number before the suffix; None without one."""
    found = re.findall(r"[0-9]+", Path(name).stem)
    return int(found[-1]) if found else None


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX")))
    except OSError as error:
        raise DataError("this folder cannot be read", where=folder) from error
