"""Names for the arrays that the application passes around."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["FloatArray", "Flow", "Image", "Map", "Mask"]

Image = npt.NDArray[np.uint8]
"""A picture: (H, W, 3) RGB, or (H, W) luma."""

Map = npt.NDArray[np.float32]
"""A saliency map or matte: (H, W) in 0..1, 1 = subject."""

Mask = npt.NDArray[np.bool_]
"""True or false: (H, W) for every pixel, or (N,) for every frame."""

Flow = npt.NDArray[np.float32]
"""Optical flow: (H, W, 2), pixels in x and y from a frame to another."""

FloatArray = npt.NDArray[np.float32]
"""Any other array of float32; its shape stands where it is used."""
