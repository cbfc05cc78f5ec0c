"""Whether a file was written by this program: it says so itself, wherever it was copied to and whatever it is called.

| what | its mark |
|---|---|
| video | the tag ``comment``, which begins with ``vsod-desktop`` and the kind of picture |
| PNG, TIFF, EXR | the field for the software, in the format's own way |
| JSON | a key ``vsod-desktop`` |
| HTML | ``<meta name="generator" content="vsod-desktop">`` |
| CSV, EDL | the first line that our tables have |
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from pathlib import Path

NAME = "vsod-desktop"
GENERATOR = f'<meta name="generator" content="{NAME}">'
EDL_NOTE = f"* {NAME}"
_METRICS = (
    "area",
    "confidence",
    "softness",
    "flicker",
    "motion",
    "change",
    "dissolve",
)  # :data:`vsod.qc.frame_metrics.METRICS`
_TRUST = ("margin", "kept", "steady", "confidence")
_HEADS = tuple(
    ",".join(columns).encode() + b"\n"
    for columns in (
        ("frame", *_METRICS, "cut"),
        ("frame", *_METRICS[:-1], "cut"),  # of 0.1.0
        ("frame", "frames", "timecode", "worst", "kind", "text", "advice"),
        ("model", "threshold", "precision", "recall", "F"),
        ("frame", "name", "scale", "value"),
        ("model", "data set", "metric", "paper", "table", "published", "ours", "protocol", "note"),  # before
        ("model", "variant", "data set", "metric", "paper", "table", "published", "ours", "protocol", "note"),
        ("clip", "frame", "area", "components", *(f"erased_{rule}" for rule in "abc"), *_TRUST),
    )
)
TABLE_HEADS = (*_HEADS, b"model,protocol,clip,frames,")  # the columns that follow are the protocol's
_LOOKED_AT = 1 << 16  # bytes at either end of a file
_OURS = re.compile(
    rb"vsod-desktop (?:matte|mask|saliency|heatmap|cutout|fg|over|demo)(?:[; \0]|$)"  # a video's comment
    rb'|"vsod-desktop": ?["{1-9]'  # JSON
    rb'|<meta name="generator" content="vsod-desktop">'
    rb"|^\* vsod-desktop\b"  # EDL
    rb'|\A\[\s*\{\s*"number": \d+,\s*"weights": ',  # the rounds of labels weak
    re.MULTILINE,
)
_DEMO = re.compile(rb"vsod-desktop demo(?:[; \0]|$)", re.MULTILINE)
_PNG, _TIFF, _EXR = b"\x89PNG\r\n\x1a\n", b"II*\0", b"\x76\x2f\x31\x01"
_PNG_MARK = b"tEXtSoftware\0" + NAME.encode()
_IMAGE_HEAD = 1024  # bytes within which an image's mark stands
_TIFF_ENTRY = struct.Struct("<HHI4s")
_SOFTWARE, _ASCII = 305, 2


def is_ours(file: Path) -> bool:
    """Whether this program wrote a file. False for what cannot be read, and for what is no file."""
    try:
        if not file.is_file():
            return False
        with file.open("rb") as stream:
            head = stream.read(_IMAGE_HEAD)
            if head.startswith(_PNG):
                return _PNG_MARK in head
            if head.startswith(_EXR):
                return b"software\0string\0" in head and NAME.encode() in head
            end = os.fstat(stream.fileno()).st_size
            if head.startswith(_TIFF):
                stream.seek(max(end - _IMAGE_HEAD, 0))
                return stream.read().endswith(NAME.encode() + b"\0")
            head += stream.read(_LOOKED_AT)
            stream.seek(max(end - _LOOKED_AT, 0))
            tail = stream.read()
    except OSError:
        return False
    return bool(_OURS.search(head) or _OURS.search(tail)) or head.startswith(TABLE_HEADS)


def is_export(file: Path) -> bool:
    """Whether a video or an image was exported by this program; its demo clip is none."""
    return is_ours(file) and not _is_demo(file)


def _is_demo(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            head = stream.read(_LOOKED_AT)
            stream.seek(max(os.fstat(stream.fileno()).st_size - _LOOKED_AT, 0))
            return any(_DEMO.search(part) for part in (head, stream.read()))
    except OSError:
        return False


def marked_png(data: bytes) -> bytes:
    """A PNG with our mark behind its head."""
    chunk = struct.pack(">I", len(_PNG_MARK) - 4) + _PNG_MARK + struct.pack(">I", zlib.crc32(_PNG_MARK))
    return data[:33] + chunk + data[33:]


def marked_tiff(data: bytes) -> bytes:
    """A little-endian TIFF of one image with our mark; any other as it is."""
    if not data.startswith(_TIFF):
        return data
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    entries = [
        entry
        for entry in _TIFF_ENTRY.iter_unpack(data[at + 2 : at + 2 + count * _TIFF_ENTRY.size])
        if entry[0] != _SOFTWARE
    ]
    following = data[at + 2 + count * _TIFF_ENTRY.size :][:4]
    data += b"\0" * (len(data) % 2)  # a directory begins on a whole word
    text = NAME.encode() + b"\0"
    size = 2 + (len(entries) + 1) * _TIFF_ENTRY.size + 4
    entries.append((_SOFTWARE, _ASCII, len(text), struct.pack("<I", len(data) + size)))
    directory = (
        struct.pack("<H", len(entries)) + b"".join(_TIFF_ENTRY.pack(*e) for e in sorted(entries)) + following
    )
    return data[:4] + struct.pack("<I", len(data)) + data[8:] + directory + text
