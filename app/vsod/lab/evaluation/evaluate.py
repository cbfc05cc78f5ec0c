"""Measure a model on clips with masks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from vsod.analysis.analyse import AnalysisRequest, analyse
from vsod.core.frame import Frame
from vsod.core.matte_settings import DEFAULT_MATTE_SETTINGS, MatteSettings
from vsod.core.prefetch import prefetch
from vsod.core.progress_meter import ProgressMeter
from vsod.inference.model_registry import require_model
from vsod.inference.predictor import frames_with_flow
from vsod.inference.raster import Raster
from vsod.lab.datasets import LabelledClip, labelled_clips
from vsod.lab.evaluation.figures import BestWorstSheet
from vsod.lab.evaluation.paper_measuring import PAPER_SETTINGS, PresetCRF, paper_crf
from vsod.lab.evaluation.scoring import counted_frames, rescale_map
from vsod.matte.refiner import Refiner
from vsod.matte.smoothing_window import smooth_maps
from vsod.media.sources.source import Source
from vsod.storage.clip_stores import ClipStores
from vsod.storage.map_store import MapStore
from vsod_models.flow import estimator
from vsod_models.flow.motion_encoding import robust_peak, split_camera_motion
from vsod_models.metrics.clip_scores import ClipScorer, Scores, mean_scores
from vsod_models.metrics.protocols import DAVSOD, Protocol

Maps = Iterator[tuple[int, npt.NDArray[np.float32]]]
InputMode = Literal["full", "no-flow", "motion"]


def motion_baseline(frames: Iterator[Frame]) -> Maps:
    """The baseline without a network: residual flow magnitude, stretched to 0..1 per frame."""
    for item in frames_with_flow(frames, estimator("dis")):
        if item.flow is None:
            yield item.index, np.zeros(item.image.shape[:2], np.float32)
            continue
        residual = split_camera_motion(item.flow)[..., 2:]
        magnitude = np.hypot(residual[..., 0], residual[..., 1])
        yield item.index, np.clip(magnitude / max(robust_peak(magnitude), 1e-3), 0, 1)


def evaluate(
    model_id: str,
    data: Path,
    *,
    split_name: str = "val",
    cue: InputMode = "full",
    adapt: bool = False,
    matte_settings: MatteSettings = DEFAULT_MATTE_SETTINGS,
    device: str = "auto",
    engine: str | None = None,
    gallery: BestWorstSheet | None = None,
    on_clip: Callable[[Scores], None] | None = None,
    protocol: Protocol = DAVSOD,
    published: bool = False,
    crf_preset: str | None = None,
    decision_threshold: float | None = None,
) -> list[Scores]:
    """Scores per clip, then their mean.

    Args:
        model_id: Model to measure.
        data: Data folder, see :mod:`vsod.lab.datasets`.
        split_name: See :func:`vsod.lab.datasets.labelled_clips`.
        cue: ``"full"``, ``"no-flow"`` (the net without motion) or ``"motion"`` (motion without the net).
        adapt: Fit the model to each clip first, as ``run --adapt`` does.
        matte_settings: As for ``run``.
        device: As for ``run``.
        engine: ``"openvino"`` or ``"torch"``.
        gallery: Shown every frame that is scored.
        on_clip: Called after each clip.
        protocol: How to measure.
        published: As the model's paper measures it (:mod:`vsod.lab.evaluation.paper_measuring`), whatever the settings
            but for a CRF that is switched off.
        crf_preset: A CRF with this preset in place of the settings' one.
        decision_threshold: The network's own answer that counts as one half; None = the
            model's, or 0.5 if ``published``.

    Raises:
        DataError: Data are missing, or a mask belongs to no frame.
    """
    half = decision_threshold
    if published:
        if crf_preset is None and matte_settings.crf != "off":
            crf_preset = paper_crf(model_id, protocol)
        matte_settings, half = PAPER_SETTINGS, decision_threshold or 0.5
    if crf_preset is not None:
        matte_settings = replace(matte_settings, crf="off")
    results = []
    for clip in labelled_clips(data, split_name):
        with clip.open() as source:
            scores = _one(
                clip,
                source,
                model_id,
                cue,
                adapt,
                matte_settings,
                device,
                engine,
                gallery,
                protocol,
                half=half,
                crf_preset=crf_preset,
            )
        results.append(scores)
        if on_clip:
            on_clip(scores)
    results.append(mean_scores(results, protocol))
    if on_clip:
        on_clip(results[-1])
    return results


def _one(
    clip: LabelledClip,
    source: Source,
    model_id: str,
    cue: InputMode,
    adapt: bool,
    settings: MatteSettings,
    device: str,
    engine: str | None,
    gallery: BestWorstSheet | None,
    protocol: Protocol,
    *,
    half: float | None = None,
    crf_preset: str | None = None,
) -> Scores:
    model, masks, count = require_model(model_id), clip.masks(source.info), source.info.frame_count
    if cue == "motion":
        raster = Raster.fit(source.info.display_size, 82944, 32)
        maps = motion_baseline(source.frames(size=raster.size))
    else:
        whole = range(source.info.frame_count)
        wanted = ((model_id, (whole,)),)
        request = AnalysisRequest(wanted, whole if adapt else None, device, engine, use_flow=cue == "full")
        store = analyse_whole_clip(source, request)
        now = model.decision_threshold
        maps = (
            (i, rescale_map(store.require(i), now, half) if half is not None else store.require(i))
            for i in whole
        )
    counted = counted_frames(clip, masks, count, protocol)
    dense = len(masks) == count and "flicker" in protocol.columns
    w, h = masks.size
    scorer = ClipScorer(clip.name, protocol)
    with Refiner(settings.for_model(model.crf)) as refiner, ExitStack() as stack:
        crf = stack.enter_context(PresetCRF(crf_preset)) if crf_preset is not None else None
        pixels: Literal["rgb", "luma"] = "rgb" if refiner.reads_colour or gallery or crf else "luma"
        pictures = stack.enter_context(closing(prefetch(source.frames(size=(w, h), pixels=pixels))))
        pairs = ((picture, saliency) for (_, saliency), picture in zip(maps, pictures, strict=True))
        for picture, saliency in smooth_maps(pairs, settings.temporal_smoothing, range(count)):
            if picture.index in counted:
                matte, mask = refiner(saliency, picture.image), masks[picture.index]
                matte = crf(np.clip(matte, 0, 1), picture.image) if crf else matte
                found = scorer.add(matte, mask, picture.image if dense else None, index=picture.index)
                if gallery:
                    gallery.add(clip.name, picture.index, found, picture.image, mask, matte)
    return scorer.result()


def analyse_whole_clip(source: Source, request: AnalysisRequest) -> MapStore:
    """The maps of a request's model, as ``run`` makes them: they stay in the cache for the next measurement.

    Args:
        source: The clip.
        request: All its frames by one model.
    """
    (model, _), *_ = request.wanted
    opened = analyse(source, request, ClipStores(source.info), ProgressMeter(None, {}))
    return opened.stores[model]
