"""The source's sound in an export: its packets, unchanged or coded anew, on the export's clock."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import av.error
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Discard, Disposition

from vsod.core.clip import Joint
from vsod.media.sinks.audio_encoder import AudioEncoder
from vsod.media.sources.container import open_input
from vsod.media.sources.joined_clock import JoinedClock

# Containers whose edit lists can begin inside a packet; in others sound starts at or after 0.
_CAN_START_EARLY = ("mov", "mp4")
_TRIED = 3  # packets that a container is tried with
_NAMES = {"matroska": "MKV"}
_REFUSED = (av.error.ArgumentError, av.error.InvalidDataError, av.error.PatchWelcomeError)


_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Track:
    number: int
    name: str
    stream: AudioStream
    encoder: AudioEncoder | None = None
    last: int | None = None  # decoding time of the packet before
    left_out: int = 0


class AudioCopy:
    """Copies the packets of every sound track that belong to a time span, or codes them anew.

    Copied, a range begins and ends on packet borders: nothing is decoded, so every packet kept is the
    source's bit by bit, and at most one packet (about 20 ms) is missing at its start. Coded anew, it
    begins and ends on a sample.

    Args:
        path: The source.
        target: Where the tracks are added; before its header is written.
        start: Source time in seconds that becomes 0.
        stop: Where the span ends; None for the end of the sound.
        from_start: True if the span begins with the clip: then what lies before 0, a codec's
            priming, is kept where the container can say so.
        mode: ``"copy"``, ``"pcm"`` or ``"aac"``.
        joints: Where the file's own clock begins anew.

    Attributes:
        warnings: Tracks that the container cannot hold, and what is missing of the others; grows while packets are
            taken.
    """

    def __init__(
        self,
        path: Path,
        target: OutputContainer,
        start: Fraction,
        stop: Fraction | None,
        from_start: bool,
        mode: str = "copy",
        joints: Sequence[Joint] = (),
    ) -> None:
        self.warnings: list[str] = []
        self._start, self._stop, self._mode = start, stop, mode
        self._clock = JoinedClock(joints)
        self._source = open_input(path)
        self._primed = from_start and target.format.name in _CAN_START_EARLY
        self._tracks: dict[int, _Track] = {}
        for number, stream in enumerate(self._source.streams.audio, 1):
            track = self._added(path, target, stream, number)
            if track is None:
                continue
            track.stream.metadata.update(
                {k: v for k, v in stream.metadata.items() if k in ("language", "title")}
            )
            track.stream.disposition = Disposition(stream.disposition)
            stream.discard = Discard.default
            self._tracks[stream.index] = track
        if self._tracks and not from_start:
            self._seek(bool(joints))
        self._packets = self._wanted() if self._tracks else iter(())
        self._waiting: Packet[Any] | None = None

    def _seek(self, joined: bool) -> None:
        """Go to a place a little before the span."""
        if not joined:
            self._source.seek(max(0, int(self._start * 1_000_000) - 1_000_000))
        elif (place := self._clock.part_at(self._start)) > 0:
            self._source.seek(place, unsupported_byte_offset=True)

    def _added(self, path: Path, target: OutputContainer, stream: AudioStream, number: int) -> _Track | None:
        """A track of the export for one of the source; None if it cannot be held, which is told."""
        muxer = target.format.name
        container = _NAMES.get(muxer, muxer.upper())
        if stream.codec_context is None:
            self.warnings.append(f"sound track {number} is left out: its codec is not known here")
            return None
        name = stream.codec_context.name
        try:
            if self._mode != "copy":
                encoder = AudioEncoder(stream, target, self._mode, self._start, self._stop)
                return _Track(number, name, encoder.stream, encoder)
            _try_container(path, stream.index, muxer)
            return _Track(number, name, target.add_stream_from_template(stream))
        except (ValueError, av.error.FFmpegError) as error:
            _log.info("%s, sound track %d: %s", path, number, error)
        if self._mode != "copy":
            what = f"{container} takes no {self._mode.upper()} of it"
            fix = "export MOV or MKV, or use --audio copy"
        else:
            what = f"it cannot be copied into {muxer}"
            fix = "export MOV or MKV" if muxer == "webm" else "export MKV, or use --audio pcm or --audio aac"
        self.warnings.append(f"sound track {number} ({name}) is left out: {what}; {fix}")
        return None

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
            yield packet

    def mux_until(self, target: OutputContainer, time: Fraction | None) -> None:
        """Put the packets due before ``time`` into the export; one that its muxer refuses is left out.

        Raises:
            FFmpegError, OSError: The disk refuses.
        """
        for packet in self.packets_until(time):
            track = next(t for t in self._tracks.values() if t.stream.index == packet.stream_index)
            when = packet.pts if packet.dts is None else packet.dts
            if track.last is not None and when is not None and when < track.last:
                track.left_out += 1  # a clock that goes back; muxers refuse it
                continue
            try:
                target.mux(packet)
            except _REFUSED as error:
                _log.debug("sound track %d, a packet at %s: %s", track.number, when, error)
                track.left_out += 1
                continue
            track.last = when

    def _wanted(self) -> Iterator[Packet[Any]]:
        """Packets of the span with their times counted from its start."""
        sources = [s for s in self._source.streams.audio if s.index in self._tracks]
        done: set[int] = set()
        try:
            for packet in self._source.demux(sources):
                if packet.pts is None or not packet.size:
                    continue
                index = packet.stream_index
                _move(packet, self._clock.shift_of(packet))
                if self._stop is not None and packet.pts * Fraction(packet.time_base or 1) >= self._stop:
                    done.add(index)
                    if len(done) == len(sources):
                        break
                    continue
                track = self._tracks[index]
                yield from (
                    self._copied(packet, track) if track.encoder is None else self._encoded(packet, track)
                )
        except (av.error.FFmpegError, OSError, IndexError) as error:
            self.warnings.append(f"the source's sound cannot be read to its end ({error})")
        for track in self._tracks.values():
            if track.encoder is not None:
                yield from self._encoded(None, track)

    def _copied(self, packet: Packet[Any], track: _Track) -> Iterator[Packet[Any]]:
        _move(packet, -self._start)
        if (packet.pts or 0) >= 0 or self._primed:
            packet.stream = cast(Any, track.stream)
            yield packet

    def _encoded(self, packet: Packet[Any] | None, track: _Track) -> Iterator[Packet[Any]]:
        assert track.encoder is not None
        try:
            yield from track.encoder.encode(packet)
        except (av.error.FFmpegError, ValueError) as error:
            _log.debug("sound track %d: %s", track.number, error)
            track.left_out += 1

    def close(self) -> None:
        """Release the source, and say what is missing."""
        self._source.close()
        for track in self._tracks.values():
            if track.left_out:
                count = "1 packet" if track.left_out == 1 else f"{track.left_out} packets"
                self.warnings.append(
                    f"sound track {track.number} ({track.name}): {count} left out that could not be written or decoded"
                )
                track.left_out = 0


def _move(packet: Packet[Any], shift: Fraction) -> None:
    """Add seconds to a packet's times."""
    ticks = round(shift / Fraction(packet.time_base or 1))
    if packet.pts is not None:
        packet.pts += ticks
    if packet.dts is not None:
        packet.dts += ticks


def _try_container(path: Path, index: int, muxer: str) -> None:
    """Write a track's first packets into a container that is thrown away: asking what it holds is not enough.

    Raises:
        ValueError, FFmpegError: The container does not take them.
    """
    with open_input(path) as source:
        stream = next(s for s in source.streams.audio if s.index == index)
        stream.discard = Discard.default
        with av.open(io.BytesIO(), "w", format=muxer) as trial:
            copy = trial.add_stream_from_template(stream)
            trial.start_encoding()
            tried = 0
            for packet in source.demux(stream):
                if packet.pts is None or not packet.size:
                    continue
                packet.stream = copy
                trial.mux(packet)
                tried += 1
                if tried == _TRIED:
                    break
