"""Steadier maps: each is averaged with what the motion carries to it from the frames before and after.

Frames on both sides count alike, so nothing lags; only REACH of them count, so nothing trails, and a part
of a clip comes out as it does in the whole. A neighbour has no say where the flow there and back does not
come home, where the picture it brings is another, and beyond a cut.

Source: the idea of Lang et al., "Practical Temporal Consistency for Image-Based Graphics Applications",
SIGGRAPH 2012 (filtering along motion paths), with Sundaram's check of the flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vsod_models.flow.dis import DIS
from vsod_models.flow.warp import carried, trust

REACH = 3  # frames to each side
CUT = 0.2  # mean trust below which two frames have nothing to do with each other

Map = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A frame at the map's raster.

    Attributes:
        luma: (h, w) uint8.
        saliency: (h, w) float32 0..1.
    """

    luma: npt.NDArray[np.uint8]
    saliency: Map


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """Motion from a frame to another: flow (h, w, 2) pixels, and 0..1 how far to believe it, (h, w)."""

    flow: Map
    trust: Map

    def then(self, step: _Step) -> _Step:
        """This motion and one that starts where it ends, as one."""
        trust = self.trust * carried(step.trust, self.flow)
        return _Step(self.flow + carried(step.flow, self.flow), trust)


class Stabiliser:
    """Steadies the maps of one clip. Remembers the motion between frames it has seen; not thread-safe.

    Args:
        strength: 0 leaves maps as they are, 1 lets believed neighbours count as much as the frame itself.
    """

    def __init__(self, strength: float) -> None:
        self.strength = strength
        self._dis = DIS("fast")
        self._steps: dict[tuple[int, int], _Step | None] = {}

    def __call__(self, index: int, looks: Mapping[int, Look]) -> Map:
        """The steady map of frame ``index``.

        Args:
            index: The frame.
            looks: The frame and, as far as there are any, its neighbours up to :data:`REACH` away.

        Returns:
            (h, w) float32 0..1.
        """
        own = looks[index].saliency
        total, weights = own.copy(), np.ones_like(own)
        for way in (-1, 1):
            path: _Step | None = None
            for there in range(index + way, index + way * (REACH + 1), way):
                if there not in looks:
                    break
                step = self._step(there - way, there, looks)
                if step is None:
                    break
                path = step if path is None else path.then(step)
                weight = np.float32(self.strength) * path.trust
                total += weight * carried(looks[there].saliency, path.flow)
                weights += weight
        self._forget(index)
        return np.asarray(total / weights, np.float32)

    def _step(self, start: int, end: int, looks: Mapping[int, Look]) -> _Step | None:
        if (start, end) not in self._steps:
            first, second = looks[start].luma, looks[end].luma
            there, back = self._dis(first, second), self._dis(second, first)
            self._steps[start, end] = _step(first, second, there, back)
            self._steps[end, start] = _step(second, first, back, there)
        return self._steps[start, end]

    def _forget(self, index: int) -> None:
        if len(self._steps) > 8 * REACH:
            near = {k: s for k, s in self._steps.items() if abs(k[0] - index) <= REACH + 1}
            self._steps = near


def _step(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8], flow: Map, back: Map) -> _Step | None:
    """The motion between neighbours; None at a cut."""
    believed = trust(first, second, flow, back)
    return _Step(flow, believed) if believed.mean() >= CUT else None
