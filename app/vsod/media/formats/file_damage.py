"""Why a file cannot be opened, by what it holds: cut off, never closed, empty, or no video at all."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import BinaryIO, NamedTuple

from vsod.media.formats.ebml import video_tracks
from vsod.media.formats.file_marks import EBML, FIRST_BOXES, MXF
from vsod.media.formats.input_limits import is_playlist
from vsod.media.formats.iso_boxes import Box, read_boxes

_log = logging.getLogger(__name__)

COPY = "Copy it again from the camera or the drive that it comes from."
_REPAIR = (
    "A repair program such as untrunc can make an index with the help of a good file of the same camera; some cameras "
    "close the file when the card is put back."
)
_HEAD = 4096
_OTHERS = {
    b"PK\x03\x04": "a ZIP archive",
    b"%PDF": "a PDF document",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\x7fELF": "a program",
    b"MZ": "a program",
}
_CAMERA_RAW = {
    b"RED1": "REDCODE RAW",
    b"RED2": "REDCODE RAW",
    b"ARRI": "ARRIRAW",
    b"MLVI": "Magic Lantern RAW",
}


class Damage(NamedTuple):
    """Why a file cannot be opened, and what to do about it."""

    what: str
    fix: str


def find_damage(path: Path) -> Damage | None:
    """Why a file cannot be opened; None if it does not tell."""
    if is_playlist(path):
        return Damage(
            "this is a playlist, not a clip: the files it names are not opened",
            "Choose the clips themselves.",
        )
    try:
        with path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            return _by_content(file, file.read(_HEAD), size)
    except OSError as error:
        _log.debug("%s: %s", path, error)
        return None


def find_cut_index(path: Path) -> Damage | None:
    """Whether a MOV or MP4 ends within its index, so that only some of its tracks are known; None if not."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            index = next((box for box in read_boxes(file) if box.kind == b"moov"), None)
    except OSError as error:
        _log.debug("%s: %s", path, error)
        return None
    return _cut_index(index, size) if index is not None and index.end > size else None


def _cut_index(index: Box, size: int) -> Damage:
    return Damage(f"cut off inside its index: {_share(index, size)}", COPY)


def _by_content(file: BinaryIO, head: bytes, size: int) -> Damage | None:
    if not size:
        return Damage("the file is empty", COPY)
    if not head.strip(b"\0"):
        return Damage("the file begins with nothing but zeros: its contents were never written", COPY)
    if head[4:8] in FIRST_BOXES:
        return _of_boxes(file, size)
    if head.startswith(EBML):
        if video_tracks(file) is None:
            return Damage("cut off inside its head: its tracks are not described", COPY)
        return Damage("its head is damaged", COPY)
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return Damage("cut off inside its head" if b"movi" not in head else "its head is damaged", COPY)
    if head.startswith(MXF):
        return Damage("cut off inside its head, or its head is damaged", COPY)
    for names in (_CAMERA_RAW, _OTHERS):
        for mark, name in names.items():
            at = 4 if mark.startswith(b"RED") else 0
            if head[at:].startswith(mark):
                raw = "Export it from its maker's program or DaVinci Resolve, as ProRes for example."
                return Damage(
                    f"this is {name}, which is not read here", raw if names is _CAMERA_RAW else COPY
                )
    if all(32 <= byte < 127 or byte in b"\t\n\r\f" or byte >= 0xA0 for byte in head):
        return Damage("this is a text, no video", "Choose a video file.")
    return None


def _of_boxes(file: BinaryIO, size: int) -> Damage:
    boxes = list(read_boxes(file))
    index = next((box for box in boxes if box.kind == b"moov"), None)
    if index is not None and index.end > size:
        return _cut_index(index, size)
    if index is not None:
        return Damage("its index is damaged", COPY)
    data = next((box for box in boxes if box.kind == b"mdat"), None)
    if data is None:
        return Damage("cut off before its pictures and its index", COPY)
    if data.end > size:
        what = f"cut off before its index, inside its pictures: {_share(data, size)}"
        return Damage(what, f"{COPY} If it is no longer there: {_REPAIR[0].lower()}{_REPAIR[1:]}")
    return Damage("the recording was not closed: the file has no index", _REPAIR)


def _share(box: Box, size: int) -> str:
    return f"{max(size - box.start, 0):,} of {box.end - box.start:,} bytes are there"
