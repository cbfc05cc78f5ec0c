"""The FFmpeg program of this machine: what it encodes that PyAV's own FFmpeg cannot."""

from __future__ import annotations

import logging
import re
import subprocess
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from vsod.media.formats.ffmpeg_formats import FFMPEG_FORMATS
from vsod.media.formats.system_programs import NO_WINDOW, find_program
from vsod.media.formats.table import Coding, ExportFormat

_TRIAL_SIZE, _TRIAL_SECONDS = (256, 256), 20
# Whole fragments as soon as they are there, so that our own muxer can go along.
_FRAGMENTS = "+frag_every_frame+empty_moov+default_base_moof+write_colr"
OTHERWISE = "Choose a format that 'vsod-desktop formats' lists."
INSTALL_HINT = f"Install FFmpeg, on Debian: apt install ffmpeg. {OTHERWISE}"
NO_PROGRAM = "no ffmpeg on the path"


_log = logging.getLogger(__name__)


def why_unavailable(fmt: ExportFormat) -> str:
    """Why an external format cannot be written; empty if it can. Found out once by encoding a few frames."""
    program = find_program("ffmpeg")
    if program is None:
        return NO_PROGRAM
    try:
        return _tried(program, Path(program).stat().st_mtime_ns, fmt.id)
    except OSError as error:
        return f"{program}: {error}"


@lru_cache(maxsize=64)
def _tried(program: str, _stamp: int, id: str) -> str:
    fmt = FFMPEG_FORMATS[id]
    coding = fmt.coding(fmt.contents[0])
    if coding.codec not in list_encoders(program, _stamp):
        return f"{program} has no encoder {coding.codec}"
    width, height = _TRIAL_SIZE
    frames = bytes(12 * width * height)  # a few whole ones at 1.5, 3 or 4 bytes a pixel
    try:
        done = subprocess.run(
            encode_command(program, coding, coding.pix_fmt, _TRIAL_SIZE, Fraction(25)),
            input=frames,
            capture_output=True,
            timeout=_TRIAL_SECONDS,
            check=False,
            creationflags=NO_WINDOW,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0 and done.stdout:
        return ""
    said = error_lines(done.stderr)
    _log.debug("%s cannot write %s: %s", program, id, " | ".join(said))
    return said[0]


@lru_cache(maxsize=4)
def list_encoders(program: str, _stamp: int) -> frozenset[str]:
    """The encoders a program says it has; none if it says nothing."""
    try:
        told = subprocess.run(
            [program, "-hide_banner", "-encoders"],
            capture_output=True,
            text=True,
            timeout=_TRIAL_SECONDS,
            check=False,
            creationflags=NO_WINDOW,
        ).stdout
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        _log.warning("%s does not say which encoders it has: %s", program, error)
        return frozenset()
    rows = (line.split() for line in told.splitlines())
    return frozenset(row[1] for row in rows if len(row) > 1 and row[0].startswith("V"))


def encode_command(
    program: str,
    coding: Coding,
    pix_fmt: str,
    size: tuple[int, int],
    rate: Fraction,
    tags: Mapping[str, str] | None = None,
) -> list[str]:
    """The command that reads raw frames and writes a fragmented MOV, pipe to pipe.

    Args:
        program: The ffmpeg to run.
        coding: Encoder and options.
        pix_fmt: Of the raw frames.
        size: (width, height).
        rate: Nominal rate; exact times are ours to give.
        tags: Further options of the output, for colours and pixel aspect.
    """
    import ffmpeg  # needed here only

    raw = ffmpeg.input(
        "pipe:", format="rawvideo", pix_fmt=pix_fmt, s="{}x{}".format(*size), framerate=str(rate)
    )
    options = {key: value for key, value in coding.options.items() if key != "tag"} | dict(tags or {})
    if "tag" in coding.options:
        options["tag:v"] = coding.options["tag"]
    if "vf" in coding.options and "vf" in (tags or {}):
        options["vf"] = f"{(tags or {})['vf']},{coding.options['vf']}"
    made = raw.output("pipe:", format="mov", movflags=_FRAGMENTS, vcodec=coding.codec, **options)
    return list(made.global_args("-hide_banner", "-loglevel", "error", "-nostdin").compile(cmd=program))


def error_lines(complaints: bytes) -> list[str]:
    """What a program complained about, line by line, without where in its memory that was; at least one line."""
    lines = complaints.decode(errors="replace").strip().splitlines()
    return [re.sub(r"^\[(.*?) @ 0x[0-9a-f]+\]", r"\1:", line.strip()) for line in lines] or [
        "it ended without a word"
    ]
