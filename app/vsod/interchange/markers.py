"""Flags as markers for editing programs: a table, or an EDL that DaVinci Resolve imports onto a timeline."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from vsod.core.clip import ClipInfo
from vsod.core.safe_text import sanitise
from vsod.core.timecode import Timecode
from vsod.qc.issues import Issue
from vsod.qc.metrics_table import check_table_suffix
from vsod.storage.atomic import write_text

MARKER_SUFFIXES = (".csv", ".edl")
_COLOURS = {"empty": "Red", "unsure": "Yellow", "jump": "Purple", "flicker": "Cyan", "soft": "Blue"}
_MOST = 999  # events an EDL can number


def write_markers(issues: Sequence[Issue], info: ClipInfo, path: Path) -> None:
    """Issues as markers: .csv, or .edl for Resolve.

    Raises:
        UsageError: Another suffix.
        OutputError: The disk refuses.
    """
    check_table_suffix(path, MARKER_SUFFIXES)
    edl = path.suffix.lower() == ".edl"
    write_text(path, to_edl(issues, info) if edl else to_csv(issues, info))


def to_csv(flags: Sequence[Issue], info: ClipInfo) -> str:
    """One line per flag: first frame, length in frames, timecode, kind, text, advice."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(("frame", "frames", "timecode", "worst", "kind", "text", "advice"))
    start = start_timecode(info)
    for flag in flags:
        first = flag.frames.start
        row = (first, len(flag.frames), start + first, flag.worst, flag.type.id, flag.text, flag.advice)
        table.writerow(row)
    return out.getvalue()


def to_edl(flags: Sequence[Issue], info: ClipInfo) -> str:
    """A CMX 3600 list with one black event per flag; colour, name and length stand in Resolve's note.

    At most 999 events fit; the shortest flags are left out beyond.
    """
    start = start_timecode(info)
    if len(flags) > _MOST:
        longest = sorted(flags, key=lambda f: -len(f.frames))[:_MOST]
        flags = sorted(longest, key=lambda f: f.frames.start)
    lines = [f"TITLE: {sanitise(info.path.stem)}", f"FCM: {'' if start.drop else 'NON-'}DROP FRAME", ""]
    for number, flag in enumerate(flags, 1):
        at, until = start + flag.frames.start, start + (flag.frames.start + 1)
        lines.append(f"{number:03d}  001      V     C        {at} {until} {at} {until}  ")
        text = flag.text.replace("|", "/")
        lines.append(
            f"{text} |C:ResolveColor{_COLOURS[flag.type.id]} |M:{flag.type.title} |D:{len(flag.frames)}"
        )
        lines.append("")
    return "\n".join([*lines, "* vsod-desktop", ""])


def start_timecode(info: ClipInfo) -> Timecode:
    """The label of the first frame; zero where the file has none, or one that its rate does not know."""
    try:
        return Timecode.parse(info.timecode, info.rate) if info.timecode else Timecode(0, info.rate)
    except ValueError:
        return Timecode(0, info.rate)
