"""Measures how long the window's event loop does not come round."""

from __future__ import annotations

import os
import time
from typing import Self

from PyQt6.QtCore import QTimer

_EVERY = 5  # ms


class Watchdog:
    """Gaps between two turns of the event loop, in seconds, while the context lasts.

    What other programs took is not the window's fault: see :func:`fair`.
    """

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._timer = QTimer()
        self._timer.setInterval(_EVERY)
        self._timer.timeout.connect(self._turn)

    def __enter__(self) -> Self:
        self._last = time.monotonic(), time.process_time()
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._turn()
        self._timer.stop()

    @property
    def worst(self) -> float:
        return max(self.gaps)

    def _turn(self) -> None:
        now = time.monotonic(), time.process_time()
        self.gaps.append(fair(now[0] - self._last[0], now[1] - self._last[1]))
        self._last = now


def fair(wall: float, spent: float) -> float:
    """How long something took by the clock; on a crowded machine no longer than the processor time it had."""
    return min(wall, spent) if os.getloadavg()[0] > (os.cpu_count() or 1) else wall
