"""Small pictures of every frame, so that the viewer follows the playhead at once.

A frame of a long-GOP file may need a hundred others decoded first. This thread
decodes the clip once, in order, and keeps it small; while scrubbing it answers
within milliseconds, and the frame server's exact picture follows at rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from PyQt6.QtCore import QObject

from vsod.core.frame import Frame
from vsod.gui.playback.frame_renderer import RenderedFrame, ViewState, render_frame
from vsod.gui.playback.latest_request import LatestRequestThread, close_stream
from vsod.gui.playback.preview_jpeg import decode_preview, encode_preview
from vsod.gui.playback.preview_store import PreviewStore
from vsod.gui.toolkit.pipeline_interface import OpenClip

_WIDEST = 640  # pixels
DEFAULT_MEGABYTES = "300"
"""What all of them may take, where nobody said otherwise: some 12 000 frames."""


class ScrubCache(LatestRequestThread[int, RenderedFrame]):
    """Fills itself while nothing else is asked for; the newest wish counts."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scrub-cache")
        self._clip: OpenClip | None = None
        self._view = ViewState()
        self.store = PreviewStore(int(DEFAULT_MEGABYTES) * 10**6)
        self._full = False
        self._streamed: OpenClip | None = None  # whose frames these are; this thread's own
        self._stream: Iterator[Frame] | None = None
        self._next = 0

    # ---- window's thread

    def set_clip(self, clip: OpenClip | None) -> None:
        """Another clip; nothing of the one before is kept."""
        with self._condition:
            self._clip, self._result = clip, None
            self.store.clear()
            self._full = False
            self.request(None)

    def set_view(self, view: ViewState) -> None:
        """Show pictures this way from now on."""
        with self._condition:
            self._view = view

    def set_size_limit(self, megabytes: float) -> None:
        """All of them may take so much memory."""
        with self._condition:
            self.store.limit, self._full = round(megabytes * 1e6), False
            self.store.make_room()
            self._condition.notify_all()

    def show(self, index: int) -> None:
        """Serve frame ``index`` if it is there."""
        with self._condition:
            self.store.playhead, self._full = index, False
            self.request(index)

    @property
    def count(self) -> int:
        """Frames that are there."""
        with self._condition:
            return len(self.store)

    def has(self, index: int) -> bool:
        """Whether this frame is there."""
        with self._condition:
            return index in self.store

    # ---- own thread

    def has_work(self) -> bool:
        """Whether frames were asked for, or, while the machine is idle, are still missing."""
        fills = self._clip is not None and not self._paused and not self._full
        return fills or super().has_work()

    def serve(self, request: int | None, version: int) -> None:
        """Show the frame that is wanted, or keep one more."""
        with self._condition:
            clip, view = self._clip, self._view
            data = None if request is None else self.store.get(request)
        if clip is not self._streamed:
            self._close()
            self._streamed = clip
        if clip is None:
            return
        if request is None:
            self._fill(clip)
        elif data is not None:
            self._show(clip, request, data, view)

    def fail(self, error: Exception, version: int) -> None:
        """Report that scrub frames cannot be made; moving the playhead tries again."""
        self._close()
        with self._condition:
            gone = self._clip is not self._streamed  # what a clip says that is being closed is no news
            self._full = not gone
        if not gone:
            super().fail(error, version)

    def release(self) -> None:
        """Close the decoder."""
        self._close()

    def _show(self, clip: OpenClip, index: int, data: bytes, view: ViewState) -> None:
        picture, alpha = decode_preview(data)
        frame = Frame(index, int(clip.info.pts[index]), picture, alpha=alpha)
        shown = replace(render_frame(clip, frame, view.quick()), from_cache=True, view=view)
        with self._condition:
            if self._clip is clip and not self._stopping:
                self.post(shown)

    def _fill(self, clip: OpenClip) -> None:
        """Decode and keep one more frame."""
        count = clip.info.frame_count
        with self._condition:
            follows = self._next in self.store.window(count) and self._next not in self.store
            goes_on = self._stream is not None and follows
            start = self._next if goes_on else self.store.first_gap(count)
            self._full |= start is None
        if start is None:
            self._close()
            return
        if self._stream is None or not goes_on:
            self._close()
            self._stream, self._next = clip.frames(start, size=_size(clip)), start
        frame = next(self._stream, None)
        if frame is None:
            self._close()
            return
        self._next = frame.index + 1
        data = encode_preview(frame.image, frame.alpha)
        with self._condition:
            if self._clip is clip:
                dropped, window = self.store.put(frame.index, data), self.store.window(count)
                # one that belongs here makes room only once: the next would want it back
                self._full |= any(index in window for index in dropped)

    def _close(self) -> None:
        stream, self._stream = self._stream, None
        close_stream(stream)


def _size(clip: OpenClip) -> tuple[int, int]:
    width, height = clip.info.display_size
    share = min(1.0, _WIDEST / width)
    return max(16, round(width * share)), max(16, round(height * share))
