"""Frame metrics on disk, beside the maps they were measured on."""

from __future__ import annotations

import hashlib
import logging
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vsod.core.matte_settings import MatteSettings
from vsod.errors import VsodError
from vsod.qc.frame_metrics import METRICS, FrameMetrics
from vsod.storage import cache, envelope

_FORMAT = 3  # raise it when a metric comes to mean something else
_KEPT = 6  # files of matte settings that are kept beside the maps
_KIND = "metrics"

_log = logging.getLogger(__name__)


class MetricsStore:
    """The frame metrics of one map store and matte settings. Safe across threads and beside other processes.

    The values of the last few settings are kept on disk.

    Args:
        folder: See below.
        count: Frames of the clip.
        settings: Of the mattes that are measured; None = the maps as they are.

    Attributes:
        folder: The map store's folder.
    """

    def __init__(self, folder: Path, count: int, settings: MatteSettings | None = None) -> None:
        finish = "" if settings is None else repr(settings)
        name = f"metrics-{hashlib.sha256(finish.encode()).hexdigest()[:16]}" if finish else "metrics"
        self.folder, self._file, self._count = folder, folder / name, count
        self._key = f"{folder.name}|{count}|{' '.join(metric.id for metric in METRICS)}|{finish}"
        self._lock = threading.Lock()
        kept = self._read()
        self._metrics = FrameMetrics.empty(count) if kept is None else FrameMetrics(kept)

    def snapshot(self) -> FrameMetrics:
        """What is known by now."""
        with self._lock:
            return self._metrics.copy()

    def put(self, index: int, values: dict[str, float]) -> None:
        """Store metrics of a frame; those not named stay as they are."""
        with self._lock:
            for metric, value in values.items():
                self._metrics[metric][index] = value

    def missing(self, have: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """(N,) bool, frames with a map that are not measured, or whose previous map has come since.

        Args:
            have: (N,) frames with a map.
        """
        with self._lock:
            alone = np.isnan(self._metrics["flicker"])
            todo = have & ~self._metrics.measured
        todo[1:] |= have[1:] & have[:-1] & alone[1:]
        return todo

    def flush(self) -> None:
        """Write them; without room on the disk they are measured again next time."""
        try:
            with self._lock, cache.write_lock(self._file.parent):
                # another process may have measured other frames meanwhile
                theirs = self._read()
                if theirs is not None:
                    ours = self._metrics.values
                    self._metrics = FrameMetrics(np.where(np.isnan(ours), theirs, ours))
                values = np.ascontiguousarray(self._metrics.values, "<f4").tobytes()
                envelope.write(self._file, _KIND, values, key=self._key, format=_FORMAT)
                self._forget_old()
        except (OSError, VsodError) as error:
            _log.warning(
                "%s cannot be written, its metrics are measured again next time: %s", self._file, error
            )

    def _forget_old(self) -> None:
        """Delete the values of settings that were not used for longest."""
        kept = []
        for file in cache.store_files(self._file.parent):
            if file.name.startswith("metrics-") and file != self._file:
                with suppress(OSError):  # gone already
                    kept.append((file.stat().st_mtime_ns, file))
        for _, file in sorted(kept, reverse=True)[_KEPT - 1 :]:
            file.unlink(missing_ok=True)

    def _read(self) -> npt.NDArray[np.float32] | None:
        """What is kept; None if that is nothing, or damaged: then it is measured again."""

        def parse() -> npt.NDArray[np.float32]:
            _, payload = envelope.read(self._file, _KIND, key=self._key, format=_FORMAT)
            return np.frombuffer(payload, "<f4").reshape(self._count, len(METRICS)).astype(np.float32)

        return envelope.read_or_discard(self._file, parse, "it is measured anew")
