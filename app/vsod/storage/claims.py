"""What a command reads and what it writes, declared before it begins, so that nothing it writes eats what it reads.

Files are compared by what they are, not by how they are spelled: a link, another case of letters or a ``..`` is
the same file. A file that is not there yet is known by the nearest folder that is, and the rest of its path.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vsod.errors import OutputError, UsageError
from vsod.storage.ownership_marks import is_ours
from vsod.storage.partial_names import name_limit, target_of

# what systems put into folders unasked
_LITTER = frozenset((".ds_store", "thumbs.db", "desktop.ini", ".directory"))
_OTHER_NAME = "Choose another name."
OVERWRITE = "Choose another name, or use --overwrite to replace it."
REPORT = ".vsod.json"  # ends the name of the report beside an output


@dataclass(frozen=True, slots=True)
class Identity:
    """What file a path is: device and number of the nearest part of it that exists, and what is left of it."""

    device: int
    number: int
    rest: tuple[str, ...] = ()


def identity(path: Path) -> Identity:
    """The identity of a file or folder, there or not; links are followed."""
    return next(_identities(path))


def same(one: Path, other: Path) -> bool:
    """Whether two paths are one file."""
    return identity(one) == identity(other)


def lies_in(path: Path, folder: Path) -> bool:
    """Whether a path is a folder, or lies below it."""
    wanted = identity(folder)
    return any(found == wanted for found in _identities(path))


class Claims:
    """The reads and writes of one command. Declare all of them, then :meth:`check`."""

    def __init__(self) -> None:
        self._reads: dict[Identity, tuple[Path, str]] = {}
        self._places: list[tuple[Path, str]] = []  # those of the reads that lie in no other
        self._folders: list[tuple[Identity, Path, str, bool]] = []
        self._writes: dict[Identity, tuple[Path, str]] = {}
        self._trees: list[tuple[Path, str]] = []

    def read(self, path: Path, what: str) -> None:
        """A file, or all of a folder's own files, is read.

        Args:
            path: It.
            what: What it is to the command, such as ``"the source"``.
        """
        self._read(path, what)
        if path.is_dir():
            self._read_all(path, what, deep=False)

    def read_tree(self, path: Path, what: str) -> None:
        """A folder is read with all that lies below it."""
        self._read(path, what)
        self._read_all(path, what, deep=True)

    def _read(self, path: Path, what: str) -> None:
        self._reads.setdefault(identity(path), (path, what))
        self._places.append((path, what))

    def _read_all(self, path: Path, what: str, deep: bool) -> None:
        self._folders.append((identity(path), path, what, deep))
        for file, state in _files(path, deep):
            if not state.st_ino or file.is_symlink():
                self._read(file, what)  # wherever it leads
            else:
                self._reads.setdefault(Identity(state.st_dev, state.st_ino), (file, what))

    def write(self, path: Path, what: str) -> None:
        """A file, or a folder as a whole, is written.

        Raises:
            UsageError: It is written twice.
        """
        found = identity(path)
        if (other := self._writes.get(found)) is not None:
            raise UsageError(
                f"{what} and {other[1]} would both be {path.name}{_spelled(path, other[0])}",
                where=path,
                fix=_OTHER_NAME,
            )
        self._writes[found] = (path, what)

    def update(self, path: Path) -> None:
        """A file that is read is to be written anew: that is what the command is for."""
        self._reads.pop(identity(path), None)

    def write_folder(self, path: Path, what: str) -> None:
        """A folder is written as a whole: what is in it goes.

        Raises:
            UsageError: It is written twice.
        """
        self.write(path, what)
        self._trees.append((path, what))

    def check_outputs(self, outputs: Iterable[tuple[Path, str]], *, overwrite: bool) -> None:
        """Declare the files that are written, and :meth:`check` all.

        Args:
            outputs: Path and what it is to the command, of each.
            overwrite: What this program did not write may be replaced.

        Raises:
            UsageError: One is written twice, or holds what others wrote.
            OutputError: See :meth:`check`.
        """
        outputs = list(outputs)
        for path, what in outputs:
            self.write(path, what)
        self.check()
        if not overwrite:
            for path, what in outputs:
                refuse_foreign(path, what)

    def check(self) -> None:
        """Refuse what would eat an input.

        Raises:
            UsageError: Names what would be written and what is read.
        """
        for found, (path, what) in self._writes.items():
            if (read := self._reads.get(found)) is not None:
                raise _eaten(path, what, *read)
            # the first is the path itself
            parents = list(_identities(path))[1:]
            for folder, place, role, deep in self._folders:
                if folder in (parents if deep else parents[:1]):
                    raise UsageError(
                        f"{what} would be written into {role}{_spelled(path, place)}",
                        where=path,
                        fix="Choose another folder.",
                    )
        for path, what in self._trees:
            tree = identity(path)
            for place, role in self._places:
                if tree in _identities(place):
                    raise _eaten(path, what, place, role)


def check_name_length(path: Path) -> None:
    """Refuse a name that the disk does not take.

    Raises:
        OutputError: Says how long it is and may be.
    """
    length, limit = len(os.fsencode(path.name)), name_limit(path.parent)
    if length > limit:
        raise OutputError(
            f"the name of the output is too long ({length} bytes, {limit} are possible here)",
            where=path,
            fix="Choose a shorter one.",
        )


def refuse_foreign(path: Path, what: str, *, folder: bool = False) -> None:
    """Refuse to replace what this program did not write.

    Args:
        path: Where something is to be written.
        what: What that is, such as ``"the matte"``.
        folder: A folder of images is written there.

    Raises:
        UsageError: Something of others is there; names it.
    """
    found = foreign(path, folder=folder)
    if found is not None:
        which = f"'{found.name}' in this folder" if folder and found != path else "this file"
        raise UsageError(
            f"{which} was not written by vsod-desktop; {what} would replace it", where=path, fix=OVERWRITE
        )


def foreign(path: Path, *, folder: bool = False) -> Path | None:
    """What others wrote at a place that is to be written to; None if nothing is there, or it is ours or empty.

    Args:
        path: The place.
        folder: A folder of images is written there.
    """
    try:
        state = path.lstat()
    except OSError:
        return None
    if stat.S_ISLNK(state.st_mode):
        if not path.exists():
            return path
        state = path.stat()
    whole = path.absolute()  # "." has no name
    if whole.name and is_ours(whole.with_name(whole.name + REPORT)):
        return None
    if folder and stat.S_ISDIR(state.st_mode):
        return next((entry for entry in sorted(path.iterdir()) if _is_foreign(entry)), None)
    if stat.S_ISREG(state.st_mode) and not state.st_size:
        return None
    return None if is_ours(path) else path


def _is_foreign(entry: Path) -> bool:
    return target_of(entry.name) is None and entry.name.casefold() not in _LITTER and not is_ours(entry)


def _files(folder: Path, deep: bool) -> Iterator[tuple[Path, os.stat_result]]:
    """The files of a folder, and of those below it, with their states; links are followed to files only."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        try:
            if entry.is_file():
                yield Path(entry.path), Path(entry.path).stat()
            elif deep and entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path), deep)
        except OSError:
            continue  # it went away


