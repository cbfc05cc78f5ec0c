"""Where the playhead is and how it moves. Lives in the window's thread."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from vsod.core.clip import ClipInfo
from vsod.gui.playback.frame_renderer import RenderedFrame, ViewState
from vsod.gui.playback.frame_server import FrameServer
from vsod.gui.playback.scrub_cache import ScrubCache
from vsod.gui.toolkit.pipeline_interface import OpenClip

_FASTEST, _SLOWEST = 8.0, 0.125
_REST_MS = 80  # after which a playhead that was moved has come to rest


class Player(QObject):
    """Transport controls over a frame server.

    The playhead moves at once when asked to; the picture follows when it is decoded.
    """

    shown = pyqtSignal(object)  # Shown: paint this
    moved = pyqtSignal(int)  # the playhead is at this frame
    speed_changed = pyqtSignal(float)  # 0 = paused
    began = pyqtSignal(int, float)  # playback from this frame on, at this speed
    loop_changed = pyqtSignal(bool)
    view_changed = pyqtSignal()  # another view mode, model, size …
    failed = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.info: ClipInfo | None = None
        self.index = 0
        self.speed = 0.0
        self.marked = range(0)  # in to out; playback stays inside if it starts inside
        self.view = ViewState()
        self._server = FrameServer(self)
        self._server.ready.connect(self._on_ready)
        self._server.ended.connect(self._on_ended)
        self._server.failed.connect(self._on_failed)
        self._server.start()
        self._loop = False
        self._exact: RenderedFrame | None = None  # the last picture that was no draft
        self._busy = self._yielding = False  # something else needs the processor
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(lambda: self._server.show(self.index))
        self.scrub_cache = ScrubCache(self)
        self.scrub_cache.ready.connect(self._on_scrub_frame)
        self.scrub_cache.start()

    @property
    def count(self) -> int:
        """Frames of the clip, 0 without one."""
        return self.info.frame_count if self.info else 0

    @property
    def loop(self) -> bool:
        """Whether playback begins again where a range ends."""
        return self._loop

    @loop.setter
    def loop(self, loop: bool) -> None:
        self._loop = loop
        self.loop_changed.emit(loop)

    def set_clip(self, clip: OpenClip | None) -> None:
        """Take over ``clip`` (it is closed here in the end) and go to its first frame."""
        self._set_speed(0.0)
        self.info = clip.info if clip else None
        self.marked = range(self.count)
        self.index = 0
        self._exact = None
        self._rest.stop()
        self._server.set_clip(clip)
        self.scrub_cache.set_clip(clip)
        if clip is not None:
            self.seek(0)

    def set_view(self, **changes: object) -> None:
        """Change fields of the :class:`ViewState` and show the frame again."""
        view = replace(self.view, **changes)  # type: ignore[arg-type]
        if view != self.view:
            self.view = view
            self._server.set_view(view)
            self.scrub_cache.set_view(view)
            self.refresh()
            self.view_changed.emit()

    def refresh(self) -> None:
        """Serve the current frame anew, if it stands still."""
        if self.count and self.speed == 0:
            self._server.show(self.index)

    def seek(self, index: int) -> None:
        """Pause and go to ``index``, clipped to the clip."""
        if not self.count:
            return
        was_playing = self.speed != 0
        self._set_speed(0.0)
        self._move(max(0, min(index, self.count - 1)))
        self.scrub_cache.show(self.index)
        if self.scrub_cache.has(self.index) and not was_playing:
            self._rest.start()  # while the playhead is dragged the processor belongs to the drafts
        else:
            self._rest.stop()
            self._server.show(self.index)

    def set_busy(self, busy: bool) -> None:
        """Pause the scrub cache while a job uses the processor."""
        self._busy = busy
        self._pause_scrub_cache()

    def set_yielding(self, yielding: bool) -> None:
        """Pause the scrub cache while the first map of a clip is on its way."""
        self._yielding = yielding
        self._pause_scrub_cache()

    def step(self, frames: int) -> None:
        """Pause and go ``frames`` on."""
        self.seek(self.index + frames)

    def toggle_play(self) -> None:
        """Play at source speed, or pause."""
        if self.speed:
            self.pause()
        else:
            self.play(1.0)

    def pause(self) -> None:
        """Stand still and show the frame under the playhead in full."""
        if self.speed:
            self.seek(self.index)

    def shuttle(self, direction: int) -> None:
        """J and L: start, reverse or double the speed."""
        if self.speed * direction > 0:
            self.play(max(-_FASTEST, min(self.speed * 2, _FASTEST)))
        else:
            self.play(float(direction))

    def shuttle_slowly(self, direction: int) -> None:
        """Shift+L and Shift+J: play at half speed, then at half of that."""
        if self.speed * direction > 0:
            self.play(direction * max(_SLOWEST, min(abs(self.speed) / 2, 0.5)))
        else:
            self.play(direction * 0.5)

    def play(self, speed: float) -> None:
        """Play at ``speed``; from the far end if the range is already played out."""
        if not self.count:
            return
        within = self._within
        index = self.index
        if speed > 0 and index == within.stop - 1:
            index = within.start
        elif speed < 0 and index == within.start:
            index = within.stop - 1
        self._rest.stop()
        self._set_speed(speed)
        self._server.play(index, speed, within)
        self.began.emit(index, speed)

    @property
    def _within(self) -> range:
        return self.marked if self.index in self.marked else range(self.count)

    @property
    def dropped(self) -> int:
        """Frames left out since playback began, because they came too late."""
        return self._server.dropped

    def stop(self) -> None:
        """Join the frame server and close the clip."""
        self._rest.stop()
        for thread in (self._server, self.scrub_cache):
            thread.blockSignals(True)
        self.scrub_cache.stop()
        self._server.stop()

    def _set_speed(self, speed: float) -> None:
        if speed != self.speed:
            self.speed = speed
            self._pause_scrub_cache()
            self.speed_changed.emit(speed)

    def _pause_scrub_cache(self) -> None:
        self.scrub_cache.pause(self._busy or self._yielding or self.speed != 0)

    def _move(self, index: int) -> None:
        if index != self.index:
            self.index = index
            self.moved.emit(index)

    def _on_ready(self) -> None:
        shown = self._server.take()
        if shown is None:
            return
        if self.speed:
            self._move(shown.index)
        elif shown.index != self.index and self.scrub_cache.has(self.index):
            return  # overtaken: its draft is on screen already, or soon
        self._exact = shown
        self.shown.emit(shown)

    def _on_scrub_frame(self) -> None:
        shown, exact = self.scrub_cache.take(), self._exact
        if shown is None or self.speed or shown.view != self.view:
            return
        if exact is None or (exact.index, exact.view) != (shown.index, shown.view):
            self.shown.emit(shown)

    def _on_ended(self, index: int) -> None:
        # a new wish may have overtaken this message on its way
        if not self.speed:
            return
        self._move(index)
        if self.loop and len(self._within) > 1:
            self.play(self.speed)
        else:
            self._set_speed(0.0)
            self.refresh()

    def _on_failed(self, error: Exception) -> None:
        self._set_speed(0.0)
        self.failed.emit(error)
