"""Files that appear at their place whole or not at all; errors of the disk in the user's words."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from vsod.errors import OutputError
from vsod.storage import partial_files
from vsod.storage.folder_exchange import put_folder, take_back
from vsod.storage.ownership_marks import is_ours
from vsod.storage.partial_files import create_partial, create_partial_folder, discard, partial_path, sync
from vsod.storage.partial_names import target_of

__all__ = [
    "commit_file",
    "commit_folder",
    "commit_together",
    "create_partial",
    "create_partial_folder",
    "discard",
    "output_error",
    "partial_path",
    "place_of",
    "remove_stale_partials",
    "sync",
    "write_bytes",
    "write_text",
]

_REASONS = {
    errno.ENOSPC: ("the disk is full", "Free some space or choose another drive, then export again."),
    errno.EDQUOT: ("your disk quota is used up", "Free some space, then export again."),
    errno.EACCES: ("no permission to write here", "Choose a folder you may write to."),
    errno.EPERM: ("no permission to write here", "Choose a folder you may write to."),
    errno.EROFS: ("this drive is read-only", "Choose another drive."),
    errno.ENOENT: ("the folder does not exist", "Create it first, or choose another one."),
    errno.ENOTDIR: ("the folder does not exist", "Create it first, or choose another one."),
    errno.EISDIR: ("a folder has this name", "Choose another name."),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter one."),
    errno.EIO: ("the drive failed while writing", "Check the drive or the network, then export again."),
    errno.ESTALE: ("the network drive went away", "Reconnect it, then export again."),
}


_log = logging.getLogger(__name__)


def output_error(error: BaseException, path: Path) -> OutputError:
    """Say in plain words why writing to ``path`` failed."""
    code = getattr(error, "errno", None)
    what, fix = _REASONS.get(code or 0, (f"cannot be written ({error})", "Try another folder or format."))
    return OutputError(what, where=path, fix=fix)


def remove_stale_partials(target: Path) -> None:
    """Remove what jobs that were killed left in the folder of ``target``; those of running ones stay. Never raises."""
    partial_files.sweep(target.absolute().parent)


def place_of(target: Path) -> Path:
    """Where a folder really is, so that its partial lies on the same volume: a link to it is followed."""
    return target.resolve() if target.is_symlink() or not target.name else target


def commit_file(partial: Path, target: Path) -> None:
    """Flush ``partial`` to the disk and put it in place of ``target`` in one step.

    Raises:
        OSError: The disk refuses; ``target`` is untouched.
    """
    sync(partial)
    partial.replace(target)
    sync(target.parent)


def write_text(target: Path, text: str) -> None:
    """Write a text file, whole or not at all; names in it that are not UTF-8 keep their bytes.

    Raises:
        OutputError: The disk refuses; ``target`` is untouched.
    """
    write_bytes(target, text.encode("utf-8", "surrogateescape"))


def write_bytes(target: Path, data: bytes) -> None:
    """Write a file, whole or not at all.

    Raises:
        OutputError: The disk refuses; ``target`` is untouched.
    """
    try:
        partial_files.write_bytes(target, data)
    except OSError as error:
        raise output_error(error, target) from error


def commit_folder(partial: Path, target: Path) -> None:
    """Put a folder of finished files in place of ``target``, whole; see :func:`commit_together`.

    Raises:
        OSError: The disk refuses; ``target`` is what it was.
    """
    before = _put_folder(partial, target)
    if before is not None:
        discard(before)


def commit_together(pairs: Sequence[tuple[Path, Path]], *, keep_older: bool = False) -> None:
    """Put whole files or folders, (partial, target), in their places: all, or, if one fails, none.

    A folder is replaced by the new one; files in it that this program did not write and that have no new namesake
    are in the new one, too.

    Args:
        pairs: Where each is, and where it goes.
        keep_older: Files that this program wrote and that have no new namesake stay in a folder as well.

    Raises:
        OutputError: The disk refuses; what was at the targets before is there again.
    """
    undo: list[Callable[[], None]] = []
    before: list[Path] = []
    target = pairs[0][1] if pairs else Path()
    try:
        for partial, target in pairs:
            if partial.is_dir():
                old = _put_folder(partial, target, keep_older)
                undo.append(_undone(take_back, partial, place_of(target), old))
                before += [] if old is None else [old]
                continue
            there = os.path.lexists(target)
            kept = _linked(target) if there and len(pairs) > 1 else None
            before += [] if kept is None else [kept]
            commit_file(partial, target)
            if kept is not None:
                undo.append(_undone(Path.replace, kept, target))
            elif not there:
                undo.append(_undone(discard, target))
    except BaseException as error:
        put_back = [_done(step) for step in reversed(undo)]
        # what cannot be put back is left where it is rather than removed
        if all(put_back):
            for path in (*(partial for partial, _ in pairs), *before):
                discard(path)
        if isinstance(error, OSError):
            raise output_error(error, target) from error
        raise
    for old in before:
        discard(old)


def _done(step: Callable[[], None]) -> bool:
    try:
        step()
    except OSError as error:
        _log.warning("what was there before cannot be put back: %s", error)
        return False
    return True


def _undone(step: Callable[..., object], *given: object) -> Callable[[], None]:
    def undo() -> None:
        step(*given)

    return undo


def _put_folder(partial: Path, target: Path, keep_older: bool = False) -> Path | None:
    """Exchange a folder; gives where the old one is now."""
    target = place_of(target)
    if target.is_dir():
        _keep_others(target, partial, keep_older)
    for file in sorted(partial.iterdir()):
        if file.is_file() and not file.is_symlink():
            sync(file)
    sync(partial)
    before = put_folder(partial, target)
    sync(target.parent)
    return before


def _keep_others(old: Path, new: Path, ours_too: bool) -> None:
    """Give the new folder what is in the old one and not ours: second names of the same files, where there can be."""
    for entry in old.iterdir():
        if target_of(entry.name) is not None or os.path.lexists(new / entry.name):
            continue
        if not ours_too and is_ours(entry):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, new / entry.name, symlinks=True, copy_function=_link_or_copy)
        else:
            _link_or_copy(str(entry), str(new / entry.name))
    shutil.copymode(old, new)


def _link_or_copy(old: str, new: str) -> None:
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError:
        shutil.copy2(old, new, follow_symlinks=False)


def _linked(target: Path) -> Path | None:
    """A second name for what is there, so that it can be put back; None where links are unknown."""
    kept = partial_path(target)
    try:
        os.link(target, kept, follow_symlinks=False)
    except OSError as error:
        _log.debug("%s could not be put back: %s", target, error)
        return None
    return kept
