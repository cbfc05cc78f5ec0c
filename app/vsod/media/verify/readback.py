"""Decoding a finished matte to values, straight from the samples it stores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from vsod.core.clip import ClipInfo
from vsod.core.compositing import to_16bit
from vsod.media.images.image_reader import read_image, read_image_info
from vsod.media.pixels.conversion import FrameConverter, is_full_range
from vsod.media.pixels.levels import from_codes
from vsod.media.pixels.orientation import to_upright
from vsod.media.pixels.planes import packed_view, plane_view
from vsod.media.sources.decoder import decode_frames
from vsod.media.sources.video_scan import read_table


@dataclass(frozen=True, slots=True, eq=False)
class MatteFrame:
    """A matte as it was read back.

    Attributes:
        index: Ordinal in the matte file.
        matte: (H, W) float32, upright, 0..1 but not clipped.
        full_range: How the file says its samples are to be read.
        colourless: True if the chroma samples are neutral: exactly, or to a code in VP9.
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
    table = read_table(info.path)
    with closing(decode_frames(info.path, table, 0, len(table.pts))) as found:
        for index, picture in found:
            if picture is not None:
                yield _read_video_frame(index, picture, info)


@dataclass(frozen=True, slots=True, eq=False)
class CutoutFrame:
    """A picture as it was read back.

    Attributes:
        index: Ordinal in the file.
        rgb: (H, W, 3) uint16, upright, full range.
        alpha: (H, W) float32 0..1, upright; None if the file has none.
    """

    index: int
    rgb: npt.NDArray[np.uint16]
    alpha: npt.NDArray[np.float32] | None


def read_cutouts(info: ClipInfo) -> Iterator[CutoutFrame]:
    """Every frame of a fill or cut-out that decodes, in order.

    Args:
        info: The file's own info.
    """
    if info.kind == "sequence":
        for index, name in enumerate(info.names):
            image = read_image(info.folder / name, alpha=True)
            if image is not None:
                deep = to_16bit(image)
                alpha = from_codes(deep[..., 3], "full", 16) if deep.shape[2] == 4 else None
                yield CutoutFrame(index, np.ascontiguousarray(deep[..., 2::-1]), alpha)
        return
    table, make = read_table(info.path), FrameConverter(info, None, "rgb48")
    with closing(decode_frames(info.path, table, 0, len(table.pts))) as found:
        for index, picture in found:
            if picture is not None:
                alpha = _alpha(picture)
                if alpha is not None:
                    alpha = to_upright(alpha, info.rotation, info.mirrored)
                yield CutoutFrame(index, cast("npt.NDArray[np.uint16]", make(picture)), alpha)


def has_alpha(info: ClipInfo) -> bool:
    """Whether a file has an alpha channel, by its pixel format; of a folder, its first image."""
    if info.kind == "sequence":
        first = read_image_info(info.folder / info.names[0])
        return first is not None and bool(first.alpha)
    return any(mark in info.pix_fmt for mark in ("yuva", "gbrap", "rgba", "argb", "bgra", "abgr", "ya"))


def _alpha(picture: VideoFrame) -> npt.NDArray[np.float32] | None:
    """(H, W) straight from the stored samples, which a detour over swscale would round."""
    name, bits = picture.format.name, picture.format.components[0].bits
    if name.startswith(("yuva", "gbrap")):
        codes = plane_view(picture, 3)
        return from_codes(codes.byteswap() if name.endswith("be") else codes, "full", bits)
    if name in ("rgba", "argb", "bgra", "abgr"):
        return from_codes(packed_view(picture, 4)[:, name.index("a") :: 4], "full", 8)
    if name.startswith("rgba64"):
        codes = plane_view(picture, 0)[:, 3::4]
        return from_codes(codes.byteswap() if name.endswith("be") else codes, "full", 16)
    return None


def _read_video_frame(index: int, picture: VideoFrame, info: ClipInfo) -> MatteFrame:
    if picture.format.is_rgb:
        return _read_rgb_frame(index, picture, info)
    bits, full = picture.format.components[0].bits, is_full_range(picture)
    codes = plane_view(picture, 0)
    if picture.format.name.endswith("be"):
        codes = codes.byteswap()
    middle = 1 << (bits - 1)
    # VP9 may leave colour a code off, whatever it was given; no other codec we know does
    slack = 1 if "vp9" in info.codec else 0
    chroma = [plane_view(picture, n) for n in (1, 2) if n < len(picture.planes)]
    colourless = all(int(p.min()) >= middle - slack and int(p.max()) <= middle + slack for p in chroma)
    matte = from_codes(codes, "full" if full else "legal", bits)
    return MatteFrame(index, to_upright(matte, info.rotation, info.mirrored), full, colourless)


def _read_rgb_frame(index: int, picture: VideoFrame, info: ClipInfo) -> MatteFrame:
    """A matte kept as R = G = B."""
    rgb = FrameConverter(info, None, "rgb48")(picture)
    gray = bool((rgb[..., 0] == rgb[..., 1]).all() and (rgb[..., 1] == rgb[..., 2]).all())
    return MatteFrame(index, from_codes(rgb[..., 1], "full", 16), True, gray)


def _read_images(info: ClipInfo) -> Iterator[MatteFrame]:
    for index, name in enumerate(info.names):
        image = read_image(info.folder / name)
        if image is not None:
            gray = bool((image[..., 0] == image[..., 1]).all() and (image[..., 1] == image[..., 2]).all())
            matte = from_codes(
                np.ascontiguousarray(image[..., 1]), "full", 16 if image.dtype == np.uint16 else 8
            )
            yield MatteFrame(index, matte, True, gray)
