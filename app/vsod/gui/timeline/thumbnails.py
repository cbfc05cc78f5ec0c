"""Small pictures along the timeline, decoded in a thread of their own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QImage

from vsod.core.frame import Frame
from vsod.gui.playback.frame_renderer import to_qimage
from vsod.gui.playback.latest_request import LatestRequestThread, close_stream
from vsod.gui.toolkit.pipeline_interface import OpenClip

_KEPT = 600  # pictures; 15 kB each
_BLANK = 0x2A2C31  # where the clip cannot be read


class ThumbnailLoader(LatestRequestThread[Sequence[tuple[int, int]], None]):
    """Fetches pictures of a clip; the newest wish counts, what is there is kept.

    A picture stands for its surroundings: where decoding can begin nearby, that frame is taken,
    since one that needs a hundred others decoded first would be late for its place.
    A wish is (frame, how many frames away will do), best in the order of the clip: it is read in one pass.
    """

    filled = pyqtSignal()  # all that was wanted is there

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._serving = False
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
            # the timeline may be of the next clip already
            count = self._clip.info.frame_count if self._clip is not None else 0
            was_filling = self.filling
            super().request([p for p in request or () if p[0] not in self._kept and p[0] < count] or None)
        if was_filling and not self.filling:
            self.filled.emit()

    @property
    def filling(self) -> bool:
        """Whether pictures are still to be fetched."""
        with self._condition:
            return self._serving or self._request is not None

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
        """Fetch the pictures in one pass, for as long as no others are wanted."""
        with self._condition:
            clip, size = self._clip, self._size
            if clip is None or not request or self._version != version:
                return
            self._serving = True
        strip = _Pass(clip, size)
        try:
            self._fill(strip, request, version)
        finally:
            strip.close()
            with self._condition:
                self._serving = False
        if not self.filling:
            self.filled.emit()

    def _fill(self, strip: _Pass, request: Sequence[tuple[int, int]], version: int) -> None:
        for number, (index, slack) in enumerate(request):
            failure = self._fetch(strip, index, slack)
            with self._condition:
                if self._version != version or self._stopping:
                    return
                if self._paused:
                    self._request = request[number + 1 :] or None
                paused = self._paused
            self.ready.emit()
            if failure is not None:
                self.fail(failure, version)
            if paused:
                return

    def _fetch(self, strip: _Pass, index: int, slack: int) -> Exception | None:
        """Keep the picture for a frame; a grey one, and why, where the clip cannot be read."""
        failure: Exception | None = None
        try:
            picture = strip.picture(index, slack)
        except Exception as error:
            failure, picture = error, QImage(*strip.size, QImage.Format.Format_RGB32)
            picture.fill(_BLANK)
            strip.close()
        with self._condition:
            if self._clip is strip.clip:
                self._kept[index] = picture
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return failure


class _Pass:
    """Pictures of a clip, by one decoder for as long as going on is no more work than beginning anew."""

    def __init__(self, clip: OpenClip, size: tuple[int, int]) -> None:
        self.clip, self.size = clip, size
        self._stream: Iterator[Frame] | None = None
        self._next = 0

    def picture(self, index: int, slack: int) -> QImage:
        """A picture near ``index``, at most ``slack`` frames before it."""
        key = self.clip.keyframe_before(index)
        at = key if index - key <= slack else index
        # a key frame in between is reached quicker by a new decoder
        if self._stream is None or not self.clip.keyframe_before(at) <= self._next <= at:
            self.close()
            self._stream = self.clip.frames(at, size=self.size)
        for frame in self._stream:
            self._next = frame.index + 1
            if frame.index >= at:
                return to_qimage(frame.image)
        raise ValueError(f"frame {at} is not in the clip")

    def close(self) -> None:
        """Release the decoder."""
        close_stream(self._stream)
        self._stream = None
