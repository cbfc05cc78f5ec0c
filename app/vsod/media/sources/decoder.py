"""Decoding a range so that every frame of the table comes out once, damage or not."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import av.error
from av.codec.context import ThreadType
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vsod.media.sources.container import open_input, video_stream
from vsod.media.sources.frame_table import NO_PICTURE, FrameTable
from vsod.media.sources.packet_list import NO_TIME, PacketFinder
from vsod.media.sources.picture_order import DamageFound, decode_numbered

_log = logging.getLogger(__name__)


def decode_frames(
    path: Path, table: FrameTable, start: int, stop: int
) -> Generator[tuple[int, VideoFrame | None], None, None]:
    """Decode frames ``start`` to ``stop``.

    Yields:
        (index, frame) for each index in order; the frame is None where none could be
        decoded. Closing the generator closes the file.
    """
    expected = start
    try:
        with closing(_matched(path, table, start, stop, careful=False)) as found:
            for index, frame in found:
                while expected < index:
                    yield expected, None
                    expected += 1
                yield index, frame
                expected = index + 1
    except DamageFound:
        # Frame threads lose the good pictures in flight with the bad one: start over at the
        # first frame not yet delivered, without them.
        pass
    with closing(_matched(path, table, expected, stop, careful=True)) as found:
        if expected < stop:
            for index, frame in found:
                while expected < index:
                    yield expected, None
                    expected += 1
                yield index, frame
                expected = index + 1
    while expected < stop:
        yield expected, None
        expected += 1


def _matched(
    path: Path, table: FrameTable, start: int, stop: int, *, careful: bool
) -> Generator[tuple[int, VideoFrame], None, None]:
    """Decoded frames of the range with their ordinals, increasing; silent about missing ones."""
    for target in (*table.landing_packets(start), None):
        with open_input(path) as container:
            stream = video_stream(container, path, table.stream)
            stream.thread_type = ThreadType.SLICE if careful else ThreadType.AUTO
            if target is not None and not _seek(container, stream, table, target):
                continue
            find = PacketFinder(table.packets, 0 if target is None else None)
            pictures = decode_numbered(container, stream, find, stop_at_damage=not careful)
            landed, last = False, start - 1
            for index, frame in _indexed(pictures, table):
                if not landed and target is not None and index > start:
                    break  # the seek went too far, or the key frame could not start the decoder
                landed = True
                if index > last:
                    if index >= stop:
                        return
                    last = index
                    yield index, frame
            else:
                if landed or target is None:
                    return


def _seek(container: InputContainer, stream: VideoStream, table: FrameTable, packet: int) -> bool:
    """Send the demuxer to a packet or before it; False if it does not go there."""
    packets = table.packets
    try:
        if table.by_bytes:
            container.seek(int(packets.positions[packet]), unsupported_byte_offset=True)
        else:
            pts, dts = int(packets.pts[packet]), int(packets.dts[packet])
            by_dts = (table.seeks_by_dts and dts != NO_TIME) or pts == NO_TIME
            container.seek(dts if by_dts else pts, stream=stream)
    except (av.error.FFmpegError, OSError) as error:
        _log.debug("%s: cannot seek to packet %d: %s", container.name, packet, error)
        return False
    return True


def _indexed(
    pictures: Iterator[tuple[int | None, VideoFrame]], table: FrameTable
) -> Iterator[tuple[int, VideoFrame]]:
    """Pictures with the frame they are."""
    last_number, last_index = None, NO_PICTURE
    for number, picture in pictures:
        if number is None:
            continue
        # a second picture from one packet is the frame behind the first
        index = last_index + 1 if number == last_number else int(table.frames[number])
        last_number, last_index = number, index
        if index != NO_PICTURE:
            yield index, picture
