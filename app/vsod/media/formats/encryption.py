"""Whether the pictures of a file are encrypted, by what the file says itself: they decode to rubbish, or to nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

from vsod.media.formats.ebml import video_tracks
from vsod.media.formats.file_marks import ASF, EBML, MXF_PARTITION, PROGRAM_STREAM
from vsod.media.formats.iso_boxes import video_entries

_LOOKED_AT = 4 << 20  # bytes of a stream
_PROTECTED = {"drmi": "FairPlay", "encv": ""}
_SCHEMES = {
    "cenc": "CENC",
    "cens": "CENC",
    "cbc1": "CENC",
    "cbcs": "CENC",
    "piff": "PlayReady",
    "itun": "FairPlay",
}
_ASF_ENCRYPTION = (
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),
)
_MXF_ENCRYPTED = bytes.fromhex("060e2b34020401070d010301027e0100")
_PES_VIDEO = re.compile(rb"\x00\x00\x01[\xe0-\xef]..([\x80-\xbf])", re.DOTALL)
_TS_SIZES = ((188, 0), (192, 4), (204, 0))


def find_encryption(path: Path) -> str | None:
    """What a file's pictures are encrypted with, such as ``CENC``; empty if it does not say; None if they are not.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(16)
        if head.startswith(EBML):
            tracks = video_tracks(file) or []
            return "Matroska" if tracks and all(track.encrypted for track in tracks) else None
        if head[4:8].isalnum() and not head.startswith(b"RIFF"):
            return _by_boxes(file)
        file.seek(0)
        data = file.read(_LOOKED_AT)
    if data.startswith(ASF):
        return (
            "PlayReady or Windows Media DRM" if any(id in data[: 1 << 16] for id in _ASF_ENCRYPTION) else None
        )
    if data.startswith(MXF_PARTITION):
        return "SMPTE ST 429-6" if _MXF_ENCRYPTED in data else None
    if data.startswith(PROGRAM_STREAM):
        flags = [found[1][0] & 0x30 for found in _PES_VIDEO.finditer(data)]
        return "CSS" if flags and _most(flags) else None
    return _scrambled(data)


def _by_boxes(file: BinaryIO) -> str | None:
    entries = video_entries(file)
    if not entries or not all(entry.kind in _PROTECTED for entry in entries):
        return None
    first = entries[0]
    return _SCHEMES.get(first.scheme, first.scheme) or _PROTECTED[first.kind]


def _scrambled(data: bytes) -> str | None:
    """Whether the packets of a transport stream are scrambled (ISO/IEC 13818-1, transport_scrambling_control)."""
    for size, lead in _TS_SIZES:
        count = (len(data) - lead) // size
        if count >= 8 and all(data[lead + k * size] == 0x47 for k in range(8)):
            heads = [data[lead + k * size : lead + k * size + 4] for k in range(count)]
            # tables are never scrambled, and packets without a payload are none's; the others are of programmes
            flags = [
                head[3] & 0xC0 for head in heads if head[0] == 0x47 and head[3] & 0x10 and not _is_table(head)
            ]
            return "conditional access" if flags and _most(flags) else None
    return None


def _is_table(head: bytes) -> bool:
    pid = (head[1] & 0x1F) << 8 | head[2]
    return pid < 0x20 or pid == 0x1FFF  # or stuffing


def _most(flags: list[int]) -> bool:
    return sum(map(bool, flags)) * 2 > len(flags)
