"""Files that appear at their place whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from vsod.errors import OutputError

_REASONS = {
    errno.ENOSPC: ("the disk is full", "Free some space or choose another drive, then export again."),
    errno.EDQUOT: ("your disk quota is used up", "Free some space, then export again."),
    errno.EACCES: ("no permission to write here", "Choose a folder you may write to."),
    errno.EPERM: ("no permission to write here", "Choose a folder you may write to."),
    errno.EROFS: ("this drive is read-only", "Choose another drive."),
    errno.ENOENT: ("the folder does not exist", "Create it first, or choose another one."),
    errno.ENOTDIR: ("the folder does not exist", "Create it first, or choose another one."),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter one."),
    errno.EIO: ("the drive failed while writing", "Check the drive or the network, then export again."),
    errno.ESTALE: ("the network drive went away", "Reconnect it, then export again."),
}

_BEFORE = ".before"  # marks what was at a target until all files of a job are in place


def output_error(error: BaseException, path: Path) -> OutputError:
    """Say in plain words why writing to ``path`` failed."""
    code = getattr(error, "errno", None)
    what, fix = _REASONS.get(code or 0, (f"cannot be written ({error})", "Try another folder or format."))
    return OutputError(what, where=path, fix=fix)


def partial_path(target: Path) -> Path:
    """The hidden name next to ``target`` that holds it until it is whole; on the same volume."""
    suffix = f".partial-{os.getpid()}"
    # File systems limit a name to 255 bytes; a long target must not fail for its partial's sake.
    stem = target.name
    while len(f".{stem}{suffix}".encode()) > 255:
        stem = stem[:-1]
    return target.with_name(f".{stem}{suffix}")


def sweep(target: Path) -> None:
    """Remove what jobs that were killed left of ``target``; those of running ones stay. Never raises."""
    with contextlib.suppress(OSError):
        for left in target.parent.iterdir():
            name, _, process = left.name.rpartition(".partial-")
            if (
                name in (f".{target.name}", f".{target.name}{_BEFORE}")
                and process.isdecimal()
                and not _runs(int(process))
            ):
                discard(left)


def _runs(process: int) -> bool:
    """Whether there is a process of this number; where that cannot be known, True."""
    if os.name == "nt":
        return True  # asking there would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def commit_file(partial: Path, target: Path) -> None:
    """Flush ``partial`` to the disk and put it in place of ``target`` in one step.

    Raises:
        OSError: The disk refuses; ``target`` is untouched.
    """
    sync(partial)
    partial.replace(target)
    sync(target.parent)


def write_text(target: Path, text: str) -> None:
    """Write a text file, whole or not at all.

    Raises:
        OutputError: The disk refuses; ``target`` is untouched.
    """
    partial = partial_path(target)
    try:
        partial.write_text(text, encoding="utf-8")
        commit_file(partial, target)
    except OSError as error:
        discard(partial)
        raise output_error(error, target) from error


def commit_folder(partial: Path, target: Path) -> None:
    """Put a folder of finished files in place; into an existing folder they go one by one.

    Raises:
        OSError: The disk refuses.
    """
    files = sorted(partial.iterdir())
    for file in files:
        sync(file)
    if target.is_dir():
        for file in files:
            file.replace(target / file.name)
        partial.rmdir()
        sync(target)
    else:
        partial.rename(target)
    sync(target.parent)


def commit_together(pairs: Sequence[tuple[Path, Path]]) -> None:
    """Put whole files or folders, (partial, target), in their places: all, or, if one fails, none.

    Into a folder that exists already its files go one by one, and stay.

    Raises:
        OutputError: The disk refuses; what was at the targets before is there again.
    """
    fresh: list[Path] = []
    before: dict[Path, Path] = {}
    try:
        for partial, target in pairs:
            there = target.exists()
            if partial.is_dir():
                commit_folder(partial, target)
            else:
                if there and len(pairs) > 1:
                    before |= _linked(target)
                commit_file(partial, target)
            if not there:
                fresh.append(target)
    except OSError as error:
        for done in fresh:
            discard(done)
        for done, kept in before.items():
            with contextlib.suppress(OSError):
                kept.replace(done)
        for partial, _ in pairs:
            discard(partial)
        raise output_error(error, target) from error
    finally:
        for kept in before.values():
            discard(kept)


def _linked(target: Path) -> dict[Path, Path]:
    """Target -> a second name for what is there, so that it can be put back; none where links are unknown."""
    kept = target.with_name(f".{target.name}{_BEFORE}.partial-{os.getpid()}")
    discard(kept)
    try:
        os.link(target, kept)
    except OSError:
        return {}
    return {target: kept}


def discard(partial: Path) -> None:
    """Remove a partial file or folder. Never raises."""
    with contextlib.suppress(OSError):
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            partial.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk, where the system can say so."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open a folder for that
    handle = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems cannot sync a folder; a full disk is another matter.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)
