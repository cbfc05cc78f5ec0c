"""Folders that a long command fills and comes back to: training runs, labels."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from vsod.errors import UsageError
from vsod.storage.claims import OVERWRITE, foreign
from vsod.storage.ownership_marks import NAME, is_ours
from vsod.storage.partial_files import write_bytes

MARKER = f".{NAME}.json"
# what runs of before there was a marker are known by
_EARLIER = ("checkpoint.pt", "recipe.json", "pack/pack.json", "state", "*/checkpoint.pt", "*/recipe.json")


def is_run(folder: Path) -> bool:
    """Whether this program began to fill a folder."""
    return is_ours(folder / MARKER) or any(any(folder.glob(pattern)) for pattern in _EARLIER)


def begin_run(folder: Path) -> None:
    """Make a folder, and note that it is this program's.

    Raises:
        OSError: It cannot be made or written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not is_ours(folder / MARKER):
        write_bytes(folder / MARKER, json.dumps({NAME: "run"}).encode())


def refuse_foreign_run(folder: Path, names: Iterable[str]) -> None:
    """Refuse to fill a folder in which others have files of the names that are to be written.

    Args:
        folder: The folder, which may not be there.
        names: Files or folders in it that are to be written.

    Raises:
        UsageError: Names one of them.
    """
    if is_run(folder):
        return
    for name in names:
        found = foreign(folder / name, folder=True)
        if found is not None:
            raise UsageError(
                f"'{found.relative_to(folder)}' in this folder was not written by vsod-desktop and would be replaced",
                where=folder,
                fix=OVERWRITE.replace("name", "folder"),
            )
