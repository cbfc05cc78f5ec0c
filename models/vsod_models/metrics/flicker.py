"""How much a matte changes of itself, where the picture merely moves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Map
from vsod_models.flow.dis import DIS
from vsod_models.flow.warp import consistent, warp


def flicker(before: Map, now: Map, motion: Map, believed: npt.NDArray[np.bool_]) -> float:
    """Mean change of a pixel against the same point one frame earlier.

    Args:
        before: (H, W) float32 0..1, the earlier matte.
        now: (H, W) float32 0..1.
        motion: (H, W, 2) float32 pixels, from now to before.
        believed: (H, W) bool, where the motion can be trusted; only there is looked.

    Returns:
        0..1; 0 if nothing is believed.
    """
    if not believed.any():
        return 0.0
    return float(np.abs(now - warp(before, motion))[believed].mean())


class FlickerMeter:
    """Flicker of a clip, frame by frame in order, with DIS flow at the matte's size."""

    def __init__(self) -> None:
        self._dis = DIS()
        self._last: tuple[Map, npt.NDArray[np.uint8]] | None = None
        self._seen: list[float] = []

    def add(self, matte: Map, picture: npt.NDArray[np.uint8]) -> None:
        """Take the next frame: (H, W) matte and its (H, W, 3) RGB or (H, W) luma picture."""
        if self._last is not None:
            before, earlier = self._last
            motion = self._dis(picture, earlier)
            believed = consistent(motion, self._dis(earlier, picture))
            self._seen.append(flicker(before, matte, motion, believed))
        self._last = matte, picture

    @property
    def result(self) -> float | None:
        """Mean over the pairs of frames, in thousandths; None with fewer than two frames."""
        return 1000 * float(np.mean(self._seen)) if self._seen else None
