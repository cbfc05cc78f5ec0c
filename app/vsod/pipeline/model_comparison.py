"""Several models on the same few frames: what each sees, how long it takes, how far they agree."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vsod.analysis.analyse import AnalysisRequest, OpenMapStore, analyse
from vsod.core.arrays import Image
from vsod.core.matte_settings import MatteSettings
from vsod.core.progress import Progress, ProgressFn
from vsod.core.progress_meter import ProgressMeter
from vsod.matte.refiner import Refiner
from vsod.media.sources.source import Source
from vsod_models.metrics.davis import region_similarity

_WIDE = 320  # pixels of the pictures that are compared


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
    *,
    device: str = "auto",
    on_progress: ProgressFn | None = None,
    cancel: threading.Event | None = None,
) -> ModelComparison:
    """Run ``models`` over ``frames``; their maps stay in their stores, which ``stores`` gives.

    Raises:
        Cancelled: ``cancel`` was set.
        VsodError: A model cannot be used.
    """
    width, height = source.info.display_size
    size = (min(_WIDE, width), max(16, round(height * min(1.0, _WIDE / width))))
    pictures = [source.frame_at(index, size=size).image for index in frames]
    distinct = tuple(dict.fromkeys(models))
    each = tuple(range(index, index + 1) for index in frames)

    def report(progress: Progress) -> None:
        if on_progress is not None and progress.done:
            on_progress(progress)

    # few frames, and each takes long: every one is told
    meter = ProgressMeter(report, {}, cancel, interval=0.0)
    request = AnalysisRequest(tuple((model, each) for model in distinct), device=device)
    analysis = analyse(source, request, stores, meter, stage="compare", whole_clip=False)
    # a model that is there twice finds its maps there
    seconds = [
        None if model in models[:place] else analysis.seconds.get(model) for place, model in enumerate(models)
    ]
    # the models are compared, not the ways to refine a map
    with Refiner(MatteSettings(temporal_smoothing=0.0)) as refiner:
        mattes = [
            [refiner(analysis.stores[model].require(i), p) for i, p in zip(frames, pictures, strict=True)]
            for model in models
        ]
    return ModelComparison(tuple(models), tuple(frames), pictures, mattes, seconds, pairwise_iou(mattes))


def pairwise_iou(mattes: Sequence[Sequence[npt.NDArray[np.float32]]]) -> npt.NDArray[np.float64]:
    """(M, M) mean IoU between M models' mattes of the same frames, cut at 0.5; 1 where both see nothing."""
    cut = [[matte >= 0.5 for matte in model] for model in mattes]
    return np.array(
        [[np.mean([region_similarity(a, b) for a, b in zip(x, y, strict=True)]) for y in cut] for x in cut]
    )
