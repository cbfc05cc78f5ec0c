"""Images in a sequence's folder that do not belong to the export that is about to be written."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from vsod.media.formats.input_limits import IMAGE_SUFFIXES
from vsod.storage.ownership_marks import is_ours


def older_images(folder: Path, names: Collection[str]) -> list[Path]:
    """The images in a folder that will not be written anew, by name; none where there is no such folder."""
    due = frozenset(names)
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []  # there is none yet, or the sink says why it cannot be written to
    return [
        p
        for p in entries
        if p.suffix.lower() in IMAGE_SUFFIXES and p.name not in due and not p.name.startswith(".")
    ]


def describe_older(folder: Path, names: Collection[str], remove: bool) -> str:
    """What becomes of such images, in one sentence; empty if there are none.

    Args:
        folder: Where the images are written to.
        names: Of all images of the export.
        remove: Those of this program go.
    """
    older = older_images(folder, names)
    ours = [path for path in older if is_ours(path)]
    gone = ours if remove else []
    stay = [path for path in older if path not in gone]
    told = []
    if gone:
        told.append(f"{_list(gone)} of an earlier export, to be removed")
    if stay:
        fix = " (--older-images remove would remove them)" if stay == ours else ""
        told.append(f"{_list(stay)} not of this export, which stay among the new ones{fix}")
    return f"{folder.name} holds {' and '.join(told)}" if told else ""


def _list(paths: list[Path]) -> str:
    if len(paths) == 1:
        return f"1 image ({paths[0].name})"
    return f"{len(paths)} images ({paths[0].name} to {paths[-1].name})"
