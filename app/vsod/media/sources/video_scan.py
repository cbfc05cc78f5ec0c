"""One pass over a file's packets: the frame table, the first picture, and what is odd about the stream."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av.error
import numpy as np
from av.codec.context import ThreadType
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vsod.media.sources.container import open_decoder, open_input, video_stream
from vsod.media.sources.frame_table import (
    NO_PICTURE,
    FrameTable,
    nominal_step,
    table_of_packets,
    table_of_pictures,
)
from vsod.media.sources.index_only_file import IndexOnlyFile, has_single_index
from vsod.media.sources.packet_list import (
    NO_TIME,
    PacketFinder,
    PacketList,
    VideoPacket,
    list_packets,
    read_packets,
)
from vsod.media.sources.picture_order import read_picture_order
from vsod.media.sources.raster_changes import RasterChange, RasterWatch
from vsod.media.sources.stream_clock import Times, make_continuous
from vsod.media.sources.stream_selection import choose_stream

_log = logging.getLogger(__name__)

# Codecs whose packets may hold one field of an interlaced frame, or a frame never shown.
_FIELD_CODECS = {"h264", "mpeg2video", "mpeg1video", "vc1", "mpeg4", "msmpeg4v3"}
# From this size on it is worth not to read a file whole.
_LARGE = 256 << 20
# Containers without an index: a damaged packet takes its frame's time along.
STREAMS = ("mpegts", "mpeg")
# One block is one frame, whatever its time.
_FRAMED = ("mov", "matroska")
# Their times are those of packets, whatever they are called: decoding times, when pictures are reordered.
_DECODING_TIMES = ("avi", "asf", "mxf")
_HEAD_PACKETS = 600
_HEAD_PICTURES = 64


@dataclass(slots=True)
class VideoScan:
    """What a pass over a file's packets found.

    Attributes:
        table: Its frames.
        first: The first picture that the decoder gives; None if there is none.
        damaged: Whether damage came before it.
        changes: Where the raster changes.
        rate_is_told: Whether the bitstream says its rate.
    """

    table: FrameTable
    first: VideoFrame | None
    damaged: bool
    changes: tuple[RasterChange, ...] = ()
    rate_is_told: bool = True


class _Head:
    """Decodes the head of a stream while its packets are listed.

    Attributes:
        first: The first picture; None while there is none.
        damaged: Whether damage came before it.
        order: Packets of the first pictures, in the decoder's order.
    """

    def __init__(self, stream: VideoStream) -> None:
        stream.thread_type = ThreadType.SLICE  # frame threads would only delay the first picture
        self._coder, self._reorders = open_decoder(stream), stream.codec_context.has_b_frames
        self._seen, self._last, self._increasing = 0, NO_TIME, True
        self.first: VideoFrame | None = None
        self.damaged = False
        self.order: list[int] = []

    def __call__(self, number: int, packet: VideoPacket) -> None:
        """Take the next packet; see :func:`list_packets`."""
        if self._done():
            return
        if packet.size:
            self._seen += 1
            self.damaged |= packet.is_corrupt and self.first is None
            if packet.pts is not None:
                self._increasing &= packet.pts > self._last
                self._last = packet.pts
            packet.pts = packet.dts = number
        try:
            pictures = self._coder.decode(packet if packet.size else None)
        except (av.error.FFmpegError, OSError) as error:
            _log.debug("packet %d is passed over: %s", number, error)
            self.damaged |= self.first is None
            return
        for picture in pictures:
            self.first = self.first or picture
            if picture.pts is not None:
                self.order.append(picture.pts)

    def _done(self) -> bool:
        if self.first is None:
            return self._seen > _HEAD_PACKETS
        # increasing times of a stream that reorders its pictures may be those of packets: look at some more
        return not (self._reorders and self._increasing) or len(self.order) >= _HEAD_PICTURES


def read_table(path: Path) -> FrameTable:
    """The frame table of a file's video stream.

    Raises:
        MediaNotFound, UnreadableMedia, NoVideo: See :mod:`vsod.errors`.
    """
    with open_input(path) as container:
        return scan_video(container, choose_stream(container, path).stream, path).table


def scan_video(container: InputContainer, stream: VideoStream, path: Path) -> VideoScan:
    """Read a video stream from its start.

    Args:
        container: Open, and not read yet.
        stream: The stream, see :func:`vsod.media.sources.stream_selection.choose_stream`.
        path: The file.
    """
    head, watch = _Head(stream), RasterWatch(stream)

    def look(number: int, packet: VideoPacket) -> None:
        if packet.size:
            watch(number, packet)
        head(number, packet)

    promised, beyond, size = _shown_in_index(stream), _index_end(stream), path.stat().st_size
    packets = None
    if _LARGE <= size >= beyond and _stands_alone(container, stream):
        packets = _skimmed(path, stream.index, promised)
    if packets is None:
        packets = list_packets(container, stream, look)
    else:
        _decode_first(container, stream, head)
    if promised > int(packets.shown.sum()) and beyond > size:
        seen = len(packets)
        packets = _read_past_end(path, stream.index, beyond) or packets
        table = _table(path, container, stream, packets, head)
        table.trailing_loss = int((table.frames[seen:] != NO_PICTURE).sum())
    else:
        table = _table(path, container, stream, packets, head)
    told = bool(stream.codec_context.framerate)
    return VideoScan(table, head.first, head.damaged, tuple(watch.changes), told)


def _decode_first(container: InputContainer, stream: VideoStream, head: _Head) -> None:
    for number, packet in enumerate(read_packets(container, stream)):
        head(number, packet)
        if head.first is not None or number > _HEAD_PACKETS:
            return


def _table(
    path: Path, container: InputContainer, stream: VideoStream, packets: PacketList, head: _Head
) -> FrameTable:
    name = container.format.name
    times, breaks = make_continuous(packets, name, path)
    step = nominal_step(nominal_rate(container, stream), stream.time_base or Fraction(1, 1000))
    if _needs_pictures(name, stream, packets, times, head):
        order = read_picture_order(path, stream.index, PacketFinder(packets, 0))
        table = table_of_pictures(packets, times, order, step)
    else:
        table = table_of_packets(packets, times)
        if head.order and not head.damaged and (first := int(table.frames[head.order[0]])) > 0:
            table = table.without_head(first)
    table.stream, table.breaks = stream.index, breaks
    table.seeks_by_dts = "mov" in name
    table.by_bytes = bool(breaks) or bool((packets.pts == NO_TIME).all())
    if name in STREAMS and table.untimed < len(table.pts):
        table = table.with_lost()
    return table


def _needs_pictures(name: str, stream: VideoStream, packets: PacketList, times: Times, head: _Head) -> bool:
    """Whether the packets do not tell which frames there are and in which order."""
    shown = times[packets.shown]
    if (shown == NO_TIME).any() or _is_disordered(times, head.order):
        return True
    interlaced = head.first is not None and head.first.interlaced_frame
    if interlaced and stream.codec_context.name in _FIELD_CODECS:
        return True
    if any(part in name for part in _DECODING_TIMES) and stream.codec_context.has_b_frames:
        # MXF that gives presentation times gives them out of order
        return "mxf" not in name or bool((np.diff(shown) > 0).all())
    return not any(part in name for part in _FRAMED) and len(np.unique(shown)) < len(shown)


def _is_disordered(times: Times, order: list[int]) -> bool:
    """Whether the decoder gives pictures in another order than their times say."""
    given = times[np.array(order, np.int64)] if order else np.zeros(0, np.int64)
    return bool((np.diff(given[given != NO_TIME]) < 0).any())


def nominal_rate(container: InputContainer, stream: VideoStream) -> Fraction:
    """Frames a second for what does not time its frames: 25 if nothing says it."""
    rates = [stream.average_rate, stream.guessed_rate, stream.base_rate]
    if is_elementary(container):
        # the demuxer knows no rate and says 25; the bitstream may say it
        rates = [stream.codec_context.framerate, *rates]
    return next((Fraction(rate) for rate in rates if rate), Fraction(25))


def is_elementary(container: InputContainer) -> bool:
    """Whether it is a bare stream of pictures, without any container."""
    return container.duration is None and container.start_time is None


def _shown_in_index(stream: VideoStream) -> int:
    return sum(not entry.is_discard for entry in stream.index_entries)


def _index_end(stream: VideoStream) -> int:
    return max((entry.pos + entry.size for entry in stream.index_entries), default=0)


def _stands_alone(container: InputContainer, stream: VideoStream) -> bool:
    """Whether it is a MOV or MP4 of which every frame decodes without others."""
    return "mov" in container.format.name and stream.codec_context.codec.intra_only


def _skimmed(path: Path, number: int, promised: int) -> PacketList | None:
    """The packets as the index tells them, their bytes not read; None where that does not give all frames."""
    if not has_single_index(path):
        return None
    with (
        path.open("rb") as raw,
        open_input(path, hollow := IndexOnlyFile(raw, path.stat().st_size)) as container,
    ):
        stream = video_stream(container, path, number)
        hollow.real = 0
        packets = list_packets(container, stream)
    return packets if _is_exact(packets) and int(packets.shown.sum()) == promised else None


def _read_past_end(path: Path, number: int, size: int) -> PacketList | None:
    """The packets of a file cut off behind its index, as if the missing bytes were zeros.

    The index alone has decoding times only; letting the demuxer read zeros yields the
    exact presentation times of the frames that are gone.
    """
    with path.open("rb") as raw, open_input(path, IndexOnlyFile(raw, size)) as container:
        packets = list_packets(container, video_stream(container, path, number))
    return packets if _is_exact(packets) else None


def _is_exact(packets: PacketList) -> bool:
    shown = packets.pts[packets.shown]
    return not (shown == NO_TIME).any() and len(np.unique(shown)) == len(shown)
