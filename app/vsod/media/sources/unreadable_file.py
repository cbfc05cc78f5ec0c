"""Why a file cannot be read, in plain words: one reason for each thing that a user can do about it."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

import av.error

from vsod.errors import UnreadableMedia
from vsod.media.formats.ebml import video_tracks
from vsod.media.formats.encryption import find_encryption
from vsod.media.formats.file_damage import find_cut_index, find_damage
from vsod.media.formats.file_kinds import why_special
from vsod.media.formats.file_marks import EBML
from vsod.media.formats.iso_boxes import video_entries

CONVERT = "Check that it plays elsewhere, copy it again from the camera, or convert it to MP4 or MOV."
_RAW = "Export it from the camera maker's program or DaVinci Resolve, as ProRes for example."
_DECRYPT = "Ask where it comes from for a copy without protection."
_RAW_CODECS = {"craw": "Canon RAW", "nraw": "N-RAW"}

_log = logging.getLogger(__name__)


def refuse_special(path: Path) -> None:
    """Refuse what can be read once only: a pipe, a socket, a device.

    Raises:
        UnreadableMedia: It is one.
    """
    if (special := why_special(path)) is not None:
        raise UnreadableMedia(f"{special} cannot be read twice", where=path, fix="Write it to a file first.")


def refuse_encrypted(path: Path) -> None:
    """Refuse a file whose pictures are encrypted: what can be decoded of them is no picture.

    Raises:
        UnreadableMedia: It is.
    """
    try:
        state = path.stat()
        found = _encryption(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        _log.debug("%s: %s", path, error)  # whoever opens it says so
        return
    if found is not None:
        by = f" ({found})" if found else ""
        raise UnreadableMedia(
            f"its pictures are encrypted{by} and cannot be read without their key", where=path, fix=_DECRYPT
        )


@lru_cache(maxsize=256)
def _encryption(path: Path, size: int, changed: int) -> str | None:
    return find_encryption(path)


def explain_refusal(error: Exception, path: Path) -> UnreadableMedia:
    """Why FFmpeg could not open a file."""
    try:
        refuse_encrypted(path)
    except UnreadableMedia as refusal:
        return refusal
    damage = find_damage(path)
    if damage is not None:
        return UnreadableMedia(damage.what, where=path, fix=damage.fix)
    if isinstance(error, av.error.InvalidDataError):
        return UnreadableMedia(
            "not a readable video: its head is damaged, or it is no video", where=path, fix=CONVERT
        )
    if isinstance(error, av.error.ArgumentError):
        what = "no kind of video that is opened here, or its header is damaged"
        return UnreadableMedia(what, where=path, fix=CONVERT)
    return UnreadableMedia(f"cannot be opened ({error})", where=path, fix=CONVERT)


def refuse_cut_index(path: Path) -> None:
    """Refuse a file of which no picture can be found because it ends within its index.

    Raises:
        UnreadableMedia: It does.
    """
    damage = find_cut_index(path)
    if damage is not None:
        raise UnreadableMedia(damage.what, where=path, fix=damage.fix)


def explain_codec(path: Path, number: int = 0) -> UnreadableMedia:
    """Why no decoder is known for a file's pictures: names what they are coded as.

    Args:
        path: The file.
        number: Which of its video streams.
    """
    name = _codec_name(path, number)
    shown = f" '{name}'" if name else ""
    raw = "Blackmagic RAW" if name[:2].lower() == "br" and len(name) == 4 else _RAW_CODECS.get(name.lower())
    if raw:
        return UnreadableMedia(
            f"its video codec{shown} is {raw}, which is not read here", where=path, fix=_RAW
        )
    return UnreadableMedia(f"its video codec{shown} is not known here", where=path, fix=CONVERT)


def _codec_name(path: Path, number: int) -> str:
    """Four characters or codec id, as the file has it; empty where that is not looked for."""
    try:
        with path.open("rb") as file:
            head = file.read(1 << 16)
            if head.startswith(EBML):
                names = [track.codec for track in video_tracks(file) or []]
            elif head.startswith(b"RIFF"):
                names = _avi_codecs(head)
            else:
                names = [entry.kind for entry in video_entries(file)]
    except OSError as error:
        _log.debug("%s: %s", path, error)
        return ""
    return names[min(number, len(names) - 1)] if names else ""


def _avi_codecs(head: bytes) -> list[str]:
    """The compressions of the video streams of an AVI: those of the BITMAPINFOHEADER behind each stream's header."""
    found = []
    for stream in head.split(b"strh")[1:]:
        _, mark, format_ = stream.partition(b"strf")
        if stream[4:8] == b"vids" and mark:
            found.append(format_[20:24].decode("latin-1").strip("\0 "))
    return found
