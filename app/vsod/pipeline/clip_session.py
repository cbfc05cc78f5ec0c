"""One open clip for the window: frames, maps, mattes, exports. No Qt, safe across threads."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from vsod.analysis.analyse import analyse
from vsod.analysis.measure_metrics import count_missing, measure_metrics
from vsod.analysis.second_pass import adapted_before
from vsod.core.arrays import Image
from vsod.core.clip import ClipInfo
from vsod.core.clip_settings import DEFAULT_CLIP_SETTINGS, ClipSettings
from vsod.core.compositing import multiply_alpha
from vsod.core.frame import Frame
from vsod.core.job import JobResult, JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.core.progress import AnalysisCoverage, ProgressFn
from vsod.core.progress_meter import ProgressMeter
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceSettings
from vsod.errors import VsodError
from vsod.inference.model_registry import require_model
from vsod.inference.model_spec import ModelSpec
from vsod.inference.predictor import Predictor
from vsod.matte.preview_mattes import PreviewMattes, at_size
from vsod.matte.refiner import Refiner
from vsod.matte.smoothing_window import SmoothingPreview
from vsod.media.sources.audio_reader import read_audio
from vsod.media.sources.opening import open_source
from vsod.media.sources.source_choices import source_choices
from vsod.pipeline import runner
from vsod.pipeline.analysis_requests import adaptation_range, analysis_request, exportable_frames
from vsod.pipeline.clip_intermediates import ClipIntermediates, MapInfo, viewed_maps, weighs_motion
from vsod.pipeline.job_estimate import JobEstimate, estimate_job
from vsod.pipeline.model_comparison import ModelComparison, compare_models, sample_frames
from vsod.qc.frame_metrics import PICTURE_METRICS, FrameMetrics
from vsod.qc.metrics_store import MetricsStore
from vsod.qc.motion_trust import MotionTrustStore, TrustValues
from vsod.storage.clip_stores import ClipStores
from vsod.storage.map_store import MapStore
from vsod_models.refine.guided_upsampling import upsample

_log = logging.getLogger(__name__)

__all__ = ["ClipSession", "source_choices"]

_METRICS_KEPT = 16  # settings whose metrics are in memory
_REFINERS = 3  # kept at a time: of the viewer, of a second screen, of what is compared with
_PREVIEWS = 2  # steadied at a time: what is shown, and what it is compared with


class ClipSession:
    """One open clip. A context manager.

    Args:
        path: Video file or folder of frames. Opening a long clip takes a moment.
        settings: How it is read.

    Raises:
        MediaError: The clip cannot be read.
    """

    def __init__(self, path: Path, settings: SourceSettings = DEFAULT_SOURCE_SETTINGS) -> None:
        self._source = open_source(path, settings)
        self._models: dict[str, ModelSpec] = {}
        self._stores = ClipStores(self._source.info)
        self._intermediates = ClipIntermediates(self._source)
        self._signatures: dict[str, str] = {}
        # signature of a model adapted to a range; the model's own where the outcome is not trusted
        self._adapted: dict[tuple[str, range], str] = {}
        self._shown: dict[str, str] = {}  # by model, the signature whose maps are shown if not its own
        self._metrics_stores: dict[tuple[Path, MatteSettings | None], MetricsStore] = {}
        self._trust_stores: dict[str, MotionTrustStore] = {}
        self._refiners: dict[MatteSettings, Refiner] = {}
        self._smoothed_previews: dict[tuple[MapStore, float, bool], SmoothingPreview] = {}
        self._lock, self._smoothing_lock = threading.Lock(), threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

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
        return read_audio(info.path, int(info.pts[index]) * info.time_base, info.joints)

    def keyframe_before(self, index: int) -> int:
        """The frame at or before ``index`` that is quickest to decode."""
        return self._source.keyframe_before(index)

    def analyse(
        self,
        settings: ClipSettings,
        *,
        device: str = "auto",
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> bool | None:
        """Make the maps that are missing for an export of ``settings``, and adapt the model if these say so.

        Returns:
            Whether the model was adapted to the clip; None if that was not asked for.

        Raises:
            Cancelled: ``cancel`` was set; what is computed stays.
            VsodError: A model, its weights or the device cannot be used, or the range is not inside the clip.
        """
        request = analysis_request(settings, self.info.frame_count, device)
        meter = ProgressMeter(on_progress, {}, cancel)
        return analyse(self._source, request, self._stores, meter).adapted

    def use_adapted(self, settings: ClipSettings) -> None:
        """From now on show the maps that an export of ``settings`` reads: of the adapted model, if there is one."""
        own, found = self._signature(settings.model), self._adapted_signature(settings)
        with self._lock:
            if found is None or found == own:
                self._shown.pop(settings.model, None)
            else:
                self._shown[settings.model] = found

    def reload_maps(self, model: str) -> None:
        """Reload the map stores: another job may have computed maps of this clip."""
        adapted = [signature for (name, _), signature in self._adapted.items() if name == model]
        for signature in (self._signature(model), *adapted):
            self._stores.reopen(signature)

    def coverage(self, model: str) -> npt.NDArray[np.bool_]:
        """(N,) which frames have a map by this model."""
        return self._store(model).coverage()

    def count_analysed(self, models: Sequence[str]) -> dict[str, int]:
        """How many frames each of these models has maps of, by id; one that cannot be used is left out."""
        found = {}
        for model in models:
            try:
                with self._lock:
                    shown = self._shown.get(model)
                found[model] = int(self._stores.coverage(shown or self._signature(model)).sum())
            except (VsodError, OSError) as error:
                _log.debug("%s: coverage not known: %s", model, error)
        return found

    def export_coverage(self, settings: ClipSettings) -> AnalysisCoverage:
        """What an export of ``settings`` would find: it computes nothing where all of its frames are covered."""
        count, own = self.info.frame_count, self._signature(settings.model)
        adapted, to = self._adapted_signature(settings), adaptation_range(settings, count)

        def coverage(model: str) -> npt.NDArray[np.bool_]:
            use = adapted if model == settings.model and adapted else self._signature(model)
            return self._stores(use).coverage()

        missing = to is not None and not self._stores(own).coverage()[to.start : to.stop].all()
        return AnalysisCoverage(
            exportable_frames(settings, count, coverage),
            settings.select_by_model(coverage),
            to_adapt=to is not None and (missing or adapted is None),
        )

    def saliency(self, model: str, index: int) -> npt.NDArray[np.float32] | None:
        """(h, w) float32 0..1 at the network's raster, or None where nothing is computed."""
        return self._store(model).get(index)

    def matte(
        self,
        model: str,
        index: int,
        picture: npt.NDArray[np.uint8],
        settings: MatteSettings,
        *,
        alpha: npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | None = None,
    ) -> npt.NDArray[np.float32] | None:
        """The finished matte at the raster of ``picture`` ((H, W, 3) uint8 of that frame), or None.

        Args:
            model: Whose maps it is made of.
            index: The frame.
            picture: Its ``image``, at any size.
            settings: How the map becomes a matte; their pixels are the source's, whatever size the picture has.
            alpha: Its ``alpha``: exports hold the matte times the source's own alpha channel.
        """
        settings = settings.for_model(self._model(model).crf)
        refiner = self._refiner(at_size(settings, self._scale(picture)))
        if settings.temporal_smoothing:
            saliency = self._smoothed(model, settings.temporal_smoothing, refiner.reads_colour, index)
        else:
            saliency = self.saliency(model, index)
        return None if saliency is None else multiply_alpha(refiner(saliency, picture), alpha)

    def compare_models(
        self,
        models: list[str],
        count: int,
        settings: ClipSettings = DEFAULT_CLIP_SETTINGS,
        *,
        within: range | None = None,
        device: str = "auto",
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> ModelComparison:
        """Several models on ``count`` frames, see :func:`vsod.pipeline.model_comparison.compare_models`."""
        frames = sample_frames(within or range(self.info.frame_count), count)
        return compare_models(
            self._source,
            self._stores,
            models,
            frames,
            settings,
            device=device,
            on_progress=on_progress,
            cancel=cancel,
        )

    def raw_map(self, model: str, index: int, size: tuple[int, int]) -> npt.NDArray[np.float32] | None:
        """The network's map enlarged to ``size`` (width, height) and nothing else, or None."""
        saliency = self.saliency(model, index)
        return None if saliency is None else upsample(saliency, *size)

    def measure_metrics(
        self,
        model: str,
        settings: MatteSettings | None = None,
        *,
        frames: range | None = None,
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        """Measure the frame metrics that are not measured yet; see :meth:`metrics`.

        Args:
            model: Whose maps.
            settings: Measured are the mattes that an export with these has, at the maps' size; None = the maps.
            frames: Of these frames alone.
            on_progress: Told of every frame.
            cancel: Ends it when set.

        Raises:
            Cancelled: ``cancel`` was set; what is measured stays.
        """
        store, kept = self._store(model), self._metrics_store(model, settings)
        with ExitStack() as stack:
            mattes = None
            if settings is not None:
                judged, width = self._judged(model, settings), self.info.display_size[0]
                mattes = stack.enter_context(PreviewMattes(judged, width))
            missing = count_missing(store, kept, mattes, frames)
            meter = ProgressMeter(on_progress, {"measure": missing}, cancel)
            meter.start("measure")
            measured = measure_metrics(self._source, store, kept, mattes, frames)
            meter.track(stack.enter_context(closing(measured)))

    def metrics(self, model: str, settings: MatteSettings | None = None) -> FrameMetrics:
        """What is known of every frame by now, measured for ``settings`` (None = of the maps): a copy.

        What does not depend on the matte settings is known as soon as it was measured for any.
        """
        own = self._metrics_store(model, settings)
        found = own.snapshot()
        with self._lock:
            others = [s for s in self._metrics_stores.values() if s.folder == own.folder and s is not own]
        for other in others:
            found.fill_unknown(other.snapshot(), ("confidence", *PICTURE_METRICS))
        return found.without_transitions()

    def intermediate_maps(self, model: str) -> list[MapInfo]:
        """What can be looked at of a model's frames, see :mod:`vsod.analysis.intermediate_maps`.

        Raises:
            VsodError: The model cannot be used.
        """
        return viewed_maps(self._model(model))

    def intermediate(self, model: str, index: int, name: str) -> Image | None:
        """One of these, (h, w) or (h, w, 3) uint8; None before :meth:`compute_intermediates`, or if there is none."""
        return self._intermediates.get(model, index, name)

    def compute_intermediates(
        self, model: str, index: int, *, device: str = "auto", cancel: threading.Event | None = None
    ) -> list[str]:
        """Make all that can be looked at of a frame, by the model as it is, not adapted; gives their names.

        Raises:
            Cancelled: ``cancel`` was set.
            VsodError: The model cannot be used.
        """
        self._intermediates.compute(self._model(model), index, device, cancel)
        return self._intermediates.names(model, index)

    def measure_motion_trust(
        self,
        settings: ClipSettings,
        frames: range,
        *,
        device: str = "auto",
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> TrustValues:
        """Measure how far each frame's model believes the motion where that is not known; gives :meth:`motion_trust`.

        Raises:
            Cancelled: ``cancel`` was set; what is measured stays.
            VsodError: A model cannot be used.
        """
        spans = [
            (self._model(span.model), self._trust_store(span.model), span.frames)
            for span in settings.spans(frames)
            if weighs_motion(self._model(span.model))
        ]
        missing = {"trust": sum(len(store.missing(span)) for _, store, span in spans)}
        meter = ProgressMeter(on_progress, missing, cancel)
        meter.start("trust")
        for model, store, span in spans:
            measured = self._intermediates.measure_trust(model, store, span, device, cancel)
            with closing(measured):
                meter.track(measured)
        return self.motion_trust(settings)

    def motion_trust(self, settings: ClipSettings) -> TrustValues:
        """What is known of it by now, of every frame by its own model."""
        return settings.select_by_model(lambda model: self._trust_store(model).snapshot())

    def export(
        self, spec: JobSpec, *, on_progress: ProgressFn | None = None, cancel: threading.Event | None = None
    ) -> JobResult:
        """Run a job on this clip: see :func:`vsod.pipeline.runner.run_job`."""
        return runner.run_job(
            spec,
            on_progress=on_progress,
            cancel=cancel,
            source=self._source,
            stores=self._stores,
        )

    def estimate(self, spec: JobSpec, cancel: threading.Event | None = None) -> JobEstimate:
        """What a job on this clip will cost: see :func:`vsod.pipeline.job_estimate.estimate_job`."""
        return estimate_job(self._source, self._stores, spec, cancel)

    def close(self) -> None:
        """Release the clip."""
        self._stores.close()
        for refiner in self._refiners.values():
            refiner.close()
        for preview in self._smoothed_previews.values():
            preview.close()
        self._source.close()

    def _model(self, model: str) -> ModelSpec:
        with self._lock:
            if model not in self._models:
                self._models[model] = require_model(model)
            return self._models[model]

    def _scale(self, picture: npt.NDArray[np.uint8]) -> float:
        """How many pixels of a picture make one of the source's, along a side."""
        width, height = self.info.upright_size
        return math.sqrt(picture.shape[0] * picture.shape[1] / (width * height))

    def _refiner(self, settings: MatteSettings) -> Refiner:
        with self._lock:
            refiner = self._refiners.pop(settings, None) or Refiner(settings)
            self._refiners[settings] = refiner  # the one used last comes last
            while len(self._refiners) > _REFINERS:
                self._refiners.pop(next(iter(self._refiners))).close()
            return refiner

    def _smoothed(
        self, model: str, strength: float, colour: bool, index: int
    ) -> npt.NDArray[np.float32] | None:
        store = self._store(model)
        asked = store, strength, colour
        with self._smoothing_lock:
            preview = self._smoothed_previews.pop(asked, None)
            if preview is None:
                preview = SmoothingPreview(self._source, store, strength, "rgb" if colour else "luma")
            self._smoothed_previews[asked] = preview  # the one used last comes last
            while len(self._smoothed_previews) > _PREVIEWS:
                self._smoothed_previews.pop(next(iter(self._smoothed_previews))).close()
            return preview(index)

    def _store(self, model: str) -> MapStore:
        """The maps to show: of the model as it is, or adapted."""
        with self._lock:
            shown = self._shown.get(model)
        return self._stores(shown or self._signature(model))

    def _judged(self, model: str, settings: MatteSettings) -> MatteSettings:
        """The settings of which metrics are measured: a matte turned inside out is as good as it was."""
        return replace(settings.for_model(self._model(model).crf), invert=False)

    def _metrics_store(self, model: str, settings: MatteSettings | None) -> MetricsStore:
        store = self._store(model)
        key = store.folder, None if settings is None else self._judged(model, settings)
        with self._lock:
            kept = self._metrics_stores.pop(key, None) or MetricsStore(key[0], store.count, key[1])
            self._metrics_stores[key] = kept  # the one used last comes last
            while len(self._metrics_stores) > _METRICS_KEPT:
                self._metrics_stores.pop(next(iter(self._metrics_stores)))
            return kept

    def _trust_store(self, model: str) -> MotionTrustStore:
        """Of the model as it is, not adapted."""
        with self._lock:
            kept = self._trust_stores.get(model)
        if kept is None:
            store = self._stores(self._signature(model))
            kept = MotionTrustStore(store.folder, store.count)
            with self._lock:
                kept = self._trust_stores.setdefault(model, kept)
        return kept

    def _signature(self, model: str) -> str:
        if model not in self._signatures:
            self._signatures[model] = Predictor(self._model(model), self.info.display_size).signature
        return self._signatures[model]

    def _adapted_signature(self, settings: ClipSettings) -> str | None:
        """The signature of the model as adapted to the range, its own if that is not trusted; None if it is not."""
        frames = adaptation_range(settings, self.info.frame_count)
        if frames is None:
            return None
        key = settings.model, frames
        if key not in self._adapted:
            predictor = Predictor(self._model(settings.model), self.info.display_size)
            known = adapted_before(predictor, self._stores(predictor.signature), frames)
            if known is None:
                return None
            self._adapted[key] = known[0].signature
        return self._adapted[key]
