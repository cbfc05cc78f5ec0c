"""The subject's own colour for fills."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vsod.core.output_frame import Colours
from vsod_models.refine.foreground_colour import estimate_foreground


def foreground_for_fill(rgb: Colours, alpha: npt.NDArray[np.float32]) -> Colours:
    """(H, W, 3) as ``rgb``: edges without the old ground's colour, bled past alpha 0."""
    return estimate_foreground(rgb, alpha)  # type: ignore[type-var]
