"""Finished mattes at the maps' own size: what an export looks like, for a small part of its cost."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vsod.core.arrays import Map
from vsod.core.compositing import luma, multiply_alpha
from vsod.core.frame import Frame
from vsod.core.matte_settings import CRF_ENGINES, MatteSettings
from vsod.matte.refiner import Refiner
from vsod.matte.smoothing_window import frames_ready
from vsod.media.pixels.conversion import PixelFormat
from vsod_models.refine.temporal_smoothing import RADIUS, SmoothingFrame, TemporalSmoother


class PreviewMattes:
    """The mattes of an export, at the size of the maps. A context manager: it may hold a CRF.

    Args:
        settings: Of the export, with the model's own CRF settled.
        width: Of the source's picture: the sizes in ``settings`` are its pixels.

    Attributes:
        margin: Frames that must be read to each side of those that are wanted.
    """

    def __init__(self, settings: MatteSettings, width: int) -> None:
        self._settings, self._width = settings, width
        self._refiner: Refiner | None = None
        self._needs_colour = Refiner(replace(settings, crf="off")).reads_colour or settings.crf in CRF_ENGINES
        self.margin = RADIUS if settings.temporal_smoothing else 0

    def __enter__(self) -> PreviewMattes:
        return self

    def __exit__(self, *_: object) -> None:
        if self._refiner is not None:
            self._refiner.close()

    @property
    def pixels(self) -> PixelFormat:
        """What must be read of the pictures."""
        return "rgb" if self._needs_colour else "luma"

    def ready(self, coverage: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """(N,) frames whose matte is final, of those with a map."""
        return frames_ready(coverage, self._settings) & coverage

    def __call__(
        self, pairs: Iterable[tuple[Frame, Map | None]]
    ) -> Generator[tuple[Frame, Map | None], None, None]:
        """Every frame with its matte at the map's size, None where it has no map.

        Args:
            pairs: Consecutive frames at the maps' size, each with its map if there is one.
        """
        for frame, saliency in _smoothed(pairs, self._settings.temporal_smoothing):
            if saliency is None:
                yield frame, None
                continue
            if self._refiner is None:
                self._refiner = Refiner(at_size(self._settings, saliency.shape[1] / self._width))
            matte = self._refiner(saliency, frame.image)
            # a source's own alpha that was not read at this size has no say
            fits = frame.alpha is not None and frame.alpha.shape == matte.shape
            yield frame, multiply_alpha(matte, frame.alpha if fits else None)


def at_size(settings: MatteSettings, scale: float) -> MatteSettings:
    """``settings`` for a picture of ``scale`` times the size.

    Args:
        settings: Matte settings; their pixels are the source's.
        scale: Above 0.
    """
    return replace(
        settings,
        despeckle=round(settings.despeckle * scale * scale),
        fill_holes=round(settings.fill_holes * scale * scale),
        grow=settings.grow * scale,
        feather=settings.feather * scale,
    )


def _smoothed(
    pairs: Iterable[tuple[Frame, Map | None]], strength: float
) -> Generator[tuple[Frame, Map | None], None, None]:
    """The maps smoothed over time; frames without a map are handed on without one."""
    if not strength:
        yield from pairs
        return
    smoother = TemporalSmoother(strength)
    neighbours: dict[int, SmoothingFrame] = {}
    waiting: deque[Frame] = deque()

    def smoothed(frame: Frame) -> Map | None:
        neighbours.pop(frame.index - RADIUS - 1, None)
        return smoother(frame.index, neighbours) if frame.index in neighbours else None

    for frame, saliency in pairs:
        if saliency is not None:
            neighbours[frame.index] = SmoothingFrame.at(luma(frame.image), saliency)
        waiting.append(frame)
        while waiting[0].index <= frame.index - RADIUS:
            yield waiting[0], smoothed(waiting[0])
            waiting.popleft()
    for frame in waiting:
        yield frame, smoothed(frame)
