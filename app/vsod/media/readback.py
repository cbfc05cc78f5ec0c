"""Decoding a finished matte to values, straight from the samples it stores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from vsod.core.clip import ClipInfo
from vsod.media.decode import pictures
from vsod.media.levels import decode
from vsod.media.orientation import upright
from vsod.media.picture import is_full_range
from vsod.media.planes import plane
from vsod.media.sequence import images_in, read_image
from vsod.media.table import read_table


@dataclass(frozen=True, slots=True, eq=False)
class MatteFrame:
    """A matte as it was read back.

    Attributes:
        index: Ordinal in the matte file.
        matte: (H, W) float32, upright, 0..1 but not clipped.
        full_range: How the file says its samples are to be read.
        colourless: True if the chroma samples are exactly neutral.
    """

    index: int
    matte: npt.NDArray[np.float32]
    full_range: bool
    colourless: bool


def read_matte(info: ClipInfo) -> Iterator[MatteFrame]:
    """Every frame of a matte that decodes, in order.

    Values come from the Y plane itself: a detour over RGB would round them.

    Args:
        info: The matte's own info.
    """
    if info.kind == "sequence":
        yield from _read_images(info)
        return
    table = read_table(info.path, interlaced=False)
    with closing(pictures(info.path, table, 0, len(table.pts))) as found:
        for index, picture in found:
            if picture is not None:
                yield _read_video_frame(index, picture, info)


def _read_video_frame(index: int, picture: VideoFrame, info: ClipInfo) -> MatteFrame:
    if picture.format.is_rgb:
        picture = picture.reformat(format="gray16le")
    bits, full = picture.format.components[0].bits, is_full_range(picture)
    codes = plane(picture, 0)
    if picture.format.name.endswith("be"):
        codes = codes.byteswap()
    middle = 1 << (bits - 1)
    colourless = all(bool((plane(picture, n) == middle).all()) for n in (1, 2) if n < len(picture.planes))
    matte = decode(codes, "full" if full else "legal", bits)
    return MatteFrame(index, upright(matte, info.rotation, info.mirrored), full, colourless)


def _read_images(info: ClipInfo) -> Iterator[MatteFrame]:
    for index, file in enumerate(images_in(info.path)):
        image = read_image(file)
        if image is not None:
            gray = bool((image[..., 0] == image[..., 1]).all() and (image[..., 1] == image[..., 2]).all())
            matte = decode(np.ascontiguousarray(image[..., 1]), "full", 16 if image.dtype == np.uint16 else 8)
            yield MatteFrame(index, matte, True, gray)
