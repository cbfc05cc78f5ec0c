"""Losses on logits. All take (B, 1, H, W) logits and targets 0..1 and give (B,) values."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def boundary_bce(logits: Tensor, target: Tensor, strength: float = 4.0) -> Tensor:
    """Cross entropy, pixels near the label's edge weighted up to ``1 + strength`` times.

    Source: the weighting of F3Net (Wei et al., AAAI 2020), with a window of 31 px.
    """
    weight = 1 + strength * (_mean_around(target, 31) - target).abs()
    loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (loss * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3))


def _mean_around(x: Tensor, window: int) -> Tensor:
    """(B, C, H, W) -> the mean of the window around each pixel, of what lies inside; rows first, then columns."""
    pad = window // 2
    rows = F.avg_pool2d(x, (1, window), 1, (0, pad), count_include_pad=False)
    return F.avg_pool2d(rows, (window, 1), 1, (pad, 0), count_include_pad=False)


def soft_iou(logits: Tensor, target: Tensor) -> Tensor:
    """1 - soft intersection over union; 1 pixel of slack keeps empty labels finite."""
    p = torch.sigmoid(logits)
    inter = (p * target).sum((1, 2, 3))
    union = (p + target - p * target).sum((1, 2, 3))
    return 1 - (inter + 1) / (union + 1)


def saliency_loss(
    logits: Tensor, sides: list[Tensor], target: Tensor, trust: Tensor, side_weight: float = 0.4
) -> Tensor:
    """Boundary-aware cross entropy plus soft IoU, side outputs supervised at their own size.

    Args:
        logits: (B, 1, H, W).
        sides: Logits at coarser sizes.
        target: (B, 1, H, W) 0..1.
        trust: (B,) weight of each sample; below 1 (weak labels) the edge term and IoU are left out.
        side_weight: Weight of all side outputs together.

    Returns:
        Scalar.
    """
    sure = (trust >= 1).float()

    def one(x: Tensor, t: Tensor) -> Tensor:
        plain = F.binary_cross_entropy_with_logits(x, t, reduction="none").mean((1, 2, 3))
        strict = boundary_bce(x, t) + soft_iou(x, t)
        return sure * strict + (1 - sure) * trust * plain

    total = one(logits.float(), target)
    for side in sides:
        small = F.adaptive_avg_pool2d(target, (side.shape[-2], side.shape[-1]))
        total = total + side_weight / len(sides) * one(side.float(), small)
    return total.mean()
