"""Which frame is due now. Plain arithmetic on frame times, no Qt."""

from __future__ import annotations

import numpy as np

from vsod.core.clip import ClipInfo


class PlaybackClock:
    """Maps a wall clock to frames, by each frame's own time stamp.

    Args:
        info: The clip.
        index: Frame shown at ``now``.
        speed: 1 = as shot, negative = backwards.
        now: Reading of a steady clock in seconds.
    """

    def __init__(self, info: ClipInfo, index: int, speed: float, now: float) -> None:
        self._times = (info.pts - info.pts[0]) * float(info.time_base)
        self.speed = speed
        self.start(index, now)

    def start(self, index: int, now: float) -> None:
        """Count from frame ``index`` at ``now``; also used to forgive a lag."""
        self._zero_time = float(self._times[index])
        self._zero_now = now

    def frame_due(self, now: float) -> int:
        """The frame that should be on screen."""
        at = self._zero_time + (now - self._zero_now) * self.speed
        # half a microsecond covers the rounding of the float times
        return max(int(np.searchsorted(self._times, at + 5e-7, side="right")) - 1, 0)

    def seconds_until(self, index: int, now: float) -> float:
        """Seconds until frame ``index`` is due, negative if it is late."""
        return (float(self._times[index]) - self._zero_time) / self.speed - (now - self._zero_now)
