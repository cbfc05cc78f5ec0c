"""What the classifier knows of a segment: deep features of it, of its neighbours and of the rest.

SCNN (section III-B), MSST (3.1) and STAN (3) describe every segment by deep
features of the frame. Three crops a segment through a whole network cost far
more than the papers' time (see :mod:`vsod_models.motion_prior.multiscale_crops`), so here the
network runs once a frame and its map is averaged over the same three regions:
(A) the segment, (B) the segments that touch it, (C) the frame without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.arrays import FloatArray, LabelImage
from vsod_models.flow.motion_encoding import dominant_motion, robust_peak

FeatureMap = Callable[[npt.NDArray[np.uint8]], FloatArray]  # (H, W, 3) uint8 RGB -> (C, h, w)
MOTION_DIMS = 6
_DENSE = 4_000_000


def picture_tensor(rgb: npt.NDArray[np.uint8]) -> FloatArray:
    """(H, W, 3) uint8 RGB -> (1, 3, H', W') float32 in 0..1, H' and W' the next multiples of 16."""
    h, w = rgb.shape[:2]
    padded = cv2.copyMakeBorder(rgb, 0, -h % 16, 0, -w % 16, cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[None], np.float32) / np.float32(255)


class RegionFeatures(Protocol):
    """Describes the segments of a frame."""

    def prepare(self, rgb: npt.NDArray[np.uint8]) -> FloatArray:
        """What depends on the picture alone, computed while it is being segmented."""
        ...

    def describe(
        self, seen: FloatArray, rgb: npt.NDArray[np.uint8], flow: FloatArray, levels: list[LabelImage]
    ) -> list[FloatArray]:
        """One (segments, D) float32 array for every level; ``seen`` is what :meth:`prepare` returned."""
        ...


class PooledRegionFeatures:
    """Region features by mask-average pooling.

    Args:
        feature_map: Dense features of a picture, (H, W, 3) uint8 -> (C, h, w) float32, every cell
            standing for ``stride`` pixels each way.
        stride: Pixels a cell.
        motion: Append the six motion dimensions.

    The description of a segment has 3 C (A, B, C in this order) and 6 dimensions.
    """

    def __init__(self, feature_map: FeatureMap, *, stride: int = 8, motion: bool = True) -> None:
        self._feature_map = feature_map
        self._stride = stride
        self._motion = motion

    def prepare(self, rgb: npt.NDArray[np.uint8]) -> FloatArray:
        """See :class:`RegionFeatures`: (C, h, w)."""
        return self._feature_map(rgb)

    def describe(
        self, seen: FloatArray, rgb: npt.NDArray[np.uint8], flow: FloatArray, levels: list[LabelImage]
    ) -> list[FloatArray]:
        """See :class:`RegionFeatures`."""
        moves = without_camera_motion(flow) if self._motion else None
        out = []
        for labels in levels:
            regions = pool_features(seen, labels, self._stride)
            if moves is not None:
                regions = np.concatenate((regions, motion_dims(*moves, labels)), 1)
            out.append(regions)
        return out


def pool_features(features: FloatArray, labels: LabelImage, stride: int) -> FloatArray:
    """Average a feature map over each segment, over its neighbours and over the rest of the frame.

    A pixel has the features of the cell it lies in.

    Args:
        features: (C, h, w) float32 with ``h * stride >= H`` and ``w * stride >= W``.
        labels: (H, W) int32, segments from 0 without gaps.
        stride: Pixels a cell.

    Returns:
        (segments, 3 C) float32. Means over nothing (a segment without neighbours, or one that
        is the whole frame) are zero.

    Raises:
        ValueError: The map does not reach over the picture.
    """
    height, width = labels.shape
    channels, h, w = features.shape
    if h * stride < height or w * stride < width:
        raise ValueError(f"a {h}x{w} map of stride {stride} does not reach over {height}x{width} pixels")
    cells = np.ascontiguousarray(features.reshape(channels, -1).T)
    segment, cell, pixels = cell_shares(labels, w, h * w, stride)
    starts = np.searchsorted(segment, np.arange(int(segment[-1]) + 1))
    weighted = cells[cell]
    weighted *= pixels[:, None].astype(np.float32)
    total = np.add.reduceat(weighted, starts, axis=0)
    area = np.add.reduceat(pixels, starts).astype(np.float32)[:, None]
    own = total / area
    near, near_area = sums_of_neighbours(total, area, labels)
    rest, rest_area = total.sum(0, dtype=np.float64) - total, area.sum() - area
    return np.concatenate(
        (own, near / np.maximum(near_area, 1), rest / np.maximum(rest_area, 1) * (rest_area > 0)), 1
    ).astype(np.float32)


def cell_shares(
    labels: LabelImage, width: int, cells: int, stride: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """How many pixels of which segment lie in which cell, as a sparse matrix.

    Args:
        labels: (H, W) int32, segments from 0 without gaps.
        width: Cells of a row.
        cells: Cells in all.
        stride: Pixels a cell.

    Returns:
        Segment, cell and number of pixels of every entry, sorted by segment, then cell.
    """
    height, columns = labels.shape
    cell = (np.arange(height) // stride)[:, None] * width + np.arange(columns) // stride
    keys = labels.astype(np.int64)
    keys *= cells
    keys += cell
    size = (int(labels.max()) + 1) * cells
    if size <= _DENSE:
        # counting is quicker than sorting as long as the full matrix stays small
        counts = np.bincount(keys.ravel(), minlength=size)
        pairs = np.flatnonzero(counts)
        pixels = counts[pairs]
    else:
        pairs, pixels = np.unique(keys, return_counts=True)
    segment, cell_of_pair = np.divmod(pairs, cells)
    return segment, cell_of_pair, pixels


def neighbours(labels: LabelImage) -> npt.NDArray[np.int64]:
    """Pairs of segments that share a side of a pixel, (P, 2) int64, both ways round, sorted."""
    n = int(labels.max()) + 1
    sides = ((labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:]))
    found = []
    for first, second in sides:
        differ = first != second
        a, b = first[differ].astype(np.int64), second[differ].astype(np.int64)
        found += [a * n + b, b * n + a]
    return np.stack(np.divmod(np.unique(np.concatenate(found)), n), 1)


def sums_of_neighbours(
    total: FloatArray, area: FloatArray, labels: LabelImage
) -> tuple[FloatArray, FloatArray]:
    """Sums over the segments next to each segment.

    Args:
        total: (segments, C) sums over the pixels of each segment.
        area: (segments, 1) pixels of each segment.
        labels: (H, W) int32.

    Returns:
        The same two arrays for the neighbours of each segment; zeros for a segment without any.
    """
    pairs = neighbours(labels)
    near, near_area = np.zeros_like(total), np.zeros_like(area)
    if len(pairs):
        who, starts = np.unique(pairs[:, 0], return_index=True)
        near[who] = np.add.reduceat(total[pairs[:, 1]], starts, axis=0)
        near_area[who] = np.add.reduceat(area[pairs[:, 1]], starts, axis=0)
    return near, near_area


def without_camera_motion(flow: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(H, W, 2) flow in pixels -> the flow, and the flow less the camera's, both over the frame's peak speed.

    "Contrast to the border" in the specification: the border moves with the camera, and
    the camera's motion is here the affine field that the frame, above all its rim, follows.
    """
    residual = flow - dominant_motion(flow)
    scale = max(robust_peak(np.hypot(flow[..., 0], flow[..., 1])), 1e-3)
    return flow / np.float32(scale), residual / np.float32(scale)


def motion_dims(flow: FloatArray, residual: FloatArray, labels: LabelImage) -> FloatArray:
    """The six cheap motion dimensions of every segment.

    Args:
        flow: (H, W, 2), see :func:`without_camera_motion`.
        residual: (H, W, 2), see :func:`without_camera_motion`.
        labels: (H, W) int32, segments from 0 without gaps.

    Returns:
        (segments, 6) float32: mean speed; mean u; mean v; mean speed against the camera; standard
        deviation of the flow (root of the two variances' sum); root of the share of the frame.
    """
    flat = labels.ravel()
    area = np.bincount(flat).astype(np.float64)

    def mean(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        return np.asarray(np.bincount(flat, values.ravel()) / area)

    u, v = flow[..., 0], flow[..., 1]
    square = u.astype(np.float64) ** 2 + v.astype(np.float64) ** 2
    mean_u, mean_v = mean(u), mean(v)
    spread = np.sqrt(np.maximum(mean(square) - mean_u**2 - mean_v**2, 0))
    against = mean(np.hypot(residual[..., 0], residual[..., 1]))
    share = np.sqrt(area / flat.size)
    return np.stack((mean(np.sqrt(square)), mean_u, mean_v, against, spread, share), 1).astype(np.float32)
