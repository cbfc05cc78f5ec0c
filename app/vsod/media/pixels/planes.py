"""The sample planes of an FFmpeg frame as NumPy views."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame


def plane_view(frame: VideoFrame, number: int) -> npt.NDArray[Any]:
    """A plane as a writable view on the frame's own memory.

    Returns:
        (H, W) of the *plane* (chroma planes may be smaller than the frame), uint8 or uint16
        in native byte order, row padding cut off. Packed layouts give W * channels columns.
    """
    memory = frame.planes[number]
    bits = frame.format.components[0].bits
    kind = np.dtype(np.uint8 if bits <= 8 else np.uint16)
    rows = np.frombuffer(cast(Any, memory), kind).reshape(-1, memory.line_size // kind.itemsize)
    if len(frame.planes) == 1 and len(frame.format.components) > 1:
        return rows[: frame.height, : frame.width * len(frame.format.components)]
    return rows[: memory.height, : memory.width]


def packed_view(frame: VideoFrame, channels: int) -> npt.NDArray[np.uint8]:
    """The only plane of a packed 8-bit layout as a writable (H, W * channels) view, padding cut off."""
    memory = frame.planes[0]
    rows = np.frombuffer(cast(Any, memory), np.uint8).reshape(-1, memory.line_size)
    return rows[: frame.height, : frame.width * channels]
