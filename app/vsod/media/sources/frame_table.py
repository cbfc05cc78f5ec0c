"""The frame table: the pts of every presented frame, before any of them is processed.

A file's own frame counter lies (edit lists, 90 said for 69 shown), so the table is read
from the packets. That is exact for nearly everything and costs no decoding; of a
large MOV whose frames all stand alone not even the packets' bytes are read. Where a
packet is not a frame (fields sent one by one, packed B-frames, files without time
stamps) the pictures are counted by decoding once.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import av.error
import numpy as np
import numpy.typing as npt
from av.codec.context import ThreadType
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vsod.media.sources.container import open_decoder, open_input, video_stream
from vsod.media.sources.index_only_file import IndexOnlyFile, has_single_index
from vsod.media.sources.timestamp_gaps import fill_gaps

_READ_FAILURES_ALLOWED = 64
# Codecs whose packets may hold one field of an interlaced frame, or a frame never shown.
_FIELD_CODECS = {"h264", "mpeg2video", "mpeg1video", "vc1", "mpeg4", "msmpeg4v3"}

# From this size on it is worth not to read a file whole.
_LARGE = 256 << 20

# Containers without an index: a damaged packet takes its frame's time along.
_STREAMS = {"mpegts", "mpeg"}


_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class FrameTable:
    """Where every presented frame lies.

    Attributes:
        pts: (N,) int64, strictly increasing ticks.
        keys: (K,) int64 pts of the frames decoding can start at, increasing.
        key_seeks: (K,) int64, what to hand to the demuxer's seek to land on each key.
        by_count: True if packets carry no usable time: frames are known by their ordinal
            only, ``pts`` is made up from the nominal rate and seeking is not possible.
        last_ticks: Duration of the last packet shown, 0 if unknown.
        trailing_loss: Frames the index promises that lie behind the end of the file.
        filled: Frames of a stream that were lost together with their times.
    """

    pts: npt.NDArray[np.int64]
    keys: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    key_seeks: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    by_count: bool = False
    last_ticks: int = 0
    trailing_loss: int = 0
    filled: int = 0


def read_packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """Every packet of ``stream``, the flush packet last; read errors do not end it early.

    A demuxer that fails on a damaged spot usually goes on behind it when asked again.
    """
    failures = 0
    while failures < _READ_FAILURES_ALLOWED:
        try:
            yield from container.demux(stream)
            return
        except av.error.EOFError:
            break
        except (av.error.FFmpegError, OSError) as error:
            _log.debug("%s: read on behind a damaged spot: %s", container.name, error)
            failures += 1
        except IndexError:
            # PyAV met a packet of a stream that the head of the file did not announce, and went past it
            continue
    flush = cast("Packet[VideoStream]", Packet())
    flush.stream = stream
    yield flush


def read_table(path: Path, *, interlaced: bool) -> FrameTable:
    """Read the table of the file's video stream.

    Args:
        path: The file.
        interlaced: What the first picture said; decides whether packets can be fields.
    """
    with open_input(path) as container:
        stream = video_stream(container, path)
        codec, promised = stream.codec_context.name, _shown_in_index(stream)
        beyond, in_stream = _index_end(stream), container.format.name in _STREAMS
        size = path.stat().st_size
        worth_it = _LARGE <= size >= beyond and _stands_alone(container, stream)
        skimmed = _skimmed(path, promised) if worth_it else None
        table, exact = (skimmed, True) if skimmed else _from_packets(container, stream)
    seen = len(table.pts)
    if promised > seen and beyond > size:
        table = _read_past_end(path, beyond) or table
        table.trailing_loss = max(0, len(table.pts) - seen)
    if not exact or (interlaced and codec in _FIELD_CODECS):
        counted = count_by_decoding(path)
        if not exact or len(counted.pts) != len(table.pts):
            table = counted
    if in_stream and not table.by_count:
        whole = fill_gaps(table.pts)
        table.filled, table.pts = len(whole) - len(table.pts), whole
    return table


def _from_packets(container: InputContainer, stream: VideoStream) -> tuple[FrameTable, bool]:
    """The table as the packets tell it, and whether each packet surely is one frame."""
    shown: list[int] = []
    keys: list[tuple[int, int]] = []
    exact, last, last_ticks = True, -(2**62), 0
    is_vp8, seeks_by_dts = stream.codec_context.name == "vp8", "mov" in container.format.name
    for packet in read_packets(container, stream):
        if not packet.size or packet.is_discard:
            continue
        if is_vp8 and not _vp8_shown(packet):
            continue
        if packet.pts is None:
            exact = False
            continue
        shown.append(packet.pts)
        if packet.is_keyframe:
            keys.append((packet.pts, packet.dts if seeks_by_dts and packet.dts is not None else packet.pts))
        if packet.pts > last:
            last, last_ticks = packet.pts, packet.duration or 0
    pts = np.unique(np.array(shown, np.int64))
    exact = exact and len(pts) == len(shown)
    keys.sort()
    return (
        FrameTable(
            pts,
            np.array([k for k, _ in keys], np.int64),
            np.array([s for _, s in keys], np.int64),
            last_ticks=last_ticks,
        ),
        exact,
    )


def _vp8_shown(packet: Packet[VideoStream]) -> bool:
    """VP8 sends frames that are only referred to; bit 4 of the frame tag says so (RFC 6386, 9.1)."""
    return bool(memoryview(packet)[0] & 0x10)


def _shown_in_index(stream: VideoStream) -> int:
    return sum(not entry.is_discard for entry in stream.index_entries)


def _index_end(stream: VideoStream) -> int:
    return max((entry.pos + entry.size for entry in stream.index_entries), default=0)


def _stands_alone(container: InputContainer, stream: VideoStream) -> bool:
    """Whether it is a MOV or MP4 of which every frame decodes without others."""
    return "mov" in container.format.name and stream.codec_context.codec.intra_only


def _skimmed(path: Path, promised: int) -> FrameTable | None:
    """The table as the index tells it, the pictures not read; None where that does not give all its frames."""
    if not has_single_index(path):
        return None
    with (
        path.open("rb") as raw,
        open_input(path, hollow := IndexOnlyFile(raw, path.stat().st_size)) as container,
    ):
        stream = video_stream(container, path)
        hollow.real = 0
        table, exact = _from_packets(container, stream)
    return table if exact and len(table.pts) == promised else None


def _read_past_end(path: Path, size: int) -> FrameTable | None:
    """The table of a file cut off behind its index, as if the missing bytes were zeros.

    The index alone has decoding times only; letting the demuxer read zeros yields the
    exact presentation times of the frames that are gone.
    """
    with path.open("rb") as raw, open_input(path, IndexOnlyFile(raw, size)) as container:
        table, exact = _from_packets(container, video_stream(container, path))
    return table if exact else None


def count_by_decoding(path: Path) -> FrameTable:
    """Count the pictures the decoder delivers, keeping their own times where they are usable."""
    times: list[int | None] = []
    keys: list[int] = []
    last_ticks = 0
    with open_input(path) as container:
        stream = video_stream(container, path)
        stream.thread_type = ThreadType.AUTO
        step = nominal_ticks(stream)
        for frame in decode_all(container, stream):
            times.append(frame.pts)
            last_ticks = frame.duration or last_ticks
            if frame.key_frame and frame.pts is not None:
                keys.append(frame.pts)
        start = stream.start_time or 0
    known = [t for t in times if t is not None]
    if len(known) == len(times) and all(a < b for a, b in itertools.pairwise(known)):
        marks = np.array(keys, np.int64)
        return FrameTable(np.array(known, np.int64), marks, marks, last_ticks=last_ticks)
    pts = start + np.array([round(k * step) for k in range(len(times))], np.int64)
    return FrameTable(pts, by_count=True, last_ticks=last_ticks)


def nominal_ticks(stream: VideoStream) -> float:
    """Ticks one frame lasts at the nominal rate, for files that do not time their frames."""
    rate = stream.average_rate or stream.guessed_rate or stream.base_rate or 25
    return float(1 / (rate * (stream.time_base or 1))) or 1.0


def decode_all(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Decode from where the container stands; damaged packets are passed over."""
    coder = open_decoder(stream)
    for packet in read_packets(container, stream):
        try:
            yield from coder.decode(packet if packet.size else None)
        except (av.error.FFmpegError, OSError) as error:
            _log.debug("%s: packet at %s is passed over: %s", container.name, packet.pts, error)
