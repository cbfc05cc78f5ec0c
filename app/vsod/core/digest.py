"""What tells one clip from another wherever it lies: its size, and samples of its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

_SAMPLES, _BLOCK = 64, 1 << 16


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
    if not path.is_dir():
        return _digest([("", path)])
    found = names or sorted(p.name for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
    return _digest([(name, path / name) for name in found])


def _digest(files: Sequence[tuple[str, Path]]) -> str:
    h = hashlib.sha256()
    for name, file in files:
        size = file.stat().st_size
        h.update(f"{name}|{size}|".encode())
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
