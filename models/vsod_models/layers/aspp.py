"""Atrous spatial pyramid pooling, as DS-Net has it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vsod_models.layers.blocks import ConvBN


class ASPP(nn.Module):
    """1x1, three dilated 3x3 and the mean over the picture, stacked and mixed by a 1x1.

    Source: Chen et al., "Rethinking Atrous Convolution", 2017, with DS-Net's
    rates (Su et al. 2020; release): 6, 12 and 18. Every convolution is
    without bias and has batch norm and ReLU, so in training the batch must
    hold at least two frames (the branch of the mean normalises over the batch alone).
    """

    def __init__(self, cin: int, width: int = 256, *, rates: tuple[int, ...] = (6, 12, 18)) -> None:
        super().__init__()
        self.point = ConvBN(cin, width, kernel=1)
        self.branches = nn.ModuleList(ConvBN(cin, width, dilation=rate) for rate in rates)
        self.whole = ConvBN(cin, width, kernel=1)
        self.mix = ConvBN((len(rates) + 2) * width, width, kernel=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, cin, h, w) -> (B, width, h, w)."""
        whole = self.whole(x.mean((2, 3), keepdim=True)).expand(-1, -1, x.shape[2], x.shape[3])
        parts = [self.point(x), *(branch(x) for branch in self.branches), whole]
        mixed: Tensor = self.mix(torch.cat(parts, 1))
        return mixed
