"""Split a stream of frames at its cuts, so that motion and memory do not leak from shot to shot."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.compositing import luma
from vsod.core.frame import Frame
from vsod.core.shot_detection import CUT_WINDOW, detect_cuts
from vsod_models.flow.dis import DIS
from vsod_models.metrics.no_reference import unexplained_change

CONTEXT_BEFORE, CONTEXT_AFTER = CUT_WINDOW + 1, CUT_WINDOW
"""Frames before and behind a range that must be read to find its cuts as in the whole clip."""

_THUMBNAIL = (64, 36)
_DIFFERS = 6.0  # mean grey levels below which two thumbnails show the same shot without asking the flow


class ShotSplitter:
    """Shots of a stream of frames, as iterators: ``for shot in ByShot(frames): for frame in shot: ...``.

    A shot must be read to its end before the next is asked for. A few frames are held.
    """

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._judged = _judged(frames)
        self._next: tuple[Frame, bool] | None = None

    def __iter__(self) -> Iterator[Iterator[Frame]]:
        self._next = next(self._judged, None)
        while self._next is not None:
            yield self._shot()

    def _shot(self) -> Iterator[Frame]:
        begins = True
        while self._next is not None and (begins or not self._next[1]):
            begins = False
            frame = self._next[0]
            self._next = next(self._judged, None)
            yield frame


def _judged(frames: Iterable[Frame]) -> Iterator[tuple[Frame, bool]]:
    """Every frame and whether it begins a shot."""
    dis = DIS("fast")
    held: deque[tuple[Frame, float]] = deque(maxlen=2 * CUT_WINDOW + 1)
    before: Frame | None = None
    waiting = 0  # of the held, how many were not handed out

    def judge(place: int) -> tuple[Frame, bool]:
        cuts = detect_cuts(np.array([level for _, level in held], np.float32))
        return held[place][0], bool(cuts[place])

    for frame in frames:
        held.append((frame, 0.0 if before is None else _change(dis, before, frame)))
        before, waiting = frame, waiting + 1
        if waiting > CUT_WINDOW:
            yield judge(len(held) - waiting)
            waiting -= 1
    while waiting:
        yield judge(len(held) - waiting)
        waiting -= 1


def _change(dis: DIS, before: Frame, now: Frame) -> float:
    first, second = luma(now.image), luma(before.image)
    if float(np.abs(_thumbnail(first) - _thumbnail(second)).mean()) < _DIFFERS:
        return 0.0
    return unexplained_change(first, second, dis(first, second), dis(second, first))


def _thumbnail(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.resize(picture, _THUMBNAIL, interpolation=cv2.INTER_AREA), np.float32)
