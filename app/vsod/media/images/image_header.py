"""What the first bytes of image files say, read without decoding them: size, orientation, alpha."""

from __future__ import annotations

import os
import stat
import struct
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from vsod.core.size_limits import MAX_PIXELS, TOO_LARGE, check_pixels
from vsod.errors import UnreadableMedia
from vsod.media.images.header_formats import (
    EXIF,
    MARKS,
    SIZE_IN_HEAD,
    SIZE_IN_STREAM,
    Size,
    png_chunks,
    tiff_numbers,
)

MAX_BYTES = 8 * MAX_PIXELS + (64 << 20)  # of an image file: four channels of 16 bits, stored as they are
_ORIENTATION = 274  # of the TIFF directory that EXIF is


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
    return next((kind for kind, marks in MARKS.items() if head.startswith(marks)), "")


def _size(stream: BinaryIO, kind: str, head: bytes) -> Size | None:
    if kind in SIZE_IN_HEAD:
        return SIZE_IN_HEAD[kind](head)
    stream.seek(0)
    return SIZE_IN_STREAM[kind](stream) if kind in SIZE_IN_STREAM else None


def _orientation(stream: BinaryIO, kind: str) -> int:
    body = EXIF[kind](stream).removeprefix(b"Exif\0\0") if kind in EXIF else b""
    try:
        found = tiff_numbers(BytesIO(body), body[:30], (_ORIENTATION,)) if body else {}
    except struct.error:
        return 1
    number = found.get(_ORIENTATION, 1)
    return number if 1 <= number <= 8 else 1


def _has_alpha(stream: BinaryIO, kind: str, head: bytes) -> bool:
    if kind == "png":
        return head[25] in (4, 6) or (head[25] > 0 and any(name == b"tRNS" for name, _ in png_chunks(stream)))
    if kind == "webp":
        return bool(head[20 if head[12:16] == b"VP8X" else 24] & 0x10) and head[12:16] in (b"VP8X", b"VP8L")
    return False
