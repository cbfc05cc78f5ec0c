"""The loudspeaker, if there is one."""

from __future__ import annotations

import logging
from typing import Any, Protocol

from vsod.core.audio_format import BYTES_PER_SECOND, CHANNELS, RATE

_BUFFER = 0.25  # seconds: longer than the window ever stalls


_log = logging.getLogger(__name__)


class AudioDevice(Protocol):
    """Plays what is written to it."""

    def start(self) -> None:
        """Begin, with nothing written."""

    def room(self) -> int:
        """How many bytes can be written now."""

    def write(self, data: bytes) -> None:
        """Play this next; not more than there is room for."""

    def played(self) -> float:
        """Seconds that have left the loudspeaker since the start."""

    def stop(self) -> None:
        """Fall silent at once."""


class QtAudioDevice:
    """The system's default audio output.

    Raises:
        ImportError: Qt's sound library, or one it needs, is not there.
        OSError: There is no device.
    """

    def __init__(self) -> None:
        # not at the top: it takes a moment, and needs libpulse, which servers lack
        from PyQt6.QtMultimedia import QAudioFormat, QAudioSink, QMediaDevices

        device = QMediaDevices.defaultAudioOutput()
        if device.isNull():
            raise OSError("no sound device")
        shape = QAudioFormat()
        shape.setSampleRate(RATE)
        shape.setChannelCount(CHANNELS)
        shape.setSampleFormat(QAudioFormat.SampleFormat.Int16)
        self._sink = QAudioSink(device, shape)
        self._sink.setBufferSize(round(_BUFFER * BYTES_PER_SECOND))
        self._written = 0
        self._io: Any = None

    def start(self) -> None:
        """Begin, with nothing written."""
        self._written = 0
        self._io = self._sink.start()

    def room(self) -> int:
        """How many bytes can be written now."""
        return self._sink.bytesFree() if self._io is not None else 0

    def write(self, data: bytes) -> None:
        """Play this next."""
        self._written += max(0, self._io.write(data))

    def played(self) -> float:
        """Seconds that have left the buffer."""
        waiting = self._sink.bufferSize() - self._sink.bytesFree()
        return max(0, self._written - waiting) / BYTES_PER_SECOND

    def stop(self) -> None:
        """Fall silent at once."""
        self._sink.reset()
        self._io = None


def open_audio_device() -> AudioDevice | None:
    """The loudspeaker, or None on a machine without one."""
    try:
        return QtAudioDevice()
    except (ImportError, OSError) as error:
        _log.info("no audio: %s", error)
        return None
