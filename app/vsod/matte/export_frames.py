"""From finished mattes to the pictures an export holds."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.clip import ClipInfo
from vsod.core.compositing import multiply_alpha, over, premultiply, to_8bit, to_16bit
from vsod.core.export_settings import ExportSettings
from vsod.core.frame import Frame
from vsod.core.matte_settings import MatteSettings
from vsod.core.output_frame import Colours, FileContent, OutputFrame
from vsod.core.overlay import heat_map_colours, to_u8
from vsod.core.prefetch import prefetch
from vsod.matte.foreground import foreground_for_fill
from vsod.matte.refine_frames import Refill, refine_frames
from vsod.media.sinks.background import Background, open_background
from vsod.media.sources.source import Source
from vsod.storage.map_store import MapStore

Pixels = Literal["rgb", "rgb48"]


def required_pixels(export_settings: ExportSettings, info: ClipInfo) -> Pixels | None:
    """What must be decoded of the source: colour, at full depth if it has more than 8 bits; or only a guide."""
    if export_settings.kind in ("matte", "mask", "saliency", "heatmap"):
        return None
    return "rgb48" if info.bit_depth > 8 else "rgb"


def effective_matte_settings(export_settings: ExportSettings, settings: MatteSettings) -> MatteSettings:
    """The matte settings of an export; a raw saliency map is written without any."""
    return (
        MatteSettings(temporal_smoothing=0, edges="plain")
        if export_settings.kind in ("saliency", "heatmap")
        else settings
    )


def export_frames(
    source: Source,
    store: MapStore,
    frames: range,
    settings: MatteSettings,
    export_settings: ExportSettings,
    refill: Refill | None = None,
) -> Generator[tuple[Frame, dict[FileContent, OutputFrame]], None, None]:
    """Every frame of the range with its picture for every file; each stage in a thread of its own.

    The store must have the maps of :func:`vsod.matte.smoothing_window.frames_needed`; those that are lost meanwhile are
    made anew by ``refill``, if it is given.
    """
    colour = required_pixels(export_settings, source.info)
    finished = refine_frames(
        source, store, frames, effective_matte_settings(export_settings, settings), colour, refill
    )
    return prefetch(compose_frames(prefetch(finished, 2, "refine"), export_settings, source), 2, "deliver")


def compose_frames(
    finished: Iterator[tuple[Frame, npt.NDArray[np.float32]]], export_settings: ExportSettings, source: Source
) -> Generator[tuple[Frame, dict[FileContent, OutputFrame]], None, None]:
    """Every finished frame with its picture for every file."""
    background = (
        open_background(export_settings, source.info.upright_size) if export_settings.kind == "over" else None
    )
    try:
        for frame, matte in finished:
            yield frame, _pictures(frame, matte, export_settings, background)
    finally:
        if background is not None:
            background.close()


def _pictures(
    frame: Frame,
    matte: npt.NDArray[np.float32],
    export_settings: ExportSettings,
    background: Background | None,
) -> dict[FileContent, OutputFrame]:
    what = export_settings.kind
    if what == "saliency":
        return {"matte": OutputFrame(alpha=matte)}
    alpha = multiply_alpha(matte, frame.alpha)
    if what == "matte":
        return {"matte": OutputFrame(alpha=alpha)}
    if what == "mask":
        return {"matte": OutputFrame(alpha=(alpha > 0.5).astype(np.uint8) * np.uint8(255))}
    if what == "heatmap":
        return {"fill": OutputFrame(rgb=heatmap(matte))}
    seen: Colours = frame.image if frame.image_16bit is None else frame.image_16bit
    fill = foreground_for_fill(seen, matte)
    if what == "fill+matte":
        return {"fill": OutputFrame(rgb=fill), "matte": OutputFrame(alpha=alpha)}
    if what == "cutout":
        if export_settings.alpha == "premultiplied":
            fill = premultiply(fill, alpha)
        return {"cutout": OutputFrame(alpha=alpha, rgb=fill)}
    assert background is not None
    behind = background(frame.index, seen, matte)
    behind = to_8bit(behind) if seen.dtype == np.uint8 else to_16bit(behind)
    return {"fill": OutputFrame(rgb=over(fill, alpha, behind))}


def heatmap(matte: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """(H, W) 0..1 in false colours, (H, W, 3)."""
    codes = to_u8(matte)
    table = heat_map_colours()
    return np.asarray(
        cv2.merge([cv2.LUT(codes, np.ascontiguousarray(table[:, c])) for c in range(3)]), np.uint8
    )
