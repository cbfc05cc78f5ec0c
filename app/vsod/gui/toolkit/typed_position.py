"""What is typed where the timecode stands becomes a frame. No Qt."""

from __future__ import annotations

import re

import numpy as np

from vsod.core.clip import ClipInfo
from vsod.core.timecode import Timecode, frames_per_day, nominal_fps
from vsod.gui.toolkit.time_text import start_timecode

_TYPED = re.compile(r"([+\-−]?)([\d:;.,]+)")
_SEPARATORS = re.compile(r"[:;.,]")


def typed_frame(text: str, info: ClipInfo, index: int) -> int:
    """The frame that ``text`` asks for, as editing programs read it; within the clip.

    ``312`` is 3 seconds and 12 frames, zeros on the left may be left out; a dot closes a field, ``2.`` is 2 seconds and
    ``1..`` a minute; with ``+`` or ``-`` it counts from the playhead. Where the rate varies a dot stands before parts
    of a second, as in what is shown, and ``+12`` is still twelve frames.

    Args:
        text: What was typed.
        info: The clip.
        index: Frame under the playhead.

    Raises:
        ValueError: It is no timecode.
    """
    found = _TYPED.fullmatch("".join(text.split()))
    if found is None or not re.search(r"\d", found[2]):
        raise ValueError(f"{text!r} is not a timecode")
    sign = {"": 0, "+": 1}.get(found[1], -1)
    wanted = (_typed_clock if info.is_vfr else _typed_label)(found[2], sign, info, index)
    return max(0, min(wanted, info.frame_count - 1))


def _typed_label(text: str, sign: int, info: ClipInfo, index: int) -> int:
    fields = _fields(text, 2 if nominal_fps(info.rate) <= 100 else 3)
    fps = nominal_fps(info.rate)
    start = start_timecode(info)
    if sign:
        return index + sign * _in_frames([0] * (4 - len(fields)) + fields, fps)
    # fields that were left out are zero, or, where the clip has no such timecode, as they are at the playhead
    here = [int(field) for field in _SEPARATORS.split(str(start + index))]
    nought = [0] * 4
    frames = [_label_frame(lead[: 4 - len(fields)] + fields, start) - start.frame for lead in (nought, here)]
    past_midnight = [frame + frames_per_day(info.rate, start.drop) for frame in frames]
    return next((frame for frame in frames + past_midnight if 0 <= frame < info.frame_count), frames[0])


def _label_frame(fields: list[int], start: Timecode) -> int:
    """Frames since 00:00:00:00 of a label; one that does not exist counts as the one it would run on to."""
    fps = nominal_fps(start.rate)
    labels = _in_frames(fields, fps)
    if not start.drop:
        return labels
    for later in range(fps):  # drop frame leaves out a few labels in a row
        rest, frame = divmod(labels + later, fps)
        minute, second = divmod(rest, 60)
        try:
            text = f"{minute // 60 % 24:02d}:{minute % 60:02d}:{second:02d};{frame:02d}"
            return Timecode.parse(text, start.rate).frame
        except ValueError:
            continue
    return labels


def _typed_clock(text: str, sign: int, info: ClipInfo, index: int) -> int:
    if sign and text.isdigit():
        return index + sign * int(text)
    if text.isdigit():
        fields = [float(field) for field in _fields(text, 2)]
    else:
        *whole, seconds = re.split("[:;]", text)
        fields = [float(field or 0) for field in whole] + [_number(seconds)]
    hours, minutes, seconds_ = ([0.0] * 3 + fields)[-3:]
    at = (hours * 60 + minutes) * 60 + seconds_
    if sign:
        at = info.seconds(index) + sign * at
    times = (info.pts - info.pts[0]) * float(info.time_base)
    # half a millisecond: what is shown is rounded to one
    return int(np.searchsorted(times, at + 5e-4, side="right")) - 1


def _number(text: str) -> float:
    try:
        return float(text.replace(",", ".") or 0)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a number of seconds") from error


def _fields(text: str, frame_digits: int) -> list[int]:
    """Hours, minutes, seconds and frames, the last at the end; at most four.

    Raises:
        ValueError: There are more.
    """
    if text.isdigit():
        parts = [text[-frame_digits:]]
        rest = text[:-frame_digits]
        while rest:
            parts.insert(0, rest[-2:])
            rest = rest[:-2]
    else:
        parts = _SEPARATORS.split(text)
    if len(parts) > 4:
        raise ValueError(f"{text!r} is not a timecode")
    return [int(part or 0) for part in parts]


def _in_frames(fields: list[int], fps: int) -> int:
    hours, minutes, seconds, frames = fields
    return ((hours * 60 + minutes) * 60 + seconds) * fps + frames
