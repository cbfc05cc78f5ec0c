"""The source's sound in an export: its packets, unchanged, on the export's clock."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av.error
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Discard, Disposition

from vsod.media.sources.container import open_input

# Containers whose edit lists can begin inside a packet; in others sound starts at or after 0.
_CAN_START_EARLY = ("mov", "mp4")


_log = logging.getLogger(__name__)


class AudioCopy:
    """Copies the packets of every sound track that belong to a time span.

    A range begins and ends on packet borders: nothing is decoded, so every packet kept is the
    source's bit by bit, and at most one packet (about 20 ms) is missing at its start.

    Args:
        path: The source.
        target: Where the tracks are added; before its header is written.
        start: Source time in seconds that becomes 0.
        stop: Where the span ends; None for the end of the sound.
        from_start: True if the span begins with the clip: then what lies before 0, a codec's
            priming, is kept where the container can say so.

    Attributes:
        warnings: Tracks that the container cannot hold.
    """

    def __init__(
        self, path: Path, target: OutputContainer, start: Fraction, stop: Fraction | None, from_start: bool
    ) -> None:
        self.warnings: list[str] = []
        self._start, self._stop = start, stop
        self._source = open_input(path)
        self._primed = from_start and target.format.name in _CAN_START_EARLY
        self._streams: dict[int, AudioStream] = {}
        for number, stream in enumerate(self._source.streams.audio):
            try:
                copy = target.add_stream_from_template(stream)
            except (ValueError, av.error.FFmpegError) as error:
                _log.info("%s, sound track %d: %s", path, number + 1, error)
                self.warnings.append(
                    f"sound track {number + 1} ({stream.codec_context.name}) cannot be copied into "
                    f"{target.format.name}; export MOV or MKV, or use --audio none"
                )
                continue
            copy.metadata.update({k: v for k, v in stream.metadata.items() if k in ("language", "title")})
            copy.disposition = Disposition(stream.disposition)
            stream.discard = Discard.default
            self._streams[stream.index] = copy
        if self._streams and not from_start:
            self._source.seek(max(0, int(start * 1_000_000) - 1_000_000))
        self._packets = self._wanted() if self._streams else iter(())
        self._waiting: Packet[Any] | None = None

    def packets_until(self, time: Fraction | None) -> Iterator[Packet[Any]]:
        """The packets due before ``time`` (seconds in the export), in order; None for all left."""
        while True:
            packet = self._waiting or next(self._packets, None)
            if packet is None:
                return
            if time is not None and (packet.pts or 0) * Fraction(packet.time_base or 1) >= time:
                self._waiting = packet
                return
            self._waiting = None
            packet.stream = cast(Any, self._streams[packet.stream_index])
            yield packet

    def _wanted(self) -> Iterator[Packet[Any]]:
        """Packets of the span with their times counted from its start."""
        sources = [s for s in self._source.streams.audio if s.index in self._streams]
        offsets = {s.index: round(self._start / Fraction(s.time_base or 1)) for s in sources}
        done: set[int] = set()
        try:
            for packet in self._source.demux(sources):
                if packet.pts is None or not packet.size:
                    continue
                tick, index = Fraction(packet.time_base or 1), packet.stream_index
                packet.pts -= offsets[index]
                if packet.dts is not None:
                    packet.dts -= offsets[index]
                begins = packet.pts * tick
                if begins < 0 and not self._primed:
                    continue
                if self._stop is not None and begins >= self._stop - self._start:
                    done.add(index)
                    if len(done) == len(sources):
                        return
                    continue
                yield packet
        except (av.error.FFmpegError, OSError, IndexError) as error:
            self.warnings.append(f"the source's sound cannot be read to its end ({error})")

    def close(self) -> None:
        """Release the source."""
        self._source.close()
