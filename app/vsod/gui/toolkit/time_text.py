"""Frame positions as text, and where the ruler has its marks. No Qt."""

from __future__ import annotations

from fractions import Fraction

from vsod.core.clip import ClipInfo
from vsod.core.timecode import Timecode, nominal_fps


def position_text(info: ClipInfo, index: int) -> str:
    """Frame ``index`` as timecode; as a clock with milliseconds where the rate varies."""
    if info.is_vfr:
        return clock_text(info.seconds(index), 3)
    return str(start_timecode(info) + index)


def start_timecode(info: ClipInfo) -> Timecode:
    """The timecode of the first frame; 00:00:00:00 where the file has none, or one that its rate does not have."""
    try:
        return Timecode.parse(info.timecode, info.rate) if info.timecode else Timecode(0, info.rate)
    except ValueError:
        return Timecode(0, info.rate)


def length_text(info: ClipInfo, frames: range) -> str:
    """How long ``frames`` last, counted as positions are: timecode, or a clock where the rate varies."""
    if not info.is_vfr:
        return str(Timecode(0, info.rate, start_timecode(info).drop) + len(frames))
    if not frames:
        return clock_text(0, 3)
    begin = int(info.pts[frames.start]) * info.time_base
    return clock_text(float(info.frame_end(frames.stop - 1) - begin), 3)


def span_text(info: ClipInfo, first: int, last: int) -> str:
    """Two frames as "first–last", both included; fields that the clip's other frames share are left out."""
    end = position_text(info, info.frame_count - 1)
    shared = 0
    start = position_text(info, 0)
    while start[shared : shared + 3] == end[shared : shared + 3] and shared < 6:
        shared += 3
    words = [position_text(info, index)[shared:] for index in dict.fromkeys((first, last))]
    return "–".join(words)


def clock_text(seconds: float, digits: int = 0) -> str:
    """Seconds as ``H:MM:SS``, hours only where there are any (always with ``digits``)."""
    scale = 10**digits
    whole, part = divmod(round(seconds * scale), scale)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    if digits:
        return f"{hour:02d}:{minute:02d}:{second:02d}.{part:0{digits}d}"
    return f"{hour}:{minute:02d}:{second:02d}" if hour else f"{minute}:{second:02d}"


def rate_text(rate: Fraction) -> str:
    """A frame rate for people: 25, 23.976."""
    return f"{float(rate):.3f}".rstrip("0").rstrip(".") + " fps"


def tick_steps(frames_per_pixel: float, rate: Fraction) -> tuple[int, int]:
    """Distances of small and labelled marks in frames.

    Args:
        frames_per_pixel: Scale of the ruler.
        rate: Frame rate, for marks on whole seconds.

    Returns:
        (small, labelled): small marks are at least 7 pixels apart, labelled ones 90.
    """
    fps = nominal_fps(rate)
    seconds = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000, 86400)
    small_enough = [n for n in (1, 2, 5, 10) if n < fps]
    choices = small_enough + [fps * s for s in seconds]
    small = next((n for n in choices if n >= 7 * frames_per_pixel), choices[-1])
    labelled = next((n for n in choices if n >= 90 * frames_per_pixel and n % small == 0), choices[-1])
    return small, labelled
