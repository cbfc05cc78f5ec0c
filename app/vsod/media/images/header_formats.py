"""Where image files of each format say their size and orientation."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import BinaryIO

Size = tuple[int, int]

_MOST_CHUNKS, _EXIF_BYTES = 1000, 1 << 16
_JPEG_SIZED = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_TIFF_NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}  # TIFF's field types that hold whole numbers
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257


def _png(head: bytes) -> Size:
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def png_chunks(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """(name, bytes of its body) of the chunks before a PNG's pictures; the stream stands at the body."""
    place = 8
    for _ in range(_MOST_CHUNKS):
        stream.seek(place)
        length, name = struct.unpack(">I4s", stream.read(8).ljust(8, b"\0"))
        if name in (b"IDAT", b"IEND", b"\0\0\0\0"):
            return
        yield name, length
        place += length + 12


def _png_exif(stream: BinaryIO) -> bytes:
    return next((stream.read(min(n, _EXIF_BYTES)) for name, n in png_chunks(stream) if name == b"eXIf"), b"")


def _webp_exif(stream: BinaryIO) -> bytes:
    place = 12
    for _ in range(_MOST_CHUNKS):
        stream.seek(place)
        name, length = struct.unpack("<4sI", stream.read(8).ljust(8, b"\0"))
        if name == b"EXIF":
            return stream.read(min(length, _EXIF_BYTES))
        if not length:
            return b""
        place += 8 + length + length % 2
    return b""


def _jpeg_exif(stream: BinaryIO) -> bytes:
    for marker, length in takewhile(lambda segment: segment[0] not in _JPEG_SIZED, _jpeg_segments(stream)):
        if marker == 0xE1:
            body = stream.read(length)
            if body.startswith(b"Exif\0\0"):
                return body
    return b""


def _jpeg_segments(stream: BinaryIO) -> Iterator[tuple[int, int]]:
    """(marker, bytes of its body) of a JPEG's segments; the stream stands at the body, and may be read meanwhile."""
    stream.seek(2)
    while True:
        marker = stream.read(2)
        while marker[:1] == b"\xff" and marker[1:] == b"\xff":  # any number of these may come first
            marker = b"\xff" + stream.read(1)
        marker += stream.read(2)
        length = int.from_bytes(marker[2:4], "big") - 2
        if len(marker) < 4 or marker[0] != 0xFF or length < 0:
            return
        place = stream.tell()
        yield marker[1], length
        stream.seek(place + length)


def _jpeg(stream: BinaryIO) -> Size | None:
    for marker, _ in _jpeg_segments(stream):
        if marker in _JPEG_SIZED:
            body = stream.read(5)  # precision, height, width
            return int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
    return None


def _tiff(stream: BinaryIO) -> Size | None:
    found = tiff_numbers(stream, stream.read(30), (_TIFF_WIDTH, _TIFF_HEIGHT))
    return (found[_TIFF_WIDTH], found[_TIFF_HEIGHT]) if len(found) == 2 else None


def tiff_numbers(stream: BinaryIO, head: bytes, wanted: Sequence[int]) -> dict[int, int]:
    """Numbers in the first directory (TIFF 6.0, section 2; BigTIFF has eight bytes where it has two or four)."""
    order, big = "<" if head[:1] == b"I" else ">", head[2:4].strip(b"\0") == b"+"
    count, entry, place = ("Q", "HHQ8s", head[8:16]) if big else ("H", "HHI4s", head[4:8])
    stream.seek(struct.unpack(f"{order}{'Q' if big else 'I'}", place)[0])
    (entries,) = struct.unpack(order + count, stream.read(struct.calcsize(order + count)))
    found: dict[int, int] = {}
    for _ in range(min(entries, 4096)):
        tag, kind, number, value = struct.unpack(order + entry, stream.read(struct.calcsize(order + entry)))
        if tag in wanted and kind in _TIFF_NUMBERS and number == 1:
            packed = order + _TIFF_NUMBERS[kind]
            found[tag] = struct.unpack_from(packed, value)[0] if struct.calcsize(packed) <= len(value) else 0
    return found


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
    """The largest data or display window among the parts of an OpenEXR file."""
    stream.seek(8)
    head = stream.read(1 << 16)
    sizes = []
    for found in re.finditer(rb"(?:data|display)Window\0box2i\0", head):
        if found.end() <= len(head) - 20:
            left, top, right, bottom = struct.unpack_from("<4i", head, found.end() + 4)
            sizes.append((right - left + 1, bottom - top + 1))
    return max(sizes, key=lambda size: abs(size[0] * size[1])) if sizes else None


def _jpeg_2000(stream: BinaryIO) -> Size | None:
    """The SIZ marker of the code stream (ISO 15444-1, A.5.1), which comes first, or in a box of an MP4-like file."""
    head = stream.read(1 << 16)
    place = head.find(b"\xff\x4f\xff\x51")
    if not 0 <= place <= len(head) - 24:
        return None
    right, bottom, left, top = struct.unpack_from(">4I", head, place + 8)
    return right - left, bottom - top


def _jpeg_xl(stream: BinaryIO) -> Size | None:
    """The SizeHeader of the code stream (ISO 18181-1, B.2), which comes first, or in a box of its own."""
    head = stream.read(1 << 16)
    if head[:2] != b"\xff\x0a":
        place = max(head.find(b"jxlc"), head.find(b"jxlp") + 4)
        head = head[place + 4 :] if place > 3 else b""
        if head[:2] != b"\xff\x0a":
            return None
    bits, place = int.from_bytes(head[2:18], "little"), 0

    def take(count: int) -> int:
        nonlocal place
        place += count
        return bits >> (place - count) & (1 << count) - 1

    def side(small: int) -> int:
        return (take(5) + 1) * 8 if small else take((9, 13, 18, 30)[take(2)]) + 1

    small = take(1)
    height, ratio = side(small), take(3)
    if not ratio:
        return side(small), height
    up, down = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio - 1]
    return height * up // down, height


MARKS: dict[str, tuple[bytes, ...]] = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpeg": (b"\xff\xd8",),
    "tiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "bmp": (b"BM",),
    "exr": (b"\x76\x2f\x31\x01",),
    "jpeg2000": (b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n"),
    "jpegxl": (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"),
}
EXIF: dict[str, Callable[[BinaryIO], bytes]] = {"png": _png_exif, "webp": _webp_exif, "jpeg": _jpeg_exif}
SIZE_IN_HEAD: dict[str, Callable[[bytes], Size | None]] = {"png": _png, "webp": _webp, "bmp": _bmp}
SIZE_IN_STREAM: dict[str, Callable[[BinaryIO], Size | None]] = {
    "jpeg": _jpeg,
    "tiff": _tiff,
    "exr": _exr,
    "jpeg2000": _jpeg_2000,
    "jpegxl": _jpeg_xl,
}
