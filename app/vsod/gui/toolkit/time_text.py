"""Frame positions as text, and where the ruler has its marks. No Qt."""

from __future__ import annotations

from fractions import Fraction

from vsod.core.clip import ClipInfo
from vsod.core.timecode import Timecode, nominal_fps


def position_text(info: ClipInfo, index: int) -> str:
    """Frame ``index`` as timecode; as a clock with milliseconds where the rate varies."""
    if info.is_vfr:
        return clock_text(info.seconds(index), 3)
    try:
        start = Timecode.parse(info.timecode, info.rate) if info.timecode else Timecode(0, info.rate)
    except ValueError:
        # the file claims a label that its rate does not have
        start = Timecode(0, info.rate)
    return str(start + index)


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
