"""Where a stream's picture changes size or pixel aspect, told by its parameter sets without decoding all of it."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av.error
from av.codec.context import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from vsod.media.formats.input_limits import decoder_options
from vsod.media.sources.packet_list import VideoPacket
from vsod.media.sources.vp9_header import sizes

_log = logging.getLogger(__name__)

_HEAD = 4096  # bytes of a packet in which its parameter sets are looked for
_CHANGES_DECODED = 200

Raster = tuple[int, int, Fraction]
"""Width, height, sample aspect ratio."""


@dataclass(frozen=True, slots=True)
class RasterChange:
    """A picture that is not like the one before it.

    Attributes:
        packet: Number of the first packet of the new raster.
        width, height: Coded raster in pixels.
        sar: Sample aspect ratio.
    """

    packet: int
    width: int
    height: int
    sar: Fraction


class RasterWatch:
    """Looks at the packets of a stream, in file order, for changes of raster.

    A key frame's parameter sets are compared with the last ones; only where they differ is it decoded.

    Args:
        stream: The stream the packets are of.

    Attributes:
        changes: What was found.
    """

    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream
        self._parameters = _PARAMETERS.get(stream.codec_context.name)
        self._last: bytes | None = None
        self._raster: Raster | None = None
        self._decoded = 0
        self.changes: list[RasterChange] = []

    def __call__(self, number: int, packet: VideoPacket) -> None:
        """Look at a packet."""
        extradata = (
            bytes(packet.get_sidedata("new_extradata")) if packet.has_sidedata("new_extradata") else b""
        )
        if not extradata and (self._parameters is None or not packet.is_keyframe):
            return
        found = extradata or (
            self._parameters(bytes(memoryview(packet)[:_HEAD])) if self._parameters else b""
        )
        if not found or found == self._last or self._decoded > _CHANGES_DECODED:
            return
        first, self._last = self._last is None, found
        self._decoded += 1
        raster = self._decode(packet, extradata)
        if raster is None:
            return
        if self._raster is None and not first:
            self._raster = _stream_raster(self._stream)
        if self._raster is not None and raster != self._raster:
            self.changes.append(RasterChange(number, *raster))
        self._raster = raster

    def _decode(self, packet: VideoPacket, extradata: bytes) -> Raster | None:
        """The raster of a packet's picture; None if it does not decode on its own."""
        context = cast(VideoCodecContext, CodecContext.create(self._stream.codec_context.codec.name, "r"))
        context.options = decoder_options()
        context.extradata = extradata or self._stream.codec_context.extradata
        try:
            pictures = context.decode(packet) or context.decode(None)
        except (av.error.FFmpegError, OSError) as error:
            _log.debug("packet at %s: %s", packet.pos, error)
            return None
        if not pictures:
            return None
        sar = context.sample_aspect_ratio or self._stream.sample_aspect_ratio or 1
        return pictures[0].width, pictures[0].height, Fraction(sar)


def _stream_raster(stream: VideoStream) -> Raster:
    context = stream.codec_context
    return (
        context.width,
        context.height,
        Fraction(context.sample_aspect_ratio or stream.sample_aspect_ratio or 1),
    )


def _nal_units(data: bytes, is_set: Callable[[int], bool]) -> bytes:
    """The NAL units of a kind, with start codes or with lengths before them (ISO/IEC 14496-15)."""
    found = []
    if data[:3] == b"\0\0\1" or data[:4] == b"\0\0\0\1":
        found = [unit.rstrip(b"\0") for unit in data.split(b"\0\0\1")[1:]]
    else:
        place = 0
        while place + 4 < len(data):
            length = int.from_bytes(data[place : place + 4], "big")
            found.append(data[place + 4 : place + 4 + length])
            place += 4 + length
    return b"".join(unit for unit in found if unit and is_set(unit[0]))


def _start_code(data: bytes, code: bytes, length: int) -> bytes:
    at = data.find(b"\0\0\1" + code)
    return data[at + 4 : at + 4 + length] if at >= 0 else b""


def _mpeg4(data: bytes) -> bytes:
    """The video object layer, which says the size."""
    parts = data.split(b"\0\0\1")[1:]
    return b"".join(part for part in parts if part and 0x20 <= part[0] <= 0x2F)


def _av1(data: bytes) -> bytes:
    """The sequence header."""
    place = 0
    while place < len(data):
        kind, has_extension, has_size = data[place] >> 3 & 15, data[place] & 4, data[place] & 2
        place += 2 if has_extension else 1
        size = shift = 0
        if not has_size:
            size = len(data) - place
        else:
            while place < len(data) and shift < 56:
                byte = data[place]
                place, size, shift = place + 1, size | (byte & 0x7F) << shift, shift + 7
                if not byte & 0x80:
                    break
        if kind == 1:
            return data[place : place + size]
        place += size
    return b""


def _jpeg(data: bytes) -> bytes:
    """Height and width from the start of frame."""
    place = 2
    while place + 9 < len(data) and data[place] == 0xFF:
        if data[place + 1] in range(0xC0, 0xC4):
            return data[place + 5 : place + 9]
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return b""


def _vp9(data: bytes) -> bytes:
    return b"".join(struct.pack("<II", *size) for size in sizes(memoryview(data)))


_PARAMETERS: dict[str, Callable[[bytes], bytes]] = {
    "h264": lambda data: _nal_units(data, lambda first: first & 0x1F == 7),
    "hevc": lambda data: _nal_units(data, lambda first: first >> 1 & 0x3F == 33),
    "mpeg1video": lambda data: _start_code(data, b"\xb3", 4),
    "mpeg2video": lambda data: _start_code(data, b"\xb3", 4),
    "mpeg4": _mpeg4,
    "mjpeg": _jpeg,
    "vp8": lambda data: data[6:10],
    "vp9": _vp9,
    "libvpx-vp9": _vp9,
    "av1": _av1,
    "libdav1d": _av1,
    "prores": lambda data: data[16:20],
    "dnxhd": lambda data: data[0x18:0x1C],
}
