"""What can be looked at of an open clip's frames: computed when it is asked for, that of the last frames kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Generator
from contextlib import closing

import numpy as np

from vsod.analysis.intermediate_maps import SHEET, MapInfo, frame_maps, list_maps, trust_of_motion
from vsod.analysis.intermediates import IntermediateReader
from vsod.core.arrays import Image, Map
from vsod.inference.model_spec import ModelSpec
from vsod.inference.recording_backend import declared_intermediates
from vsod.media.sources.source import Source
from vsod.qc.motion_trust import MotionTrustStore

__all__ = ["ClipIntermediates", "MapInfo", "viewed_maps", "weighs_motion"]

_FRAMES = 24  # whose pictures are kept, 2 to 3 MB each


class ClipIntermediates:
    """Safe across threads.

    Args:
        source: The clip.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._kept: OrderedDict[tuple[str, int], dict[str, Image]] = OrderedDict()
        self._reader: tuple[str, str, IntermediateReader] | None = (
            None  # of the model that was looked into last
        )
        self._lock, self._reading = threading.Lock(), threading.Lock()

    def get(self, model: str, index: int, name: str) -> Image | None:
        """A picture by its name, (h, w) or (h, w, 3) uint8; None if the frame was not looked into, or has none."""
        with self._lock:
            return self._kept.get((model, index), {}).get(name)

    def names(self, model: str, index: int) -> list[str]:
        """The pictures there are of a frame; none of one that was not looked into."""
        with self._lock:
            return list(self._kept.get((model, index), ()))

    def compute(
        self, model: ModelSpec, index: int, device: str = "auto", cancel: threading.Event | None = None
    ) -> None:
        """Make all pictures of a frame.

        Args:
            model: A usable model.
            index: The frame.
            device: Where torch runs.
            cancel: Ends it when set.

        Raises:
            Cancelled: ``cancel`` was set.
            ModelError: The model cannot be used.
        """
        with self._reading, closing(self.reader(model, device).read([index], cancel=cancel)) as frames:
            made = {name: _bytes(one) for name, one in frame_maps(next(frames)).items() if name != SHEET}
        with self._lock:
            self._kept[model.id, index] = made
            while len(self._kept) > _FRAMES:
                self._kept.popitem(last=False)

    def measure_trust(
        self,
        model: ModelSpec,
        store: MotionTrustStore,
        frames: range,
        device: str = "auto",
        cancel: threading.Event | None = None,
    ) -> Generator[int, None, None]:
        """Measure how far a model believes the motion where the store does not know; yields each frame.

        Raises:
            Cancelled: ``cancel`` was set; what is measured is stored.
            ModelError: The model cannot be used.
        """
        missing = store.missing(frames)
        if not missing:
            return
        try:
            with self._reading:
                reader = self.reader(model, device)
                with closing(reader.read(missing, motion=False, cancel=cancel)) as made:
                    for frame in made:
                        scales = trust_of_motion(frame)
                        if scales:
                            store.put(frame.index, scales)
                        yield frame.index
        finally:
            store.flush()

    def reader(self, model: ModelSpec, device: str) -> IntermediateReader:
        """Runs the model; the networks of the last one stay loaded. For one thread at a time."""
        if self._reader is None or self._reader[:2] != (model.id, device):
            self._reader = model.id, device, IntermediateReader(self._source, model, device)
        return self._reader[2]


def weighs_motion(model: ModelSpec) -> bool:
    """Whether a model says how far it believes the motion.

    Raises:
        ModelError: The model's code cannot be imported.
    """
    return any(what.trust_of_motion for what in declared_intermediates(model).values())


def viewed_maps(model: ModelSpec) -> list[MapInfo]:
    """What can be looked at in the viewer: each scale on its own.

    Raises:
        ModelError: The model's code cannot be imported.
    """
    found = []
    for info in list_maps(model):
        names = [f"{info.name}_{k}" for k in range(1, info.scales + 1)] if info.scales > 1 else [info.name]
        found += [MapInfo(name, info.title, info.reference) for name in names if name != SHEET]
    return found


def _bytes(picture: Map | Image) -> Image:
    if picture.dtype == np.uint8:
        return np.ascontiguousarray(picture)
    return np.asarray(np.rint(np.clip(picture, 0, 1) * 255), np.uint8)
