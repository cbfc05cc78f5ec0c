"""Dense Inverse Search, the flow that needs no weights and no GPU.

Source: Kroeger et al., "Fast Optical Flow using Dense Inverse Search",
ECCV 2016, in OpenCV's implementation.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

_PRESETS = {
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}


class DIS:
    """OpenCV's DIS flow. Not thread-safe: one instance per thread.

    Args:
        preset: ``"ultrafast"``, ``"fast"`` or ``"medium"`` (default).
        finest: Halvings of the picture at which the flow is found, then enlarged; None for the preset's
            own (2, 2 and 1).
        stride: Pixels between the patches that are matched; None for the preset's own (4, 4 and 3).
    """

    name = "dis"

    def __init__(
        self,
        preset: Literal["ultrafast", "fast", "medium"] = "medium",
        finest: int | None = None,
        stride: int | None = None,
    ) -> None:
        self._dis = cv2.DISOpticalFlow.create(_PRESETS[preset])
        if finest is not None:
            self._dis.setFinestScale(finest)
        if stride is not None:
            self._dis.setPatchStride(stride)

    def __call__(
        self, first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.float32]:
        """See :class:`vsod_models.flow.FlowEstimator`; (H, W) luma will do as well."""
        h, w = first.shape[:2]
        if min(h, w) < 16:
            # DIS needs room for its 8-pixel patches on the coarsest scale
            return np.zeros((h, w, 2), np.float32)
        a, b = (x if x.ndim == 2 else cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) for x in (first, second))
        flow: npt.NDArray[np.float32] = self._dis.calc(a, b, None)  # type: ignore[call-overload]
        return flow
