"""What an export of some settings reads: as a request to the analysis, and as the frames that are ready for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vsod.analysis.analyse import AnalysisRequest
from vsod.core.arrays import Mask
from vsod.core.clip_settings import ClipSettings
from vsod.core.frame_ranges import true_ranges
from vsod.matte.smoothing_window import frames_needed, frames_ready


def analysis_request(settings: ClipSettings, count: int, device: str = "auto") -> AnalysisRequest:
    """The maps that an export of a clip of ``count`` frames reads, with the margins of temporal smoothing.

    Raises:
        UsageError: The range is not inside the clip.
    """
    frames = settings.frames(count)
    wanted = {name: np.zeros(count, np.bool_) for name in settings.model_ids}
    reads = [(span.model, frames_needed(span.frames, span.matte, count)) for span in settings.spans(frames)]
    adapt = adaptation_range(settings, count)
    if adapt is not None:
        reads.append((settings.model, adapt))
    for name, part in reads:
        wanted[name][part.start : part.stop] = True
    parts = tuple((name, tuple(true_ranges(mask))) for name, mask in wanted.items())
    return AnalysisRequest(parts, adapt, device)


def adaptation_range(settings: ClipSettings, count: int) -> range | None:
    """The frames that the clip's model is adapted to: all that is written and what smoothing reads; None if not asked.

    Raises:
        UsageError: The range is not inside the clip.
    """
    return frames_needed(settings.frames(count), settings.matte, count) if settings.adapt else None


def exportable_frames(settings: ClipSettings, count: int, coverage: Callable[[str], Mask]) -> Mask:
    """(N,) frames of a clip of ``count`` that an export can write without a network.

    Args:
        settings: Of the clip; the range does not matter.
        count: Frames of the clip.
        coverage: (N,) frames that have a map, by model id.
    """
    ready = np.zeros(count, np.bool_)
    for span in settings.spans(range(count)):
        here = slice(span.frames.start, span.frames.stop)
        ready[here] = frames_ready(coverage(span.model), span.matte)[here]
    return ready
