"""RGB codes to Y'CbCr planes and back, exact to half a step, chroma where video standards place it.

Source: ITU-T H.273 equations for the matrices; chroma lies on the left luma sample and half way
between rows, as MPEG-2, H.264 and ProRes have it.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.clip import ClipInfo
from vsod.core.compositing import to_16bit
from vsod.core.output_frame import Colours

BT709, BT601 = 1, 5
# (Kr, Kb) by matrix code point.
_WEIGHTS = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
KNOWN_MATRICES = frozenset(_WEIGHTS)
_UNSPECIFIED, _RESERVED = 2, 3
_STRIP = 32  # rows, an even number
Plane = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


def is_known_matrix(matrix: int) -> bool:
    """Whether colours of this matrix are read as they are meant, or the matrix is not said."""
    return matrix in _WEIGHTS or matrix in (0, _UNSPECIFIED, _RESERVED)


def default_matrix(info: ClipInfo) -> int:
    """The matrix to read and write a clip's colours with: its own, else the one of its size."""
    if info.color.matrix in _WEIGHTS:
        return info.color.matrix
    return BT709 if info.height >= 720 or info.color.matrix == 0 else BT601


def to_yuv(rgb: Colours, planes: Sequence[Plane], matrix: int, bits: int) -> None:
    """Fill ``planes`` with video-level Y', Cb and Cr.

    A few rows at a time, which stay in the processor's cache: five times as fast as whole pictures.

    Args:
        rgb: (H, W, 3) uint8 or uint16, full range.
        planes: Y' (H, W), Cb and Cr of the same size or of half the width, or of half the height
            too, rounded up; uint8 up to 8 bits, else uint16.
        matrix: Code point of ITU-T H.273.
        bits: Depth of the planes.
    """
    luma, *chroma = planes
    across, down = (
        -(-whole // half) for whole, half in zip(luma.shape[::-1], chroma[0].shape[::-1], strict=True)
    )
    factors = _coefficients(matrix, bits)
    in_place = bits > 8 and across == down == 1
    for top in range(0, len(rgb), _STRIP):
        rows, coarse = slice(top, top + _STRIP), slice(top // down, (top + _STRIP) // down)
        coded = cv2.transform(to_16bit(rgb[rows]), factors)
        if in_place:
            cv2.split(coded, [plane[rows] for plane in planes])
            continue
        y, cb, cr = cv2.split(coded)
        luma[rows] = y
        for plane, samples in zip(chroma, (cb, cr), strict=True):
            plane[coarse] = _subsampled(np.asarray(samples, np.uint16), (across, down))


def from_yuv(planes: list[Plane], matrix: int, bits: int, full_range: bool) -> npt.NDArray[np.uint16]:
    """(H, W, 3) uint16 full-range RGB of Y', Cb and Cr planes; white is 65535.

    swscale's own way to 16-bit RGB ends at 65021 to 65283 for white.

    Args:
        planes: Y' (H, W), Cb and Cr of the same or of half the size.
        matrix: Code point of ITU-T H.273.
        bits: Depth of the planes.
        full_range: Levels of the planes.
    """
    luma = planes[0].astype(np.uint16)
    chroma = [_enlarged(c.astype(np.uint16), luma.shape) for c in planes[1:3]]
    red, blue = _WEIGHTS[matrix]
    step, top = 1 << (bits - 8), (1 << bits) - 1
    y, c = (65535 / top, 65535 / top) if full_range else (65535 / (219 * step), 65535 / (224 * step))
    to_red, to_blue = 2 - 2 * red, 2 - 2 * blue
    green = 1 - red - blue
    factors = np.array(
        [[1, 0, to_red], [1, -to_blue * blue / green, -to_red * red / green], [1, to_blue, 0]]
    ) * [y, c, c]
    zero = np.array([0 if full_range else 16 * step, 128 * step, 128 * step])
    rows = np.column_stack((factors, -factors @ zero))
    return np.asarray(cv2.transform(cv2.merge([luma, *chroma]), rows), np.uint16)


def _enlarged(chroma: npt.NDArray[np.uint16], shape: tuple[int, ...]) -> npt.NDArray[np.uint16]:
    """Chroma at every luma sample."""
    height, width = shape
    if chroma.shape[0] < height:
        chroma = np.asarray(
            cv2.resize(chroma, (chroma.shape[1], 2 * chroma.shape[0]), interpolation=cv2.INTER_LINEAR),
            np.uint16,
        )[:height]
    if chroma.shape[1] < width:
        following = np.concatenate((chroma[:, 1:], chroma[:, -1:]), axis=1)
        out = np.empty((height, 2 * chroma.shape[1]), np.uint16)
        out[:, ::2] = chroma
        out[:, 1::2] = cv2.addWeighted(chroma, 0.5, following, 0.5, 0)
        chroma = out[:, :width]
    return chroma


def _coefficients(matrix: int, bits: int) -> npt.NDArray[np.float64]:
    """(3, 4): what turns full-range 16-bit RGB into codes of ``bits``, the offset last."""
    red, blue = _WEIGHTS[matrix]
    luma = np.array([red, 1 - red - blue, blue])
    rows = [luma, (np.array([0, 0, 1]) - luma) / (2 - 2 * blue), (np.array([1, 0, 0]) - luma) / (2 - 2 * red)]
    step = 1 << (bits - 8)
    spans, offsets = (219 * step, 224 * step, 224 * step), (16 * step, 128 * step, 128 * step)
    return np.array([[*(r * s / 65535), o] for r, s, o in zip(rows, spans, offsets, strict=True)])


def _subsampled(chroma: npt.NDArray[np.uint16], by: tuple[int, int]) -> npt.NDArray[np.uint16]:
    across, down = by
    if across == 2:
        weights = np.array([[0.25, 0.5, 0.25]], np.float32)
        chroma = cv2.filter2D(chroma, -1, weights, borderType=cv2.BORDER_REFLECT_101)[:, ::2]  # type: ignore[assignment]
    if down == 2:
        if chroma.shape[0] % 2:
            chroma = np.concatenate((chroma, chroma[-1:]))
        chroma = ((chroma[::2].astype(np.uint32) + chroma[1::2] + 1) // 2).astype(np.uint16)
    return chroma
