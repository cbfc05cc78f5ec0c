"""Picture sizes read from the first bytes of PNG and JPEG files, without decoding them."""

from __future__ import annotations

from pathlib import Path

_JPEG_SIZED = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def stored_size(file: Path) -> tuple[int, int] | None:
    """(width, height) as stored, before any EXIF rotation; None if the header does not tell."""
    try:
        with file.open("rb") as stream:
            head = stream.read(26)
            if head[:8] == b"\x89PNG\r\n\x1a\n":
                return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
            if head[:2] != b"\xff\xd8":
                return None
            stream.seek(2)
            while True:
                marker = stream.read(4)
                if len(marker) < 4 or marker[0] != 0xFF:
                    return None
                if marker[1] in _JPEG_SIZED:
                    body = stream.read(5)  # precision, height, width
                    height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
                    return width, height
                stream.seek(int.from_bytes(marker[2:4], "big") - 2, 1)
    except OSError:
        return None
