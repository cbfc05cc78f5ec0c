"""When the frames of an export are shown."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from vsod.core.clip import ClipInfo


@dataclass(frozen=True, slots=True, eq=False)
class FrameTimes:
    """Exact times of a frame range, the first frame at 0 unless it is delayed.

    Attributes:
        time_base: Seconds per tick, of the form 1/n unless ticks are whole frames.
        starts: (N + 1,) int64 ticks; the last entry is when the last frame ends.
        on_grid: True if the frames lie on a constant rate.
    """

    time_base: Fraction
    starts: npt.NDArray[np.int64]
    on_grid: bool

    def delayed(self, seconds: Fraction) -> FrameTimes:
        """The same, later by ``seconds``, to the nearest tick."""
        return FrameTimes(self.time_base, self.starts + round(seconds / self.time_base), self.on_grid)


def export_frame_times(info: ClipInfo, frames: range, *, whole_ticks: bool = False) -> FrameTimes:
    """The times to write for ``frames`` of a source.

    A constant rate that the source's ticks only round (23.976 in milliseconds, 29.97 in
    some 90 kHz files) is written exactly: editing programs would take the jitter for a
    variable rate. Any other spacing is copied tick by tick.

    Args:
        info: The source.
        frames: The range.
        whole_ticks: One tick per frame where the rate is constant, as AVI counts.
    """
    pts = info.pts[frames.start : frames.stop] - info.pts[frames.start]
    step = 1 / (info.rate * info.time_base)
    grid = np.arange(len(pts)) * float(step)
    if len(pts) == 0 or np.abs(pts - grid).max() <= 1.0:
        numerator, denominator = info.rate.numerator, info.rate.denominator
        # Whole rates get a finer clock, the one cameras write: 24000 ticks at 24 fps.
        fine = 1000 if numerator < 1000 else 1
        if whole_ticks:
            return FrameTimes(1 / info.rate, np.arange(len(pts) + 1, dtype=np.int64), True)
        starts = np.arange(len(pts) + 1, dtype=np.int64) * (denominator * fine)
        return FrameTimes(Fraction(1, numerator * fine), starts, True)
    end = pts[-1] + _last_ticks(info, frames, step)
    starts = np.append(pts, end) * info.time_base.numerator
    return FrameTimes(Fraction(1, info.time_base.denominator), starts.astype(np.int64), False)


def _last_ticks(info: ClipInfo, frames: range, step: Fraction) -> int:
    if frames.stop < info.frame_count:
        return int(info.pts[frames.stop] - info.pts[frames.stop - 1])
    return info.last_ticks or max(1, round(step))
