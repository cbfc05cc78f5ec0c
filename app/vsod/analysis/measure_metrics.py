"""Measure the frame metrics of a clip from its mattes and frames, without the network."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.arrays import Map
from vsod.core.compositing import luma
from vsod.core.frame import Frame
from vsod.core.frame_ranges import true_ranges
from vsod.core.prefetch import prefetch
from vsod.core.shot_detection import DISSOLVE_WINDOW
from vsod.media.pixels.conversion import PixelFormat
from vsod.media.sources.source import Source
from vsod.qc.frame_metrics import PAIRWISE_METRICS
from vsod.qc.metrics_store import MetricsStore
from vsod.storage.map_store import MapStore
from vsod_models.flow.dis import DIS
from vsod_models.flow.warp import consistent
from vsod_models.metrics import no_reference

_PATIENT = 16  # frames between two stretches that are decoded on rather than sought past
_DISSOLVE_WIDTH = 128  # of the pictures that dissolves are looked for in


class Mattes(Protocol):
    """Makes mattes of maps; see :class:`vsod.matte.preview_mattes.PreviewMattes`."""

    @property
    def margin(self) -> int: ...  # noqa: D102
    @property
    def pixels(self) -> PixelFormat: ...  # noqa: D102
    def ready(self, coverage: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]: ...  # noqa: D102
    def __call__(  # noqa: D102
        self, pairs: Iterable[tuple[Frame, Map | None]]
    ) -> Generator[tuple[Frame, Map | None], None, None]: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    luma: npt.NDArray[np.uint8]
    matte: Map | None


class _Meter:
    """Compares each frame with those before it; frames come one after another."""

    def __init__(self) -> None:
        self._dis = DIS("fast")
        self._before: _Seen | None = None
        self._thumbnails: deque[npt.NDArray[np.uint8]] = deque(maxlen=DISSOLVE_WINDOW + 1)

    def see(self, now: _Seen) -> None:
        """Take a frame that need not be measured itself."""
        self._before = now

    def thumbnail(self, picture: npt.NDArray[np.uint8]) -> None:
        """Remember a frame for the search for dissolves."""
        h, w = picture.shape
        wide = min(w, _DISSOLVE_WIDTH)
        size = (wide, max(1, round(h * wide / w)))
        self._thumbnails.append(np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8))

    def dissolve(self) -> float:
        """See :func:`vsod_models.metrics.no_reference.dissolve`; 0 where too few frames came before."""
        seen = self._thumbnails
        if len(seen) <= DISSOLVE_WINDOW:
            return 0.0
        first, middle, last = seen[0], seen[DISSOLVE_WINDOW // 2], seen[-1]
        return no_reference.dissolve(first, middle, last, self._dis(last, first), self._dis(first, last))

    def measured(self, now: _Seen, saliency: Map) -> dict[str, float]:
        """All metrics of a frame but the dissolve; what is of the matte, of its matte."""
        before, matte = self._before, now.matte
        assert matte is not None
        values = {
            "area": no_reference.area(matte),
            "confidence": no_reference.confidence(saliency),
            "softness": no_reference.softness(matte),
        }
        if before is None:
            # nothing comes before the first frame: it moves and flickers by nothing
            return values | dict.fromkeys(PAIRWISE_METRICS, 0.0)
        motion, back = self._dis(now.luma, before.luma), self._dis(before.luma, now.luma)
        values["motion"] = float(np.hypot(motion[..., 0], motion[..., 1]).mean()) / now.luma.shape[1]
        values["change"] = no_reference.unexplained_change(now.luma, before.luma, motion, back)
        if before.matte is not None:
            values["flicker"] = no_reference.temporal_inconsistency(
                before.matte, matte, motion, consistent(motion, back)
            )
        return values


def measure_metrics(
    source: Source,
    store: MapStore,
    metrics: MetricsStore,
    mattes: Mattes | None = None,
    frames: range | None = None,
) -> Generator[int, None, None]:
    """Measure what is missing for the maps there are; yields each index once it is done.

    Pictures are read at the maps' size. Closing it keeps what was measured.

    Args:
        source: The clip.
        store: Its maps.
        metrics: Where the values go: those of these mattes alone.
        mattes: Makes the mattes that are measured; None = the maps are measured as they are. Confidence is the
            map's in any case.
        frames: What is measured; None = all.
    """
    have, todo = _to_do(store, metrics, mattes, frames)
    try:
        for stretch in true_ranges(todo, _PATIENT):
            meter = _Meter()
            with closing(_read(source, store, stretch, mattes)) as read:
                for frame, matte in read:
                    index, picture = frame.index, luma(frame.image)
                    meter.thumbnail(picture)
                    # a matte whose neighbours have no map yet is not what will be exported
                    now = _Seen(picture, matte if have[index] else None)
                    saliency = store.get(index) if todo[index] else None
                    if saliency is not None and now.matte is not None:
                        metrics.put(index, meter.measured(now, saliency) | {"dissolve": meter.dissolve()})
                        yield index
                    meter.see(now)
    finally:
        metrics.flush()


def count_missing(
    store: MapStore, metrics: MetricsStore, mattes: Mattes | None = None, frames: range | None = None
) -> int:
    """How many frames :func:`measure_metrics` would measure."""
    return int(_to_do(store, metrics, mattes, frames)[1].sum())


def _to_do(
    store: MapStore, metrics: MetricsStore, mattes: Mattes | None, frames: range | None
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """(N,) frames whose matte is final, and those of them that are to be measured."""
    have = store.coverage() if mattes is None else mattes.ready(store.coverage())
    todo = metrics.missing(have)
    if frames is not None:
        todo[: frames.start] = todo[frames.stop :] = False
    return have, todo


def _read(
    source: Source, store: MapStore, stretch: range, mattes: Mattes | None
) -> Generator[tuple[Frame, Map | None], None, None]:
    """The frames of a stretch and those before it that they are compared with, each with its matte."""
    margin, pixels = (0, "luma") if mattes is None else (mattes.margin, mattes.pixels)
    start = max(0, stretch.start - max(DISSOLVE_WINDOW, 1 + margin))
    stop = min(source.info.frame_count, stretch.stop + margin)
    decoded = prefetch(
        source.frames(start, stop, size=_size(store, stretch), pixels=pixels),  # type: ignore[arg-type]
        name="metrics",
    )
    with closing(decoded):
        pairs: Iterator[tuple[Frame, Map | None]] = ((frame, store.get(frame.index)) for frame in decoded)
        for frame, matte in pairs if mattes is None else mattes(pairs):
            if frame.index < stretch.stop:
                yield frame, matte


def _size(store: MapStore, stretch: range) -> tuple[int, int]:
    first = next(m for i in stretch if (m := store.get(i)) is not None)
    return first.shape[1], first.shape[0]
