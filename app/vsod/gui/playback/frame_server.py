"""The thread that serves the viewer's frames, still or playing.

It is asked to end, never killed: :meth:`FrameServer.stop` returns after the thread has been joined.
"""

from __future__ import annotations

import threading
import time

from PyQt6.QtCore import QObject, QThread, pyqtSignal

from vsod.gui.playback.frame_renderer import Shown, View, render
from vsod.gui.playback.playback_clock import Clock
from vsod.gui.toolkit.pipeline_interface import Clip

_FORGIVEN = 0.4  # seconds of lag after which playback slows down instead of dropping ever more frames
_STARVED = 0.1  # seconds without a picture after which a late frame is shown all the same


class FrameServer(QThread):
    """Decodes, finishes and composes frames; serves the newest wish and forgets the rest.

    Wishes come from the window's thread through :meth:`show`, :meth:`play` and
    :meth:`set_clip`; results wait in a one-frame mailbox (:meth:`take`), so a
    slow window can never pile up pictures.
    """

    ready = pyqtSignal()  # the mailbox has a frame
    ended = pyqtSignal(int)  # playback ran into the end of its range, at this frame
    failed = pyqtSignal(object)  # the exception

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("frames")
        self._cond = threading.Condition()
        self._clip: Clip | None = None
        self._retired: list[Clip] = []
        self._view = View()
        self._wish: int | None = None
        self._speed = 0.0
        self._range = range(0)
        self._version = 0  # counts every wish; playback looks at it between frames
        self._done = False
        self._box: Shown | None = None
        self.dropped = 0  # frames left out since playback began; written by this thread alone

    # ---- window's thread

    def set_clip(self, clip: Clip | None) -> None:
        """Serve ``clip`` from now on; the one before is closed by the thread that used it."""
        with self._cond:
            if self._clip is not None:
                self._retired.append(self._clip)
            self._clip = clip
            self._wish, self._speed, self._box = None, 0.0, None
            self._changed()

    def set_view(self, view: View) -> None:
        """Show frames this way from the next one on."""
        with self._cond:
            self._view = view
            if self._speed == 0:
                return
            self._changed()

    def show(self, index: int) -> None:
        """Stop playing and serve frame ``index``."""
        with self._cond:
            self._wish, self._speed = index, 0.0
            self._changed()

    def play(self, index: int, speed: float, within: range) -> None:
        """Play from ``index`` at ``speed`` until ``within`` ends."""
        with self._cond:
            self._wish, self._speed, self._range = index, speed, within
            self._changed()

    def take(self) -> Shown | None:
        """The newest frame, once."""
        with self._cond:
            shown, self._box = self._box, None
            return shown

    def stop(self) -> None:
        """Finish the frame in hand, close the clip, join."""
        with self._cond:
            self._done = True
            self._changed()
        self.wait()

    def _changed(self) -> None:
        self._version += 1
        self._cond.notify_all()

    # ---- own thread

    def run(self) -> None:
        """Thread body."""
        while True:
            with self._cond:
                self._cond.wait_for(lambda: self._done or self._retired or self._wish is not None)
                retired, self._retired = self._retired, []
                if self._done and self._clip is not None:
                    retired.append(self._clip)
                    self._clip = None
                clip, index, speed, version = self._clip, self._wish, self._speed, self._version
                within, view, done = self._range, self._view, self._done
                self._wish = None
            try:
                for old in retired:
                    old.close()
                if done:
                    return
                if clip is not None and index is not None:
                    self._serve(clip, index, speed, within, view, version)
            except Exception as error:
                with self._cond:
                    self._speed = 0.0
                self.failed.emit(error)
                if done:
                    return

    def _serve(self, clip: Clip, index: int, speed: float, within: range, view: View, version: int) -> None:
        if speed == 0:
            self.dropped = 0
            self._post(clip, render(clip, clip.frame(index, size=view.size), view))
        elif speed > 0:
            self._forwards(clip, Clock(clip.info, index, speed, time.monotonic()), index, within, version)
        else:
            self._backwards(clip, Clock(clip.info, index, speed, time.monotonic()), index, within, version)

    def _forwards(self, clip: Clip, clock: Clock, index: int, within: range, version: int) -> None:
        view = self._view
        stream = clip.frames(index, within.stop, size=view.size)
        shown_at = 0.0
        try:
            for number, frame in enumerate(stream):
                if number == 0:
                    # seeking took time that must not count as lag
                    clock.start(frame.index, time.monotonic())
                index, now = frame.index, time.monotonic()
                late = -clock.wait(index, now)
                dropped = clock.due(now) > index and index < within.stop - 1 and now - shown_at < _STARVED
                if late > _FORGIVEN:
                    clock.start(index, now)
                if dropped:
                    self.dropped += 1
                else:
                    shown = render(clip, frame, view)
                    if not self._sleep(clock.wait(index, time.monotonic()), version):
                        break
                    self._post(clip, shown)
                    shown_at = now
                if self._version != version:
                    break
            else:
                self._finish(index, version)
                return
        finally:
            close = getattr(stream, "close", None)
            if close is not None:
                close()
        self._replay(index, version)

    def _backwards(self, clip: Clip, clock: Clock, index: int, within: range, version: int) -> None:
        while self._version == version:
            view = self._view
            self._post(clip, render(clip, clip.frame(index, size=view.size), view))
            if index <= within.start:
                self._finish(index, version)
                return
            if not self._sleep(clock.wait(index - 1, time.monotonic()), version):
                break
            index = max(min(clock.due(time.monotonic()), index - 1), within.start)
        self._replay(index, version)

    def _replay(self, index: int, version: int) -> None:
        """Only the view changed while playing: go on from here with the new one."""
        with self._cond:
            if self._speed != 0 and self._wish is None and not self._done and self._version != version:
                self._wish = index

    def _finish(self, index: int, version: int) -> None:
        with self._cond:
            if self._version != version:
                return
            self._speed = 0.0
        self.ended.emit(index)

    def _sleep(self, seconds: float, version: int) -> bool:
        """Wait until the frame is due; False if something new is wanted meanwhile."""
        with self._cond:
            if seconds > 0:
                self._cond.wait_for(lambda: self._version != version, timeout=seconds)
            return self._version == version

    def _post(self, clip: Clip, shown: Shown) -> None:
        with self._cond:
            # a still that came too late is posted all the same: while scrubbing faster than frames
            # decode, showing where we were a moment ago beats showing nothing
            if self._clip is not clip or self._done:
                return
            was_empty, self._box = self._box is None, shown
        if was_empty:
            self.ready.emit()
