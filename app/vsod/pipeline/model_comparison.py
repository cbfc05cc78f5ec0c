"""Several models on the same few frames: what each sees, how long it takes, how far they agree."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vsod.analysis import analyse
from vsod.core.matte_settings import MatteSettings
from vsod.core.progress import Progress, ProgressFn
from vsod.errors import Cancelled
from vsod.inference.model_registry import require_model
from vsod.inference.predictor import Predictor
from vsod.matte.refine_frames import stored_map
from vsod.matte.refiner import Refiner
from vsod.media.sources.source import Source
from vsod.storage.map_store import MapStore
from vsod_models.metrics.davis import region_similarity

_WIDE = 320  # pixels of the pictures that are compared

U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class ModelComparison:
    """What came out.

    Attributes:
        cards: The models.
        frames: The frames that were tried.
        pictures: (H, W, 3) uint8 of each frame.
        mattes: By card, then by frame: (H, W) float32 0..1.
        seconds: By card: per frame, reading and motion included; None if all of its maps were there before.
        agreement: (cards, cards) mean IoU of the mattes at 0.5.
    """

    models: tuple[str, ...]
    frames: tuple[int, ...]
    pictures: list[U8]
    mattes: list[list[npt.NDArray[np.float32]]]
    seconds: list[float | None]
    agreement: npt.NDArray[np.float64]


def sample_frames(within: range, wanted: int) -> tuple[int, ...]:
    """Frames in the middle of ``wanted`` equal parts of a clip or a shot; fewer if it is shorter."""
    parts = min(len(within), wanted)
    return tuple(within[(2 * k + 1) * len(within) // (2 * parts)] for k in range(parts))


def compare_models(
    source: Source,
    stores: Sequence[MapStore],
    cards: Sequence[str],
    frames: Sequence[int],
    *,
    device: str = "auto",
    on_progress: ProgressFn | None = None,
    cancel: threading.Event | None = None,
) -> ModelComparison:
    """Run ``cards`` over ``frames``; their maps stay in ``stores``, one for each card.

    Raises:
        Cancelled: ``cancel`` was set.
        VsodError: A card cannot be used.
    """
    width, height = source.info.display_size
    size = (min(_WIDE, width), max(16, round(height * min(1.0, _WIDE / width))))
    pictures = [source.frame_at(index, size=size).image for index in frames]
    mattes: list[list[npt.NDArray[np.float32]]] = []
    seconds: list[float | None] = []
    done, total = 0, len(cards) * len(frames)
    # the models are compared, not the ways to finish a map
    with Refiner(MatteSettings(temporal_smoothing=0.0)) as finish:
        for card, store in zip(cards, stores, strict=True):
            predictor = Predictor(require_model(card), source.info.display_size, device)
            todo = [index for index in frames if store.get(index) is None]
            if todo:
                predictor.load(cancel)
            began = time.monotonic()
            for index in todo:
                if cancel is not None and cancel.is_set():
                    raise Cancelled
                with closing(analyse.analyse(source, predictor, store, range(index, index + 1))) as maps:
                    for _ in maps:
                        pass
                done += 1
                if on_progress is not None:
                    on_progress(Progress("compare", done, total))
            seconds.append((time.monotonic() - began) / len(todo) if todo else None)
            done += len(frames) - len(todo)
            mattes.append([finish(stored_map(store, i), p) for i, p in zip(frames, pictures, strict=True)])
    return ModelComparison(tuple(cards), tuple(frames), pictures, mattes, seconds, pairwise_iou(mattes))


def pairwise_iou(mattes: Sequence[Sequence[npt.NDArray[np.float32]]]) -> npt.NDArray[np.float64]:
    """(M, M) mean IoU between M models' mattes of the same frames, cut at 0.5; 1 where both see nothing."""
    cut = [[matte >= 0.5 for matte in model] for model in mattes]
    return np.array(
        [[np.mean([region_similarity(a, b) for a, b in zip(x, y, strict=True)]) for y in cut] for x in cut]
    )
