"""What the first bytes of image files say, read without decoding them: size, orientation, alpha."""

from __future__ import annotations

import os
import re
import stat
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from vsod.core.size_limits import MAX_PIXELS, TOO_LARGE, check_pixels
from vsod.errors import UnreadableMedia

Size = tuple[int, int]

MAX_BYTES = 8 * MAX_PIXELS + (64 << 20)  # of an image file: four channels of 16 bits, stored as they are
_MOST_CHUNKS, _EXIF_BYTES = 1000, 1 << 16
_JPEG_SIZED = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_TIFF_NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}  # TIFF's field types that hold whole numbers
_TIFF_WIDTH, _TIFF_HEIGHT, _ORIENTATION = 256, 257, 274


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What the first bytes of an image say.

    Attributes:
        kind: ``"png"``, ``"jpeg"`` and so on, by the bytes and not by the name; empty if it is none known here.
        stored_size: (width, height) before any rotation; None if it does not tell.
        length: Bytes of the file.
        orientation: The EXIF number of a JPEG, PNG or WebP, 1 (upright) to 8.
        has_alpha: A PNG or WebP has an alpha channel, or a transparent colour.
    """

    kind: str = ""
    stored_size: Size | None = None
    length: int = 0
    orientation: int = 1
    has_alpha: bool = False

    @property
    def size(self) -> Size | None:
        """(width, height), upright."""
        if self.stored_size is None or self.orientation < 5:
            return self.stored_size
        return self.stored_size[1], self.stored_size[0]

    def check(self, file: Path) -> None:
        """Refuse an image that is too large.

        Raises:
            UnreadableMedia: Names the limit.
        """
        if self.stored_size is None:
            return
        check_pixels(*self.stored_size, file)
        if self.length > MAX_BYTES:
            raise UnreadableMedia(
                f"this image file has {self.length / 1e9:.1f} GB, as if it were {TOO_LARGE}", where=file
            )


def read_header(file: Path) -> ImageHeader:
    """The header of an image; of what is none an empty one.

    Raises:
        OSError: It cannot be read.
    """
    with file.open("rb") as stream:
        state = os.fstat(stream.fileno())
        if not stat.S_ISREG(state.st_mode):
            return ImageHeader()
        head = stream.read(32)
        kind = _kind(head)
        found = ImageHeader(kind, length=state.st_size)
        try:
            found = replace(found, stored_size=_size(stream, kind, head))
            return replace(
                found, orientation=_orientation(stream, kind), has_alpha=_has_alpha(stream, kind, head)
            )
        except (struct.error, IndexError):
            return found


def check_image(file: Path) -> None:
    """Refuse an image that is too large, by its header; what is no image passes.

    Raises:
        UnreadableMedia: Names the limit.
    """
    try:
        header = read_header(file) if file.is_file() else ImageHeader()
    except OSError:
        return
    header.check(file)


def _kind(head: bytes) -> str:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return next((kind for kind, marks in _MARKS.items() if head.startswith(marks)), "")


def _size(stream: BinaryIO, kind: str, head: bytes) -> Size | None:
    if kind in _SIZE_IN_HEAD:
        return _SIZE_IN_HEAD[kind](head)
    stream.seek(0)
    return _SIZE_IN_STREAM[kind](stream) if kind in _SIZE_IN_STREAM else None


def _orientation(stream: BinaryIO, kind: str) -> int:
    body = _EXIF[kind](stream).removeprefix(b"Exif\0\0") if kind in _EXIF else b""
    try:
        found = _tiff_numbers(BytesIO(body), body[:30], (_ORIENTATION,)) if body else {}
    except struct.error:
        return 1
    number = found.get(_ORIENTATION, 1)
    return number if 1 <= number <= 8 else 1


def _has_alpha(stream: BinaryIO, kind: str, head: bytes) -> bool:
    if kind == "png":
        return head[25] in (4, 6) or (
            head[25] > 0 and any(name == b"tRNS" for name, _ in _png_chunks(stream))
        )
    if kind == "webp":
        return bool(head[20 if head[12:16] == b"VP8X" else 24] & 0x10) and head[12:16] in (b"VP8X", b"VP8L")
    return False


def _png(head: bytes) -> Size:
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def _png_chunks(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
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
    return next((stream.read(min(n, _EXIF_BYTES)) for name, n in _png_chunks(stream) if name == b"eXIf"), b"")


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
    found = _tiff_numbers(stream, stream.read(30), (_TIFF_WIDTH, _TIFF_HEIGHT))
    return (found[_TIFF_WIDTH], found[_TIFF_HEIGHT]) if len(found) == 2 else None


def _tiff_numbers(stream: BinaryIO, head: bytes, wanted: Sequence[int]) -> dict[int, int]:
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


_MARKS: dict[str, tuple[bytes, ...]] = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpeg": (b"\xff\xd8",),
    "tiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "bmp": (b"BM",),
    "exr": (b"\x76\x2f\x31\x01",),
    "jpeg2000": (b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n"),
    "jpegxl": (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"),
}
_EXIF: dict[str, Callable[[BinaryIO], bytes]] = {"png": _png_exif, "webp": _webp_exif, "jpeg": _jpeg_exif}
_SIZE_IN_HEAD: dict[str, Callable[[bytes], Size | None]] = {"png": _png, "webp": _webp, "bmp": _bmp}
_SIZE_IN_STREAM: dict[str, Callable[[BinaryIO], Size | None]] = {
    "jpeg": _jpeg,
    "tiff": _tiff,
    "exr": _exr,
    "jpeg2000": _jpeg_2000,
    "jpegxl": _jpeg_xl,
}
