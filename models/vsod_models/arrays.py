"""Names for the arrays that the library takes and gives."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["FloatArray", "Flow", "Image", "LabelImage", "Map", "Mask"]

Image = npt.NDArray[np.uint8]
"""A picture: (H, W, 3) RGB, or (H, W) luma."""

Map = npt.NDArray[np.float32]
"""A saliency map or matte: (H, W) in 0..1, 1 = subject."""

Mask = npt.NDArray[np.bool_]
"""A binary mask: (H, W), True = subject."""

LabelImage = npt.NDArray[np.int32]
"""Segments: (H, W), the number of the segment each pixel belongs to."""

Flow = npt.NDArray[np.float32]
"""Optical flow: (H, W, 2), pixels in x and y from a frame to another."""

FloatArray = npt.NDArray[np.float32]
"""Any other array of float32; its shape stands where it is used."""
