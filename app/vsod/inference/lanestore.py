"""Lanes on disk, beside the maps they were read from."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vsod.core.lanes import LANES, Lanes

_FORMAT = 1  # raise it when a lane comes to mean something else


class LaneStore:
    """The lanes of one map store. Safe across threads.

    Args:
        folder: The map store's folder.
        count: Frames of the clip.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._file = folder / f"lanes-{_FORMAT}.npy"
        self._lock = threading.Lock()
        self._lanes = Lanes.unknown(count)
        try:
            kept = np.load(self._file, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return  # none yet, or damaged: computed again
        if kept.shape == (count, len(LANES)) and kept.dtype == np.float32:
            self._lanes = Lanes(kept)

    def snapshot(self) -> Lanes:
        """What is known by now."""
        with self._lock:
            return self._lanes.copy()

    def put(self, index: int, values: dict[str, float]) -> None:
        """Keep what was measured of a frame; lanes not named stay as they are."""
        with self._lock:
            for lane, value in values.items():
                self._lanes[lane][index] = value

    def missing(self, have: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """(N,) frames with a map that were not looked at, or whose predecessor has come since.

        Args:
            have: (N,) frames with a map.
        """
        with self._lock:
            alone = np.isnan(self._lanes["flicker"])
            todo = have & ~self._lanes.known
        todo[1:] |= have[1:] & have[:-1] & alone[1:]
        return todo

    def flush(self) -> None:
        """Write them; without room on the disk they are measured again next time."""
        with self._lock:
            temp = self._file.with_suffix(".tmp")
            try:
                with temp.open("wb") as stream:
                    np.save(stream, self._lanes.values)
                temp.replace(self._file)
            except OSError:
                temp.unlink(missing_ok=True)
