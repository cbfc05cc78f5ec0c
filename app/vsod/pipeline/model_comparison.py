"""Several models on the same few frames: what each sees, how long it takes, how far they agree."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vsod.analysis.analyse import AnalysisRequest, OpenMapStore, analyse
from vsod.core.arrays import Image, Map
from vsod.core.clip_settings import DEFAULT_CLIP_SETTINGS, ClipSettings
from vsod.core.matte_settings import MatteSettings
from vsod.core.progress import ProgressFn
from vsod.core.progress_meter import ProgressMeter
from vsod.inference.model_registry import require_model
from vsod.matte.preview_mattes import at_size
from vsod.matte.refiner import Refiner
from vsod.media.sources.source import Source
from vsod_models.metrics.davis import region_similarity

_WIDE = 1280  # pixels of the pictures that are compared: edges can be judged, many fit in memory


@dataclass(frozen=True, slots=True, eq=False)
class ModelComparison:
    """What came out.

    Attributes:
        models: The models.
        frames: The frames that were tried.
        pictures: (H, W, 3) uint8 of each frame.
        mattes: By model, then by frame: (H, W) float32 0..1.
        seconds: By model: per frame, reading and motion included; None if all of its maps were there before.
        agreement: (models, models) mean IoU of the mattes at 0.5.
    """

    models: tuple[str, ...]
    frames: tuple[int, ...]
    pictures: list[Image]
    mattes: list[list[npt.NDArray[np.float32]]]
    seconds: list[float | None]
    agreement: npt.NDArray[np.float64]


def sample_frames(within: range, wanted: int) -> tuple[int, ...]:
    """Frames in the middle of ``wanted`` equal parts of a clip or a shot; fewer if it is shorter."""
    parts = min(len(within), wanted)
    return tuple(within[(2 * k + 1) * len(within) // (2 * parts)] for k in range(parts))


def compare_models(
    source: Source,
    stores: OpenMapStore,
    models: Sequence[str],
    frames: Sequence[int],
    settings: ClipSettings = DEFAULT_CLIP_SETTINGS,
    *,
    device: str = "auto",
    on_progress: ProgressFn | None = None,
    cancel: threading.Event | None = None,
) -> ModelComparison:
    """Run ``models`` over ``frames``; their maps stay in their stores, which ``stores`` gives.

    Args:
        source: The clip.
        stores: Gives the map stores.
        models: Ids; a model that is there twice finds its maps there.
        frames: The frames.
        settings: Every frame's matte has the matte settings that it has in these, but for temporal smoothing, which
            would need the frames beside it.
        device: Where to compute.
        on_progress: Told of each map, and of each model that is prepared, with the model's id.
        cancel: Ends it when set.

    Raises:
        Cancelled: ``cancel`` was set.
        VsodError: A model cannot be used.
    """
    width, height = source.info.display_size
    size = (min(_WIDE, width), max(16, round(height * min(1.0, _WIDE / width))))
    specs = {model: require_model(model) for model in models}
    pictures = [source.frame_at(index, size=size).image for index in frames]
    each = tuple(range(index, index + 1) for index in frames)
    total = len(specs) * len(frames)
    seconds: dict[str, float | None] = {}
    mattes: dict[str, list[npt.NDArray[np.float32]]] = {}
    with ExitStack() as opened:
        refiners: dict[MatteSettings, Refiner] = {}

        def matte(model: str, index: int, picture: Image, saliency: Map) -> npt.NDArray[np.float32]:
            chosen = replace(settings.at(index)[1].for_model(specs[model].crf), temporal_smoothing=0.0)
            if chosen not in refiners:
                refiners[chosen] = opened.enter_context(Refiner(at_size(chosen, size[0] / width)))
            return refiners[chosen](saliency, picture)

        for place, model in enumerate(specs):
            report = _reporter(on_progress, model, place * len(frames), total)
            # few frames, and each takes long: every one is told
            meter = ProgressMeter(report, {}, cancel, interval=0.0)
            request = AnalysisRequest(((model, each),), device=device)
            analysis = analyse(source, request, stores, meter, stage="compare", whole_clip=False)
            seconds[model] = analysis.seconds.get(model)
            store = analysis.stores[model]
            mattes[model] = [
                matte(model, i, p, store.require(i)) for i, p in zip(frames, pictures, strict=True)
            ]
    found = [mattes[model] for model in models]
    first = [seconds[model] if model not in models[:place] else None for place, model in enumerate(models)]
    return ModelComparison(tuple(models), tuple(frames), pictures, found, first, pairwise_iou(found))


def _reporter(told: ProgressFn | None, model: str, before: int, total: int) -> ProgressFn | None:
    """Reports a model's progress as that of all models."""
    if told is None:
        return None
    return lambda step: told(replace(step, model=model, done=before + step.done, total=total))


def pairwise_iou(mattes: Sequence[Sequence[npt.NDArray[np.float32]]]) -> npt.NDArray[np.float64]:
    """(M, M) mean IoU between M models' mattes of the same frames, cut at 0.5; 1 where both see nothing."""
    cut = [[matte >= 0.5 for matte in model] for model in mattes]
    return np.array(
        [[np.mean([region_similarity(a, b) for a, b in zip(x, y, strict=True)]) for y in cut] for x in cut]
    )
