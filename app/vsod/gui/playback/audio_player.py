"""Sound with the picture: at source speed, forwards, in step; silence where there is none to be had."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from vsod.core.audio_format import BYTES_PER_SECOND, CHANNELS, SAMPLE_BYTES
from vsod.gui.playback.audio_device import AudioDevice, open_audio_device
from vsod.gui.playback.frame_renderer import RenderedFrame
from vsod.gui.playback.latest_request import LatestRequestThread, close_stream
from vsod.gui.playback.player import Player
from vsod.gui.toolkit.pipeline_interface import OpenClip

_AHEAD = BYTES_PER_SECOND  # bytes that are decoded before they are needed
_FEED_MS = 20
_OFF = 0.08  # seconds by which sound may be off the picture
_AGAIN = 0.6  # seconds until the last correction has left the loudspeaker's buffer


class AudioDecodeThread(LatestRequestThread[tuple[OpenClip, int], bytes]):
    """Decodes sound a second ahead."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("audio")
        self._pieces: deque[bytes] = deque()
        self._held = 0  # bytes
        self.ended = False  # no more will come
        self.start()

    # ---- window's thread

    def begin(self, clip: OpenClip, index: int) -> None:
        """Forget what is there; decode from frame ``index`` on."""
        self.request((clip, index))

    def rest(self) -> None:
        """Decode nothing."""
        self.request(None)

    def read(self, most: int) -> bytes:
        """What comes next, at most so many bytes; nothing if it is not there yet."""
        with self._condition:
            out = bytearray()
            while self._pieces and len(out) < most:
                piece = self._pieces.popleft()
                room = most - len(out)
                out += piece[:room]
                if len(piece) > room:
                    self._pieces.appendleft(piece[room:])
            self._held -= len(out)
            self._condition.notify_all()
            return bytes(out)

    def _supersede(self) -> None:
        self._pieces.clear()
        self._held, self.ended = 0, False
        super()._supersede()

    # ---- own thread

    def serve(self, request: tuple[OpenClip, int] | None, version: int) -> None:
        """Decode until there is no more, or something else is wanted."""
        assert request is not None
        clip, index = request
        stream: Iterator[bytes] = iter(())
        try:
            stream = clip.audio(index)
            for piece in stream:
                if not self._keep(piece, version):
                    break
        finally:
            close_stream(stream)
            with self._condition:
                self.ended = self.ended or self._version == version

    def fail(self, error: Exception, version: int) -> None:
        """The picture plays on without sound; what a clip says that is not wanted any more is no news."""
        if self._version == version:
            super().fail(error, version)

    def _keep(self, piece: bytes, version: int) -> bool:
        with self._condition:
            self._condition.wait_for(lambda: self._held < _AHEAD or self._version != version)
            if self._version != version:
                return False
            self._pieces.append(piece)
            self._held += len(piece)
            return True


class AudioPlayer(QObject):
    """Listens to the player and feeds the loudspeaker.

    Args:
        player: The playhead.
        parent: The window.
        speaker: Opens a loudspeaker when it is needed first.
    """

    failed = pyqtSignal(object)  # the exception; the picture plays on without sound
    mute_changed = pyqtSignal(bool)

    def __init__(
        self,
        player: Player,
        parent: QObject | None = None,
        speaker: Callable[[], AudioDevice | None] = open_audio_device,
    ) -> None:
        super().__init__(parent)
        self._player, self._open = player, speaker
        self._speaker: AudioDevice | None = None
        self._tried = False
        self._clip: OpenClip | None = None
        self._reader = AudioDecodeThread(self)
        self._reader.failed.connect(self.failed)
        self._from: int | None = None  # the frame whose sound came first; None while silent
        self._sounding = False
        self._owed = 0  # bytes to leave out; below 0, of silence to put in
        self._shift = 0  # bytes left out so far, less what was put in
        self._corrected = 0.0  # what was played when they last were
        self.muted = False
        self._feed = QTimer(self)
        self._feed.setInterval(_FEED_MS)
        self._feed.timeout.connect(self._pump)
        player.began.connect(self._on_began)
        player.speed_changed.connect(self._on_speed)
        player.shown.connect(self._on_shown)

    @property
    def audible(self) -> bool:
        """Whether something is to be heard."""
        return self._sounding

    def set_clip(self, clip: OpenClip | None) -> None:
        """Set the current clip."""
        self._silence()
        self._clip = clip

    def mute(self, muted: bool) -> None:
        """Be silent, or not; takes effect while it plays, too."""
        self.muted = muted
        self.mute_changed.emit(muted)
        if muted:
            self._silence()
        elif self._player.speed == 1:
            self._on_began(self._player.index, 1.0)

    def stop(self) -> None:
        """Join."""
        self._silence()
        self._reader.stop()

    # ---- messages

    def _on_began(self, index: int, speed: float) -> None:
        self._silence()
        clip = self._clip
        if speed != 1 or self.muted or clip is None or not clip.info.audio_streams:
            return
        if not self._tried:
            self._tried, self._speaker = True, self._open()
        if self._speaker is not None:
            self._from = index
            self._reader.begin(clip, index)

    def _on_speed(self, speed: float) -> None:
        if speed != 1:
            self._silence()

    def _on_shown(self, shown: RenderedFrame) -> None:
        speaker, clip = self._speaker, self._clip
        if (
            self._from is None
            or self._player.speed != 1
            or shown.from_cache
            or speaker is None
            or clip is None
        ):
            return
        if not self._sounding:
            # sound begins with the first picture, however long it took to find it
            if shown.index != self._from:
                self._reader.begin(clip, shown.index)
            self._from, self._sounding = shown.index, True
            self._shift, self._corrected = 0, 0.0
            speaker.start()
            self._feed.start()
            self._pump()
        elif speaker.played() - self._corrected > _AGAIN or not self._corrected:
            self._keep_in_step(speaker, clip, shown.index)

    def _keep_in_step(self, speaker: AudioDevice, clip: OpenClip, index: int) -> None:
        """Leave sound out where the picture is ahead, and wait for it where it is behind."""
        assert self._from is not None
        ticks = int(clip.info.pts[index] - clip.info.pts[self._from])
        off = ticks * float(clip.info.time_base) - speaker.played() - self._shift / BYTES_PER_SECOND
        if abs(off) > _OFF:
            self._owed = _whole(off * BYTES_PER_SECOND)
            self._shift += self._owed
            self._corrected = speaker.played() or 1e-9

    def _pump(self) -> None:
        speaker = self._speaker
        if speaker is None:
            return
        if self._owed > 0:
            self._owed -= len(self._reader.read(self._owed))
        room = _whole(speaker.room())
        if self._owed < 0:
            silence = bytes(min(room, -self._owed))
            speaker.write(silence)
            self._owed += len(silence)
            room -= len(silence)
        data = self._reader.read(room) if self._owed == 0 else b""
        if data:
            speaker.write(data)
        elif self._reader.ended:
            self._feed.stop()

    def _silence(self) -> None:
        self._feed.stop()
        if self._speaker is not None and self._sounding:
            self._speaker.stop()
        self._from, self._sounding, self._owed = None, False, 0
        self._reader.rest()


def _whole(count: float) -> int:
    """Bytes of whole samples, towards 0."""
    size = CHANNELS * SAMPLE_BYTES
    return int(count / size) * size
