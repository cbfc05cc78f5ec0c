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

from vsod.media.formats.ebml import Element, read_elements
from vsod.media.formats.iso_boxes import read_boxes

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
    for segment in _of_kind(file, 0, end, _SEGMENT):
        for tracks in _of_kind(file, segment.body, min(end, segment.end), _TRACKS):
            return [_track_crop(file, track) for track in _of_kind(file, tracks.body, tracks.end, _TRACK)]
    return []


def _track_crop(file: BinaryIO, track: Element) -> Crop:
    crop = {}
    for video in _of_kind(file, track.body, track.end, _VIDEO):
        for part in read_elements(file, video.body, video.end):
            if part.id in _CROPS:
                file.seek(part.body)
                crop[_CROPS[part.id]] = int.from_bytes(file.read(min(8, part.end - part.body)), "big")
    return Crop(**crop)


def _of_kind(file: BinaryIO, start: int, end: int, kind: int) -> Iterator[Element]:
    return (element for element in read_elements(file, start, end) if element.id == kind)


def _clean_apertures(file: BinaryIO, size: tuple[int, int]) -> list[Crop]:
    for index in read_boxes(file):
        if index.kind == b"moov" and 0 < index.end - index.body < _LARGEST:
            tracks = [box for box in read_boxes(file, index.body, index.end) if box.kind == b"trak"]
            return [_clean_aperture(file, track.body, track.end, size) for track in tracks]
    return []


def _clean_aperture(file: BinaryIO, start: int, stop: int, size: tuple[int, int]) -> Crop:
    for box in read_boxes(file, start, stop):
        if box.kind in _INSIDE:
            look = _sample_entry if box.kind == b"stsd" else _clean_aperture
            crop = look(file, box.body + _INSIDE[box.kind], box.end, size)
            if any(crop):
                return crop
    return Crop()


def _sample_entry(file: BinaryIO, start: int, stop: int, size: tuple[int, int]) -> Crop:
    for entry in read_boxes(file, start, stop):
        for box in read_boxes(file, entry.body + _VISUAL_ENTRY, entry.end):
            if box.kind == b"clap":
                file.seek(box.body)
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
