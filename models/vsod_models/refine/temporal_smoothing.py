"""Steadier maps: each is averaged with what the motion carries to it from the frames before and after.

Frames on both sides count alike, so nothing lags; only REACH of them count, so nothing trails, and a part
of a clip comes out as it does in the whole. A neighbour has no say where the flow there and back does not
come home, where the picture it brings is another, and beyond a cut.

Motion is looked for, and maps are carried, on a raster a good deal coarser than the map's; only what that
changes is enlarged and added, so the map keeps its own detail.

Source: the idea of Lang et al., "Practical Temporal Consistency for Image-Based Graphics Applications",
SIGGRAPH 2012 (filtering along motion paths), with Sundaram's check of the flow.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Map
from vsod_models.flow.dis import DIS
from vsod_models.flow.warp import flow_confidence, warp

RADIUS = 3  # frames to each side
CUT_DIFFERENCE = 0.2  # mean trust below which two frames have nothing to do with each other
MOTION_AREA = 128 * 72  # pixels of the motion's raster


@dataclass(frozen=True, slots=True, eq=False)
class SmoothingFrame:
    """A frame as the stabiliser sees it.

    Attributes:
        luma: (h', w') uint8, the picture at :func:`motion_raster`.
        saliency: (h, w) float32 0..1, its map.
    """

    luma: npt.NDArray[np.uint8]
    saliency: Map

    @classmethod
    def at(cls, luma: npt.NDArray[np.uint8], saliency: Map) -> Self:
        """Descriptors of a picture of any size."""
        size = motion_raster(*saliency.shape)
        return cls(np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8), saliency)


def motion_raster(h: int, w: int) -> tuple[int, int]:
    """(width, height) at which the motion of (h, w) maps is found: :data:`MOTION_AREA` or so, at most theirs."""
    scale = min(1.0, math.sqrt(MOTION_AREA / (h * w)))
    return max(1, round(w * scale)), max(1, round(h * scale))


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """Motion from a frame to its neighbour: flow (h', w', 2) pixels, and its confidence 0..1, (h', w', 4)."""

    flow: Map
    trust: Map

    def carries(self, tally: Map) -> Map:
        """The neighbour's tally as it counts here."""
        return np.asarray(cv2.multiply(warp(tally, self.flow), self.trust), np.float32)


class TemporalSmoother:
    """Steadies the maps of one clip. Remembers the motion between frames it has seen; not thread-safe.

    Args:
        strength: 0 leaves maps as they are, 1 lets believed neighbours count as much as the frame itself.
    """

    def __init__(self, strength: float) -> None:
        self.strength = strength
        self._dis = DIS("ultrafast", finest=0, stride=5)
        self._steps: dict[tuple[int, int], _Step | None] = {}

    def __call__(self, index: int, neighbours: Mapping[int, SmoothingFrame]) -> Map:
        """The smoothed map of frame ``index``.

        Each side is summed up from its far end: what the last neighbour says is carried to the one
        before it and added to what that one says, and so on, so that every step is walked once.

        Args:
            index: The frame.
            neighbours: The frame and, as far as there are any, its neighbours up to :data:`RADIUS` away.

        Returns:
            (h, w) float32 0..1.
        """
        own = neighbours[index].saliency
        total = start = _tally(neighbours[index])
        for way in (-1, 1):
            said: Map | None = None
            for there, step in reversed(self._path(index, way, neighbours)):
                tally = _tally(neighbours[there])
                said = step.carries(tally if said is None else tally + said)
            if said is not None:
                total = total + np.float32(self.strength) * said
        self._forget(index)
        change: Map = total[..., 0] / total[..., 1] - start[..., 0]
        h, w = own.shape
        return np.asarray(np.clip(own + cv2.resize(change, (w, h)), 0, 1), np.float32)

    def _path(
        self, index: int, way: int, neighbours: Mapping[int, SmoothingFrame]
    ) -> list[tuple[int, _Step]]:
        """The neighbours of ``index`` on one side up to a cut, and the step that leads to each."""
        path: list[tuple[int, _Step]] = []
        for there in range(index + way, index + way * (RADIUS + 1), way):
            if there not in neighbours or (step := self._step(there - way, there, neighbours)) is None:
                break
            path.append((there, step))
        return path

    def _step(self, start: int, end: int, neighbours: Mapping[int, SmoothingFrame]) -> _Step | None:
        if (start, end) not in self._steps:
            first, second = neighbours[start].luma, neighbours[end].luma
            there, back = self._dis(first, second), self._dis(second, first)
            self._steps[start, end] = _step(first, second, there, back)
            self._steps[end, start] = _step(second, first, back, there)
        return self._steps[start, end]

    def _forget(self, index: int) -> None:
        if len(self._steps) > 8 * RADIUS:
            near = {k: s for k, s in self._steps.items() if abs(k[0] - index) <= RADIUS + 1}
            self._steps = near


def _tally(look: SmoothingFrame) -> Map:
    """A map and a vote for it, (h', w', 4): its sum and the sum of weights. Four channels are OpenCV's fastest."""
    h, w = look.luma.shape
    small = cv2.resize(look.saliency, (w, h), interpolation=cv2.INTER_AREA)
    votes = np.ones_like(small)
    return np.asarray(cv2.merge([small, votes, votes, votes]), np.float32)


def _step(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8], flow: Map, back: Map) -> _Step | None:
    """The motion between neighbours; None at a cut."""
    believed = flow_confidence(first, second, flow, back)
    if believed.mean() < CUT_DIFFERENCE:
        return None
    return _Step(flow, np.asarray(cv2.merge([believed] * 4), np.float32))
