"""One generator per arrow: decode -> analyse -> map store -> finish -> write."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from typing import Literal

import numpy as np
import numpy.typing as npt

from vsod.core.finishing import FinishSettings
from vsod.core.frame import Frame
from vsod.core.spans import spans
from vsod.inference.finish import Finisher
from vsod.inference.mapstore import MapStore
from vsod.inference.predictor import Predictor
from vsod.media.picture import Pixels
from vsod.media.source import Source
from vsod.pipeline.byshot import LOOK_AHEAD, LOOK_BACK, ByShot
from vsod.pipeline.steady import needed, steady
from vsod.pipeline.threads import prefetch


def missing_ranges(store: MapStore, frames: range) -> list[range]:
    """The runs of ``frames`` that have no map yet."""
    gaps = spans(~store.coverage()[frames.start : frames.stop])
    return [range(frames.start + gap.start, frames.start + gap.stop) for gap in gaps]


def analyse(
    source: Source, predictor: Predictor, store: MapStore, frames: range
) -> Generator[int, None, None]:
    """Fill the store for ``frames``; yields each index once its map is there.

    Only what is missing is computed. What a gap's frames depend on, the next frame for the
    flow or the frames of their window, is read as well: they come out as in an uninterrupted run.
    Neither motion nor memory crosses a cut.
    """
    for gap in missing_ranges(store, frames):
        reach = predictor.reach(gap, source.info.frame_count)
        reads = reach.decode
        if predictor.splits_shots:
            reads = range(
                max(0, reads.start - LOOK_BACK), min(reads.stop + LOOK_AHEAD, source.info.frame_count)
            )
        size = predictor.raster.size
        decoded = prefetch(source.frames(reads.start, reads.stop, size=size), name="decode")
        shots: Iterable[Iterable[Frame]] = ByShot(decoded) if predictor.splits_shots else (decoded,)
        try:
            for shot in shots:
                for index, saliency in _maps(predictor, shot, reach.run):
                    if index in gap:
                        store.put(index, saliency)
                        yield index
        finally:
            decoded.close()
            store.flush()


def _maps(
    predictor: Predictor, shot: Iterable[Frame], run: range
) -> Generator[tuple[int, npt.NDArray[np.float32]], None, None]:
    """The maps of a shot, flow and network side by side."""
    prepared = prefetch(predictor.prepare(shot, run), name="flow")
    maps = predictor.infer(prepared)
    try:
        yield from maps
    finally:
        maps.close()
        prepared.close()


def finish(
    source: Source,
    store: MapStore,
    frames: range,
    settings: FinishSettings,
    colour: Literal["rgb", "rgb48"] | None = None,
) -> Generator[tuple[Frame, npt.NDArray[np.float32]], None, None]:
    """(frame, matte (H, W) float32) for every frame of the range, upright, at source size.

    A frame that could not be decoded has the matte of the frame before it, the very same array.
    The store must have the maps of :func:`vsod.pipeline.steady.needed`. The frames hold colour
    where ``colour`` asks for it or the settings need it, else luma.
    """
    reads = needed(frames, settings, source.info.frame_count)
    with Finisher(settings) as finisher:
        pixels: Pixels = colour or ("rgb" if finisher.reads_colour else "luma")
        decoded = prefetch(source.frames(reads.start, reads.stop, pixels=pixels), name="decode")
        with closing(decoded):
            pairs = ((frame, stored(store, frame.index)) for frame in decoded)
            with closing(prefetch(steady(pairs, settings.stabilise, frames), 1, "steady")) as steadied:
                matte: npt.NDArray[np.float32] | None = None
                for frame, saliency in steadied:
                    if matte is None or not frame.held:
                        matte = finisher(saliency, frame.image)
                    yield frame, matte


def stored(store: MapStore, index: int) -> npt.NDArray[np.float32]:
    """The map of a frame that was analysed."""
    saliency = store.get(index)
    if saliency is None:
        raise RuntimeError(f"frame {index} was never analysed")
    return saliency
