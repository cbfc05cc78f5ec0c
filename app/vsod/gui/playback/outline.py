"""The line round the subject as a path: it can be drawn at any zoom, one device pixel wide."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QByteArray, QDataStream
from PyQt6.QtGui import QPainterPath

from vsod.core.arrays import Image

_LEVEL = 127.5
_TOP, _RIGHT, _BOTTOM, _LEFT = range(4)
# Marching squares: the edges of a cell that the line joins, by which of its corners are inside
# (1 top left, 2 top right, 4 bottom right, 8 bottom left). Two corners across from each other, 5 and 10, are two
# lines; here they are drawn as two subjects that touch.
_JOINED = np.array(
    [
        (_TOP, _TOP), (_LEFT, _TOP), (_TOP, _RIGHT), (_LEFT, _RIGHT),
        (_RIGHT, _BOTTOM), (_LEFT, _TOP), (_TOP, _BOTTOM), (_LEFT, _BOTTOM),
        (_BOTTOM, _LEFT), (_TOP, _BOTTOM), (_TOP, _RIGHT), (_RIGHT, _BOTTOM),
        (_LEFT, _RIGHT), (_TOP, _RIGHT), (_LEFT, _TOP), (_TOP, _TOP),
    ]
)  # fmt: skip
_SECOND = {5: (_RIGHT, _BOTTOM), 10: (_BOTTOM, _LEFT)}
# A painter's path as Qt writes it: number of elements, elements, first of the last part, fill rule.
_ELEMENT = np.dtype([("kind", ">i4"), ("x", ">f8"), ("y", ">f8")])
_MOVE, _LINE = 0, 1


def outline_segments(alpha: Image) -> npt.NDArray[np.float32]:
    """Pieces of the line where a matte is a half.

    Args:
        alpha: (H, W) matte, 255 = subject.

    Returns:
        (N, 2, 2) ends of straight pieces as (x, y) in pixels of the matte; (0.5, 0.5) is the middle of the first.
    """
    inside = alpha > _LEVEL
    parts = inside[:-1, :-1], inside[:-1, 1:], inside[1:, 1:], inside[1:, :-1]
    mixed = (parts[0] ^ parts[1]) | (parts[1] ^ parts[2]) | (parts[2] ^ parts[3])
    rows, columns = np.nonzero(mixed)
    corners = [(rows, columns), (rows, columns + 1), (rows + 1, columns + 1), (rows + 1, columns)]
    values = np.stack([alpha[at] for at in corners]).astype(np.float32)
    code = ((values > _LEVEL) * np.array([[1], [2], [4], [8]])).sum(0)
    places = np.stack([np.stack((x, y), -1) for y, x in corners]).astype(np.float32) + np.float32(0.5)
    edges = np.stack([_crossing(values, places, *ends) for ends in ((0, 1), (1, 2), (3, 2), (0, 3))])
    number = np.arange(len(code))
    pieces = [np.stack([edges[_JOINED[code, end], number] for end in (0, 1)], 1)]
    for saddle, ends in _SECOND.items():
        where = np.flatnonzero(code == saddle)
        pieces.append(np.stack([edges[end, where] for end in ends], 1))
    return np.concatenate(pieces).astype(np.float32)


def _crossing(
    values: npt.NDArray[np.float32], places: npt.NDArray[np.float32], first: int, second: int
) -> npt.NDArray[np.float32]:
    """(N, 2) where the matte is a half between two corners of each cell; of no meaning where it is not."""
    rise = values[second] - values[first]
    share = (_LEVEL - values[first]) / np.where(rise == 0, 1, rise)
    crossing: npt.NDArray[np.float32] = places[first] + share[:, None] * (places[second] - places[first])
    return crossing


def outline_path(alpha: Image) -> QPainterPath:
    """The line where a matte is a half, in pixels of the matte.

    Args:
        alpha: (H, W) matte, 255 = subject.
    """
    path = QPainterPath()
    segments = outline_segments(alpha)
    if not len(segments):
        return path
    elements = np.empty((len(segments), 2), _ELEMENT)
    elements["kind"] = _MOVE, _LINE
    elements["x"], elements["y"] = segments[..., 0], segments[..., 1]
    # one call for all of them; a call for each would take longer than the picture
    size, end = elements.size.to_bytes(4, "big"), (elements.size - 2).to_bytes(4, "big")
    packed = size + elements.tobytes() + end + bytes(4)
    QDataStream(QByteArray(packed)) >> path  # type: ignore[operator]  # PyQt has it, its stubs do not
    return path
