"""The map stores of one open clip, each opened once."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from vsod.core.clip import ClipInfo
from vsod.storage import cache
from vsod.storage.clip_maps import fingerprint, open_store
from vsod.storage.map_store import MapStore


class ClipStores:
    """Opens the map stores of a clip and keeps them, so that all who read and write maps share them. Thread-safe.

    Args:
        info: The clip.
    """

    def __init__(self, info: ClipInfo) -> None:
        self._info = info
        self._opened: dict[str, MapStore] = {}
        self._lock = threading.Lock()

    def __call__(self, model: str) -> MapStore:
        """The store of a model's maps, see :func:`vsod.storage.clip_maps.open_store`.

        Raises:
            OutputError: The cache cannot be written.
            OSError: The clip's files are gone.
        """
        with self._lock:
            if model not in self._opened:
                self._opened[model] = open_store(self._info, model)
            return self._opened[model]

    def coverage(self, model: str) -> npt.NDArray[np.bool_]:
        """(N,) which frames have a map by a model; one that has none gets no store for the question."""
        with self._lock:
            known = model in self._opened
        if not known and not (cache.folder("maps") / fingerprint(self._info, model)).exists():
            return np.zeros(self._info.frame_count, np.bool_)
        return self(model).coverage()

    def reopen(self, model: str) -> None:
        """Reopen a store when it is next asked for: another job may have added maps."""
        with self._lock:
            store = self._opened.pop(model, None)
        if store is not None:
            store.close()

    def close(self) -> None:
        """Write what is still in memory; from now on the stores may be deleted."""
        with self._lock:
            opened, self._opened = list(self._opened.values()), {}
        for store in opened:
            store.close()
