"""One open clip for the window: frames, maps, mattes, exports. No Qt, safe across threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vsod.core.clip import ClipInfo
from vsod.core.finishing import FinishSettings
from vsod.core.frame import Frame
from vsod.core.picture import Layout
from vsod.core.progress import ProgressFn
from vsod.inference.cards import all_cards, usable_card
from vsod.inference.finish import Finisher
from vsod.inference.mapstore import MapStore
from vsod.inference.predictor import Predictor
from vsod.media.formats import FORMATS
from vsod.media.source import open_source
from vsod.pipeline import runner, stages
from vsod.pipeline.job import JobReport, JobSpec
from vsod.pipeline.pace import Pace
from vsod.pipeline.steady import SteadyPreview


@dataclass(frozen=True, slots=True)
class CardRow:
    """A card as the picker shows it; ``problem`` says why it cannot be used."""

    id: str
    title: str
    summary: str
    licence: str
    needs_flow: bool
    problem: str | None


@dataclass(frozen=True, slots=True)
class FormatRow:
    """An export format as the picker shows it; the first suffix is the default."""

    id: str
    title: str
    suffixes: tuple[str, ...]
    is_sequence: bool
    note: str


def list_cards() -> list[CardRow]:
    """Every card found."""
    return [CardRow(c.id, c.title, c.summary, c.licence, c.flow != "none", c.problem) for c in all_cards()]


def list_formats(layout: Layout = "matte") -> list[FormatRow]:
    """Every export format that carries ``layout``."""
    able = (f for f in FORMATS.values() if layout in f.layouts)
    return [FormatRow(f.id, f.title, tuple(f.suffixes), f.is_sequence, f.note) for f in able]


class Session:
    """One open clip.

    Args:
        path: Video file or folder of frames. Opening a long clip takes a moment.

    Raises:
        MediaError: The clip cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._source = open_source(path)
        self._stores: dict[str, MapStore] = {}
        self._preview: Finisher | None = None
        self._steadied: tuple[tuple[str, float, bool], SteadyPreview] | None = None
        self._lock, self._steady_lock = threading.Lock(), threading.Lock()

    @property
    def info(self) -> ClipInfo:
        """Raster, clock and tags of the clip."""
        return self._source.info

    def frame(self, index: int, *, size: tuple[int, int] | None = None) -> Frame:
        """Frame ``index`` exactly, RGB; ``size`` = (width, height)."""
        return self._source.frame_at(index, size=size)

    def frames(
        self, start: int, stop: int | None = None, *, size: tuple[int, int] | None = None
    ) -> Iterator[Frame]:
        """Frames in order on a decoder of their own; close the generator to release it."""
        return self._source.frames(start, stop, size=size)

    def analyse(
        self,
        card: str,
        *,
        frames: range | None = None,
        device: str = "auto",
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        """Compute the maps that are missing in ``frames`` (default: the whole clip).

        Raises:
            Cancelled: ``cancel`` was set; what is computed stays.
            VsodError: The card, its weights or the device cannot be used.
        """
        wanted = frames if frames is not None else range(self.info.frame_count)
        store = self._store(card)
        todo = sum(len(gap) for gap in stages.missing_ranges(store, wanted))
        pace = Pace(on_progress, {"analyse": todo})
        predictor = Predictor(usable_card(card), self.info.display_size, device)
        if todo:
            predictor.load(cancel)
        runner.analyse(self._source, predictor, store, wanted, pace, cancel)

    def coverage(self, card: str) -> npt.NDArray[np.bool_]:
        """(N,) which frames have a map by this card."""
        return self._store(card).coverage()

    def saliency(self, card: str, index: int) -> npt.NDArray[np.float32] | None:
        """(h, w) float32 0..1 at the network's raster, or None where nothing is computed."""
        return self._store(card).get(index)

    def matte(
        self, card: str, index: int, picture: npt.NDArray[np.uint8], settings: FinishSettings
    ) -> npt.NDArray[np.float32] | None:
        """The finished matte at the raster of ``picture`` ((H, W, 3) uint8 of that frame), or None."""
        finisher = self._finisher(settings)
        if settings.stabilise:
            saliency = self._steady(card, settings.stabilise, finisher.reads_colour, index)
        else:
            saliency = self.saliency(card, index)
        return None if saliency is None else finisher(saliency, picture)

    def export(
        self, spec: JobSpec, *, on_progress: ProgressFn | None = None, cancel: threading.Event | None = None
    ) -> JobReport:
        """Run a job on this clip: see :func:`vsod.pipeline.runner.run`."""
        return runner.run(
            spec, on_progress=on_progress, cancel=cancel, source=self._source, store=self._store(spec.card)
        )

    def close(self) -> None:
        """Release the clip."""
        for store in self._stores.values():
            store.flush()
        if self._preview is not None:
            self._preview.close()
        if self._steadied is not None:
            self._steadied[1].close()
        self._source.close()

    def _finisher(self, settings: FinishSettings) -> Finisher:
        with self._lock:
            if self._preview is None or self._preview.settings != settings:
                if self._preview is not None:
                    self._preview.close()
                self._preview = Finisher(settings)
            return self._preview

    def _steady(self, card: str, strength: float, colour: bool, index: int) -> npt.NDArray[np.float32] | None:
        store, asked = self._store(card), (card, strength, colour)
        with self._steady_lock:
            if self._steadied is None or self._steadied[0] != asked:
                if self._steadied is not None:
                    self._steadied[1].close()
                preview = SteadyPreview(self._source, store, strength, "rgb" if colour else "luma")
                self._steadied = asked, preview
            return self._steadied[1](index)

    def _store(self, card: str) -> MapStore:
        with self._lock:
            if card not in self._stores:
                predictor = Predictor(usable_card(card), self.info.display_size)
                self._stores[card] = MapStore.open(self.info, predictor.signature)
            return self._stores[card]
