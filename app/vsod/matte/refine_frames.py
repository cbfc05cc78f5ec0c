"""Saliency maps in, finished mattes out: smoothed along the motion, refined, at source size."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from typing import Literal

import numpy as np
import numpy.typing as npt

from vsod.core.frame import Frame
from vsod.core.matte_settings import MatteSettings
from vsod.core.prefetch import prefetch
from vsod.errors import SourceChanged
from vsod.matte.refiner import Refiner
from vsod.matte.smoothing_window import frames_needed, smooth_maps
from vsod.media.pixels.conversion import PixelFormat
from vsod.media.sources.source import Source
from vsod.storage.clip_maps import fits
from vsod.storage.map_store import MapStore

Refill = Callable[[int], None]
"""Computes the lost map of a frame again and puts it into the store."""


def refine_frames(
    source: Source,
    store: MapStore,
    frames: range,
    settings: MatteSettings,
    colour: Literal["rgb", "rgb48"] | None = None,
    refill: Refill | None = None,
) -> Generator[tuple[Frame, npt.NDArray[np.float32]], None, None]:
    """(frame, matte (H, W) float32) for every frame of the range, upright, at source size.

    A frame that could not be decoded has the matte of the frame before it, the very same array.
    The store must have the maps of :func:`vsod.matte.smoothing_window.frames_needed`. The frames hold colour
    where ``colour`` asks for it or the settings need it, else luma. A map that was lost meanwhile is made anew
    by ``refill``, if it is given.
    """
    reads = frames_needed(frames, settings, source.info.frame_count)
    with Refiner(settings) as refiner:
        pixels: PixelFormat = colour or ("rgb" if refiner.reads_colour else "luma")
        decoded = prefetch(source.frames(reads.start, reads.stop, pixels=pixels), name="decode")
        with closing(decoded):
            pairs = ((frame, fitting(source, store, frame, refill)) for frame in decoded)
            with closing(
                prefetch(smooth_maps(pairs, settings.temporal_smoothing, frames), 1, "smooth")
            ) as smoothed:
                matte: npt.NDArray[np.float32] | None = None
                for frame, saliency in smoothed:
                    if matte is None or not frame.held:
                        matte = refiner(saliency, frame.image)
                    yield frame, matte


def fitting(
    source: Source, store: MapStore, frame: Frame, refill: Refill | None = None
) -> npt.NDArray[np.float32]:
    """The map of a decoded frame, which was made of that very picture; what was lost meanwhile is made anew.

    Raises:
        SourceChanged: It was made of another one, and the clip's files are not what they were.
        OutputError: It is not there, and nobody can make it.
    """
    saliency = store.get(frame.index)
    if saliency is None:
        if refill is not None:
            refill(frame.index)
        saliency = store.require(frame.index)
    if not fits(source.info, store, frame):
        store.drop(frame.index)
        raise SourceChanged(source.info.path)
    return saliency
