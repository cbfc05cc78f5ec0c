"""A frame's ordinal burnt into its picture, readable after any codec, scaling or matte.

The picture is 4 x 4 blocks, one bit of the Gray code each, so a wrong ordinal, a turned or
a mirrored picture all read as another number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

DARK, BRIGHT = 40, 215
_GRID = 4


def burnt(index: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """(H, W) uint8 full-range luma showing ``index`` (0..65535)."""
    code = index ^ (index >> 1)
    bits = np.array([(code >> k) & 1 for k in range(_GRID * _GRID)], np.uint8).reshape(_GRID, _GRID)
    blocks = np.where(bits, BRIGHT, DARK).astype(np.uint8)
    rows = np.minimum(np.arange(height) * _GRID // height, _GRID - 1)
    columns = np.minimum(np.arange(width) * _GRID // width, _GRID - 1)
    return blocks[rows][:, columns]


def read(picture: npt.NDArray[Any]) -> int:
    """The ordinal a picture shows: (H, W) or (H, W, 3), uint8 0..255 or float 0..1."""
    luma = picture if picture.ndim == 2 else picture.mean(axis=2)
    middle = (DARK + BRIGHT) / 2 / (1 if picture.dtype == np.uint8 else 255)
    height, width = luma.shape
    code = 0
    for k in range(_GRID * _GRID):
        row, column = divmod(k, _GRID)
        inner = luma[
            _inside(row, height),
            _inside(column, width),
        ]
        code |= int(inner.mean() > middle) << k
    index = 0
    while code:
        index ^= code
        code >>= 1
    return index


def _inside(block: int, length: int) -> slice:
    """The middle half of a block: codecs smear its edges."""
    step = length / _GRID
    return slice(
        int(block * step + step / 4), max(int(block * step + step / 4) + 1, int((block + 0.75) * step))
    )
