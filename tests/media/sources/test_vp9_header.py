"""Sizes read from VP9 frames before libvpx, which knows no limit, sees them."""

from fractions import Fraction

import av
import numpy as np
import pytest
from av.codec.context import CodecContext
from av.packet import Packet

from vsod.media.sources.vp9_header import AlphaDecoder, sizes


def packets(size=(160, 96), count=12, pixels="yuv420p", **options):
    encoder = CodecContext.create("libvpx-vp9", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *size, pixels
    encoder.time_base, encoder.options = (
        Fraction(1, 24),
        {"lag-in-frames": "25", "auto-alt-ref": "1", **options},
    )
    made = []
    for number in range(count):
        grey = np.full((size[1], size[0], 3), 20 * number % 256, np.uint8)
        made += encoder.encode(av.VideoFrame.from_ndarray(grey, format="rgb24").reformat(format=pixels))
    return [bytes(p) for p in [*made, *encoder.encode(None)]]


def enlarged(key: bytes, side: int) -> bytes:
    """A key frame of profile 0 that says it is square and so large."""
    bits = "".join(f"{byte:08b}" for byte in key[:16])
    bits = f"{bits[:36]}{side - 1:016b}{side - 1:016b}{bits[68:]}"
    return bytes(int(bits[at : at + 8], 2) for at in range(0, 128, 8)) + key[16:]


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p", "gbrp"])
def test_key_frames_say_their_size_and_others_keep_it(pixels: str) -> None:
    found = [list(sizes(memoryview(data))) for data in packets((150, 98), pixels=pixels)]
    assert found[0][0] == (150, 98)
    assert {size for row in found for size in row} == {(150, 98)}
    assert [] in found


def test_every_frame_of_a_superframe_is_looked_at() -> None:
    small, large = packets(count=1)[0], enlarged(packets(count=1)[0], 32768)
    marker = 0xC0 | (1 << 3) | 1  # two frames, two bytes a size
    index = (
        bytes([marker])
        + b"".join(len(part).to_bytes(2, "little") for part in (small, large))
        + bytes([marker])
    )
    assert list(sizes(memoryview(small + large + index))) == [(160, 96), (32768, 32768)]


@pytest.mark.parametrize("data", [b"", b"\x82", b"\xff" * 40, b"\xc9" * 3, bytes(64)])
def test_what_is_no_frame_raises_nothing(data: bytes) -> None:
    list(sizes(memoryview(data)))


class WithAlpha(bytes):
    """A packet's data and, beside it, its alpha channel's."""

    alpha = b""

    def get_sidedata(self, kind: str) -> bytes:
        assert kind == "matroska_block_additional"
        return self.alpha


@pytest.mark.parametrize("where", ["picture", "alpha"])
def test_a_frame_that_is_too_large_does_not_reach_the_decoder(where: str) -> None:
    key = packets(count=1)[0]
    large = enlarged(key, 32768)
    packet = WithAlpha(large if where == "picture" else key)
    packet.alpha = b"" if where == "picture" else bytes(7) + b"\1" + large
    with pytest.raises(OSError, match="million pixels"):
        AlphaDecoder().decode(packet)
    assert AlphaDecoder().decode(Packet(key)) is not None
