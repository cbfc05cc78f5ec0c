"""Coarse labels: fused maps, thresholded, with the wrong regions erased by rule instead of by hand.

Source: MSST §3.3 and STAN §3.3 fuse three models' maps, binarise with Otsu's threshold, and have
people erase what is wrong. Nobody sits here, so three rules erase connected components:

a. it covers too little of the frame;
b. it hardly moves *and* the models are not sure of it;
c. carried along the optical flow, it overlaps too little with the labels of the previous *and* of
   the next frame.

Rule c is judged on the labels that rules a and b left, all frames alike, so that the outcome does not
depend on the order of the frames. A component is compared with those components of the
neighbour that it touches, not with the neighbour's whole label: two steady subjects of different
size would otherwise erase each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.arrays import LabelImage, Map, Mask
from vsod_models.labels.otsu import otsu_mask


@dataclass(frozen=True)
class ErasureRules:
    """When a component is erased.

    Attributes:
        smallest: Rule a: share of the frame below which it goes.
        moving: Rule b: mean motion prior below which it counts as still ...
        sure: ... and mean fused saliency below which the models count as unsure.
        overlap: Rule c: intersection over union with each neighbour below which it is a flicker.
    """

    smallest: float = 0.002
    moving: float = 0.2
    sure: float = 0.6
    overlap: float = 0.2


@dataclass(frozen=True, eq=False)
class Candidate:
    """A frame before erasing.

    Attributes:
        fused: (H, W) float32 0..1.
        motion: (H, W) float32 0..1 motion prior; None if nothing moves, then rule b is not applied.
        flow: (H, W, 2) pixels to the *next candidate*; None if that is not the next frame of the clip
            (a gap, the end): the two are then no neighbours.
    """

    fused: Map
    motion: Map | None
    flow: npt.NDArray[np.float32] | None


@dataclass(frozen=True, eq=False)
class CoarseLabel:
    """A coarse label.

    Attributes:
        mask: (H, W) bool.
        raw: (H, W) bool, Otsu's mask before erasing.
        components: How many components that had.
        erased: How many of them each rule took, ``{"a": .., "b": .., "c": ..}``.
        margin: Mean saliency inside the label less that outside, 0..1.
        kept: Share of the area of Otsu's mask that is left, 0..1.
        steady: Mean intersection over union of the flow-carried label with its neighbours', 0..1;
            1 without neighbours.
    """

    mask: Mask
    raw: Mask
    components: int
    erased: dict[str, int]
    margin: float
    kept: float
    steady: float

    @property
    def confidence(self) -> float:
        """Confidence of the label, 0..1: ``kept * steady``; 0 for an empty one.

        The margin is left out: what models are sure of depends on the models more than on the label
        (docs/labels.md has the figures).
        """
        return self.kept * self.steady if self.mask.any() else 0.0


def coarse_labels(frames: Iterable[Candidate], rules: ErasureRules | None = None) -> Iterator[CoarseLabel]:
    """Label the frames of one clip, in order; holds three frames at a time.

    Args:
        frames: Consecutive candidates, all of one size.
        rules: When a component is erased.
    """
    rules = rules or ErasureRules()
    before: _Draft | None = None
    for frame in frames:
        draft = _Draft.of(frame, rules)
        if before is not None:
            if before.frame.flow is not None:
                _meet(before, draft, before.frame.flow)
            yield before.finish(rules)
        before = draft
    if before is not None:
        yield before.finish(rules)


def warp_labels(ids: npt.NDArray[np.generic], flow: npt.NDArray[np.float32]) -> npt.NDArray[np.generic]:
    """Bring the next frame's (H, W) picture back to this frame: ``out[y, x] = ids[y + v, x + u]``.

    Nearest neighbour, so that labels stay labels; 0 where the flow points out of the frame.
    """
    h, w = ids.shape
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    moved = cv2.remap(
        ids.astype(np.float32),
        x + flow[..., 0],
        y + flow[..., 1],
        cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    return np.asarray(moved).astype(ids.dtype)


@dataclass(eq=False)
class _Draft:
    """A frame after rules a and b, and what its neighbours say of its components.

    ``ids`` is 0 on background and 1..n on components; ``agreement`` holds one array of n + 1
    overlaps per neighbour, ``whole`` one overlap of the whole label per neighbour.
    """

    frame: Candidate
    otsu: Mask
    ids: LabelImage
    count: int
    components: int
    erased: dict[str, int]
    agreement: list[npt.NDArray[np.float64]] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, frame: Candidate, rules: ErasureRules) -> _Draft:
        otsu = otsu_mask(frame.fused)
        n, found = cv2.connectedComponents(otsu.astype(np.uint8), connectivity=8)
        ids = np.asarray(found, np.int32)
        area = _sums(ids, None, n)
        small = area < rules.smallest * otsu.size
        saliency = _sums(ids, frame.fused, n) / np.maximum(area, 1)
        still = np.zeros(n, np.bool_)
        if frame.motion is not None:
            motion = _sums(ids, frame.motion, n) / np.maximum(area, 1)
            still = (motion < rules.moving) & (saliency < rules.sure) & ~small
        keep = ~(small | still)
        keep[0] = False
        renumbered = np.where(keep, np.cumsum(keep), 0).astype(np.int32)
        erased = {"a": int(small[1:].sum()), "b": int(still[1:].sum()), "c": 0}
        return cls(frame, otsu, renumbered[ids], int(keep.sum()), n - 1, erased)

    def finish(self, rules: ErasureRules) -> CoarseLabel:
        keep = np.ones(self.count + 1, np.bool_)
        if self.agreement:
            keep = np.max(self.agreement, axis=0) >= rules.overlap
        keep[0] = False
        mask = np.asarray(keep[self.ids], np.bool_)
        fused, area = self.frame.fused, int(mask.sum())
        margin = 0.0
        if 0 < area < mask.size:
            margin = max(float(fused[mask].mean() - fused[~mask].mean()), 0.0)
        return CoarseLabel(
            mask,
            self.otsu,
            self.components,
            {**self.erased, "c": int((~keep[1:]).sum())},
            margin,
            area / max(int(self.otsu.sum()), 1),
            float(np.mean(self.whole)) if self.whole else 1.0,
        )


def _sums(ids: LabelImage, values: Map | None, count: int) -> npt.NDArray[np.float64]:
    weights = None if values is None else values.ravel().astype(np.float64)
    return np.bincount(ids.ravel(), weights, minlength=count).astype(np.float64)


def _meet(now: _Draft, then: _Draft, flow: npt.NDArray[np.float32]) -> None:
    """Compare two neighbours where ``now`` is, and note the overlaps in both."""
    there = np.asarray(warp_labels(then.ids, flow), np.int32)
    shape = (now.count + 1, then.count + 1)
    flat = now.ids.ravel().astype(np.int64) * shape[1] + there.ravel()
    shared = np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
    now.agreement.append(_overlaps(shared))
    then.agreement.append(_overlaps(shared.T))
    union = shared.sum() - shared[0, 0]
    whole = float(shared[1:, 1:].sum() / union) if union else 1.0
    now.whole.append(whole)
    then.whole.append(whole)


def _overlaps(shared: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """IoU of every row's component with the union of the columns' components it touches.

    Args:
        shared: (n + 1, m + 1) pixels in component i here and j there; row and column 0 are background.
    """
    touched = shared[:, 1:] > 0
    other = touched.astype(np.float64) @ shared[:, 1:].sum(0)
    both = shared[:, 1:].sum(1)
    union = shared.sum(1) + other - both
    return np.asarray(both / np.maximum(union, 1), np.float64)
