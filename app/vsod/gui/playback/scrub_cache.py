"""Small pictures of every frame, so that the viewer follows the playhead at once.

A frame of a long-GOP file may need a hundred others decoded first. This thread
decodes the clip once, in order, and keeps it small; while scrubbing it answers
within milliseconds, and the frame server's exact picture follows at rest.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from PyQt6.QtCore import QObject, QThread, pyqtSignal

from vsod.core.frame import Frame
from vsod.core.preview_jpeg import decode_preview, encode_preview
from vsod.gui.playback.frame_renderer import Shown, View, render
from vsod.gui.toolkit.pipeline_interface import Clip

_WIDEST = 640  # pixels
_USUAL = 25_000  # bytes of one, until some are there
_BEHIND = 1 / 3  # of what is kept lies before the playhead
MEGABYTES = "300"
"""What all of them may take, where nobody said otherwise: some 12 000 frames."""


class Drafts(QThread):
    """Fills itself while nothing else is asked for; the newest wish counts."""

    ready = pyqtSignal()  # the mailbox has a picture

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("drafts")
        self._cond = threading.Condition()
        self._clip: Clip | None = None
        self._view = View()
        self._kept: dict[int, bytes] = {}
        self._taken, self._room = 0, int(MEGABYTES) * 10**6  # bytes
        self._wish: int | None = None
        self._at = 0  # the playhead, around which frames are kept
        self._held = self._done = self._full = False
        self._box: Shown | None = None
        self._stream: Iterator[Frame] | None = None  # this thread's own
        self._next = 0

    # ---- window's thread

    def set_clip(self, clip: Clip | None) -> None:
        """Another clip; nothing of the one before is kept."""
        with self._cond:
            self._clip, self._wish, self._box = clip, None, None
            self._kept, self._taken, self._at, self._full = {}, 0, 0, False
            self._cond.notify_all()

    def set_view(self, view: View) -> None:
        """Show pictures this way from now on."""
        with self._cond:
            self._view = view

    def set_room(self, megabytes: float) -> None:
        """All of them may take so much memory."""
        with self._cond:
            self._room, self._full = round(megabytes * 1e6), False
            self._make_room()
            self._cond.notify_all()

    def show(self, index: int) -> None:
        """Serve frame ``index`` if it is there."""
        with self._cond:
            self._wish = self._at = index
            self._full = False
            self._cond.notify_all()

    def hold(self, held: bool) -> None:
        """Decode nothing while someone else needs the processor."""
        with self._cond:
            self._held = held
            self._cond.notify_all()

    def take(self) -> Shown | None:
        """The newest picture, once."""
        with self._cond:
            shown, self._box = self._box, None
            return shown

    @property
    def count(self) -> int:
        """Frames that are there."""
        with self._cond:
            return len(self._kept)

    def has(self, index: int) -> bool:
        """Whether this frame is there."""
        with self._cond:
            return index in self._kept

    def stop(self) -> None:
        """Finish the picture in hand and join."""
        with self._cond:
            self._done = True
            self._cond.notify_all()
        self.wait()

    # ---- own thread

    def run(self) -> None:
        """Thread body."""
        clip: Clip | None = None
        while True:
            with self._cond:
                self._cond.wait_for(self._has_work)
                index, self._wish = self._wish, None
                changed, clip = clip is not self._clip, self._clip
                done, view = self._done, self._view
                data = None if index is None else self._kept.get(index)
            if changed or done:
                self._close()
            if done:
                return
            try:
                if clip is not None and index is not None:
                    if data is not None:
                        self._serve(clip, index, data, view)
                elif clip is not None:
                    self._fill(clip)
            except Exception:
                # the frame server meets the same trouble and says so; without drafts all goes on
                self._close()
                with self._cond:
                    self._full = True

    def _has_work(self) -> bool:
        fills = self._clip is not None and not self._held and not self._full
        return self._done or self._wish is not None or fills

    def _serve(self, clip: Clip, index: int, data: bytes, view: View) -> None:
        frame = Frame(index, int(clip.info.pts[index]), decode_preview(data))
        shown = replace(render(clip, frame, view.quick()), draft=True, view=view)
        with self._cond:
            if self._clip is not clip or self._done:
                return
            was_empty, self._box = self._box is None, shown
        if was_empty:
            self.ready.emit()

    def _fill(self, clip: Clip) -> None:
        """Decode and keep one more frame."""
        if self._stream is None or self._next not in self._window(clip) or self._next in self._kept:
            self._close()
            start = self._first_gap(clip)
            if start is None:
                with self._cond:
                    self._full = True
                return
            self._stream, self._next = clip.frames(start, size=_size(clip)), start
        frame = next(self._stream, None)
        if frame is None:
            self._close()
            return
        self._next = frame.index + 1
        data = encode_preview(frame.image)
        with self._cond:
            if self._clip is clip:
                self._kept[frame.index] = data
                self._taken += len(data)
                window = self._window(clip)
                # one that belongs here makes room only once: the next would want it back
                self._full |= any(index in window for index in self._make_room())

    def _make_room(self) -> list[int]:
        """Drop the frames farthest from the playhead until the others have room; those that were dropped."""
        dropped: list[int] = []
        if self._taken > self._room:
            for index in sorted(self._kept, key=lambda k: abs(k - self._at), reverse=True):
                self._taken -= len(self._kept.pop(index))
                dropped.append(index)
                if self._taken <= self._room:
                    break
        return dropped

    def _window(self, clip: Clip) -> range:
        """The frames to keep: as many around the playhead as there is room for."""
        with self._cond:
            at, each = self._at, self._taken / len(self._kept) if self._kept else _USUAL
            most = self._room / each
        first, last = round(at - most * _BEHIND), round(at + most * (1 - _BEHIND))
        return range(max(0, first), min(last, clip.info.frame_count))

    def _first_gap(self, clip: Clip) -> int | None:
        """The frame to go on with: first what lies ahead of the playhead, then what lies behind."""
        window, at = self._window(clip), self._at
        with self._cond:
            ahead = next((k for k in range(at, window.stop) if k not in self._kept), None)
            behind = next((k for k in range(window.start, at) if k not in self._kept), None)
        return ahead if ahead is not None else behind

    def _close(self) -> None:
        stream, self._stream = self._stream, None
        with suppress(AttributeError):
            stream.close()  # type: ignore[union-attr]


def _size(clip: Clip) -> tuple[int, int]:
    width, height = clip.info.display_size
    share = min(1.0, _WIDEST / width)
    return max(16, round(width * share)), max(16, round(height * share))
