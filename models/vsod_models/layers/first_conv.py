"""The first convolution of a pretrained net that is to read more than RGB."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

FirstConv = Literal["keep_rgb", "gaussian", "xavier"]


def widen_first_conv(weight: Tensor, bias: Tensor, in_channels: int, how: FirstConv) -> tuple[Tensor, Tensor]:
    """Fit a pretrained first convolution to more input channels.

    Args:
        weight: (C, 3, k, k), pretrained on RGB.
        bias: (C,).
        in_channels: Inputs wanted; with 3 the pretrained values come back as they are.
        how: ``xavier`` draws the whole layer anew (SCNN), ``gaussian`` does so from N(0, 0.01)
            (MSST-ConvLSTM and STAN), both with a bias of zero;
            ``keep_rgb`` (ours) keeps the picture's weights and draws the others from N(0, 0.01),
            so that training starts from a net that still sees.

    Returns:
        Weight (C, in_channels, k, k) and bias (C,).

    Raises:
        ValueError: ``how`` is not one of the three.
    """
    if how not in ("keep_rgb", "gaussian", "xavier"):
        raise ValueError(f"first_conv must be keep_rgb, gaussian or xavier, not {how!r}")
    if in_channels == 3:
        return weight, bias
    wide = torch.empty(weight.shape[0], in_channels, *weight.shape[2:])
    if how == "xavier":
        nn.init.xavier_uniform_(wide)
        return wide, torch.zeros_like(bias)
    nn.init.normal_(wide, 0, 0.01)
    if how == "gaussian":
        return wide, torch.zeros_like(bias)
    wide[:, :3] = weight
    return wide, bias
