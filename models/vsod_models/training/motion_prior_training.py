"""Training the classifier of the motion prior.

Labels after MDF (Li and Yu, CVPR 2015), whose rule SCNN's family follows:
segments that lie in the subject with at least 70 % of their pixels are
positive, with at most 30 % negative, the rest is left out. As many of the one
as of the other are drawn from every level of every frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from vsod_models.arrays import FloatArray, LabelImage
from vsod_models.motion_prior.motion_prior import describe_segments, is_static
from vsod_models.motion_prior.region_classifier import Layers
from vsod_models.motion_prior.region_features import RegionFeatures
from vsod_models.motion_prior.segmentation import LEVELS, Level, SegmentationInput
from vsod_models.motion_prior.torch_networks import RegionNet

LabelledFrame = tuple[npt.NDArray[np.uint8], FloatArray, npt.NDArray[np.bool_]]  # rgb, flow, mask
POSITIVE, NEGATIVE = 0.7, 0.3


@dataclass(frozen=True)
class Samples:
    """Segments to learn from.

    Attributes:
        regions: (N, D) float32.
        subject: (N,) bool.
        level: (N,) int64, which segmentation each comes from.
    """

    regions: FloatArray
    subject: npt.NDArray[np.bool_]
    level: npt.NDArray[np.int64]


def region_labels(labels: LabelImage, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
    """Which segments are subject.

    Args:
        labels: (H, W) int32, segments from 0 without gaps.
        mask: (H, W) bool, True = subject.

    Returns:
        (segments,) int8: 1 = at least 70 % subject, 0 = at most 30 %, -1 = between, left out.
    """
    flat = labels.ravel()
    pixels = np.bincount(flat)
    # counted, not averaged: 7 of 10 pixels are 70 % whatever floating point says
    inside = np.bincount(flat[mask.ravel()], minlength=len(pixels))
    out = np.full(len(pixels), -1, np.int8)
    out[inside * 10 >= pixels * round(POSITIVE * 10)] = 1
    out[inside * 10 <= pixels * round(NEGATIVE * 10)] = 0
    return out


def balanced(kinds: npt.NDArray[np.int8], rng: np.random.Generator, most: int) -> npt.NDArray[np.int64]:
    """Indices of equally many (at most ``most``) ones and zeros of ``kinds``; none if either is missing."""
    ones, zeros = np.flatnonzero(kinds == 1), np.flatnonzero(kinds == 0)
    n = min(len(ones), len(zeros), most)
    return np.concatenate((rng.choice(ones, n, replace=False), rng.choice(zeros, n, replace=False)))


def gather(
    frames: Iterable[LabelledFrame],
    regions: RegionFeatures,
    *,
    source: SegmentationInput = "flow",
    levels: tuple[Level, ...] = LEVELS,
    most: int = 60,
    threads: int = 2,
    seed: int = 0,
    report: Callable[[int], None] | None = None,
) -> Samples:
    """Segment and describe labelled frames. Frames in which nothing moves are passed over.

    Args:
        frames: rgb (H, W, 3) uint8, flow (H, W, 2) float32 pixels, mask (H, W) bool.
        regions: Describes segments.
        source: What is segmented.
        levels: Parameters of the segmentations.
        most: Segments of each kind a level of a frame gives at most.
        threads: Threads of the segmentation.
        seed: Of the drawing.
        report: Called with the number of frames done.

    Raises:
        ValueError: No frame has segments of both kinds.
    """
    rng = np.random.default_rng(seed)
    x: list[FloatArray] = []
    y: list[npt.NDArray[np.bool_]] = []
    which: list[npt.NDArray[np.int64]] = []
    for done, (rgb, flow, mask) in enumerate(frames, 1):
        if not is_static(flow):
            cut, described_regions = describe_segments(rgb, flow, regions, source, levels, threads)
            for n, (labels, values) in enumerate(zip(cut, described_regions, strict=True)):
                kinds = region_labels(labels, mask)
                drawn = balanced(kinds, rng, most)
                x.append(values[drawn])
                y.append(kinds[drawn] == 1)
                which.append(np.full(len(drawn), n, np.int64))
        if report:
            report(done)
    if not x or not any(len(part) for part in x):
        raise ValueError("no frame to learn from: none moves and has segments of subject and background")
    return Samples(np.concatenate(x), np.concatenate(y), np.concatenate(which))


def fit(
    samples: Samples,
    *,
    epochs: int = 10,
    batch: int = 256,
    rate: float = 1e-3,
    seed: int = 0,
    report: Callable[[int, float], None] | None = None,
) -> Layers:
    """Train one classifier: cross entropy, Adam.

    Args:
        samples: Segments of one level or of all.
        epochs: Passes over the samples.
        batch: Samples a step.
        rate: Adam's.
        seed: Of initial values, order and dropout.
        report: Called with the epoch (from 1) and its mean loss.

    Returns:
        What :class:`vsod_models.motion_prior.region_classifier.Classifier` takes.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        x, y = torch.from_numpy(samples.regions), torch.from_numpy(samples.subject).long()
        # a dimension that never varies carries nothing: leave its scale alone
        std = x.std(0, correction=0)
        net = RegionNet(x.mean(0), torch.where(std > 1e-6, std, 1.0))
        optimiser = torch.optim.Adam(net.parameters(), lr=rate)
        net.train()
        for epoch in range(1, epochs + 1):
            total = 0.0
            for chosen in torch.split(torch.randperm(len(x)), batch):
                loss = nn.functional.cross_entropy(net(x[chosen]), y[chosen])
                optimiser.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                total += float(loss.detach()) * len(chosen)
            if report:
                report(epoch, total / len(x))
        return net.export()


def train_prior(
    frames: Iterable[LabelledFrame],
    regions: RegionFeatures,
    *,
    source: SegmentationInput = "flow",
    levels: tuple[Level, ...] = LEVELS,
    per_level: bool = False,
    epochs: int = 10,
    threads: int = 2,
    seed: int = 0,
    report: Callable[[dict[str, float]], None] | None = None,
) -> tuple[Layers, ...]:
    """Train the prior's classifier on labelled frames.

    Args:
        frames: rgb (H, W, 3) uint8, flow (H, W, 2) float32 pixels, mask (H, W) bool.
        regions: Describes segments.
        source: What is segmented.
        levels: Parameters of the segmentations.
        per_level: Train one classifier a level (the papers' S^j) instead of one for all.
        epochs: Passes over the segments.
        threads: Threads of the segmentation.
        seed: Of everything.
        report: Receives ``{"frames": n}`` and ``{"epoch": n, "loss": x}``.

    Returns:
        One set of layers, or one a level.

    Raises:
        ValueError: No frame, or no frame of a level, has segments of both kinds.
    """
    samples = gather(
        frames,
        regions,
        source=source,
        levels=levels,
        threads=threads,
        seed=seed,
        report=(lambda n: report({"frames": n})) if report else None,
    )
    parts = [samples]
    if per_level:
        chosen = [samples.level == n for n in range(len(levels))]
        if not all(c.any() for c in chosen):
            raise ValueError("a level has no segments to learn from: train one classifier for all")
        parts = [Samples(samples.regions[c], samples.subject[c], samples.level[c]) for c in chosen]
    tell = (lambda n, loss: report({"epoch": n, "loss": loss})) if report else None
    return tuple(fit(part, epochs=epochs, seed=seed, report=tell) for part in parts)
