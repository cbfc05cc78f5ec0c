"""How far an alpha matte is from the true one.

Source: Rhemann et al., "A Perceptually Motivated Online Benchmark for Image Matting", CVPR 2009: sum of
absolute differences, mean squared error and gradient error. Ours: they count over the whole picture, since
no trimap says where to look.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from vsod_models.arrays import Map

_DEVIATION = 1.4  # of the gradient's Gaussian, pixels
_CUTOFF = 1e-2  # kernel values below this share of nothing are left out, as in the benchmark's program


def sad(alpha: Map, truth: Map) -> float:
    """Sum of absolute differences of two (H, W), in thousands of pixels."""
    return float(np.abs(alpha - truth).sum(dtype=np.float64) / 1000)


def mse(alpha: Map, truth: Map) -> float:
    """Mean squared difference of two (H, W), in thousandths."""
    return float(np.square(alpha - truth).mean(dtype=np.float64) * 1000)


def gradient_error(alpha: Map, truth: Map) -> float:
    """Sum of squared differences of the gradients' sizes of two (H, W), in thousands."""
    return float(np.square(_steepness(alpha) - _steepness(truth)).sum(dtype=np.float64) / 1000)


def _steepness(alpha: Map) -> Map:
    smooth, slope = _kernels()
    across = cv2.sepFilter2D(alpha, cv2.CV_32F, slope, smooth, borderType=cv2.BORDER_REPLICATE)
    down = cv2.sepFilter2D(alpha, cv2.CV_32F, smooth, slope, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.magnitude(across, down), np.float32)


def _kernels() -> tuple[Map, Map]:
    """Gaussian and its derivative; their product has norm 1 over the plane."""
    peak = math.sqrt(2 * math.pi) * _DEVIATION * _CUTOFF
    reach = math.ceil(_DEVIATION * math.sqrt(-2 * math.log(peak)))
    x = np.arange(-reach, reach + 1, dtype=np.float64)
    smooth = np.exp(-0.5 * (x / _DEVIATION) ** 2) / (_DEVIATION * math.sqrt(2 * math.pi))
    slope = x * smooth / _DEVIATION**2
    norm = math.sqrt(float((np.outer(smooth, slope) ** 2).sum()))
    return np.asarray(smooth, np.float32), np.asarray(slope / norm, np.float32)
