"""How far a model believes its motion, frame by frame and scale by scale; kept beside its maps."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vsod.errors import VsodError
from vsod.qc.frame_metrics import Metric, MetricValues
from vsod.storage import cache, envelope

_SCALES = 5  # as many as DS-Net has
_FORMAT = 1  # raise it when the numbers come to mean something else
_KIND = "trust"
_FILE = "motion-trust"
_ABOUT = "how far the model believes the motion, 0 to 1"

TrustValues = npt.NDArray[np.float32]
"""(N, 6): the mean of all scales, then scale 1, the finest, to 5; NaN where nothing is known."""

TRUST_METRICS: tuple[Metric, ...] = (
    Metric("trust_of_motion", "Motion trust", f"{_ABOUT}: mean of its scales", 1.0),
    *(
        Metric(f"trust_of_motion_{k}", f"Trust, scale {k}", f"{_ABOUT}: scale {k}, 1 is the finest", 1.0)
        for k in range(1, _SCALES + 1)
    ),
)

_log = logging.getLogger(__name__)


def no_trust(count: int) -> TrustValues:
    """Nothing known of a clip of ``count`` frames."""
    return np.full((count, len(TRUST_METRICS)), np.nan, np.float32)


def trust_curves(values: TrustValues) -> dict[str, MetricValues]:
    """Those of :data:`TRUST_METRICS` of which anything is known, by id."""
    return {
        metric.id: values[:, k] for k, metric in enumerate(TRUST_METRICS) if not np.isnan(values[:, k]).all()
    }


class MotionTrustStore:
    """The trust values of one map store. Safe across threads and beside other processes.

    Args:
        folder: The map store's folder.
        count: Frames of the clip.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._file, self._count = folder / _FILE, count
        self._key = f"{folder.name}|{count}|{len(TRUST_METRICS)}"
        self._lock = threading.Lock()
        kept = self._read()
        self._values = no_trust(count) if kept is None else kept

    def snapshot(self) -> TrustValues:
        """What is known by now: a copy."""
        with self._lock:
            return self._values.copy()

    def missing(self, frames: range) -> list[int]:
        """Those of ``frames`` of which nothing is known."""
        with self._lock:
            unknown = np.isnan(self._values[frames.start : frames.stop, 0])
        return [frames.start + int(k) for k in np.flatnonzero(unknown)]

    def put(self, index: int, scales: Sequence[float]) -> None:
        """Store a frame's values, finest scale first; of more than five the mean alone knows."""
        row = np.full(len(TRUST_METRICS), np.nan, np.float32)
        row[0] = np.mean(scales)
        row[1 : 1 + len(scales[:_SCALES])] = scales[:_SCALES]
        with self._lock:
            self._values[index] = row

    def flush(self) -> None:
        """Write them; without room on the disk they are measured again next time."""
        try:
            with self._lock, cache.write_lock(self._file.parent):
                theirs = self._read()  # another process may have measured other frames meanwhile
                if theirs is not None:
                    self._values = np.where(np.isnan(self._values), theirs, self._values)
                values = np.ascontiguousarray(self._values, "<f4").tobytes()
                envelope.write(self._file, _KIND, values, key=self._key, format=_FORMAT)
        except (OSError, VsodError) as error:
            _log.warning("%s cannot be written, it is measured again next time: %s", self._file, error)

    def _read(self) -> TrustValues | None:
        """What is kept; None if that is nothing, or damaged."""

        def parse() -> TrustValues:
            _, payload = envelope.read(self._file, _KIND, key=self._key, format=_FORMAT)
            return np.frombuffer(payload, "<f4").reshape(self._count, -1).astype(np.float32)

        return envelope.read_or_discard(self._file, parse, "it is measured anew")
