"""Seconds a frame of a published system's parts, at its paper's own sizes: what the papers' component tables show."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from vsod.core.arrays import Map
from vsod.core.frame import Frame
from vsod.errors import UsageError
from vsod.inference.model_registry import find_model, require_model
from vsod.inference.model_spec import ModelSpec
from vsod.inference.predictor import Predictor
from vsod.inference.raster import Raster
from vsod.lab.evaluation.paper_measuring import PresetCRF, paper_crf
from vsod.lab.evaluation.published_models import PUBLISHED_FORMS, at_published_size
from vsod.lab.evaluation.published_times import ComponentTimes
from vsod.media.sources.opening import open_source
from vsod_models.metrics.protocols import DAVIS

T = TypeVar("T")
SIDES = range(64, 2049)
FRAMES = 4


def bench_published(
    clip: Path,
    models: Sequence[str] = (),
    *,
    sides: Sequence[int] = (),
    frames: int | None = None,
    device: str = "auto",
    with_crf: bool = True,
) -> Iterator[ComponentTimes]:
    """Measure the parts of published systems, each alone, on a clip's first frames warped to a square.

    The networks have the paper's backbone and random weights. The CRF, with the paper's preset, works on the maps of
    our trained model: on those of an untrained network, which are unsure everywhere, it would take longer.

    Args:
        clip: A video.
        models: Ids; none = all five.
        sides: Pixels along a side of the square; none = those of each paper.
        frames: So many are measured; None = the model's window (four of MSST and STAN, five of PDB), or four.
        device: As for ``run``.
        with_crf: False leaves the CRF out.

    Yields:
        A result per system and size.

    Raises:
        ModelError: A model is of no paper.
        UsageError: A size out of range, or no frames.
        VsodError: The clip cannot be read.
    """
    for side in sides:
        if side not in SIDES:
            raise UsageError(f"{side} is no size for a square input", fix=f"{SIDES[0]} to {SIDES[-1]}.")
    if frames is not None and frames < 1:
        raise UsageError("bench measures one frame at least", fix="--frames 4, say.")
    chosen = [find_model(name) for name in dict.fromkeys(models or PUBLISHED_FORMS)]
    for model in chosen:
        with at_published_size(model) as published:
            for side in sides or PUBLISHED_FORMS[model.id].sides:
                with open_source(clip) as source:
                    count = min(frames or model.window or FRAMES, source.info.frame_count)
                    pictures = list(source.frames(0, count, size=(side, side)))
                yield _measured(model, published, pictures, side, device, with_crf)


def _measured(
    model: ModelSpec, published: ModelSpec, pictures: list[Frame], side: int, device: str, with_crf: bool
) -> ComponentTimes:
    predictor = _square(published, side, device, 1)  # as published: 473 gives maps of 60
    predictor.load()
    seconds: dict[str, float] = {}
    moving, took = _timed(predictor.with_flow(pictures))
    list(predictor.inputs(moving[:1]))  # the prior's features are compiled for this size now
    prepared, took_inputs = _timed(predictor.inputs(moving))
    if any(item.flow is not None for item in moving):
        seconds["flow"] = took
        if "prior" in published.inputs:
            seconds["motion prior"] = took_inputs
        else:
            seconds["flow"] += took_inputs  # it is painted
    _, seconds["network"] = _timed(predictor.infer(prepared))
    name = predictor.device
    predictor.unload()
    preset = paper_crf(model.id, DAVIS) if with_crf else None
    if preset is not None:
        compact = require_model(model.id)
        trained = _square(compact, side, device, compact.multiple)
        maps = [_at_side(found, side) for _, found in trained(pictures)]
        with PresetCRF(preset) as crf:
            done = (crf(found, picture.image) for found, picture in zip(maps, pictures, strict=True))
            _, seconds["CRF"] = _timed(done)
    return ComponentTimes(model.id, model.title, side, len(pictures), name, seconds, preset)


def _square(model: ModelSpec, side: int, device: str, multiple: int) -> Predictor:
    """The model ready for square pictures, padded to a multiple."""
    predictor = Predictor(model, (side, side), device)
    padded = -(-side // multiple) * multiple
    predictor.raster = Raster(side, side, padded, padded)
    return predictor


def _at_side(saliency: Map, side: int) -> Map:
    found = cv2.resize(saliency, (side, side)) if saliency.shape != (side, side) else saliency
    return np.ascontiguousarray(np.clip(found, 0, 1), np.float32)


def _timed(work: Iterable[T]) -> tuple[list[T], float]:
    """The items of ``work``, and the seconds that each took on average."""
    began = time.perf_counter()
    items = list(work)
    return items, (time.perf_counter() - began) / max(len(items), 1)
