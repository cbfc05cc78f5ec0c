"""Pyramid dilated convolution, the multi-scale part of PDB-ConvLSTM, and the ASPP it is compared with."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vsod_models.layers.blocks import ConvBN


class PyramidDilated(nn.Module):
    """Parallel dilated 3x3 convolutions, stacked, by default together with their input.

    Source: Song et al., "Pyramid Dilated Deeper ConvLSTM for Video Salient Object
    Detection", ECCV 2018; batch norm and ReLU as in the release.

    Args:
        cin: Channels of the input F.
        width: Channels of every branch, 512 in the paper.
        rates: Dilation of each branch; (2, 4, 8, 16) in the paper, one alone in its table 4.
        keep_input: Stack F itself as well.

    ``channels`` is the number of channels that come out.
    """

    def __init__(
        self, cin: int, width: int = 512, *, rates: tuple[int, ...] = (2, 4, 8, 16), keep_input: bool = True
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleList(ConvBN(cin, width, dilation=rate) for rate in rates)
        self.keep_input = keep_input
        self.channels = len(rates) * width + (cin if keep_input else 0)

    def forward(self, x: Tensor) -> Tensor:
        """(B, cin, h, w) -> (B, channels, h, w)."""
        wide = [branch(x) for branch in self.branches]
        return torch.cat([x, *wide] if self.keep_input else wide, 1)


class SummedPyramid(nn.Module):
    """Row "ASPP" of PDB-ConvLSTM's table 4: the same branches, added up instead of stacked, without F.

    Source: Song et al. 2018, section 4.4: ASPP "adopts elementwise sum operation, instead of concatenation,
    over all the features from different scales"; section 3.1: X = T_1 + ... + T_K, of the pyramid's own T_k.

    Args:
        cin: Channels of the input F.
        width: Channels of every branch, and of the sum; 512 in the paper.
        rates: Dilation of each branch, (2, 4, 8, 16) in the paper.

    ``channels`` is the number of channels that come out.
    """

    def __init__(self, cin: int, width: int = 512, *, rates: tuple[int, ...] = (2, 4, 8, 16)) -> None:
        super().__init__()
        self.branches = nn.ModuleList(ConvBN(cin, width, dilation=rate) for rate in rates)
        self.channels = width

    def forward(self, x: Tensor) -> Tensor:
        """(B, cin, h, w) -> (B, width, h, w)."""
        total: Tensor = self.branches[0](x)
        for branch in self.branches[1:]:
            total = total + branch(x)
        return total
