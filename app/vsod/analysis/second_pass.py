"""Adapt a model to one clip between a first and a second pass over it."""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path

from vsod.analysis.clip_adaptation import FirstPass, Maps, adapt_to_clip, known_adaptation
from vsod.core.frame import Frame
from vsod.core.prefetch import prefetch
from vsod.inference.adapted_weights import AdaptationResult
from vsod.inference.predictor import Predictor
from vsod.media.sources.source import Source
from vsod.storage.map_store import MapStore


def adapt_predictor(
    clip: Source,
    predictor: Predictor,
    maps: Maps,
    frames: range,
    folder: Path,
    *,
    device: str = "auto",
    cancel: threading.Event | None = None,
) -> tuple[Predictor, AdaptationResult]:
    """A predictor whose model is fitted to ``frames`` of the clip; the same one if that is not to be trusted.

    The fitted one answers with an average of ``maps`` and its own: that keeps most of what it gains and less than half
    of what it may lose.

    Args:
        clip: The clip.
        predictor: Made for it.
        maps: The predictor's own maps, by frame.
        frames: Frames to fit to.
        folder: Where the outcome is kept, and found when it is asked for again.
        device: As for ``run``.
        cancel: Set it from another thread to stop.

    Raises:
        Cancelled: ``cancel`` was set.
        ModelError: The model's net cannot adapt.
    """

    def decode(span: range) -> Generator[Frame, None, None]:
        return prefetch(clip.frames(span.start, span.stop, size=predictor.raster.size), name="decode")

    first_pass = FirstPass(predictor, decode, maps, clip.info.frame_count, cancel)
    model, outcome = adapt_to_clip(first_pass, frames, adapted_weights_file(folder, frames), device=device)
    return (predictor.for_second_pass(model, maps) if outcome.trusted else predictor), outcome


def adapted_weights_file(folder: Path, frames: range) -> Path:
    """Where the weights fitted to ``frames`` lie in a map store's folder."""
    return folder / f"adapted-{frames.start}-{frames.stop}"


def adapted_before(predictor: Predictor, store: MapStore, frames: range) -> tuple[Predictor, bool] | None:
    """What :func:`adapt_predictor` made of ``frames`` in an earlier run, and whether it is trusted; computes nothing.

    Args:
        predictor: Made for the clip.
        store: Of the predictor's own maps.
        frames: Frames it was adapted to.

    Returns:
        (adapted predictor, True), (``predictor``, False), or None if it was not adapted to these frames.
    """
    file = adapted_weights_file(store.folder, frames)
    known = known_adaptation(predictor, frames, file) if file.is_file() else None
    if known is None:
        return None
    model, outcome = known
    return (predictor.for_second_pass(model, store.get), True) if outcome.trusted else (predictor, False)
