"""One open clip for the window: frames, maps, mattes, exports. No Qt, safe across threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vsod.analysis import analyse
from vsod.analysis.measure_metrics import measure_metrics
from vsod.analysis.second_pass import load_adapted
from vsod.core.clip import ClipInfo
from vsod.core.frame import Frame
from vsod.core.job import JobResult, JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.core.progress import ProgressFn
from vsod.core.progress_meter import ProgressMeter
from vsod.inference.model_registry import require_model
from vsod.inference.model_spec import ModelSpec
from vsod.inference.predictor import Predictor
from vsod.matte.refiner import Refiner
from vsod.matte.smoothing_window import SmoothingPreview
from vsod.media.sources.audio_reader import read_audio
from vsod.media.sources.opening import open_source
from vsod.pipeline import runner
from vsod.pipeline.job_estimate import JobEstimate, estimate_job
from vsod.pipeline.model_comparison import ModelComparison, compare_models, sample_frames
from vsod.qc.frame_metrics import FrameMetrics
from vsod.qc.metrics_store import MetricsStore
from vsod.storage.clip_maps import open_store
from vsod.storage.map_store import MapStore
from vsod_models.refine.guided_upsampling import upsample

_PREVIEWS = 2  # steadied at a time: what is shown, and what it is compared with


class ClipSession:
    """One open clip.

    Args:
        path: Video file or folder of frames. Opening a long clip takes a moment.

    Raises:
        MediaError: The clip cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._source = open_source(path)
        self._cards: dict[str, ModelSpec] = {}
        self._stores: dict[str, MapStore] = {}
        self._fitted: dict[str, MapStore] = {}
        self._prefer_fitted: set[str] = set()
        self._lane_stores: dict[Path, MetricsStore] = {}
        self._preview: Refiner | None = None
        self._steadied: dict[tuple[str, float, bool], SmoothingPreview] = {}
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

    def audio(self, index: int) -> Iterator[bytes]:
        """Sound from frame ``index`` on, see :func:`vsod.media.sources.audio_reader.read_audio`.

        Close the generator to release the file.
        """
        info = self.info
        return read_audio(info.path, int(info.pts[index]) * info.time_base)

    def keyframe_before(self, index: int) -> int:
        """The frame at or before ``index`` that is quickest to decode."""
        return self._source.keyframe_before(index)

    def analyse(
        self,
        card: str,
        *,
        frames: range | None = None,
        device: str = "auto",
        adapt: bool = False,
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> bool | None:
        """Compute the maps that are missing in ``frames`` (default: the whole clip).

        With ``adapt`` the card is then fitted to them and looks again, see :mod:`vsod.analysis.second_pass`.

        Returns:
            Whether the card was fitted to the clip; None if that was not asked for.

        Raises:
            Cancelled: ``cancel`` was set; what is computed stays.
            VsodError: The card, its weights or the device cannot be used.
        """
        wanted = frames if frames is not None else range(self.info.frame_count)
        store = self._own_store(card)
        todo = sum(len(gap) for gap in analyse.missing_ranges(store, wanted))
        again = {"fit": 1, "look again": len(wanted)} if adapt else {}
        pace = ProgressMeter(on_progress, {"analyse": todo, **again}, cancel)
        predictor = Predictor(require_model(card), self.info.display_size, device)
        if todo:
            predictor.load(cancel)
        runner.analyse_with_progress(self._source, predictor, store, wanted, pace)
        if not adapt:
            return None
        _, second, fitted = runner.look_again(self._source, predictor, store, wanted, device, pace)
        with self._lock:
            if fitted:
                self._fitted[card] = second
        return fitted

    def use_adapted(self, card: str, prefer: bool) -> None:
        """From now on show what the card fitted to this clip sees, if it has been fitted, or what it sees as it is."""
        if prefer and card not in self._fitted:
            predictor = Predictor(require_model(card), self.info.display_size)
            known = load_adapted(self._source, predictor, self._own_store(card))
            if known is not None:
                self._fitted[card] = open_store(self.info, known.signature)
        with self._lock:
            (self._prefer_fitted.add if prefer else self._prefer_fitted.discard)(card)

    def reload_maps(self, card: str) -> None:
        """Another job may have computed maps of this clip: look at the store again."""
        with self._lock:
            store = self._stores.pop(card, None)
        if store is not None:
            store.close()

    def coverage(self, card: str) -> npt.NDArray[np.bool_]:
        """(N,) which frames have a map by this card."""
        return self._store(card).coverage()

    def saliency(self, card: str, index: int) -> npt.NDArray[np.float32] | None:
        """(h, w) float32 0..1 at the network's raster, or None where nothing is computed."""
        return self._store(card).get(index)

    def matte(
        self, card: str, index: int, picture: npt.NDArray[np.uint8], settings: MatteSettings
    ) -> npt.NDArray[np.float32] | None:
        """The finished matte at the raster of ``picture`` ((H, W, 3) uint8 of that frame), or None."""
        settings = settings.for_model(self._card(card).crf)
        finisher = self._finisher(settings)
        if settings.temporal_smoothing:
            saliency = self._steady(card, settings.temporal_smoothing, finisher.reads_colour, index)
        else:
            saliency = self.saliency(card, index)
        return None if saliency is None else finisher(saliency, picture)

    def compare_models(
        self,
        cards: list[str],
        count: int,
        *,
        within: range | None = None,
        device: str = "auto",
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> ModelComparison:
        """Several models on ``count`` frames, see :func:`vsod.pipeline.model_comparison.compare_models`."""
        frames = sample_frames(within or range(self.info.frame_count), count)
        stores = [self._own_store(card) for card in cards]
        return compare_models(
            self._source, stores, cards, frames, device=device, on_progress=on_progress, cancel=cancel
        )

    def raw_map(self, card: str, index: int, size: tuple[int, int]) -> npt.NDArray[np.float32] | None:
        """The network's map enlarged to ``size`` (width, height) and nothing else, or None."""
        saliency = self.saliency(card, index)
        return None if saliency is None else upsample(saliency, *size)

    def measure_metrics(
        self, card: str, *, on_progress: ProgressFn | None = None, cancel: threading.Event | None = None
    ) -> None:
        """Measure the lanes of the maps there are, as far as that was not done; see :meth:`metrics`.

        Raises:
            Cancelled: ``cancel`` was set; what is measured stays.
        """
        store, kept = self._store(card), self._lane_store(card)
        pace = ProgressMeter(on_progress, {"measure": int(kept.missing(store.coverage()).sum())}, cancel)
        pace.start("measure")
        with closing(measure_metrics(self._source, store, kept)) as measured:
            pace.track(measured)

    def metrics(self, card: str) -> FrameMetrics:
        """What is known of every frame by now: a copy."""
        return self._lane_store(card).snapshot()

    def export(
        self, spec: JobSpec, *, on_progress: ProgressFn | None = None, cancel: threading.Event | None = None
    ) -> JobResult:
        """Run a job on this clip: see :func:`vsod.pipeline.runner.run_job`."""
        return runner.run_job(
            spec,
            on_progress=on_progress,
            cancel=cancel,
            source=self._source,
            stores=self._own_store,
        )

    def estimate(self, spec: JobSpec, cancel: threading.Event | None = None) -> JobEstimate:
        """What a job on this clip will cost: see :func:`vsod.pipeline.job_estimate.estimate_job`."""
        return estimate_job(self._source, self._own_store, spec, cancel)

    def close(self) -> None:
        """Release the clip."""
        for store in [*self._stores.values(), *self._fitted.values()]:
            store.close()
        if self._preview is not None:
            self._preview.close()
        for preview in self._steadied.values():
            preview.close()
        self._source.close()

    def _card(self, card: str) -> ModelSpec:
        with self._lock:
            if card not in self._cards:
                self._cards[card] = require_model(card)
            return self._cards[card]

    def _finisher(self, settings: MatteSettings) -> Refiner:
        with self._lock:
            if self._preview is None or self._preview.settings != settings:
                if self._preview is not None:
                    self._preview.close()
                self._preview = Refiner(settings)
            return self._preview

    def _steady(self, card: str, strength: float, colour: bool, index: int) -> npt.NDArray[np.float32] | None:
        store = self._store(card)
        asked = str(store.folder), strength, colour
        with self._steady_lock:
            preview = self._steadied.pop(asked, None)
            if preview is None:
                preview = SmoothingPreview(self._source, store, strength, "rgb" if colour else "luma")
            self._steadied[asked] = preview  # the one used last comes last
            while len(self._steadied) > _PREVIEWS:
                self._steadied.pop(next(iter(self._steadied))).close()
            return preview(index)

    def _store(self, card: str) -> MapStore:
        """The maps to show: of the card as it is, or fitted."""
        with self._lock:
            fitted = self._fitted.get(card) if card in self._prefer_fitted else None
        return self._own_store(card) if fitted is None else fitted

    def _lane_store(self, card: str) -> MetricsStore:
        store = self._store(card)
        with self._lock:
            if store.folder not in self._lane_stores:
                self._lane_stores[store.folder] = MetricsStore(store.folder, store.count)
            return self._lane_stores[store.folder]

    def _own_store(self, card: str) -> MapStore:
        about = self._card(card)
        with self._lock:
            if card not in self._stores:
                predictor = Predictor(about, self.info.display_size)
                self._stores[card] = open_store(self.info, predictor.signature)
            return self._stores[card]
