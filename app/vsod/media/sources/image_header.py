"""Picture sizes read from the first bytes of image files, without decoding them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from vsod.core.size_limits import MAX_PIXELS, TOO_LARGE, check_pixels
from vsod.errors import UnreadableMedia

Size = tuple[int, int]

MAX_BYTES = 8 * MAX_PIXELS + (64 << 20)  # of an image file: four channels of 16 bits, stored as they are
_JPEG_SIZED = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_TIFF_NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}  # TIFF's field types that hold whole numbers
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257


def read_image_size(file: Path) -> Size | None:
    """(width, height) of a PNG or JPEG as stored, before any EXIF rotation; None if the header does not tell."""
    try:
        with file.open("rb") as stream:
            head = stream.read(26)
            if head[:8] == b"\x89PNG\r\n\x1a\n":
                return _png(head)
            return _jpeg(stream) if head[:2] == b"\xff\xd8" else None
    except OSError:
        return None


def check_image(file: Path) -> None:
    """Refuse an image that is too large, by its header; what is no image passes.

    Raises:
        UnreadableMedia: Names the limit.
    """
    try:
        if not file.is_file():
            return
        with file.open("rb") as stream:
            size = _size(stream)
        length = file.stat().st_size
    except (OSError, struct.error):
        return
    if size is not None:
        check_pixels(*size, file)
        if length > MAX_BYTES:
            raise UnreadableMedia(
                f"this image file has {length / 1e9:.1f} GB, as if it were {TOO_LARGE}", where=file
            )


def _size(stream: BinaryIO) -> Size | None:
    head = stream.read(30)
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return _png(head)
    if head[:2] == b"\xff\xd8":
        return _jpeg(stream)
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return _tiff(stream, head)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _webp(head)
    if head[:2] == b"BM":
        return _bmp(head)
    return _exr(stream) if head[:4] == b"\x76\x2f\x31\x01" else None


def _png(head: bytes) -> Size:
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def _jpeg(stream: BinaryIO) -> Size | None:
    stream.seek(2)
    while True:
        marker = stream.read(2)
        while marker[:1] == b"\xff" and marker[1:] == b"\xff":  # any number of these may come first
            marker = b"\xff" + stream.read(1)
        marker += stream.read(2)
        if len(marker) < 4 or marker[0] != 0xFF:
            return None
        if marker[1] in _JPEG_SIZED:
            body = stream.read(5)  # precision, height, width
            return int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
        length = int.from_bytes(marker[2:4], "big")
        if length < 2:
            return None
        stream.seek(length - 2, 1)


def _tiff(stream: BinaryIO, head: bytes) -> Size | None:
    """The size in the first directory (TIFF 6.0, section 2; BigTIFF has eight bytes where it has two or four)."""
    order, big = "<" if head[:1] == b"I" else ">", head[2:4].strip(b"\0") == b"+"
    count, entry, place = ("Q", "HHQ8s", head[8:16]) if big else ("H", "HHI4s", head[4:8])
    stream.seek(struct.unpack(f"{order}{'Q' if big else 'I'}", place)[0])
    (entries,) = struct.unpack(order + count, stream.read(struct.calcsize(order + count)))
    found: dict[int, int] = {}
    for _ in range(min(entries, 4096)):
        tag, kind, number, value = struct.unpack(order + entry, stream.read(struct.calcsize(order + entry)))
        if tag in (_TIFF_WIDTH, _TIFF_HEIGHT) and kind in _TIFF_NUMBERS and number == 1:
            packed = order + _TIFF_NUMBERS[kind]
            found[tag] = struct.unpack_from(packed, value)[0] if struct.calcsize(packed) <= len(value) else 0
    return (found[_TIFF_WIDTH], found[_TIFF_HEIGHT]) if len(found) == 2 else None


def _webp(head: bytes) -> Size | None:
    """RFC 9649: the canvas of an extended file, else the frame of a lossless or a lossy one."""
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if head[12:16] == b"VP8 ":
        return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
    return None


def _bmp(head: bytes) -> Size:
    if int.from_bytes(head[14:18], "little") == 12:  # OS/2's header
        return int.from_bytes(head[18:20], "little"), int.from_bytes(head[20:22], "little")
    width, height = struct.unpack_from("<ii", head, 18)
    return abs(width), abs(height)


def _exr(stream: BinaryIO) -> Size | None:
    """The largest data window among the parts of an OpenEXR file."""
    stream.seek(8)
    head = stream.read(1 << 16)
    sizes = []
    place = head.find(b"dataWindow\0box2i\0")
    while 0 <= place <= len(head) - 37:
        left, top, right, bottom = struct.unpack_from("<4i", head, place + 21)
        sizes.append((right - left + 1, bottom - top + 1))
        place = head.find(b"dataWindow\0box2i\0", place + 1)
    return max(sizes, key=lambda size: abs(size[0] * size[1])) if sizes else None
