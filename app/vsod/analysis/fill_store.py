"""Frames in, one model's saliency maps into its store: only what is missing, shot by shot, resumable."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing

import numpy as np
import numpy.typing as npt

from vsod.analysis.map_reuse import reuse_maps
from vsod.analysis.shot_splitter import CONTEXT_AFTER, CONTEXT_BEFORE, ShotSplitter
from vsod.core.frame import Frame
from vsod.core.frame_ranges import true_ranges
from vsod.core.prefetch import prefetch
from vsod.inference.predictor import Predictor
from vsod.media.sources.source import Source
from vsod.storage.map_store import CHUNK, MapStore, bound


def missing_ranges(store: MapStore, frames: range) -> list[range]:
    """The runs of ``frames`` that have no map yet."""
    gaps = true_ranges(~store.coverage()[frames.start : frames.stop])
    return [range(frames.start + gap.start, frames.start + gap.stop) for gap in gaps]


def fill_store(
    source: Source, predictor: Predictor, store: MapStore, frames: range
) -> Generator[int, None, None]:
    """Fill the store for ``frames``; yields each index once its map is there.

    Only what is missing is computed. What a gap's frames depend on, the next frame for the
    flow or the frames of their window, is read as well: they come out as in an uninterrupted run.
    Neither motion nor memory crosses a cut.
    """
    count = source.info.frame_count
    if store.relatives:
        missing = [index for gap in missing_ranges(store, frames) for index in gap]
        with closing(
            reuse_maps(source, store, missing, lambda i: depends_on(predictor, i, count))
        ) as adopted:
            yield from adopted
    for gap in missing_ranges(store, frames):
        run = predictor.required_frames(gap, count).run
        reads = reads_for(predictor, gap, count)
        pictures: dict[int, bytes] = {}
        read = _noted(source.frames(reads.start, reads.stop, size=predictor.raster.size), pictures)
        decoded = prefetch(read, name="decode")
        shots: Iterable[Iterable[Frame]] = ShotSplitter(decoded) if predictor.splits_shots else (decoded,)
        waiting: deque[tuple[int, npt.NDArray[np.float32], range]] = deque()

        def ready(
            waiting: deque[tuple[int, npt.NDArray[np.float32], range]] = waiting,
            pictures: dict[int, bytes] = pictures,
        ) -> Iterator[int]:
            while waiting and waiting[0][2].stop - 1 in pictures:
                index, saliency, needs = waiting.popleft()
                store.put(index, saliency, pictures[index], bound(pictures[k] for k in needs))
                yield index

        try:
            for shot in shots:
                for index, saliency in _maps(predictor, shot, run):
                    if index in gap:
                        waiting.append((index, saliency, depends_on(predictor, index, count)))
                        yield from ready()
            yield from ready()
        finally:
            decoded.close()
            store.flush()


def refill(source: Source, predictor: Predictor, store: MapStore, index: int) -> None:
    """Make a map anew that was there and is not any more, with those behind it in its chunk that are missing, too."""
    stop = min((index // CHUNK + 1) * CHUNK, source.info.frame_count)
    have = store.coverage()[index:stop]
    run = len(have) if not have.any() else int(np.argmax(have))
    with closing(fill_store(source, predictor, store, range(index, index + max(run, 1)))) as indices:
        for _ in indices:
            pass


def reads_for(predictor: Predictor, gap: range, count: int) -> range:
    """The frames to decode so that the maps of ``gap`` come out as in an uninterrupted run over all ``count``."""
    reads = predictor.required_frames(gap, count).decode
    if predictor.splits_shots:
        return range(max(0, reads.start - CONTEXT_BEFORE), min(reads.stop + CONTEXT_AFTER, count))
    return reads


def depends_on(predictor: Predictor, index: int, count: int) -> range:
    """The frames whose pictures the map of frame ``index`` depends on."""
    return reads_for(predictor, range(index, index + 1), count)


def _noted(frames: Iterable[Frame], pictures: dict[int, bytes]) -> Generator[Frame, None, None]:
    """The same frames; the hash of each is noted on its way."""
    for frame in frames:
        pictures[frame.index] = frame.picture_hash
        yield frame


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
