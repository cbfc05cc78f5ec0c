"""The user's cache: what lies in it, how large it may grow, and how it is emptied.

The program owns one folder, ``vsod-desktop-cache`` in whatever place is chosen, or it owns nothing: the folder carries
a tag, and in it only entries with names that the program gives are counted or deleted, files one by one and never
through a link. A stranger's file stays, and so does the folder that it is in.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vsod import paths
from vsod.errors import OutputError, UsageError
from vsod.storage import partial_names
from vsod.storage.locks import FileLock
from vsod.storage.partial_files import write_new

_TAG = "CACHEDIR.TAG"
_SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55\n"  # as backup programs know it
_TAG_TEXT = (
    _SIGNATURE + "# This folder holds what vsod-desktop can make anew. See https://bford.info/cachedir/\n"
)
_DEFAULT = 4.0  # GiB
_LOCKS = 256

_STORE = re.compile(r"[0-9a-f]{24}")
_NETWORK = re.compile(r"[\w.+-]{1,180}-[0-9a-f]{16}-ov[\w.]{1,40}-[a-z]{1,20}(-[0-9a-f]{8})?\.net")
_IN_STORE = re.compile(
    r"\d{6,9}\.maps|about|metrics(-[0-9a-f]{16})?|motion-trust|adapted-\d+-\d+|adapted-\d+-\d+-[0-9a-f]{16}-ov[\w.]{1,40}-[a-z]{1,20}\.net"
)
# what earlier versions left in the usual place
_OLD_IN_STORE = re.compile(
    r"\d{6}\.(maps|\d+)|about\.json|lanes-1\.(npy|tmp)|adapted-\d+-\d+\.(json|safetensors)"
    r"|[\w.+-]{1,180}-ov[\w.]{1,40}-(frame|encode|decode)\.(xml|bin)"
)
_OLD_NETWORK = re.compile(r"\.?[\w.+-]{1,180}-ov[\w.]{1,40}(-(frame|encode|decode))?\.(xml|bin)")


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Usage:
    """One part of the cache.

    Attributes:
        kind: Name of its folder: ``maps`` (saliency, by clip and model) or ``compiled`` (networks).
        items: Entries in it.
        bytes: They take.
    """

    kind: str
    items: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """Something of ours: a map store (a folder) or a network (a file).

    Attributes:
        kind: See :class:`Usage`; ``old`` is what an earlier version left.
        path: Where it lies.
        files: (path, bytes) of its files, those of others not among them.
        used: When it was last written to or opened, seconds since the epoch.
    """

    kind: str
    path: Path
    files: tuple[tuple[Path, int], ...]
    used: float

    @property
    def bytes(self) -> int:
        """Its files take."""
        return sum(size for _, size in self.files)


def folder(kind: str) -> Path:
    """The folder of one kind of entries in the cache, made if it is missing.

    Raises:
        UsageError: ``VSOD_CACHE`` names no absolute place.
        OutputError: There is a folder of that name that is not ours, or it cannot be made.
    """
    root = paths.cache_dir()
    if not root.is_absolute():
        raise UsageError(
            f"VSOD_CACHE is '{paths.cache_place()}'", fix="Give the whole path of a folder, from the root on."
        )
    place = root / kind
    try:
        _own(root)
        for made in (root, place):
            if not stat.S_ISDIR(_make(made).st_mode):
                raise _foreign(made)
        _write_tag(root)
    except OSError as error:
        raise unwritable(place, error) from error
    return place


def unwritable(path: Path, error: OSError) -> OutputError:
    """Say in plain words why the cache cannot be written."""
    return OutputError(
        f"the cache cannot be written: {error.strerror or error}",
        where=path,
        fix="Free some space, or name another place in the environment variable VSOD_CACHE.",
    )


def size_limit() -> int:
    """Bytes that all stored maps may take together; ``VSOD_CACHE_GB`` sets it in GiB, else the window's choice (4).

    Raises:
        UsageError: It is no number above zero.
    """
    text = os.environ.get("VSOD_CACHE_GB", "") or paths.cache_choice().get("gb", "")
    try:
        size = float(text) if text else _DEFAULT
    except ValueError:
        size = 0.0
    if not 0 < size < float("inf"):
        raise UsageError(f"VSOD_CACHE_GB is '{text}'", fix="Set it to a number of gibibytes, such as 20.")
    return int(size * (1 << 30))


def use_lock(store: Path) -> FileLock:
    """The lock that whoever has a map store open holds shared; who deletes it must hold it alone."""
    return FileLock(folder("locks") / f"{_slot(store)}.use")


def write_lock(store: Path) -> FileLock:
    """The lock held while one file of a map store is read, changed and written."""
    return FileLock(folder("locks") / f"{_slot(store)}.write")


def entries() -> list[Entry]:
    """All entries of the cache, and those of earlier versions in its default folder."""
    root = paths.cache_dir()
    found: list[Entry] = []
    if root.is_absolute() and _is_ours(root):
        found += _stores(root / "maps", "maps", _IN_STORE)
        found += _networks(root / "compiled", "compiled", _NETWORK)
    usual = paths.usual_cache_place()
    if paths.cache_place() == usual:
        found += _stores(usual / "maps", "old", _OLD_IN_STORE)
        found += _networks(usual / "compiled", "old", _OLD_NETWORK)
    return found


def store_files(store: Path) -> list[Path]:
    """The files of a map store that are ours."""
    return [
        Path(item.path)
        for item in _scan(store)
        if _is_named(item.name, _IN_STORE) and item.is_file(follow_symlinks=False)
    ]


def usage() -> list[Usage]:
    """What lies in the cache, by kind."""
    by_kind: dict[str, list[Entry]] = {}
    for entry in entries():
        by_kind.setdefault(entry.kind, []).append(entry)
    return [Usage(kind, len(rows), sum(e.bytes for e in rows)) for kind, rows in sorted(by_kind.items())]


def clear() -> tuple[int, int]:
    """Empty the cache, but for what is in use.

    Returns:
        Bytes that were freed, and entries that were left because a job or a window uses them.
    """
    freed = left = 0
    for entry in entries():
        gone = remove(entry)
        if gone is None:
            left += 1
        else:
            freed += gone
    return freed, left


def prune(keep: Path) -> None:
    """Delete the map stores that were used longest ago until all of them fit the budget; never raises.

    Args:
        keep: A store that stays. So does each that is in use.
    """
    most = size_limit()
    stores = sorted((e for e in entries() if e.kind == "maps"), key=lambda e: e.used)
    total = sum(entry.bytes for entry in stores)
    for entry in stores:
        if total <= most:
            return
        if entry.path != keep:
            total -= remove(entry) or 0


def remove(entry: Entry) -> int | None:
    """Delete the files of an entry, then its folder if nothing else is in it; never raises.

    Returns:
        Bytes that were freed; None if it is in use.
    """
    if entry.kind != "maps":
        return _unlink(entry)
    lock = use_lock(entry.path)
    try:
        if not lock.try_acquire():
            return None
    except OSError as error:
        _log.debug("%s stays: %s", entry.path, error)
        return None
    try:
        return _unlink(entry)
    finally:
        lock.release()


def _unlink(entry: Entry) -> int:
    freed = 0
    for file, size in entry.files:
        try:
            file.unlink()
        except OSError as error:
            _log.debug("%s stays: %s", file, error)
            continue
        freed += size
    if entry.files and entry.path == entry.files[0][0]:
        return freed
    with suppress(OSError):  # where a stranger's file is in it, it stays
        entry.path.rmdir()
    return freed


def _slot(store: Path) -> str:
    return f"{zlib.crc32(store.name.encode()) % _LOCKS:02x}"


def _stores(place: Path, kind: str, names: re.Pattern[str]) -> Iterator[Entry]:
    for item in _scan(place):
        if not _STORE.fullmatch(item.name) or not item.is_dir(follow_symlinks=False):
            continue
        files = []
        used = 0.0
        try:
            used = item.stat(follow_symlinks=False).st_mtime
            for inner in _scan(Path(item.path)):
                if _is_named(inner.name, names) and inner.is_file(follow_symlinks=False):
                    state = inner.stat(follow_symlinks=False)
                    files.append((Path(inner.path), state.st_size))
                    used = max(used, state.st_mtime)
        except OSError as error:
            _log.debug("%s is not counted: %s", item.path, error)
            continue
        yield Entry(kind, Path(item.path), tuple(files), used)


def _networks(place: Path, kind: str, names: re.Pattern[str]) -> Iterator[Entry]:
    for item in _scan(place):
        try:
            if _is_named(item.name, names) and item.is_file(follow_symlinks=False):
                state = item.stat(follow_symlinks=False)
                yield Entry(kind, Path(item.path), ((Path(item.path), state.st_size),), state.st_mtime)
        except OSError as error:
            _log.debug("%s is not counted: %s", item.path, error)


def _is_named(name: str, ours: re.Pattern[str]) -> bool:
    """Whether a file is ours: by its name, or as what a killed process left of one."""
    whole = partial_names.target_of(name)
    if whole is not None:
        return bool(ours.fullmatch(whole)) and partial_names.is_stale(name)
    return bool(ours.fullmatch(name))


def _scan(place: Path) -> list[os.DirEntry[str]]:
    try:
        if not stat.S_ISDIR(place.lstat().st_mode):
            return []
        with os.scandir(place) as found:
            return sorted(found, key=lambda item: item.name)
    except FileNotFoundError:
        return []
    except OSError as error:
        _log.debug("%s cannot be listed: %s", place, error)
        return []


def _is_ours(root: Path) -> bool:
    try:
        if not stat.S_ISDIR(root.lstat().st_mode):
            return False
        with os.fdopen(os.open(root / _TAG, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as tag:
            return tag.read(len(_SIGNATURE)) == _SIGNATURE.encode()
    except OSError:
        return False


def _own(root: Path) -> None:
    """Refuse a folder that somebody else made.

    Raises:
        OutputError: It is a link, a file, or a folder without our tag that is not empty.
    """
    try:
        state = root.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISDIR(state.st_mode) and (_is_ours(root) or not _others(root)):
        return
    raise _foreign(root)


def _others(root: Path) -> list[str]:
    """What lies in a folder without a tag, but for the folders that a process makes just before it."""
    made = ("maps", "compiled", "locks", _TAG)
    return [
        item.name
        for item in _scan(root)
        if item.name not in made and not item.name.startswith(f".{_TAG}.partial-")
    ]


def _foreign(path: Path) -> OutputError:
    return OutputError(
        "this was not made by the program, and it keeps nothing there",
        where=path,
        fix="Move it away, or name another place in the environment variable VSOD_CACHE.",
    )


def _make(path: Path) -> os.stat_result:
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        path.mkdir()
    return path.lstat()


def _write_tag(root: Path) -> None:
    """Tag the folder as a cache, atomically: another process may read it at any moment."""
    if _is_ours(root):
        return
    tag, temp = root / _TAG, root / partial_names.partial_name(_TAG)
    write_new(temp, _TAG_TEXT.encode("ascii"))
    try:
        os.link(temp, tag)
    except FileExistsError:
        pass  # another process was quicker, or it is a stranger's
    except OSError:  # a drive without links
        if not tag.exists():
            temp.replace(tag)
    finally:
        temp.unlink(missing_ok=True)
    if not _is_ours(root):
        raise _foreign(tag)
