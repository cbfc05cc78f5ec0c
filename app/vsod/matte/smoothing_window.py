"""The stabiliser on its way through a clip: it needs a few frames more than are asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from vsod.core.arrays import Map
from vsod.core.compositing import luma
from vsod.core.frame import Frame
from vsod.core.matte_settings import MatteSettings
from vsod.media.pixels.conversion import PixelFormat
from vsod.media.sources.source import Source
from vsod.storage.clip_maps import fits
from vsod.storage.map_store import MapStore
from vsod_models.refine.temporal_smoothing import RADIUS, SmoothingFrame, TemporalSmoother


def frames_needed(frames: range, settings: MatteSettings, count: int) -> range:
    """The frames whose maps and pictures finishing reads for ``frames`` of a clip of ``count``."""
    if not settings.temporal_smoothing:
        return frames
    return range(max(0, frames.start - RADIUS), min(count, frames.stop + RADIUS))


def frames_ready(coverage: npt.NDArray[np.bool_], settings: MatteSettings) -> npt.NDArray[np.bool_]:
    """(N,) frames for which all of :func:`frames_needed` have a map, of ``coverage`` (N,): those that have one."""
    if not settings.temporal_smoothing:
        return coverage
    around = np.pad(coverage, RADIUS, constant_values=True)
    return np.asarray(sliding_window_view(around, 2 * RADIUS + 1).all(axis=1), np.bool_)


def smooth_maps(
    pairs: Iterable[tuple[Frame, Map]], strength: float, frames: range
) -> Generator[tuple[Frame, Map], None, None]:
    """The smoothed maps of ``frames``; ``pairs`` are those of :func:`frames_needed`, in order.

    At most 2 REACH + 1 frames are held.
    """
    if not strength:
        yield from pairs
        return
    stabiliser = TemporalSmoother(strength)
    neighbours: dict[int, SmoothingFrame] = {}
    waiting: deque[Frame] = deque()

    def ready(until: int) -> Iterator[tuple[Frame, Map]]:
        while waiting and waiting[0].index <= until:
            frame = waiting.popleft()
            neighbours.pop(frame.index - RADIUS - 1, None)
            yield frame, stabiliser(frame.index, neighbours)

    for frame, saliency in pairs:
        neighbours[frame.index] = SmoothingFrame.at(luma(frame.image), saliency)
        if frame.index in frames:
            waiting.append(frame)
        yield from ready(frame.index - RADIUS)
    yield from ready(frames.stop)


class SmoothingPreview:
    """Smoothed maps of single frames of a clip, as an export has them. Not thread-safe.

    Args:
        source: The clip.
        store: Its maps.
        strength: Of the stabiliser.
        pixels: What the export reads.
    """

    _KEPT = 64  # looks; a quarter of a megabyte each
    _WORTH_DECODING = 8  # frames ahead for which going on is cheaper than a seek

    def __init__(self, source: Source, store: MapStore, strength: float, pixels: PixelFormat) -> None:
        self._source, self._store, self._pixels = source, store, pixels
        self._stabiliser = TemporalSmoother(strength)
        self._neighbours: dict[int, SmoothingFrame] = {}
        self._ahead: Iterator[Frame] | None = None
        self._next = 0

    def __call__(self, index: int) -> Map | None:
        """(h, w) float32 0..1, or None where nothing is computed. Neighbours without a map are left out."""
        around = range(max(0, index - RADIUS), min(self._source.info.frame_count, index + RADIUS + 1))
        missing = [k for k in around if k not in self._neighbours]
        for wanted in missing:
            saliency = self._store.get(wanted)
            if saliency is None:
                continue
            frame = self._frame(wanted)
            if fits(self._source.info, self._store, frame):
                self._neighbours[wanted] = SmoothingFrame.at(luma(frame.image), saliency)
            else:  # the clip was exchanged under the window: no map rather than a wrong one
                self._store.drop(wanted)
        if index not in self._neighbours:
            return None
        for far in sorted(self._neighbours, key=lambda k: abs(k - index))[self._KEPT :]:
            del self._neighbours[far]
        return self._stabiliser(index, {k: self._neighbours[k] for k in around if k in self._neighbours})

    def _frame(self, index: int) -> Frame:
        if self._ahead is None or not 0 <= index - self._next <= self._WORTH_DECODING:
            self.close()
            self._ahead, self._next = self._source.frames(index, pixels=self._pixels), index
        while True:
            frame = next(self._ahead)
            self._next = frame.index + 1
            if frame.index == index:
                return frame

    def close(self) -> None:
        """Release the decoder."""
        close = getattr(self._ahead, "close", None)
        if close is not None:
            close()
        self._ahead = None
