"""Display matrices: how a stored picture is turned and mirrored to stand upright."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)

# (a, b, c, d) of x' = a x + c y, y' = b x + d y with y pointing down, for each quarter turn
# counter-clockwise. Mirroring left-right first negates a and b.
_TURNS = {(1, 0, 0, 1): 0, (0, -1, 1, 0): 90, (-1, 0, 0, -1): 180, (0, 1, -1, 0): 270}


def parse_display_matrix(matrix: Sequence[int]) -> tuple[int, bool] | None:
    """Split FFmpeg's 3x3 display matrix into a quarter turn and a mirror.

    Args:
        matrix: Nine 16.16 fixed-point entries, row by row.

    Returns:
        (degrees counter-clockwise, mirrored left-right before the turn), or None if the
        matrix is no quarter turn.
    """
    linear = [matrix[0], matrix[1], matrix[3], matrix[4]]
    size = max(abs(v) for v in linear)
    if not size:
        return None
    a, b, c, d = (round(v / size) for v in linear)
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    turn = _TURNS.get((a, b, c, d))
    return None if turn is None else (turn, mirrored)


def to_upright(image: npt.NDArray[Scalar], rotation: int, mirrored: bool) -> npt.NDArray[Scalar]:
    """Turn a stored (H, W, ...) picture upright. Returns a C-contiguous array."""
    if not rotation and not mirrored:
        return np.ascontiguousarray(image)
    turned: npt.NDArray[Any] = np.fliplr(image) if mirrored else image
    return np.ascontiguousarray(np.rot90(turned, rotation // 90))


def to_stored(image: npt.NDArray[Scalar], rotation: int, mirrored: bool) -> npt.NDArray[Scalar]:
    """The inverse of :func:`to_upright`."""
    turned: npt.NDArray[Any] = np.rot90(image, -(rotation // 90))
    return np.ascontiguousarray(np.fliplr(turned) if mirrored else turned)
