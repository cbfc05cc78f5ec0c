"""Small pictures along the timeline, decoded in a thread of their own."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import closing
from typing import Any

from PyQt6.QtCore import QObject, QThread, pyqtSignal
from PyQt6.QtGui import QImage

from vsod.core.frame import Frame
from vsod.gui.playback.frame_renderer import to_qimage
from vsod.gui.toolkit.pipeline_interface import Clip

_KEPT = 600  # pictures; 15 kB each


class Film(QThread):
    """Fetches pictures of a clip; the newest wish counts, what is there is kept.

    A picture stands for its surroundings: where decoding can begin nearby, that frame is taken,
    since one that needs a hundred others decoded first would be late for its place.
    """

    arrived = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("film")
        self._cond = threading.Condition()
        self._clip: Clip | None = None
        self._wanted: list[tuple[int, int]] = []
        self._size = (64, 36)
        self._kept: OrderedDict[int, QImage] = OrderedDict()
        self._done = self._held = False
        self.start()

    def set_clip(self, clip: Clip | None, size: tuple[int, int]) -> None:
        """Forget everything; pictures are (width, height) ``size`` from now on."""
        with self._cond:
            self._clip, self._size = clip, size
            self._wanted.clear()
            self._kept.clear()

    def want(self, places: list[tuple[int, int]]) -> None:
        """Ask for pictures: (frame, how many frames away will do), most urgent first."""
        with self._cond:
            self._wanted = [p for p in places if p[0] not in self._kept]
            self._cond.notify_all()

    def hold(self, held: bool) -> None:
        """Fetch nothing while someone else needs the processor."""
        with self._cond:
            self._held = held
            self._cond.notify_all()

    def picture(self, index: int) -> QImage | None:
        """The picture for a frame, if it is there."""
        with self._cond:
            if index in self._kept:
                self._kept.move_to_end(index)
            return self._kept.get(index)

    def stop(self) -> None:
        """Finish the picture in hand and join."""
        with self._cond:
            self._done = True
            self._wanted.clear()
            self._cond.notify_all()
        self.wait()

    def run(self) -> None:
        """Thread body."""
        while True:
            with self._cond:
                self._cond.wait_for(self._has_work)
                if self._done:
                    return
                clip, size = self._clip, self._size
                index, slack = self._wanted.pop(0)
            assert clip is not None
            picture = _picture(clip, index, slack, size)
            with self._cond:
                if self._clip is not clip:
                    continue
                self._kept[index] = picture
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self.arrived.emit()

    def _has_work(self) -> bool:
        return self._done or bool(self._wanted and self._clip is not None and not self._held)


def _picture(clip: Clip, index: int, slack: int, size: tuple[int, int]) -> QImage:
    """A picture near ``index``; grey where the clip cannot be read (the viewer says why)."""
    try:
        key = clip.key_before(index)
        at = key if index - key <= slack else index
        stream: Any = clip.frames(at, at + 1, size=size)
        with closing(stream):
            frame: Frame = next(stream)
        return to_qimage(frame.image)
    except Exception:
        blank = QImage(*size, QImage.Format.Format_RGB32)
        blank.fill(0x2A2C31)
        return blank
