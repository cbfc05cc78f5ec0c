"""How well a segmentation *could* do, and what it costs: ``python -m vsod.lab.evaluation.prior_upper_bound DATA``.

"Oracle" is the best intersection over union reachable by calling whole segments subject or
background, as if a perfect classifier judged them: the ceiling of the motion prior.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vsod.lab.datasets import labelled_clips
from vsod.lab.training.prior_training import LabelledFrame, clip_frames
from vsod_models.arrays import LabelImage
from vsod_models.motion_prior.segmentation import LEVELS, Level, SegmentationInput, picture_to_cut, segment

Segmenter = Callable[[npt.NDArray[np.uint8] | npt.NDArray[np.float32], Level], LabelImage]
_SOURCES: tuple[SegmentationInput, ...] = ("flow", "rgb", "flow+rgb")


def best_iou(score: npt.NDArray[np.floating], mask: npt.NDArray[np.bool_]) -> float:
    """Best IoU of ``score > t`` with ``mask`` over all thresholds t; both (H, W)."""
    order = np.argsort(-score.ravel(), kind="stable")
    ranked, inside = score.ravel()[order], np.cumsum(mask.ravel()[order])
    last_of_value = np.append(ranked[1:] != ranked[:-1], True)
    union = np.arange(1, mask.size + 1) + inside[-1] - inside
    return float((inside / union)[last_of_value].max())


def segment_coverage(labels: LabelImage, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """(H, W): how much of its segment the subject covers, at every pixel."""
    flat = labels.ravel()
    return np.asarray((np.bincount(flat, mask.ravel()) / np.bincount(flat))[labels])


def scikit_image(picture: npt.NDArray[np.uint8] | npt.NDArray[np.float32], level: Level) -> LabelImage:
    """The same segmentation by scikit-image, whose ``scale`` of 0..1 pictures is ``k`` of 0..255."""
    from skimage.segmentation import felzenszwalb

    labels = felzenszwalb(picture, scale=level.k, sigma=level.sigma, min_size=level.min_size)
    return np.asarray(labels, np.int32)


def format_row(name: str, frames: Sequence[LabelledFrame], source: SegmentationInput, cut: Segmenter) -> str:
    """One line of the table: segments, oracle IoU by level and of the mean of levels, ms a level."""
    counts, ious, mean_ious, times = [], [], [], []
    for rgb, flow, mask in frames:
        picture = picture_to_cut(rgb, flow, source)
        painted = []
        for level in LEVELS:
            start = time.perf_counter()
            labels = cut(picture, level)
            times.append(time.perf_counter() - start)
            counts.append(int(labels.max()) + 1)
            painted.append(segment_coverage(labels, mask))
        ious.append([best_iou(p, mask) for p in painted])
        mean_ious.append(best_iou(np.mean(painted, 0), mask))
    segments = "/".join(str(int(statistics.median(counts[i :: len(LEVELS)]))) for i in range(len(LEVELS)))
    by_level = "/".join(f"{v:.2f}" for v in np.mean(ious, 0))
    return f"| {name} | {segments} | {by_level} | {np.mean(mean_ious):.3f} | {statistics.median(times) * 1e3:.0f} |"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table for the training clips."""
    parser = argparse.ArgumentParser(description="What the motion prior's segmentations could reach.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--every", type=int, default=32)
    parser.add_argument("--width", type=int, default=512)
    args = parser.parse_args(argv)
    labelled = clip_frames(labelled_clips(args.data, "train"), args.every, args.width)
    frames = [f for f in labelled if f[2].any()]
    print(f"{len(frames)} frames")
    print(
        "| cut from, by | segments | oracle IoU by level | of the mean | ms a level |\n|---|---|---|---|---|"
    )
    for source in _SOURCES:
        print(format_row(f"{source}, OpenCV", frames, source, segment), flush=True)
    try:
        print(format_row("flow, scikit-image", frames, "flow", scikit_image))
    except ImportError:
        print("(scikit-image is not installed)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
