"""Which FFmpeg is inside PyAV, what it can encode, and which external one is there."""

from __future__ import annotations

import logging
import re
import subprocess

import av

from vsod.media.formats.system_programs import NO_WINDOW, find_program
from vsod.media.formats.table import FORMATS

_log = logging.getLogger(__name__)


def bundled_ffmpeg_version() -> str:
    """PyAV's version and that of the FFmpeg libraries in it."""
    codec = ".".join(map(str, av.library_versions["libavcodec"]))
    return f"PyAV {av.__version__}, FFmpeg {getattr(av, 'ffmpeg_version_info', '?')}, libavcodec {codec}"


def missing_encoders() -> dict[str, str]:
    """Format id -> encoder, for every video format this PyAV cannot write."""
    have = av.codecs_available
    inside = [f for f in FORMATS.values() if not f.is_sequence]
    return {
        f.id: c.codec
        for f in inside
        for c in (f.coding(content) for content in f.contents)
        if c.codec not in have
    }


def external_ffmpeg_version() -> str | None:
    """First line of ``ffprobe -version``, or None if there is none on the path."""
    tool = find_program("ffprobe")
    if tool is None:
        return None
    try:
        text = subprocess.run(
            [tool, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            creationflags=NO_WINDOW,
        ).stdout
    except OSError as error:
        _log.debug("%s cannot be started: %s", tool, error)
        return None
    found = re.match(r"ffprobe version (\S+)", text)
    return found.group(1) if found else None
