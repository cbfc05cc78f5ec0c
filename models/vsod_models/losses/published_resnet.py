"""The losses of PDB-ConvLSTM and DS-Net as their papers give them. Logits in, scalars out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor


def pdb_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross entropy plus mean absolute error, both means over all pixels and frames.

    Source: PDB-ConvLSTM (Song et al., ECCV 2018).

    Args:
        logits: (B, T, 1, H, W), or (B, 1, H, W) of single frames in stage 1.
        target: The same shape, 0..1.

    Returns:
        Scalar.
    """
    logits, target = logits.float(), target.float()
    entropy = F.binary_cross_entropy_with_logits(logits, target)
    return entropy + (torch.sigmoid(logits) - target).abs().mean()


def dsnet_loss(
    logits: Tensor,
    auxiliary: Sequence[Tensor],
    target: Tensor,
    reduction: Literal["mean", "release"] = "mean",
) -> Tensor:
    """Cross entropy of the final map and of each supervised one (coarse, spatial, temporal), added.

    Source: DS-Net, section on multi-supervision: l_f + l_c + l_s + l_t.

    Args:
        logits: (B, 1, H, W).
        auxiliary: More of them; as many as the net hands out.
        target: (B, 1, H, W), 0..1.
        reduction: ``mean`` over all pixels; ``release``: the sum over all pixels of the batch divided by
            10 x 8, what the release adds up over ten batches of eight. Adam takes no notice of the factor
            between them, but weight decay does: the paper's 5e-4 goes with ``release``, next to none with ``mean``.

    Returns:
        Scalar.

    Raises:
        ValueError: Another reduction.
    """
    if reduction not in ("mean", "release"):
        raise ValueError(f"reduction must be mean or release, not {reduction!r}")
    target = target.float()
    how = "mean" if reduction == "mean" else "sum"
    total = target.new_zeros(())
    for one in (logits, *auxiliary):
        total = total + F.binary_cross_entropy_with_logits(one.float(), target, reduction=how)
    return total if reduction == "mean" else total / (10 * 8)
