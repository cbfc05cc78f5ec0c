"""Losses of SCNN, MSST-ConvLSTM and STAN as published, on logits.

Logits and targets have equal shapes (B, ...): (B, 1, H, W), or (B, 1, 1, H, W) from the windowed
nets. Where the papers sum over the pixels we take the mean, so that learning
rates do not depend on the size of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor


def balanced_bce(logits: Tensor, target: Tensor, limits: tuple[float, float] = (0.0, 1.0)) -> Tensor:
    """Cross entropy that weighs the rarer class up, frame by frame.

    L = -alpha sum(g log p) - (1 - alpha) sum((1 - g) log(1 - p)) (SCNN, eq. 3), alpha the share of
    background in the frame's label.

    Args:
        logits: (B, ...).
        target: The same shape, 0..1.
        limits: alpha stays within. (0, 1) is the paper, where a frame without a subject has no loss; two
            frames in five of DAVIS-2016 train have less than 5 % subject, so narrower limits weigh otherwise.

    Returns:
        (B,) means over the pixels.
    """
    dims = tuple(range(1, target.ndim))
    alpha = (1 - target.float().mean(dims, keepdim=True)).clamp(*limits)
    # both terms carry a weight of their own, so a soft label needs them apart
    subject = alpha * target * F.softplus(-logits.float())
    background = (1 - alpha) * (1 - target) * F.softplus(logits.float())
    return (subject + background).mean(dims)


def scnn_loss(
    logits: Tensor, spatial: Sequence[Tensor], target: Tensor, spatial_weight: float = 0.5
) -> Tensor:
    """Loss of SCNN; balanced cross entropy of the result and of the first network.

    Args:
        logits: (B, 1, H, W).
        spatial: None or one, the logits of the first network.
        target: (B, 1, H, W) 0..1.
        spatial_weight: 0 is the paper, which does not mention a loss on the first network in
            joint training; with one, P_s stays a saliency map.

    Returns:
        Scalar, mean over the frames.
    """
    total = balanced_bce(logits, target)
    for extra in spatial:
        total = total + spatial_weight * balanced_bce(extra, target)
    return total.mean()


def msst_loss(
    logits: Tensor, remembered: Sequence[Tensor], target: Tensor, remembered_weight: float = 0.1
) -> Tensor:
    """Loss of MSST-ConvLSTM, L = L_f(S, G) + 0.1 L_r(R, G), both balanced.

    Args:
        logits: S, (B, 1, 1, H, W).
        remembered: None or one, O^T of the ConvLSTM; R = sigmoid(O^T).
        target: G, label of the window's last frame, (B, 1, 1, H, W) 0..1.
        remembered_weight: Factor on L_r.

    Returns:
        Scalar, mean over the windows.
    """
    total = balanced_bce(logits, target)
    for extra in remembered:
        total = total + remembered_weight * balanced_bce(extra, target)
    return total.mean()


def stan_loss(logits: Tensor, auxiliary: Sequence[Tensor], target: Tensor) -> Tensor:
    """Loss of STAN: plain cross entropy, nothing else.

    Args:
        logits: (B, 1, 1, H, W).
        auxiliary: Always empty; all losses of a system are called alike.
        target: (B, 1, 1, H, W) 0..1.

    Returns:
        Scalar, mean over windows and pixels.
    """
    del auxiliary
    return F.binary_cross_entropy_with_logits(logits.float(), target.float())
