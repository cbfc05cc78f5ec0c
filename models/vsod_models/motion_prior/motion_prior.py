"""The motion prior: P_t of SCNN (section III-B), P_m of MSST (3.1), and STAN's (3).

Flow is painted, the painting is cut into segments at three levels, each
segment is described by deep features of the frame, a small classifier says
how likely it is part of the subject, and the three painted levels are averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.arrays import FloatArray, LabelImage
from vsod_models.flow.motion_encoding import robust_peak
from vsod_models.motion_prior.region_classifier import Classifier
from vsod_models.motion_prior.region_features import FeatureMap, PooledRegionFeatures, RegionFeatures
from vsod_models.motion_prior.segmentation import LEVELS, Level, SegmentationInput, segmentations
from vsod_models.motion_prior.weights_file import read_prior

STILL_PX = 0.5  # below this peak speed nothing moves
MISSING_IN_PRODUCT = 1.0  # SCNN: P = P_s x 1 = P_s
MISSING_IN_STREAM = 0.5  # MSST, STAN: the fourth channel knows nothing
WIDTH = 512  # the segmentation's parameters are meant for frames this wide


class MotionPrior:
    """The prior, frame by frame.

    Args:
        regions: Describes segments.
        classifiers: One for all levels, or one a level.
        levels: Parameters of the segmentations.
        source: What is segmented: ``"flow"``, ``"rgb"`` or ``"flow+rgb"``.
        width: Wider frames are made this wide first; None keeps them.
        threads: Threads of the segmentation.

    Raises:
        ValueError: Neither one classifier nor one a level.
    """

    def __init__(
        self,
        regions: RegionFeatures,
        classifiers: Sequence[Classifier],
        *,
        levels: tuple[Level, ...] = LEVELS,
        source: SegmentationInput = "flow",
        width: int | None = WIDTH,
        threads: int = 2,
    ) -> None:
        if len(classifiers) not in (1, len(levels)):
            raise ValueError(
                f"{len(classifiers)} classifiers for {len(levels)} levels: give one, or one each"
            )
        self._regions = regions
        self._classifiers = tuple(classifiers) * (len(levels) if len(classifiers) == 1 else 1)
        self._levels = levels
        self._source: SegmentationInput = source
        self._width = width
        self._threads = threads

    @classmethod
    def load(cls, path: Path, features: FeatureMap | None = None, *, threads: int = 2) -> MotionPrior:
        """The trained prior.

        Args:
            path: ``prior.safetensors``.
            features: Dense features of a picture, as :class:`vsod_models.motion_prior.torch_networks.FrozenFeatures`
                of the same file computes them. None runs them by torch.
            threads: Threads of the segmentation.

        Raises:
            OSError, ValueError, KeyError: The file cannot be read or is no prior.
        """
        stored = read_prior(path)
        if features is None:
            from vsod_models.motion_prior.torch_networks import stored_features, torch_feature_map

            features = torch_feature_map(stored_features(stored))
        return cls(
            PooledRegionFeatures(features, motion=stored.motion),
            [Classifier(layers) for layers in stored.classifiers],
            source=stored.source,
            width=stored.width,
            threads=threads,
        )

    def __call__(self, rgb: npt.NDArray[np.uint8], flow: FloatArray | None) -> FloatArray | None:
        """The prior of one frame.

        Args:
            rgb: (H, W, 3) uint8.
            flow: (H, W, 2) float32, pixels to the next frame, or None.

        Returns:
            (H, W) float32 in 0..1, 1 = moves like the subject; None where there is no flow or
            nothing moves (no 4x4 block reaches half a pixel).

        Raises:
            ValueError: Sizes of ``rgb`` and ``flow`` differ.
        """
        found = self.levels(rgb, flow)
        if found is None:
            return None
        return resized_map(paint_segments(*found), (rgb.shape[0], rgb.shape[1]))

    def levels(
        self, rgb: npt.NDArray[np.uint8], flow: FloatArray | None
    ) -> tuple[list[LabelImage], list[FloatArray]] | None:
        """What the prior is the mean of.

        Args:
            rgb: As for the prior.
            flow: As for the prior.

        Returns:
            For each level the segments, (h, w) at the prior's own width, and how likely each belongs to the subject,
            (segments,) in 0..1. None where there is no prior.

        Raises:
            ValueError: Sizes of ``rgb`` and ``flow`` differ.
        """
        if flow is None:
            return None
        if flow.shape[:2] != rgb.shape[:2]:
            raise ValueError(f"flow is {flow.shape[:2]}, the picture {rgb.shape[:2]}")
        if is_static(flow):
            return None
        if self._width is not None and rgb.shape[1] > self._width:
            rgb, flow = resize_for_prior(rgb, flow, self._width)
        levels, regions = describe_segments(
            rgb, flow, self._regions, self._source, self._levels, self._threads
        )
        return levels, [judge(r) for judge, r in zip(self._classifiers, regions, strict=True)]


def is_static(flow: FloatArray) -> bool:
    """Whether nothing moves in (H, W, 2) pixels: no 4x4 block's mean speed reaches half a pixel."""
    return robust_peak(np.hypot(flow[..., 0], flow[..., 1])) < STILL_PX


def resize_for_prior(
    rgb: npt.NDArray[np.uint8], flow: FloatArray, width: int
) -> tuple[npt.NDArray[np.uint8], FloatArray]:
    """Picture and flow ``width`` pixels wide, same aspect; the flow in the new pixels."""
    h, w = rgb.shape[:2]
    size = (width, max(round(h * width / w), 1))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    scale = np.asarray((size[0] / w, size[1] / h), np.float32)
    return small, np.asarray(cv2.resize(flow, size, interpolation=cv2.INTER_AREA) * scale, np.float32)


def describe_segments(
    rgb: npt.NDArray[np.uint8],
    flow: FloatArray,
    regions: RegionFeatures,
    source: SegmentationInput,
    levels: tuple[Level, ...] = LEVELS,
    threads: int = 2,
) -> tuple[list[LabelImage], list[FloatArray]]:
    """Segments of a frame and their descriptions, level by level; the network runs while the levels are cut."""
    seen: list[FloatArray] = []
    labels = segmentations(rgb, flow, source, levels, threads, lambda: seen.append(regions.prepare(rgb)))
    return labels, regions.describe(seen[0], rgb, flow, labels)


def paint_segments(levels: Sequence[LabelImage], values: Sequence[FloatArray]) -> FloatArray:
    """Mean over the levels of the segments' values.

    Args:
        levels: (H, W) int32 each.
        values: (segments,) float32 each, 0..1.

    Returns:
        (H, W) float32 in 0..1.
    """
    out = np.zeros(levels[0].shape, np.float32)
    for labels, value in zip(levels, values, strict=True):
        out += value[labels]
    return out / np.float32(len(levels))


def resized_map(found: FloatArray, size: tuple[int, int]) -> FloatArray:
    """(h, w) -> (H, W) = ``size``, bilinear."""
    if found.shape == size:
        return found
    return np.asarray(cv2.resize(found, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def spatiotemporal(spatial: FloatArray, temporal: FloatArray | None) -> FloatArray:
    """SCNN's P = P_s x P_t, element by element; both (H, W) in 0..1, None = no motion: P_s."""
    return spatial * np.float32(MISSING_IN_PRODUCT) if temporal is None else spatial * temporal
