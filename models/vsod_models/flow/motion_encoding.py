"""From raw flow to what a network reads: camera motion taken out, scale taken out.

The salient thing mostly moves *against* its background, so the network gets
the flow twice: as it is, and less the dominant (camera) motion, an affine
field fitted robustly by iteratively reweighted least squares.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

CHANNELS = 6
FLOOR_PX = 1.0  # below this peak the flow is noise: do not blow it up
_BLOCK = 4


def dominant_motion(flow: npt.NDArray[np.float32], iterations: int = 6) -> npt.NDArray[np.float32]:
    """The affine field most of the picture follows.

    Args:
        flow: (H, W, 2) float32, pixels.
        iterations: Rounds of reweighting with Cauchy weights.

    Returns:
        (H, W, 2) float32, pixels.
    """
    h, w = flow.shape[:2]
    gw, gh = min(w, 48), min(h, 27)
    small = cv2.resize(flow, (gw, gh), interpolation=cv2.INTER_AREA).reshape(-1, 2).astype(np.float64)
    y, x = np.mgrid[0:gh, 0:gw].astype(np.float64)
    x, y = (x + 0.5) / gw * 2 - 1, (y + 0.5) / gh * 2 - 1
    basis = np.stack((np.ones(gw * gh), x.ravel(), y.ravel()), 1)
    # the subject is rarely cut by the frame's edge: trust the rim twice as much at first
    rim = np.maximum(np.abs(x), np.abs(y)).ravel() > 0.7
    weight = np.where(rim, 2.0, 1.0)
    prior = weight.copy()
    params = np.zeros((3, 2))
    eye = np.eye(3) * 1e-6
    for _ in range(iterations):
        wb = basis * weight[:, None]
        params = np.linalg.solve(wb.T @ basis + eye, wb.T @ small)
        error = np.linalg.norm(small - basis @ params, axis=1)
        scale = max(float(np.median(error)) * 1.5, 0.05)
        weight = prior / (1 + (error / scale) ** 2)
    xs = (np.arange(w, dtype=np.float32) + 0.5) / w * 2 - 1
    ys = (np.arange(h, dtype=np.float32) + 0.5) / h * 2 - 1
    p = params.astype(np.float32)
    return np.asarray(p[0] + xs[None, :, None] * p[1] + ys[:, None, None] * p[2], np.float32)


def split_camera_motion(flow: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(H, W, 2) flow -> (H/2, W/2, 4): raw (u, v) and the residual against the camera, in pixels of H, W."""
    h, w = flow.shape[:2]
    size = (max(w // 2, 1), max(h // 2, 1))
    half = np.asarray(cv2.resize(flow, size, interpolation=cv2.INTER_AREA), np.float32)
    return np.concatenate((half, half - dominant_motion(half)), axis=2)


def robust_peak(magnitude: npt.NDArray[np.float32]) -> float:
    """Largest 4x4-block mean of (H, W) magnitudes: a maximum that one bad pixel does not move."""
    h, w = (s // _BLOCK * _BLOCK for s in magnitude.shape)
    if h == 0 or w == 0:
        return float(magnitude.max(initial=0.0))
    blocks = magnitude[:h, :w].reshape(h // _BLOCK, _BLOCK, w // _BLOCK, _BLOCK)
    return float(blocks.mean((1, 3)).max())


def encode_motion(flow: npt.NDArray[np.float32] | None, height: int, width: int) -> npt.NDArray[np.float32]:
    """What the motion stream reads.

    Args:
        flow: (height, width, 2) pixels at the network's raster, or None if there is none.
        height: Of the network's raster.
        width: Of the network's raster.

    Returns:
        (6, height/2, width/2) float32: raw u, v and residual u, v each divided by their
        peak (at least 1 px), residual magnitude, and 1 for "flow is here". All zeros if
        ``flow`` is None.
    """
    out = np.zeros((CHANNELS, height // 2, width // 2), np.float32)
    if flow is None:
        return out
    parts = split_camera_motion(flow)
    for k in (0, 2):
        uv = parts[..., k : k + 2]
        magnitude = np.hypot(uv[..., 0], uv[..., 1])
        scale = max(robust_peak(magnitude), FLOOR_PX)
        out[k], out[k + 1] = uv[..., 0] / scale, uv[..., 1] / scale
        if k == 2:
            out[4] = magnitude / scale
    np.clip(out, -2, 2, out=out)
    out[5] = 1
    return out
