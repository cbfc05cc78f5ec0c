"""An encoder that is a program of its own: raw frames in, packets out."""

from __future__ import annotations

import logging
import queue
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, cast

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vsod.media.formats.ffmpeg_program import error_lines
from vsod.media.formats.input_limits import open_options
from vsod.media.formats.system_programs import NO_WINDOW
from vsod.media.pixels.planes import plane_view

_PATIENCE = 30  # seconds the program may take to end after its last frame

_log = logging.getLogger(__name__)


class EncoderExited(Exception):
    """The program gave up; its last words."""


class FFmpegEncoder:
    """A running FFmpeg, see :func:`vsod.media.formats.ffmpeg_program.encode_command`.

    Raises:
        OSError: It cannot be started.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  closed in close
        self._packets: queue.SimpleQueue[Packet[VideoStream]] = queue.SimpleQueue()
        self._container: InputContainer | None = None
        self._failure: Exception | None = None
        try:
            self._program = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                creationflags=NO_WINDOW,
            )
        except OSError:
            self._complaints.close()
            raise
        self._reader = threading.Thread(target=self._read, name="vsod-external", daemon=True)
        self._reader.start()

    @property
    def stream(self) -> VideoStream:
        """What the packets belong to; known once there is one."""
        assert self._container is not None
        return self._container.streams.video[0]

    def feed(self, frame: VideoFrame) -> list[Packet[VideoStream]]:
        """Encode one more frame. Returns the packets that are ready, in order.

        Raises:
            ProgramEnded: It takes no more.
        """
        try:
            for number in range(len(frame.planes)):
                self._pipe.write(np.ascontiguousarray(plane_view(frame, number)).data)
        except OSError as error:
            self._end()
            raise EncoderExited(self._last_words()) from error
        return self._ready()

    def finish(self) -> list[Packet[VideoStream]]:
        """Flush the encoder. Returns the remaining packets.

        Raises:
            ProgramEnded: Not all came out whole.
        """
        self._end()
        if self._program.returncode or self._failure is not None:
            raise EncoderExited(self._last_words()) from self._failure
        return self._ready()

    def close(self) -> None:
        """Release everything; a program that still runs is stopped. Never raises."""
        if self._program.poll() is None:
            self._program.kill()
        self._end()
        if self._container is not None:
            self._container.close()
            self._container = None
        if self._program.stdout is not None:
            self._program.stdout.close()
        for line in self._said():
            _log.debug("%s", line)
        self._complaints.close()

    @property
    def _pipe(self) -> IO[bytes]:
        return cast("IO[bytes]", self._program.stdin)

    def _end(self) -> None:
        """Nothing more is written; wait for the program, which may hang, and for its last packet."""
        with suppress(OSError):
            self._pipe.close()
        try:
            self._program.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            _log.warning("%s hangs and is stopped", self._program.args)
            self._program.kill()
            self._program.wait()
        self._reader.join()

    def _ready(self) -> list[Packet[VideoStream]]:
        packets = []
        with suppress(queue.Empty):
            while True:
                packets.append(self._packets.get_nowait())
        return packets

    def _read(self) -> None:
        """Take packets as they come, so that the program never waits for us."""
        try:
            container = av.open(
                cast("IO[bytes]", self._program.stdout), "r", format="mov", options=open_options()
            )
            self._container = container
            for packet in container.demux(video=0):
                if packet.size:
                    self._packets.put(packet)
        except (av.error.FFmpegError, OSError, ValueError, IndexError) as error:
            self._failure = error

    def _last_words(self) -> str:
        return self._said()[-1]

    def _said(self) -> list[str]:
        self._complaints.seek(0)
        return error_lines(self._complaints.read())
