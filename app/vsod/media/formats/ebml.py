"""The head of a Matroska or WebM file (RFC 8794, RFC 9559): whether it is whole, and what its tracks are coded as."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_MOST = 10_000  # elements looked at in one place
_SEGMENT, _TRACKS, _CLUSTER, _ENTRY = 0x18538067, 0x1654AE6B, 0x1F43B675, 0xAE
_TYPE, _CODEC = 0x83, 0x86
_ENCODINGS, _ENCODING, _ENCODING_TYPE, _ENCRYPTION = 0x6D80, 0x6240, 0x5033, 0x5035
_VIDEO = 1


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """A video track: its ``CodecID``, and whether its frames are encrypted."""

    codec: str
    encrypted: bool


@dataclass(frozen=True, slots=True)
class Element:
    """An element.

    Attributes:
        id: Its number, with its length marker.
        body: First byte of its contents.
        end: One past its last; the end of what was read, where its size is not known.
    """

    id: int
    body: int
    end: int


def video_tracks(file: BinaryIO) -> list[VideoTrack] | None:
    """The video tracks of a file; None if it ends before they are described."""
    size = file.seek(0, io.SEEK_END)
    for top in read_elements(file, 0, size):
        if top.id != _SEGMENT:
            continue
        for element in read_elements(file, top.body, min(top.end, size)):
            if element.id == _TRACKS:
                return _described(file, element) if element.end <= size else None
            if element.id == _CLUSTER:
                return None
    return None


def _described(file: BinaryIO, tracks: Element) -> list[VideoTrack]:
    found = []
    for entry in read_elements(file, tracks.body, tracks.end):
        if entry.id != _ENTRY:
            continue
        kind, codec, encrypted = 0, "", False
        for part in read_elements(file, entry.body, entry.end):
            if part.id == _TYPE:
                kind = int.from_bytes(_data(file, part), "big")
            elif part.id == _CODEC:
                codec = _data(file, part).decode("latin-1").rstrip("\0")
            elif part.id == _ENCODINGS:
                encrypted = _is_encryption(file, part)
        if kind == _VIDEO:
            found.append(VideoTrack(codec, encrypted))
    return found


def _is_encryption(file: BinaryIO, encodings: Element) -> bool:
    for encoding in read_elements(file, encodings.body, encodings.end):
        if encoding.id == _ENCODING:
            parts = list(read_elements(file, encoding.body, encoding.end))
            kinds = [int.from_bytes(_data(file, part), "big") for part in parts if part.id == _ENCODING_TYPE]
            if 1 in kinds or any(part.id == _ENCRYPTION for part in parts):
                return True
    return False


def _data(file: BinaryIO, element: Element) -> bytes:
    file.seek(element.body)
    return file.read(min(element.end - element.body, 256))


def read_elements(file: BinaryIO, start: int, end: int) -> Iterator[Element]:
    """The elements from ``start`` to ``end``, one after the other."""
    for _ in range(_MOST):
        file.seek(start)
        head = file.read(min(12, max(end - start, 0)))
        if not head or not head[0]:
            return
        length = 9 - head[0].bit_length()
        if len(head) <= length or length > 4 or not head[length]:
            return
        width = 9 - head[length].bit_length()
        body = start + length + width
        if len(head) < length + width:
            return
        size = int.from_bytes(head[length : length + width], "big") & ((1 << 7 * width) - 1)
        known = size != (1 << 7 * width) - 1
        yield Element(int.from_bytes(head[:length], "big"), body, body + size if known else end)
        if not known:
            return
        start = body + size
