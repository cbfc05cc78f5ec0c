"""Small files whose pictures have 2**30 pixels."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
from av.packet import Packet

SIDE = 32768
_ROW = bytes(SIDE // 8)


@lru_cache
def _deflated(row: bytes) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(row) for _ in range(SIDE)) + packer.flush()


def _png() -> bytes:
    """A whole one, 1 bit a pixel."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", SIDE, SIDE, 1, 0, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", _deflated(b"\0" + _ROW)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _tiff(big: bool = False, order: str = "<") -> bytes:
    """A whole one, 1 bit a pixel, in one strip."""
    data = _deflated(_ROW)
    start = 16 if big else 8
    tags = {256: SIDE, 257: SIDE, 258: 1, 259: 8, 262: 1, 273: start, 277: 1, 278: SIDE, 279: len(data)}
    place = start + len(data)
    entry, count = (f"{order}HHQQ", f"{order}Q") if big else (f"{order}HHII", f"{order}H")
    rows = b"".join(struct.pack(entry, tag, 16 if big else 4, 1, value) for tag, value in tags.items())
    first = b"II" if order == "<" else b"MM"
    head = struct.pack(f"{order}HHHQ", 43, 8, 0, place) if big else struct.pack(f"{order}HI", 42, place)
    return first + head + data + struct.pack(count, len(tags)) + rows + bytes(8)


def _webp(kind: bytes) -> bytes:
    if kind == b"VP8X":
        body = bytes(4) + (SIDE - 1).to_bytes(3, "little") * 2
    elif kind == b"VP8L":
        body = b"\x2f" + (0x3FFF | 0x3FFF << 14).to_bytes(4, "little") + bytes(64)
    else:
        body = b"\x10\x02\x00\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(64)
    body = b"WEBP" + kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _exr() -> bytes:
    def attribute(name: bytes, kind: bytes, value: bytes) -> bytes:
        return name + b"\0" + kind + b"\0" + struct.pack("<i", len(value)) + value

    window = struct.pack("<4i", 0, 0, SIDE - 1, SIDE - 1)
    channel = b"Y\0" + struct.pack("<iB3xii", 1, 0, 1, 1) + b"\0"
    return (
        b"\x76\x2f\x31\x01\x02\0\0\0"
        + attribute(b"channels", b"chlist", channel)
        + attribute(b"compression", b"compression", b"\x03")
        + attribute(b"dataWindow", b"box2i", window)
        + attribute(b"displayWindow", b"box2i", window)
        + attribute(b"lineOrder", b"lineOrder", b"\0")
        + attribute(b"pixelAspectRatio", b"float", struct.pack("<f", 1))
        + attribute(b"screenWindowCenter", b"v2f", struct.pack("<2f", 0, 0))
        + attribute(b"screenWindowWidth", b"float", struct.pack("<f", 1))
        + b"\0"
        + bytes(8 * (SIDE // 16))
    )


def _bmp() -> bytes:
    return (
        b"BM" + struct.pack("<IIIIiiHHIIiiII", 62, 0, 54, 40, SIDE, -SIDE, 1, 1, 0, 8, 0, 0, 2, 0) + bytes(64)
    )


def _jpeg() -> bytes:
    frame = b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", SIDE, SIDE) + b"\x01\x01\x11\x00"
    return b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(10) + frame + bytes(64)


IMAGES: dict[str, Callable[[], bytes]] = {
    "png.png": _png,
    "tiff.tif": _tiff,
    "tiff-motorola.tif": lambda: _tiff(order=">"),
    "bigtiff.tif": lambda: _tiff(big=True),
    "extended.webp": lambda: _webp(b"VP8X"),
    "lossless.webp": lambda: _webp(b"VP8L"),
    "lossy.webp": lambda: _webp(b"VP8 "),
    "exr.exr": _exr,
    "bmp.bmp": _bmp,
    "jpeg.jpg": _jpeg,
    "png-as.jpg": _png,
}


def _video(path: Path, size: tuple[int, int]) -> None:
    """PNG pictures of 2**30 pixels in a container that says they are of ``size``."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=24)
        stream.width, stream.height, stream.pix_fmt = *size, "monob"
        container.start_encoding()
        data = _png()
        for number in range(3):
            packet = Packet(data)
            packet.stream, packet.pts, packet.dts = stream, number, number
            packet.time_base, packet.is_keyframe = Fraction(1, 24), True
            container.mux(packet)


def write_bombs(folder: Path) -> list[Path]:
    """Every kind in a folder; gives their paths. Sequences are folders of one image."""
    made = []
    for name, image in IMAGES.items():
        single = folder / name
        single.write_bytes(image())
        (folder / single.name.replace(".", "-")).mkdir()
        inside = folder / single.name.replace(".", "-") / name
        inside.write_bytes(single.read_bytes())
        made += [single, inside.parent]
    for name in ("lies.mov", "lies.nut", "lies.avi"):
        _video(folder / name, (160, 96))
        made.append(folder / name)
    for side in (SIDE, 20000):
        y4m = folder / f"raw{side}.y4m"
        y4m.write_bytes(f"YUV4MPEG2 W{side} H{side} F24:1 Ip A1:1 C420\nFRAME\n".encode() + bytes(4096))
        made.append(y4m)
    return made
