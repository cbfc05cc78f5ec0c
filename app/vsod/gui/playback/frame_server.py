"""The thread that serves the viewer's frames, still or playing."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from PyQt6.QtCore import QObject, pyqtSignal

from vsod.gui.playback.frame_renderer import RenderedFrame, ViewState, render_frame
from vsod.gui.playback.latest_request import LatestRequestThread, close_stream
from vsod.gui.playback.playback_clock import PlaybackClock
from vsod.gui.toolkit.pipeline_interface import OpenClip

_FORGIVEN = 0.4  # seconds of lag after which playback slows down instead of dropping ever more frames
_STARVED = 0.1  # seconds without a picture after which a late frame is shown all the same


@dataclass(frozen=True, eq=False)
class FrameRequest:
    """One frame, or playback from it.

    Attributes:
        clip: Whose frame.
        index: Which frame.
        speed: 1 is that of the source, below 0 is backwards; 0 for a frame that stands still.
        within: Where playback ends.
    """

    clip: OpenClip
    index: int
    speed: float = 0.0
    within: range = range(0)


class FrameServer(LatestRequestThread[FrameRequest, RenderedFrame]):
    """Decodes, finishes and composes frames; serves the newest wish and forgets the rest."""

    ended = pyqtSignal(int)  # playback ran into the end of its range, at this frame

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("frames")
        self._clip: OpenClip | None = None
        self._retired: list[OpenClip] = []
        self._view = ViewState()
        self._speed = 0.0
        self.dropped = 0  # frames left out since playback began; written by this thread alone

    # ---- window's thread

    def set_clip(self, clip: OpenClip | None) -> None:
        """Serve ``clip`` from now on; the one before is closed by the thread that used it."""
        with self._condition:
            if self._clip is not None:
                self._retired.append(self._clip)
            self._clip = clip
            self._speed, self._result = 0.0, None
            self.request(None)

    def set_view(self, view: ViewState) -> None:
        """Show frames this way from the next one on."""
        with self._condition:
            self._view = view
            if self._speed != 0:
                self._supersede()

    def show(self, index: int) -> None:
        """Stop playing and serve frame ``index``."""
        self.play(index, 0.0, range(0))

    def play(self, index: int, speed: float, within: range) -> None:
        """Play from ``index`` at ``speed`` until ``within`` ends."""
        with self._condition:
            self._speed = speed
            self.request(FrameRequest(self._clip, index, speed, within) if self._clip is not None else None)

    # ---- own thread

    def has_work(self) -> bool:
        """A clip to close counts, too."""
        return bool(self._retired) or super().has_work()

    def serve(self, request: FrameRequest | None, version: int) -> None:
        """Close what is not used any more; then show the frame, or play."""
        with self._condition:
            retired, self._retired = self._retired, []
            clip, view = self._clip, self._view
        for old in retired:
            old.close()
        if request is None or request.clip is not clip:
            return
        if request.speed == 0:
            self.dropped = 0
            self._post(clip, render_frame(clip, clip.frame(request.index, size=view.size), view))
            return
        clock = PlaybackClock(clip.info, request.index, request.speed, time.monotonic())
        if request.speed > 0:
            self._forwards(request, clock, version)
        else:
            self._backwards(request, clock, version)

    def fail(self, error: Exception, version: int) -> None:
        """Playback ends."""
        with self._condition:
            self._speed = 0.0
        super().fail(error, version)

    def release(self) -> None:
        """Close the clips."""
        with self._condition:
            clips = [*self._retired, *([self._clip] if self._clip is not None else [])]
            self._retired, self._clip = [], None
        for clip in clips:
            clip.close()

    def _forwards(self, request: FrameRequest, clock: PlaybackClock, version: int) -> None:
        clip, index, within, view = request.clip, request.index, request.within, self._view
        stream = clip.frames(index, within.stop, size=view.size)
        shown_at = 0.0
        try:
            for number, frame in enumerate(stream):
                if number == 0:
                    # seeking took time that must not count as lag
                    clock.start(frame.index, time.monotonic())
                index, now = frame.index, time.monotonic()
                late = -clock.seconds_until(index, now)
                dropped = (
                    clock.frame_due(now) > index and index < within.stop - 1 and now - shown_at < _STARVED
                )
                if late > _FORGIVEN:
                    clock.start(index, now)
                if dropped:
                    self.dropped += 1
                else:
                    shown = render_frame(clip, frame, view)
                    if not self._sleep(clock.seconds_until(index, time.monotonic()), version):
                        break
                    self._post(clip, shown)
                    shown_at = now
                if self._version != version:
                    break
            else:
                self._finish(index, version)
                return
        finally:
            close_stream(stream)
        self._replay(replace(request, index=index), version)

    def _backwards(self, request: FrameRequest, clock: PlaybackClock, version: int) -> None:
        clip, index, within = request.clip, request.index, request.within
        while self._version == version:
            view = self._view
            self._post(clip, render_frame(clip, clip.frame(index, size=view.size), view))
            if index <= within.start:
                self._finish(index, version)
                return
            if not self._sleep(clock.seconds_until(index - 1, time.monotonic()), version):
                break
            index = max(min(clock.frame_due(time.monotonic()), index - 1), within.start)
        self._replay(replace(request, index=index), version)

    def _replay(self, request: FrameRequest, version: int) -> None:
        """Only the view changed while playing: go on from here with the new one."""
        with self._condition:
            same = self._speed != 0 and self._request is None and not self._stopping
            if same and self._version != version:
                self._request = request

    def _finish(self, index: int, version: int) -> None:
        with self._condition:
            if self._version != version:
                return
            self._speed = 0.0
        self.ended.emit(index)

    def _sleep(self, seconds: float, version: int) -> bool:
        """Wait until the frame is due; False if something new is wanted meanwhile."""
        with self._condition:
            if seconds > 0:
                self._condition.wait_for(lambda: self._version != version, timeout=seconds)
            return self._version == version

    def _post(self, clip: OpenClip, shown: RenderedFrame) -> None:
        with self._condition:
            # a still that came too late is posted all the same: while scrubbing faster than frames
            # decode, showing where we were a moment ago beats showing nothing
            if self._clip is clip and not self._stopping:
                self.post(shown)
