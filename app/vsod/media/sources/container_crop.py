"""The crop that a container asks its player for: Matroska's PixelCrop, QuickTime's clean aperture.

FFmpeg keeps both as side data of a stream, which PyAV does not hand out, so the elements are read here
(RFC 9559, 5.1.4.1.28; ISO/IEC 14496-12, 12.1.4).
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

_log = logging.getLogger(__name__)

_LARGEST = 16 << 20  # bytes of an index that are read
_SEGMENT, _TRACKS, _TRACK, _VIDEO = 0x18538067, 0x1654AE6B, 0xAE, 0xE0
_CROPS = {0x54BB: "top", 0x54AA: "bottom", 0x54CC: "left", 0x54DD: "right"}
# Boxes on the way to the sample descriptions, with the bytes that stand before the boxes inside.
_INSIDE = {b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0, b"stsd": 8}
_VISUAL_ENTRY = 78  # bytes of a visual sample entry before its boxes


class Crop(NamedTuple):
    """Lines and columns to be cut off."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0


def read_crop(path: Path, container_format: str, number: int, size: tuple[int, int]) -> Crop:
    """What a file asks to be cut off the pictures of a stream; nothing where it does not ask or cannot be read.

    Args:
        path: The file.
        container_format: FFmpeg's name of its format.
        number: Number of the stream in the file.
        size: (width, height) of its pictures.
    """
    try:
        with path.open("rb") as file:
            if "matroska" in container_format:
                crops = _matroska(file)
            elif "mov" in container_format:
                crops = _clean_apertures(file, size)
            else:
                return Crop()
        return crops[number] if number < len(crops) else Crop()
    except (OSError, struct.error, IndexError, ValueError) as error:
        _log.debug("%s: no crop is read: %s", path, error)
        return Crop()


def _matroska(file: BinaryIO) -> list[Crop]:
    end = file.seek(0, 2)
    for kind, start, stop in _elements(file, 0, end):
        if kind != _SEGMENT:
            continue
        for inner, begin, behind in _elements(file, start, min(end, stop)):
            if inner == _TRACKS:
                tracks = [e for e in _elements(file, begin, behind) if e[0] == _TRACK]
                return [_track_crop(file, begin, behind) for _, begin, behind in tracks]
    return []


def _track_crop(file: BinaryIO, start: int, stop: int) -> Crop:
    crop = {}
    for kind, begin, behind in list(_elements(file, start, stop)):
        if kind == _VIDEO:
            for inner, first, last in list(_elements(file, begin, behind)):
                if inner in _CROPS:
                    file.seek(first)
                    crop[_CROPS[inner]] = int.from_bytes(file.read(min(8, last - first)), "big")
    return Crop(**crop)


def _elements(file: BinaryIO, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """(id, first byte of the contents, byte behind them) of the EBML elements in a part of a file (RFC 8794)."""
    place = start
    while place < stop:
        file.seek(place)
        head = file.read(12)
        id_length = 9 - head[0].bit_length()
        rest = head[id_length:]
        size_length = 9 - rest[0].bit_length()
        if id_length > 4 or size_length > 8:
            return
        size = int.from_bytes(rest[:size_length], "big") & ~(1 << 7 * size_length)
        begin = place + id_length + size_length
        is_known = size != (1 << 7 * size_length) - 1
        behind = begin + size if is_known else stop
        yield int.from_bytes(head[:id_length], "big"), begin, behind
        place = behind


def _clean_apertures(file: BinaryIO, size: tuple[int, int]) -> list[Crop]:
    end = file.seek(0, 2)
    for kind, start, stop in _boxes(file, 0, end):
        if kind == b"moov" and stop - start < _LARGEST:
            tracks = [box for box in _boxes(file, start, stop) if box[0] == b"trak"]
            return [_clean_aperture(file, begin, behind, size) for _, begin, behind in tracks]
    return []


def _clean_aperture(file: BinaryIO, start: int, stop: int, size: tuple[int, int]) -> Crop:
    for kind, begin, behind in list(_boxes(file, start, stop)):
        if kind in _INSIDE:
            look = _sample_entry if kind == b"stsd" else _clean_aperture
            crop = look(file, begin + _INSIDE[kind], behind, size)
            if any(crop):
                return crop
    return Crop()


def _sample_entry(file: BinaryIO, start: int, stop: int, size: tuple[int, int]) -> Crop:
    for _, begin, behind in list(_boxes(file, start, stop)):
        for kind, first, _last in list(_boxes(file, begin + _VISUAL_ENTRY, behind)):
            if kind == b"clap":
                file.seek(first)
                return _aperture_crop(struct.unpack(">8i", file.read(32)), size)
    return Crop()


def _aperture_crop(said: tuple[int, ...], size: tuple[int, int]) -> Crop:
    """What a clean aperture leaves out; its offsets are those of centres."""
    values = [said[k] / said[k + 1] if said[k + 1] else 0.0 for k in range(0, 8, 2)]
    wide, high, across, down = values
    if not (0 < wide <= size[0] and 0 < high <= size[1]):
        return Crop()
    left, top = round((size[0] - wide) / 2 + across), round((size[1] - high) / 2 + down)
    right, bottom = round(size[0] - wide) - left, round(size[1] - high) - top
    return Crop(*(max(0, value) for value in (top, bottom, left, right)))


def _boxes(file: BinaryIO, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, first byte of the contents, byte behind them) of the boxes in a part of a file."""
    place = start
    while place + 8 <= stop:
        file.seek(place)
        head = file.read(16)
        size, kind = struct.unpack_from(">I4s", head)
        begin = place + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", head, 8)
            begin += 8
        elif size == 0:
            size = stop - place
        if size < 8:
            return
        yield kind, begin, min(stop, place + size)
        place += size
