"""In which order a decoder gives the pictures of a file, by decoding them: the last word on what is in it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import av.error
from av.codec.context import ThreadType
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vsod.media.sources.container import open_decoder, open_input, video_stream
from vsod.media.sources.packet_list import PacketFinder, is_flush, read_packets

_log = logging.getLogger(__name__)


class DamageFound(Exception):
    """A packet does not decode."""


def decode_numbered(
    container: InputContainer,
    stream: VideoStream,
    find: PacketFinder,
    *,
    stop_at_damage: bool = False,
) -> Iterator[tuple[int | None, VideoFrame]]:
    """Decode from where the container stands, each picture with the number of the packet it came from.

    A picture's own time would not do: clocks of recordings that were joined overlap, and AVI, ASF and some MXF
    files give decoding times only. So the decoder is handed packet numbers in place of times.

    Args:
        container: Where the stream is read from.
        stream: Its stream.
        find: Tells the number of a packet.
        stop_at_damage: Raise at a packet that does not decode, instead of passing over it.

    Raises:
        DamageFound: See ``stop_at_damage``.
    """
    coder = open_decoder(stream)
    for packet in read_packets(container, stream):
        if not packet.size and not is_flush(packet):
            continue  # a file's own empty packet; a decoder would take it for the end
        number = find(packet) if packet.size else None
        if packet.size:
            packet.pts = packet.dts = number
        try:
            pictures = coder.decode(packet if packet.size else None)
        except (av.error.FFmpegError, OSError) as error:
            if stop_at_damage:
                raise DamageFound from error
            _log.debug("%s: packet %s is passed over: %s", container.name, number, error)
            continue
        for picture in pictures:
            yield picture.pts, picture


def read_picture_order(path: Path, stream_number: int, find: PacketFinder) -> list[int]:
    """Decode the whole stream: the packet that each picture came from, in the decoder's order."""
    with open_input(path) as container:
        stream = video_stream(container, path, stream_number)
        stream.thread_type = ThreadType.AUTO
        return [number for number, _ in decode_numbered(container, stream, find) if number is not None]
