"""The alpha channel of decoded frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from vsod.media.pixels.planes import packed_view, plane_view

Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

_PACKED = ("rgba", "bgra", "argb", "abgr")
_STRAIGHT = ("png", "apng", "webp", "gif", "vp8", "vp9", "libvpx", "libvpx-vp9")  # by their specifications


def alpha_kind(pix_fmt: str, codec: str) -> str:
    """``"straight"``, or ``"unspecified"`` where neither file nor codec says; empty if there is no alpha channel.

    Args:
        pix_fmt: FFmpeg's name of the decoded pixel format.
        codec: FFmpeg's name of the decoder.
    """
    try:
        content = VideoFormat(pix_fmt)
    except ValueError:
        return ""
    has_alpha = any(component.is_alpha for component in content.components)
    if not has_alpha and not (content.has_palette and codec in ("png", "apng")):
        return ""
    return "straight" if codec in _STRAIGHT else "unspecified"


def alpha_codes(frame: VideoFrame) -> Codes:
    """(H, W) of the frame's raster, 0 = transparent, the largest code = opaque; uint8, or uint16 if it is deeper.

    Views on the frame's own memory, where that is possible.
    """
    name, bits = frame.format.name, frame.format.components[0].bits
    swapped = name.endswith("be")
    if name.startswith(("yuva", "gbrap")) and bits <= 16 and "f" not in name.removeprefix("gbrap"):
        codes = plane_view(frame, 3)
        return _to_full_scale(codes.byteswap() if swapped else codes, bits)
    if name in _PACKED:
        return packed_view(frame, 4)[:, name.index("a") :: 4]
    if name.startswith(("rgba64", "bgra64")):
        codes = plane_view(frame, 0)[:, 3::4]
        return codes.byteswap() if swapped else codes
    if name in ("ya8", "gray8a"):
        return packed_view(frame, 2)[:, 1::2]
    whole = VideoReformatter().reformat(frame, format="rgba", threads=1)
    return np.array(packed_view(whole, 4)[:, 3::4])


def _to_full_scale(codes: npt.NDArray[Any], bits: int) -> Codes:
    """Codes of 9 to 15 bits at 16, the largest as the largest: the upper bits fill the lower ones."""
    if bits in (8, 16):
        return codes
    return (codes << np.uint16(16 - bits)) | (codes >> np.uint16(2 * bits - 16))
