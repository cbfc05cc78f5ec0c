"""Write files and folders under a temporary name beside their path, and move them there when complete.

What holds for all of it: a partial file is made new and never through a link (``O_EXCL``), under a name that tells
which process of which machine writes it; what is at the target is touched by one rename and by nothing else.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from vsod.storage.partial_names import is_stale, partial_name, target_of

BEFORE = "before."  # begins the name for which the partial name of a folder that is being replaced is made
_EXCLUSIVE = (
    os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
_TRIES = 5
_BUFFER = 1 << 20  # bytes; a muxer writes a few kilobytes at a time
_swept: set[str] = set()
_sweeping = threading.Lock()


_log = logging.getLogger(__name__)


def partial_path(target: Path) -> Path:
    """A hidden name next to ``target`` that holds it until it is whole; on the same volume, another every time."""
    return target.with_name(partial_name(target.name))


def create_partial(target: Path) -> tuple[Path, BinaryIO]:
    """A new, empty file beside ``target``: its path, and the file, open for reading and writing.

    Whoever writes goes through the open file, not through its name again.

    Raises:
        OSError: The folder refuses.
    """
    for attempt in range(_TRIES):
        partial = partial_path(target)
        try:
            return partial, open_new(partial)
        except FileExistsError:
            if attempt == _TRIES - 1:
                raise
    raise AssertionError


def create_partial_folder(target: Path) -> Path:
    """A new, empty folder beside ``target``.

    Raises:
        OSError: The folder refuses.
    """
    partial = partial_path(target)
    partial.mkdir()
    return partial


def open_new(path: Path) -> BinaryIO:
    """A new file at ``path``, buffered, open for reading and writing; a link or anything else there is an error.

    Raises:
        FileExistsError: Something is there.
        OSError: The folder refuses.
    """
    return os.fdopen(os.open(path, os.O_RDWR | _EXCLUSIVE, 0o666), "w+b", buffering=_BUFFER)


def write_new(path: Path, data: bytes) -> None:
    """Write a file that must not be there yet; it is not waited for.

    Raises:
        FileExistsError: Something is there.
        OSError: The disk refuses.
    """
    with open_new(path) as file:
        file.write(data)


def write_bytes(target: Path, data: bytes) -> None:
    """Write a file, whole or not at all, and wait until it is on the disk.

    What earlier processes left half-written in this folder is removed first, once.

    Raises:
        OSError: The disk refuses; ``target`` is untouched.
    """
    sweep_once(target.parent)
    partial, file = create_partial(target)
    try:
        with file:
            file.write(data)
            settle(file)
        partial.replace(target)
    except BaseException:
        discard(partial)
        raise
    sync(target.parent)


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A name to write ``target`` under for libraries that open files themselves; it takes its place at the end.

    An exception leaves ``target`` as it is. The file at that name is there already, empty, so that no link can be.

    Raises:
        OSError: The disk refuses.
    """
    partial, file = create_partial(target)
    file.close()
    try:
        yield partial
        sync(partial)
        partial.replace(target)
    except BaseException:
        discard(partial)
        raise
    sync(target.parent)


def discard(path: Path) -> None:
    """Remove a partial file or folder, a link as a link. Never raises."""
    try:
        if stat.S_ISDIR(path.lstat().st_mode):
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    except FileNotFoundError:
        pass
    except OSError as error:
        _log.debug("%s stays: %s", path, error)


def settle(file: BinaryIO) -> None:
    """Wait until what was written to an open file is on the disk.

    Raises:
        OSError: It is not: the disk is full, or gone.
    """
    file.flush()
    _fsync(file.fileno())


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk, where the system can say so.

    Raises:
        OSError: It is not.
    """
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open a folder for that
    # a pipe in its place must not keep us waiting
    flags = os.O_RDWR if os.name == "nt" else os.O_RDONLY | os.O_NONBLOCK
    handle = os.open(path, flags)
    try:
        _fsync(handle)
    finally:
        os.close(handle)


def _fsync(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems cannot sync a folder; a full disk is another matter.
        if error.errno != errno.EINVAL:
            raise


def sweep(folder: Path) -> None:
    """Remove what processes of this machine that are gone left half-written in a folder. Never raises.

    A folder of images that was being replaced when its writer died is put back where its new version had not
    come in its place.
    """
    try:
        names = [name for name in os.listdir(folder) if is_stale(name)]  # noqa: PTH208  names, not paths
        for name in sorted(names, key=lambda name: not (target_of(name) or "").startswith(BEFORE)):
            path = folder / name
            made_for = target_of(name) or ""
            if made_for.startswith(BEFORE):
                _put_back(path, folder / made_for.removeprefix(BEFORE))
            else:
                discard(path)
    except OSError as error:
        _log.debug("%s cannot be swept: %s", folder, error)


def sweep_once(folder: Path) -> None:
    """:func:`sweep`, once in the life of this process."""
    key = str(folder.absolute())
    with _sweeping:
        if key in _swept:
            return
        _swept.add(key)
    sweep(folder)


def _put_back(before: Path, target: Path) -> None:
    """Undo or complete an interrupted exchange of a folder."""
    if os.path.lexists(target):
        discard(before)
    else:
        before.rename(target)
