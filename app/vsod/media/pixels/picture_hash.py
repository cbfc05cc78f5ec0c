"""A hash of a decoded picture, by which a saliency map knows the picture it was made of.

Taken of the native samples before any scaling, colour conversion or turning: the same in every pass over a clip,
whatever raster a pass asks for. xxh3 with 128 bits is against accidents (a re-render, another take), not against
somebody who wants to collide.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import xxhash
from av.video.frame import VideoFrame

NO_PICTURE = xxhash.xxh3_128_digest(b"no picture could be decoded")


def frame_hash(frame: VideoFrame) -> bytes:
    """16 bytes that tell a decoded frame's visible samples, size and pixel format."""
    h = xxhash.xxh3_128(f"{frame.format.name} {frame.width}x{frame.height}".encode())
    for number, row_bytes in enumerate(_row_bytes(frame)):
        memory = frame.planes[number]
        samples = np.frombuffer(cast(Any, memory), np.uint8)
        if 0 < row_bytes < memory.line_size:  # the end of each row is padding, and anything may stand there
            whole = len(samples) // memory.line_size * memory.line_size
            samples = np.ascontiguousarray(
                samples[:whole].reshape(-1, memory.line_size)[: memory.height, :row_bytes]
            )
        h.update(cast(Any, samples))
    return h.digest()


def image_hash(image: npt.NDArray[Any]) -> bytes:
    """16 bytes that tell an image file's samples, size and depth."""
    h = xxhash.xxh3_128(f"{image.dtype.str} {image.shape}".encode())
    h.update(cast(Any, np.ascontiguousarray(image)))
    return h.digest()


def _row_bytes(frame: VideoFrame) -> list[int]:
    """Bytes of a row that are samples, for each plane; 0 for a palette, which has no rows."""
    content, planes = frame.format, frame.planes
    if len(planes) == 1 or content.has_palette:
        return [-(-frame.width * content.padded_bits_per_pixel // 8), *[0] * (len(planes) - 1)]
    rows = [0] * len(planes)
    for component in content.components:
        size = 1 if component.bits <= 8 else 2 if component.bits <= 16 else 4
        rows[component.plane] += planes[component.plane].width * size
    return rows
