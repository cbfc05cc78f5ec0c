"""Fit a card to one clip between two looks at it."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from vsod import paths
from vsod.core.frame import Frame
from vsod.inference.adaptation import Maps, Outcome, adapt
from vsod.inference.predictor import Predictor
from vsod.media.source import Source
from vsod.pipeline.threads import prefetch


def adapted(
    clip: Source,
    predictor: Predictor,
    maps: Maps,
    frames: range,
    folder: Path,
    *,
    device: str = "auto",
    cancel: threading.Event | None = None,
) -> tuple[Predictor, Outcome]:
    """A predictor whose card is fitted to ``frames`` of the clip; the same one if that is not to be trusted.

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
        ModelError: The card's net cannot adapt.
    """

    def decode(span: range) -> Generator[Frame, None, None]:
        return prefetch(clip.frames(span.start, span.stop, size=predictor.raster.size), name="decode")

    file = folder / f"adapted-{frames.start}-{frames.stop}.safetensors"
    count = clip.info.frame_count
    card, outcome = adapt(predictor, decode, maps, frames, count, file, device=device, cancel=cancel)
    return (predictor.with_card(card) if outcome.trusted else predictor), outcome


def second_look(
    clip: Source, predictor: Predictor, device: str
) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    """(index, map) of the whole clip by the card fitted to it; keeps all maps in memory, nothing on disk."""
    first = dict(predictor(clip.frames(size=predictor.raster.size)))
    home = paths.cache_dir()
    home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=home) as temp:
        frames = range(clip.info.frame_count)
        again, outcome = adapted(clip, predictor, first.get, frames, Path(temp), device=device)
        yield from again(clip.frames(size=again.raster.size)) if outcome.trusted else first.items()
