"""Who looks at which frames of a job: the clip's card, and others for shots that have one of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from functools import partial

import numpy as np

from vsod.analysis import analyse
from vsod.core.export_settings import ExportSettings
from vsod.core.frame import Frame
from vsod.core.frame_ranges import true_ranges
from vsod.core.job import JobSpec
from vsod.core.output_frame import FileContent, OutputFrame
from vsod.core.progress_meter import ProgressMeter
from vsod.inference.model_registry import require_model
from vsod.inference.predictor import Predictor
from vsod.matte import export_frames
from vsod.matte.smoothing_window import frames_needed
from vsod.media.sources.source import Source
from vsod.storage.clip_maps import open_store, seal
from vsod.storage.map_store import MapStore


class JobModels:
    """The predictors and map stores of a job.

    Args:
        clip: The job's source.
        spec: The job.
        frames: What it writes.
        stores: Gives the map store of a card; default: that in the user's cache.

    Attributes:
        parts: Stretches of ``frames`` with one card and finish, what a finish leaves to its card settled.
        predictors, stores: By card.
        models: The cards and their weights in words.

    Raises:
        ModelError: A card cannot be used.
    """

    def __init__(
        self,
        clip: Source,
        spec: JobSpec,
        frames: range,
        stores: Callable[[str], MapStore] | None = None,
    ) -> None:
        info = clip.info
        cards = {name: require_model(name) for name in spec.settings.model_ids}
        self._clip = clip
        self.predictors = {
            name: Predictor(card, info.display_size, spec.device) for name, card in cards.items()
        }
        self.stores = {
            name: stores(name) if stores else open_store(info, predictor.signature)
            for name, predictor in self.predictors.items()
        }
        self._opened = [] if stores else list(self.stores.values())
        self.spans = [
            replace(part, matte=part.matte.for_model(cards[part.model].crf))
            for part in spec.settings.spans(frames)
        ]
        self.models = ", ".join(f"{card.id} {card.sha256[:12]}" for card in cards.values())
        self._wanted = {name: np.zeros(info.frame_count, np.bool_) for name in cards}
        looks = [
            (part.model, frames_needed(part.frames, part.matte, info.frame_count)) for part in self.spans
        ]
        if spec.adapt:  # the clip's card is fitted to all that is written
            looks.append((spec.model, frames_needed(frames, spec.matte, info.frame_count)))
        for name, reads in looks:
            self._wanted[name][reads.start : reads.stop] = True

    def close(self) -> None:
        """Let go of the map stores that were opened for this job."""
        for store in self._opened:
            store.close()

    @property
    def missing(self) -> dict[str, int]:
        """How many maps of each card are still to be made."""
        return {
            name: int((mask & ~self.stores[name].coverage()).sum()) for name, mask in self._wanted.items()
        }

    @property
    def missing_total(self) -> int:
        """How many maps are still to be made."""
        return sum(self.missing.values())

    def replace(self, card: str, predictor: Predictor, store: MapStore) -> None:
        """Take the maps of a card from another predictor and its store from now on, opened for this job."""
        if store is not self.stores[card]:
            self._opened += [store]
            self.predictors[card], self.stores[card] = predictor, store

    def load(self, cancel: threading.Event | None = None) -> str:
        """Load every network that has something to do; gives the device they run on."""
        missing = self.missing
        busy = [predictor for name, predictor in self.predictors.items() if missing[name]]
        for predictor in busy:
            predictor.load(cancel)
        return busy[0].device if busy else "map store"

    def analyse(self, pace: ProgressMeter) -> None:
        """Make the maps that are missing.

        Raises:
            Cancelled: The job was cancelled; what is computed stays.
        """
        pace.start("analyse")
        for name, predictor in self.predictors.items():
            for stretch in true_ranges(self._wanted[name]):
                with closing(analyse.analyse(self._clip, predictor, self.stores[name], stretch)) as indices:
                    pace.track(indices)
            seal(self.stores[name], self._clip.info)

    def export_frames(
        self, delivery: ExportSettings
    ) -> Generator[tuple[Frame, dict[FileContent, OutputFrame]], None, None]:
        """Every frame with its picture for every file, part after part."""
        for part in self.spans:
            store = self.stores[part.model]
            refill = partial(analyse.refill, self._clip, self.predictors[part.model], store)
            pictures = export_frames.export_frames(
                self._clip, store, part.frames, part.matte, delivery, refill
            )
            with closing(pictures) as ready:
                yield from ready
