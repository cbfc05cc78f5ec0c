"""Honest progress: frames per second over the last seconds, time left for the whole job."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable

from vsod.core.progress import Progress, ProgressFn
from vsod.errors import Cancelled

_WINDOW = 4.0  # seconds


class ProgressMeter:
    """Counts the frames of a job's stages and reports at most ten times a second.

    Args:
        report: Receiver, or None.
        stages: Frames to do, by stage name, in order.
        cancel: Set it from another thread, and the next step is not taken.
        interval: Seconds between two reports at least; 0 reports every step.
    """

    def __init__(
        self,
        report: ProgressFn | None,
        stages: dict[str, int],
        cancel: threading.Event | None = None,
        interval: float = 0.1,
    ) -> None:
        self._report, self._interval = report, interval
        self.cancel = cancel
        self._stages = stages
        self._recent: deque[tuple[float, int]] = deque()
        self._stage, self._done = "", 0
        self._told = 0.0
        self._speed: dict[str, float] = {}
        self.seconds: dict[str, float] = {}
        self._began = 0.0

    def expect(self, stages: dict[str, int]) -> None:
        """Hear of stages that are still to come: frames to do, by stage name; what is known already stays."""
        self._stages = {**stages, **self._stages}

    def start(self, stage: str) -> None:
        """Enter a stage."""
        self.finish()
        self._stage, self._done = stage, 0
        self._began = time.monotonic()
        self._recent.clear()
        self._recent.append((self._began, 0))
        self._tell(force=True)

    def check_cancelled(self) -> None:
        """Go on, or not.

        Raises:
            Cancelled: The job was cancelled.
        """
        if self.cancel and self.cancel.is_set():
            raise Cancelled

    def step(self) -> None:
        """One frame of the stage is done.

        Raises:
            Cancelled: The job was cancelled.
        """
        self.check_cancelled()
        self._done += 1
        now = time.monotonic()
        self._recent.append((now, self._done))
        while len(self._recent) > 2 and now - self._recent[0][0] > _WINDOW:
            self._recent.popleft()
        self._tell(force=self._done == self._stages.get(self._stage))

    def track(self, frames: Iterable[object]) -> None:
        """One step for each of ``frames``; raises what :meth:`step` raises."""
        for _ in frames:
            self.step()

    def finish(self) -> None:
        """End the current stage and record its time."""
        if self._stage:
            spent = time.monotonic() - self._began
            self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + spent
            if self._done and spent:
                self._speed[self._stage] = self._done / spent
        self._stage = ""

    def _tell(self, force: bool) -> None:
        now = time.monotonic()
        if self._report is None or not (force or now - self._told >= self._interval):
            return
        self._told = now
        (t0, n0), (t1, n1) = self._recent[0], self._recent[-1]
        fps = (n1 - n0) / (t1 - t0) if t1 > t0 else 0.0
        total = self._stages.get(self._stage)
        self._report(Progress(self._stage, self._done, total, fps, self._eta(fps)))

    def _eta(self, fps: float) -> float | None:
        if not fps or self._done < 4:
            return None
        left = (self._stages.get(self._stage, self._done) - self._done) / fps
        names = list(self._stages)
        for later in names[names.index(self._stage) + 1 :] if self._stage in names else []:
            # a stage not yet seen is taken to be as fast as this one
            left += self._stages[later] / self._speed.get(later, fps)
        return left
