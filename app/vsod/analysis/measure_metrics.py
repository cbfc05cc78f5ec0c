"""Measure the frame metrics of a clip from its maps and frames, without the network."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vsod.core.arrays import Map
from vsod.core.frame_ranges import true_ranges
from vsod.core.prefetch import prefetch
from vsod.media.sources.source import Source
from vsod.qc.frame_metrics import PAIRWISE_METRICS
from vsod.qc.metrics_store import MetricsStore
from vsod.storage.map_store import MapStore
from vsod_models.flow.dis import DIS
from vsod_models.flow.warp import consistent
from vsod_models.metrics import no_reference

_PATIENT = 16  # frames between two stretches that are decoded on rather than sought past


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    luma: npt.NDArray[np.uint8]
    saliency: Map | None


def measure_metrics(source: Source, store: MapStore, metrics: MetricsStore) -> Generator[int, None, None]:
    """Measure what is missing for the maps there are; yields each index once it is done.

    Pictures are read at the maps' size. Closing it keeps what was measured.
    """
    dis = DIS("fast")
    try:
        todo = metrics.missing(store.coverage())
        for stretch in true_ranges(todo, _PATIENT):
            last: _Seen | None = None
            read = source.frames(
                max(0, stretch.start - 1), stretch.stop, size=_size(store, stretch), pixels="luma"
            )
            with closing(prefetch(read, name="metrics")) as frames:
                for frame in frames:
                    now = _Seen(frame.image, store.get(frame.index))
                    if todo[frame.index] and now.saliency is not None:
                        metrics.put(frame.index, _measured(dis, last, now, now.saliency))
                        yield frame.index
                    last = now
    finally:
        metrics.flush()


def _size(store: MapStore, stretch: range) -> tuple[int, int]:
    first = next(m for i in stretch if (m := store.get(i)) is not None)
    return first.shape[1], first.shape[0]


def _measured(dis: DIS, before: _Seen | None, now: _Seen, saliency: Map) -> dict[str, float]:
    values = {
        "area": no_reference.area(saliency),
        "confidence": no_reference.confidence(saliency),
        "softness": no_reference.softness(saliency),
    }
    if before is None:
        # nothing comes before the first frame: it moves and flickers by nothing
        return values | dict.fromkeys(PAIRWISE_METRICS, 0.0)
    motion, back = dis(now.luma, before.luma), dis(before.luma, now.luma)
    values["motion"] = float(np.hypot(motion[..., 0], motion[..., 1]).mean()) / now.luma.shape[1]
    values["change"] = no_reference.unexplained_change(now.luma, before.luma, motion, back)
    if before.saliency is not None:
        values["flicker"] = no_reference.temporal_inconsistency(
            before.saliency, saliency, motion, consistent(motion, back)
        )
    return values
