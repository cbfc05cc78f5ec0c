"""Small pictures along the timeline, decoded in a thread of their own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QImage

from vsod.gui.playback.frame_renderer import to_qimage
from vsod.gui.playback.latest_request import LatestRequestThread, close_stream
from vsod.gui.toolkit.pipeline_interface import OpenClip

_KEPT = 600  # pictures; 15 kB each
_BLANK = 0x2A2C31  # where the clip cannot be read


class ThumbnailLoader(LatestRequestThread[Sequence[tuple[int, int]], None]):
    """Fetches pictures of a clip; the newest wish counts, what is there is kept.

    A picture stands for its surroundings: where decoding can begin nearby, that frame is taken,
    since one that needs a hundred others decoded first would be late for its place.
    A wish is (frame, how many frames away will do), most urgent first.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("film")
        self._clip: OpenClip | None = None
        self._size = (64, 36)
        self._kept: OrderedDict[int, QImage] = OrderedDict()
        self.start()

    def set_clip(self, clip: OpenClip | None, size: tuple[int, int]) -> None:
        """Forget everything; pictures are (width, height) ``size`` from now on."""
        with self._condition:
            self._clip, self._size = clip, size
            self._kept.clear()
            self.request(None)

    def request(self, request: Sequence[tuple[int, int]] | None) -> None:
        """Ask for pictures, less those that are there."""
        with self._condition:
            super().request([p for p in request or () if p[0] not in self._kept] or None)

    def picture(self, index: int) -> QImage | None:
        """The picture for a frame, if it is there."""
        with self._condition:
            if index in self._kept:
                self._kept.move_to_end(index)
            return self._kept.get(index)

    def has_work(self) -> bool:
        """None while someone else needs the processor."""
        return self._clip is not None and not self._paused and super().has_work()

    def serve(self, request: Sequence[tuple[int, int]] | None, version: int) -> None:
        """Fetch the first picture; the others come next, unless others are wanted by then."""
        with self._condition:
            clip, size = self._clip, self._size
            if clip is None or not request or self._version != version:
                return
        (index, slack), later = request[0], request[1:]
        failure: Exception | None = None
        try:
            picture = _picture(clip, index, slack, size)
        except Exception as error:
            failure, picture = error, QImage(*size, QImage.Format.Format_RGB32)
            picture.fill(_BLANK)
        with self._condition:
            if self._clip is not clip:
                return
            self._kept[index] = picture
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            if self._version == version:
                self._request = later or None
        self.ready.emit()
        if failure is not None:
            self.fail(failure, version)


def _picture(clip: OpenClip, index: int, slack: int, size: tuple[int, int]) -> QImage:
    """A picture near ``index``."""
    key = clip.keyframe_before(index)
    at = key if index - key <= slack else index
    stream = clip.frames(at, at + 1, size=size)
    try:
        return to_qimage(next(stream).image)
    finally:
        close_stream(stream)
