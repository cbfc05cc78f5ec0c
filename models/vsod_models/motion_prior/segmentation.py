"""Three graph-based segmentations of a frame's motion.

Source: Felzenszwalb and Huttenlocher, "Efficient Graph-Based Image
Segmentation", IJCV 2004, run on the colour-coded flow as SCNN (Tang et al.,
TCSVT 2019, section III-B) does. The papers name no parameters.

The implementation is OpenCV's. What it means by them: pixels are linked to
their four neighbours (scikit-image: eight); ``k`` is in grey levels of 0..255
(scikit-image divides its ``scale`` by 255 because it scales the picture to
0..1, so the two numbers are the same); an edge weighs the Euclidean distance
over all channels; ``min_size`` in pixels joins what is smaller to the
neighbour across the weakest edge. Measured against scikit-image in
docs/motion-prior.md.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.arrays import LabelImage
from vsod_models.flow.flow_image import flow_to_image

SegmentationInput = Literal["flow", "rgb", "flow+rgb"]
FEWEST = 5  # with fewer segments a level says nothing about shapes


@dataclass(frozen=True, slots=True)
class Level:
    """Parameters of one segmentation.

    Attributes:
        sigma: Of the Gaussian before it, pixels.
        k: Preference for large segments, grey levels of 0..255.
        min_size: Smallest segment, pixels.
    """

    sigma: float
    k: float
    min_size: int


LEVELS = (Level(0.5, 30, 20), Level(0.5, 75, 40), Level(0.5, 150, 50))


def segment(picture: npt.NDArray[np.uint8] | npt.NDArray[np.float32], level: Level) -> LabelImage:
    """Cut a picture into segments.

    Args:
        picture: (H, W, C) uint8, or float32 in 0..255, any number of channels.
        level: Parameters.

    Returns:
        (H, W) int32, segments numbered from 0 without gaps. The call leaves Python's lock,
        so that several run at once in threads.
    """
    graph = cv2.ximgproc.segmentation.createGraphSegmentation(level.sigma, level.k, level.min_size)
    return np.asarray(graph.processImage(np.ascontiguousarray(picture)), np.int32)


def picture_to_cut(
    rgb: npt.NDArray[np.uint8], flow: npt.NDArray[np.float32], source: SegmentationInput = "flow"
) -> npt.NDArray[np.uint8] | npt.NDArray[np.float32]:
    """What is segmented.

    Args:
        rgb: (H, W, 3) uint8.
        flow: (H, W, 2) float32, pixels.
        source: ``"flow"`` (the papers), ``"rgb"``, or ``"flow+rgb"``: both, each at half weight.

    Returns:
        (H, W, 3) uint8, or (H, W, 6) float32 in 0..127.5.

    Raises:
        ValueError: Another source.
    """
    if source == "rgb":
        return rgb
    # the robust peak: one bad pixel must not bleach the picture that is cut
    wheel = flow_to_image(flow, robust=True)
    if source == "flow":
        return wheel
    if source == "flow+rgb":
        return np.concatenate((wheel, rgb), 2).astype(np.float32) * np.float32(0.5)
    raise ValueError(f"segmentation input must be flow, rgb or flow+rgb, not '{source}'")


def segmentations(
    rgb: npt.NDArray[np.uint8],
    flow: npt.NDArray[np.float32],
    source: SegmentationInput = "flow",
    levels: tuple[Level, ...] = LEVELS,
    threads: int = 2,
    meanwhile: Callable[[], None] | None = None,
) -> list[LabelImage]:
    """Segment one frame at every level.

    Args:
        rgb: (H, W, 3) uint8.
        flow: (H, W, 2) float32, pixels.
        source: See :func:`picture_to_cut`.
        levels: Parameters, one segmentation each.
        threads: Levels cut at once.
        meanwhile: Work of the calling thread while the levels are being cut.

    Returns:
        One (H, W) int32 label image a level. A level that comes out with fewer than five
        segments is cut from ``rgb`` instead.
    """
    picture = picture_to_cut(rgb, flow, source)

    def cut(level: Level) -> LabelImage:
        labels = segment(picture, level)
        return segment(rgb, level) if source != "rgb" and labels.max(initial=0) + 1 < FEWEST else labels

    if threads < 2:
        if meanwhile is not None:
            meanwhile()
        return [cut(level) for level in levels]
    with ThreadPoolExecutor(threads, "segment") as pool:
        waiting: list[Future[LabelImage]] = [pool.submit(cut, level) for level in levels]
        if meanwhile is not None:
            meanwhile()
        return [w.result() for w in waiting]
