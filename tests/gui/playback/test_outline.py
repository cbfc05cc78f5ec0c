"""The line round the subject: where the matte is a half, between the pixels."""

import numpy as np
from PyQt6.QtCore import QPointF

from vsod.gui.playback.outline import outline_path, outline_segments


def test_it_runs_where_the_matte_is_a_half() -> None:
    y, x = np.mgrid[:90, :160]
    disc = np.clip((30.5 - np.hypot(x - 80, y - 45)) * 100, 0, 255).astype(np.uint8)
    segments = outline_segments(disc)
    radius = np.hypot(segments[..., 0] - 80.5, segments[..., 1] - 45.5)
    assert abs(radius - (30.5 - 1.275)).max() < 0.25
    length = np.hypot(*(segments[:, 0] - segments[:, 1]).T).sum()
    assert abs(length / (2 * np.pi * 29.2) - 1) < 0.03
    path = outline_path(disc)
    assert path.elementCount() == 2 * len(segments)
    assert [path.elementAt(k).type.name for k in (0, 1, 2)] == [
        "MoveToElement", "LineToElement", "MoveToElement",
    ]  # fmt: skip
    assert QPointF(path.elementAt(3).x, path.elementAt(3).y) == QPointF(*map(float, segments[1, 1]))


def test_every_piece_joins_the_next() -> None:
    rng = np.random.default_rng(5)
    noise = (rng.random((12, 17)) > 0.5).astype(np.uint8) * 255  # has every case of four corners
    noise[[0, -1]] = 0
    noise[:, [0, -1]] = 0
    ends, count = np.unique(outline_segments(noise).reshape(-1, 2), axis=0, return_counts=True)
    assert (count == 2).all() and len(ends)


def test_without_a_subject_there_is_none() -> None:
    for value in (0, 255):
        assert outline_path(np.full((8, 8), value, np.uint8)).isEmpty()
    assert outline_path(np.zeros((1, 1), np.uint8)).isEmpty()