def _identities(path: Path) -> Iterator[Identity]:
    """The identity of a path, and of every folder above it."""
    real = Path(os.path.realpath(path))
    below: list[str] = []
    for part in (real, *real.parents):
        try:
            found = part.stat()
        except OSError:
            below.insert(0, part.name)
            continue
        if not found.st_ino:
            # a drive that numbers no files: the names are all there is
            yield Identity(found.st_dev, 0, _folded(part, real.parts))
            return
        if below:
            rest = _folded(part, below)
            for length in range(len(rest), 0, -1):
                yield Identity(found.st_dev, found.st_ino, rest[:length])
            below = []
        yield Identity(found.st_dev, found.st_ino)


def _folded(folder: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Names normalised as the volume of ``folder`` compares them."""
    if not _ignores_case(folder):
        return tuple(names)
    return tuple(unicodedata.normalize("NFC", name).casefold() for name in names)


def _ignores_case(folder: Path) -> bool:
    """Whether the volume of a folder knows files by any case of their letters; asked of a name that is there."""
    for part in (folder, *folder.parents):
        other = part.name.swapcase()
        if other != part.name:
            try:
                return part.with_name(other).samefile(part)
            except OSError:
                return False
    return False


def _eaten(path: Path, what: str, read: Path, role: str) -> UsageError:
    return UsageError(
        f"{what} would be written over {role}{_spelled(path, read)}", where=path, fix=_OTHER_NAME
    )


def _spelled(path: Path, other: Path) -> str:
    """How else a file is called, if it is."""
    return "" if path == other else f", {other}"
