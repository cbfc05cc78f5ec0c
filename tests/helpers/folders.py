"""Folders of images as this program writes them, small enough to write many."""

from __future__ import annotations

from pathlib import Path

from vsod.storage.ownership_marks import marked_png

_PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 60


def picture(text: str) -> bytes:
    """Something like one of our images."""
    return marked_png(_PNG) + text.encode()


def folder(path: Path, text: str, count: int) -> Path:
    """A new folder of ``count`` images that all say ``text``."""
    path.mkdir()
    for number in range(count):
        (path / f"{number:03}.png").write_bytes(picture(text))
    return path


def whole(path: Path, text: str, count: int) -> bool:
    """Whether a folder is just that."""
    names = [f"{number:03}.png" for number in range(count)]
    return sorted(p.name for p in path.iterdir()) == names and all(
        (path / name).read_bytes() == picture(text) for name in names
    )
