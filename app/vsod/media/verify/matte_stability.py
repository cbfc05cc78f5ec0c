"""Stability of a matte over time: area, holes in the subject, and change from frame to frame."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.arrays import Map

_WIDTH = 480  # pixels across at which holes and changes are looked for
_SPECK = 1e-4  # enclosed regions smaller than this share of the picture are no holes


class MatteStability:
    """Follows a matte frame by frame.

    Attributes:
        area: Mean matte, 0..1, per frame.
        holes: Background enclosed by the subject, as a share of the subject, per frame.
        change: Mean change since the frame before, as a share of the larger of the two subjects; 0 first.
    """

    def __init__(self) -> None:
        self.area: list[float] = []
        self.holes: list[float] = []
        self.change: list[float] = []
        self._before: Map | None = None

    def add(self, matte: Map) -> None:
        """Take the next frame: (H, W) float32, clipped to 0..1."""
        matte = np.clip(matte, 0, 1)
        self.area.append(float(matte.mean()))
        h, w = matte.shape
        if w > _WIDTH:
            size = (_WIDTH, max(1, round(h * _WIDTH / w)))
            matte = np.asarray(cv2.resize(matte, size, interpolation=cv2.INTER_AREA), np.float32)
        self.holes.append(enclosed_holes(matte > 0.5))
        before, self._before = self._before, matte
        if before is None or before.shape != matte.shape:
            self.change.append(0.0)
            return
        larger = max(float(before.mean()), float(matte.mean()))
        self.change.append(float(np.abs(matte - before).mean()) / larger if larger > _SPECK else 0.0)


def enclosed_holes(subject: npt.NDArray[np.bool_]) -> float:
    """Background enclosed by the subject, as a share of the subject; specks do not count.

    Args:
        subject: (H, W).
    """
    size = int(subject.sum())
    if not size:
        return 0.0
    # a frame of background around it joins all that is open to the outside
    ground = np.pad(~subject, 1, constant_values=True).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ground, connectivity=4)
    areas = stats[:, cv2.CC_STAT_AREA]
    enclosed = [int(areas[k]) for k in range(1, count) if k != labels[0, 0]]
    return sum(a for a in enclosed if a >= _SPECK * subject.size) / size
