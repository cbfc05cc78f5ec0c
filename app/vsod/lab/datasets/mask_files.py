"""One mask per frame, in what data sets keep them in: black and white, object numbers, palettes, grey levels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vsod.errors import DataError

Mask = npt.NDArray[np.uint8]
Decode = Callable[[npt.NDArray[Any]], npt.NDArray[np.bool_]]
MASK_SUFFIXES = (".png", ".bmp", ".pgm", ".ppm", ".jpg", ".jpeg", ".tif", ".tiff")


def read_mask(files: Sequence[Path | bytes], decode: Decode, where: Path) -> Mask:
    """The subject of one frame: of several files, one an object, all objects together.

    Args:
        files: Paths, or what stands in them.
        decode: A picture's subject, (H, W) bool.
        where: Named in errors.

    Returns:
        (H, W) uint8, 255 = subject.

    Raises:
        DataError: A file cannot be read, or the objects' sizes differ.
    """
    whole: npt.NDArray[np.bool_] | None = None
    for file in files:
        place = file if isinstance(file, Path) else where
        part = decode(read_picture(file, place, "a mask"))
        if whole is not None and whole.shape != part.shape:
            raise DataError("the masks of one frame differ in size", where=place)
        whole = part if whole is None else whole | part
    if whole is None:
        raise DataError("no mask for this frame", where=where)
    return np.where(whole, 255, 0).astype(np.uint8)


def read_picture(
    file: Path | bytes, where: Path, what: str, flags: int = cv2.IMREAD_UNCHANGED
) -> npt.NDArray[Any]:
    """A picture as it is stored: (H, W) or (H, W, channels) of uint8 or uint16.

    Args:
        file: Its path, or what stands in it.
        where: Named in errors.
        what: What it is, such as ``"a mask"``.
        flags: Of OpenCV's decoder.

    Raises:
        DataError: It cannot be read.
    """
    try:
        blob = file.read_bytes() if isinstance(file, Path) else file
        levels = cv2.imdecode(np.frombuffer(blob, np.uint8), flags) if blob else None
    except (OSError, cv2.error) as error:
        raise DataError(f"{what} cannot be read", where=where) from error
    if levels is None:
        raise DataError(f"{what} cannot be read", where=where)
    return np.asarray(levels)


def any_object(levels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Whatever is an object: a colour (a palette's object numbers), a number from 1 on, or more than half grey.

    DAVIS-2017 has palettes, of which all objects are the subject; SegTrackV2, ViSal and others 0 and 255;
    DUTS and PASCAL-S grey levels, cut at one half.
    """
    coloured = levels[..., :3] if levels.ndim == 3 else levels
    if coloured.ndim == 3 and not (coloured == coloured[..., :1]).all():
        return np.asarray(coloured.any(axis=2), np.bool_)
    grey = coloured[..., 0] if coloured.ndim == 3 else coloured
    half = np.iinfo(grey.dtype).max // 2
    return np.asarray(grey > (half if int(grey.max(initial=0)) > half else 0), np.bool_)


def all_but_background(levels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """FBMS-59: every region but the background.

    Its ``.ppm`` files have colours on white, its ``.pgm`` files grey levels of which 0 is the background; where
    there is neither, it is what most of the picture's border shows.
    """
    pixels = levels[..., :3] if levels.ndim == 3 else levels[..., None]
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    top = np.iinfo(pixels.dtype).max
    for usual in ([top] * 3, [0]):
        if len(usual) == pixels.shape[2] and (pixels == usual).all(2).any():
            return np.asarray((pixels != usual).any(2), np.bool_)
    colours, counts = np.unique(border, axis=0, return_counts=True)
    return np.asarray((pixels != colours[counts.argmax()]).any(2), np.bool_)
