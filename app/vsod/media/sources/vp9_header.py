"""VP8 and VP9 through libvpx, which knows no limit of size: what their frames say is read before it sees them.

FFmpeg's own decoder obeys ``max_pixels`` but drops an alpha channel.
"""

from __future__ import annotations

from collections.abc import Iterator

from av.codec.context import CodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vsod.core.size_limits import MAX_PIXELS, TOO_LARGE

_HEADER = 32  # bytes: more than an uncompressed header needs up to the size


class AlphaDecoder:
    """Decodes VP8 or VP9 with its alpha channel, and refuses frames that are too large.

    Args:
        codec: ``"vp8"`` or ``"vp9"``.
    """

    def __init__(self, codec: str = "vp9") -> None:
        context = CodecContext.create("libvpx-vp9" if codec == "vp9" else "libvpx", "r")
        self._sizes = sizes if codec == "vp9" else vp8_sizes
        assert isinstance(context, VideoCodecContext)
        self._context = context

    def decode(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        """The frames of a packet; of None, those still held.

        Raises:
            OSError: A frame is too large.
            av.error.FFmpegError: It does not decode.
        """
        if packet is not None:
            alpha = packet.get_sidedata("matroska_block_additional")
            for data in (memoryview(packet), memoryview(bytes(alpha)[8:]) if alpha else memoryview(b"")):
                if any(width * height > MAX_PIXELS for width, height in self._sizes(data)):
                    raise OSError(f"a frame of it has {TOO_LARGE}")
        return list(self._context.decode(packet))


def sizes(data: memoryview) -> Iterator[tuple[int, int]]:
    """(width, height) of every frame in a packet that says its size."""
    for frame in _frames(data):
        try:
            size = _size(_Bits(bytes(frame[:_HEADER])))
        except IndexError:
            size = None  # cut off: the decoder refuses it
        if size is not None:
            yield size


def vp8_sizes(data: memoryview) -> Iterator[tuple[int, int]]:
    """(width, height) of a VP8 packet's frame if it is a key frame (RFC 6386, section 9.1)."""
    head = bytes(data[:10])
    if len(head) == 10 and not head[0] & 1:
        yield int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF


def _frames(data: memoryview) -> Iterator[memoryview]:
    """The frames of a superframe (VP9 bitstream specification, annex B), or the one that is all of it."""
    last = data[-1] if len(data) else 0
    count, length = (last & 7) + 1, (last >> 3 & 3) + 1
    index = 2 + length * count
    if last & 0xE0 != 0xC0 or len(data) < index or data[-index] != last:
        yield data
        return
    place = 0
    for number in range(count):
        begin = len(data) - index + 1 + number * length
        size = int.from_bytes(data[begin : begin + length], "little")
        yield data[place : place + size]
        place += size


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def take(self, count: int) -> int:
        """The next bits as a number."""
        self._left -= count
        if self._left < 0:
            raise IndexError
        return self._value >> self._left & (1 << count) - 1


def _size(bits: _Bits) -> tuple[int, int] | None:
    """What the uncompressed header says (section 6.2); None where the size is that of a frame before."""
    bits.take(2)
    profile = bits.take(1) | bits.take(1) << 1
    if profile == 3:
        bits.take(1)
    if bits.take(1):  # shows a frame that is there already
        return None
    inter, visible, resilient = bits.take(1), bits.take(1), bits.take(1)
    if not inter:
        bits.take(24)
        _skip_colour(bits, profile)
        return _frame_size(bits)
    alone = 0 if visible else bits.take(1)
    if not resilient:
        bits.take(2)
    if alone:
        bits.take(24)
        if profile:
            _skip_colour(bits, profile)
        bits.take(8)
        return _frame_size(bits)
    bits.take(8 + 3 * 4)
    return None if any(bits.take(1) for _ in range(3)) else _frame_size(bits)


def _skip_colour(bits: _Bits, profile: int) -> None:
    if profile >= 2:
        bits.take(1)
    rgb = bits.take(3) == 7
    if not rgb:
        bits.take(1)
    if profile in (1, 3):
        bits.take(1 if rgb else 3)


def _frame_size(bits: _Bits) -> tuple[int, int]:
    return bits.take(16) + 1, bits.take(16) + 1
