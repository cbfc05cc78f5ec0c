"""A clip conformed to a constant rate: which source frame every output frame shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from vsod.core.clip import ClipInfo
from vsod.core.export_settings import MOST_FRAMES
from vsod.core.timecode import Timecode, has_drop_frame, nominal_fps
from vsod.errors import UsageError


@dataclass(frozen=True, slots=True, eq=False)
class ConformPlan:
    """An export's frames.

    Attributes:
        info: The clip as the export shows it; of it, all frames are written.
        source_frames: (M,) int64, the ordinal of the *source* frame that each shows, never decreasing.
        duplicated: How many frames repeat the one before.
        dropped: How many source frames of the range are shown nowhere.
    """

    info: ClipInfo
    source_frames: npt.NDArray[np.int64]
    duplicated: int = 0
    dropped: int = 0


# without being asked, a conformed clip has so many times the frames of its source, and a pause
_LONGER, _PAUSE = 4, 250


def conform_to_rate(info: ClipInfo, frames: range, rate: Fraction, most: int | None = None) -> ConformPlan:
    """Show ``frames`` at a constant ``rate``: at every moment what the source shows then.

    Args:
        info: The source.
        frames: The range that is exported.
        rate: The rate to conform to.
        most: It may have so many frames; None for 250 and four times as many as the range has, or, where ``rate``
            is higher than the clip's own, four times what that makes of them.

    Raises:
        UsageError: It would have more: a gap in the times of a clip would be filled with repeated frames.
    """
    ticks = info.pts[frames.start : frames.stop] - info.pts[frames.start]
    starts = [int(t) * info.time_base for t in ticks]
    if frames.stop < info.frame_count:
        end = int(info.pts[frames.stop] - info.pts[frames.start]) * info.time_base
    else:
        end = starts[-1] + (info.last_ticks * info.time_base or 1 / info.rate)
    count = max(1, round(end * rate))
    _check_length(info, len(frames), count, rate, most)
    # In whole units of 1/unit seconds, so that no moment is rounded. Times that a container rounded
    # to its ticks still belong to the frame they mean: half a tick of leniency.
    unit = (info.time_base / 2).denominator * rate.numerator
    if end * unit >= 1 << 62:
        raise UsageError(
            f"its times cannot be conformed to {rate} fps",
            where=info.path,
            fix="Use a rate such as 25 or 24000/1001.",
        )
    begins = np.array([int(s * unit) for s in starts], np.int64)
    moments = np.arange(count, dtype=np.int64) * (unit * rate.denominator // rate.numerator)
    lenient = moments + int(info.time_base / 2 * unit)
    shows = np.maximum(np.searchsorted(begins, lenient, side="right") - 1, 0) + frames.start
    seen = len(np.unique(shows))
    made = replace(
        info,
        rate=rate,
        time_base=1 / rate,
        pts=np.arange(count, dtype=np.int64),
        last_ticks=1,
        timecode=_start_label(info, frames, rate),
        names=(),
        frame_names=(),
    )
    return ConformPlan(made, shows.astype(np.int64), count - seen, len(frames) - seen)


def _check_length(info: ClipInfo, frames: int, count: int, rate: Fraction, most: int | None) -> None:
    # a rate below one a second is an average over gaps, not the clip's own
    usual = _PAUSE + _LONGER * frames * max(Fraction(1), rate / max(info.rate, Fraction(1)))
    limit = min(MOST_FRAMES, int(usual) if most is None else most)
    if count > limit:
        fix = f"Choose a --range without the gap, or allow it with --cfr-frames {count}."
        raise UsageError(
            f"conformed to {float(rate):g} fps, its {frames} frames become {count}, more than {limit}",
            where=info.path,
            fix=fix if count <= MOST_FRAMES else "Choose a --range without the gap.",
        )


def _start_label(info: ClipInfo, frames: range, rate: Fraction) -> str | None:
    """The label of the first frame, counted at ``rate``: same hour, minute and second."""
    if info.timecode is None:
        return None
    try:
        first = Timecode.parse(info.timecode, info.rate) + frames.start
    except ValueError:
        return info.timecode  # it cannot be carried; the sink says why
    if nominal_fps(rate) == nominal_fps(info.rate) and (not first.drop or has_drop_frame(rate)):
        return str(Timecode(first.frame, rate, first.drop))
    clock, frame = str(first)[:8], int(str(first)[9:])
    scaled = frame * nominal_fps(rate) // nominal_fps(info.rate)
    return f"{clock}:{scaled:02d}"
