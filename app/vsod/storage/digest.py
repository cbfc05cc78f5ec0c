"""What tells one clip from another: samples of its bytes, all of its bytes, or the state of its files."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vsod.core.clip import FileState
from vsod.core.name_patterns import frame_pattern

_SAMPLES, _BLOCK = 64, 1 << 16


def file_state(path: Path, names: Sequence[str] = ()) -> FileState:
    """The state of a file, or of ``names`` in a folder (none = all files in it that are not hidden).

    Raises:
        OSError: A file is not there.
    """
    now, changed = time.time_ns(), 0
    h = hashlib.sha256()
    for name, file in _files(path, names):
        s = file.stat()
        h.update(
            f"{name}|{s.st_size}|{s.st_mtime_ns}|{s.st_ctime_ns}|{s.st_ino}|".encode(errors="surrogateescape")
        )
        changed = max(changed, s.st_mtime_ns, s.st_ctime_ns)
    return FileState(h.hexdigest(), changed, now)


def content_digest(path: Path, names: Sequence[str] = ()) -> str:
    """Hex SHA-256 of all bytes of a file, or of ``names`` in a folder with their names (none = see above).

    Remembered for as long as the files' state says that they are the same.

    Raises:
        OSError: It cannot be read.
    """

    def taken() -> str:
        h = hashlib.sha256()
        for name, file in _files(path, names):
            h.update(f"{name}|{_sha256(file)}|".encode(errors="surrogateescape"))
        return h.hexdigest()

    return _remembered("clip", path, names, taken)


def file_sha256(path: Path) -> str:
    """Hex SHA-256 of a file, as ``sha256sum`` prints it; remembered like :func:`content_digest`.

    Raises:
        OSError: It cannot be read.
    """
    return _remembered("file", path, (), lambda: _sha256(path))


def _sha256(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


_REMEMBERED = 64
_known: dict[tuple[str, str, str], str] = {}


def _remembered(kind: str, path: Path, names: Sequence[str], take: Callable[[], str]) -> str:
    state = file_state(path, names)
    key = (kind, str(path.absolute()), state.text)
    if key in _known:
        return _known[key]
    found = take()
    if state.settled and file_state(path, names).text == state.text:
        while len(_known) >= _REMEMBERED:
            _known.pop(next(iter(_known)), None)
        _known[key] = found
    return found


def digest(path: Path, names: Sequence[str] = ()) -> str:
    """Hex SHA-256 of a file's size and 64 blocks of 64 KiB spread over it, its first and last among them.

    All of a file up to 4 MiB; of a larger one enough to tell takes and versions apart in no time. The files of a
    folder share the 64 blocks, each has one at least, and their names count.

    Args:
        path: The file or folder.
        names: Only these files of the folder, in this order; none = all that are not hidden.

    Raises:
        OSError: It cannot be read.
    """
    return _digest(_files(path, names))


def _files(path: Path, names: Sequence[str]) -> list[tuple[str, Path]]:
    if not path.is_dir():
        pattern = None if path.exists() else frame_pattern(path)
        if pattern is None:
            return [("", path)]
        return [(name, pattern.folder / name) for name in names or pattern.names()]
    found = names or sorted(p.name for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
    return [(name, path / name) for name in found]


def _digest(files: Sequence[tuple[str, Path]]) -> str:
    h = hashlib.sha256()
    for name, file in files:
        size = file.stat().st_size
        h.update(f"{name}|{size}|".encode(errors="surrogateescape"))
        for piece in _pieces(file, size, max(1, _SAMPLES // len(files))):
            h.update(piece)
    return h.hexdigest()


def _pieces(file: Path, size: int, samples: int) -> Iterator[bytes]:
    with file.open("rb") as f:
        if size <= samples * _BLOCK:
            yield f.read()
            return
        for i in range(samples):
            f.seek((size - _BLOCK) * i // (samples - 1) if samples > 1 else (size - _BLOCK) // 2)
            yield f.read(_BLOCK)
