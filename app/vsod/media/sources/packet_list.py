"""Every packet of a video stream in file order, and which of them a demuxer stands at."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, cast

import av.error
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

NO_TIME = int(np.iinfo(np.int64).min)
"""Stands for a time that the file does not give."""
NO_POSITION = -1

_READ_FAILURES_ALLOWED = 64

_log = logging.getLogger(__name__)

VideoPacket: TypeAlias = "Packet[VideoStream]"


@dataclass(frozen=True, slots=True, eq=False)
class PacketList:
    """The packets of a stream that go to the decoder, in file order; the n-th of them is "packet n".

    Attributes:
        pts: (P,) int64, the file's own presentation times in ticks, :data:`NO_TIME` where there is none.
        dts: (P,) int64, its decoding times, likewise.
        positions: (P,) int64, bytes from the start of the file; -1 where the demuxer does not say.
        sizes: (P,) int64, bytes.
        durations: (P,) int64, ticks, 0 where the file does not say.
        keys: (P,) bool, whether decoding can start there.
        shown: (P,) bool, whether it makes a picture to be shown.
        read_failures: How often the demuxer failed on a damaged spot and went on behind it.
        corrupt: Whether the demuxer called one of the packets corrupt.
    """

    pts: npt.NDArray[np.int64]
    dts: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    durations: npt.NDArray[np.int64]
    keys: npt.NDArray[np.bool_]
    shown: npt.NDArray[np.bool_]
    read_failures: int = 0
    corrupt: bool = False

    def __len__(self) -> int:
        return len(self.pts)


@dataclass(slots=True)
class ReadFailures:
    """How often a demuxer failed and went on."""

    count: int = 0


def read_packets(
    container: InputContainer, *streams: VideoStream, failures: ReadFailures | None = None
) -> Iterator[VideoPacket]:
    """Every packet of ``streams``, the flush packets last; read errors do not end it early.

    A demuxer that fails on a damaged spot usually goes on behind it when asked again.
    """
    failures = ReadFailures() if failures is None else failures
    while failures.count < _READ_FAILURES_ALLOWED:
        try:
            yield from cast("Iterator[VideoPacket]", container.demux(*streams))
            return
        except av.error.EOFError:
            break
        except (av.error.FFmpegError, OSError) as error:
            _log.debug("%s: read on behind a damaged spot: %s", container.name, error)
            failures.count += 1
        except IndexError:
            # PyAV met a packet of a stream that the head of the file did not announce, and went past it
            continue
    for stream in streams:
        flush = cast("VideoPacket", Packet())
        flush.stream = stream
        yield flush


def list_packets(
    container: InputContainer,
    stream: VideoStream,
    on_packet: Callable[[int, VideoPacket], None] | None = None,
) -> PacketList:
    """Read a stream to its end.

    Args:
        container: Stands at its start.
        stream: Its stream.
        on_packet: Called with the number of every packet and the packet, whose times it may change; at last with
            -1 and the flush packet.
    """
    rows: list[tuple[int, int, int, int, int]] = []
    keys, shown = bytearray(), bytearray()
    is_vp8, corrupt, failures = stream.codec_context.name == "vp8", False, ReadFailures()
    for packet in read_packets(container, stream, failures=failures):
        if not packet.size:
            if on_packet is not None and is_flush(packet):
                on_packet(-1, packet)
            continue
        time, due, position = packet.pts, packet.dts, packet.pos
        rows.append(
            (
                NO_TIME if time is None else time,
                NO_TIME if due is None else due,
                NO_POSITION if position is None else position,
                packet.size,
                packet.duration or 0,
            )
        )
        keys.append(packet.is_keyframe)
        shown.append(not packet.is_discard and not (is_vp8 and not _vp8_shown(packet)))
        corrupt |= packet.is_corrupt
        if on_packet is not None:
            on_packet(len(rows) - 1, packet)
    columns = np.array(rows, np.int64).reshape(-1, 5).T.copy()
    pts, dts, positions, sizes, durations = columns
    return PacketList(
        pts,
        dts,
        positions,
        sizes,
        durations,
        np.frombuffer(bytes(keys), np.bool_),
        np.frombuffer(bytes(shown), np.bool_),
        failures.count,
        corrupt,
    )


def is_flush(packet: VideoPacket) -> bool:
    """Whether it is the packet behind the last one; a file's own empty ones say when they are due."""
    return not packet.size and packet.pts is None and packet.dts is None


def _vp8_shown(packet: VideoPacket) -> bool:
    """VP8 sends frames that are only referred to; bit 4 of the frame tag says so (RFC 6386, 9.1)."""
    return bool(memoryview(packet)[0] & 0x10)


class PacketFinder:
    """Tells which packet of a list a demuxer has just read, wherever it was sent.

    Args:
        packets: All packets of the stream.
        expected: Number of the packet that comes first; None after a seek.
    """

    def __init__(self, packets: PacketList, expected: int | None) -> None:
        self._packets, self._expected = packets, expected
        self._by_position: npt.NDArray[np.int64] | None = None
        self._by_time: npt.NDArray[np.int64] | None = None

    def __call__(self, packet: VideoPacket) -> int | None:
        """The number of ``packet``; None if the list has none like it, or several."""
        number = self._expected
        if number is None or not self._is(number, packet):
            number = self._found(packet)
        self._expected = None if number is None else number + 1
        return number

    def _is(self, number: int, packet: VideoPacket) -> bool:
        if number >= len(self._packets) or self._packets.sizes[number] != packet.size:
            return False
        position = NO_POSITION if packet.pos is None else packet.pos
        known = int(self._packets.positions[number])
        return known == position or NO_POSITION in (known, position)

    def _found(self, packet: VideoPacket) -> int | None:
        if packet.pos is not None and packet.pos >= 0:
            if self._by_position is None:
                self._by_position = np.argsort(self._packets.positions, kind="stable")
            found = self._of_size(self._packets.positions, self._by_position, packet.pos, packet)
            if found is not None:
                return found
        if packet.pts is None:
            return None
        if self._by_time is None:
            self._by_time = np.argsort(self._packets.pts, kind="stable")
        return self._of_size(self._packets.pts, self._by_time, packet.pts, packet)

    def _of_size(
        self,
        values: npt.NDArray[np.int64],
        order: npt.NDArray[np.int64],
        value: int,
        packet: VideoPacket,
    ) -> int | None:
        first, last = (np.searchsorted(values, value, side, sorter=order) for side in ("left", "right"))
        fitting = [int(n) for n in order[first:last] if self._packets.sizes[n] == packet.size]
        return fitting[0] if len(fitting) == 1 else None
