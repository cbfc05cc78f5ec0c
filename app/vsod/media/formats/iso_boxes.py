"""The boxes of a MOV or MP4 (ISO/IEC 14496-12): which there are, and what its video tracks are coded as."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_MOST = 10_000  # boxes looked at in one place
_HANDLER_AT, _ENTRIES_AT, _VISUAL_ENTRY = 8, 8, 78  # bytes within hdlr, stsd, and a video's sample entry


@dataclass(frozen=True, slots=True)
class Box:
    """A box.

    Attributes:
        kind: Its four characters.
        start: Its first byte in the file.
        body: The first byte behind its head.
        end: One past its last, as it says itself; 0 = it says that it goes on to the end of the file.
    """

    kind: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class VideoEntry:
    """What a video track is coded as.

    Attributes:
        kind: Four characters of its sample description; ``encv`` if it is encrypted.
        original: Those of what was encrypted; else empty.
        scheme: How it was encrypted, such as ``cenc``; else empty.
    """

    kind: str
    original: str = ""
    scheme: str = ""


def read_boxes(file: BinaryIO, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes from ``start`` to ``end``, one after the other; the last may say that it is longer than the file."""
    if end is None:
        end = file.seek(0, io.SEEK_END)
    for _ in range(_MOST):
        file.seek(start)
        head = file.read(min(16, max(end - start, 0)))
        if len(head) < 8:
            return
        size, kind = struct.unpack_from(">I4s", head)
        body = start + 8
        if size == 1:  # the true size follows
            if len(head) < 16:
                return
            (size,) = struct.unpack_from(">Q", head, 8)
            body = start + 16
        if size and start + size < body:
            return  # no box
        yield Box(kind, start, body, start + size if size else 0)
        if not size or start + size >= end:
            return
        start += size


def video_entries(file: BinaryIO) -> list[VideoEntry]:
    """What the video tracks of a file are coded as, in its own words."""
    found: list[VideoEntry] = []
    for moov in _inside(file, 0, None, b"moov"):
        for track in _inside(file, moov.body, moov.end, b"trak"):
            for media in _inside(file, track.body, track.end, b"mdia"):
                found += _entries_of(file, media)
    return found


def _entries_of(file: BinaryIO, media: Box) -> Iterator[VideoEntry]:
    for handler in _inside(file, media.body, media.end, b"hdlr"):
        file.seek(handler.body + _HANDLER_AT)
        if file.read(4) != b"vide":
            return
    for info in _inside(file, media.body, media.end, b"minf"):
        for table in _inside(file, info.body, info.end, b"stbl"):
            for described in _inside(file, table.body, table.end, b"stsd"):
                for entry in read_boxes(file, described.body + _ENTRIES_AT, described.end or None):
                    yield _entry(file, entry)


def _entry(file: BinaryIO, entry: Box) -> VideoEntry:
    original = scheme = ""
    for protection in _inside(file, entry.body + _VISUAL_ENTRY, entry.end, b"sinf"):
        for box in read_boxes(file, protection.body, protection.end):
            file.seek(box.body)
            if box.kind == b"frma":
                original = _text(file.read(4))
            elif box.kind == b"schm":
                scheme = _text(file.read(8)[4:])
    return VideoEntry(_text(entry.kind), original, scheme)


def _inside(file: BinaryIO, start: int, end: int | None, kind: bytes) -> Iterator[Box]:
    """The boxes of one kind; those that go on to the end of the file hold no others."""
    return (box for box in read_boxes(file, start, end) if box.kind == kind and box.end)


def _text(name: bytes) -> str:
    return name.decode("latin-1").strip("\0 ")
