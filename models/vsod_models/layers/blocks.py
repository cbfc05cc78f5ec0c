"""Small convolution blocks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvBN(nn.Sequential):
    """3x3 (or ``kernel``) convolution, batch norm, ReLU. (B, cin, H, W) -> (B, cout, H/s, W/s)."""

    def __init__(self, cin: int, cout: int, *, kernel: int = 3, stride: int = 1, dilation: int = 1) -> None:
        pad = dilation * (kernel // 2)
        super().__init__(
            nn.Conv2d(cin, cout, kernel, stride, pad, dilation, bias=False),
            nn.BatchNorm2d(cout),
            nn.ReLU(inplace=True),
        )


class Residual(nn.Module):
    """Two plain 3x3 convolutions around a skip. Keeps shape."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = ConvBN(width, width)
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same shape."""
        return F.relu(x + self.norm(self.conv(self.first(x))))


class DilatedContext(nn.Module):
    """Parallel dilated 3x3 convolutions and a global mean, summed. Keeps shape.

    A light form of atrous spatial pyramid pooling (Chen et al., 2017).
    """

    def __init__(self, width: int, rates: tuple[int, ...] = (1, 2, 4)) -> None:
        super().__init__()
        self.branches = nn.ModuleList(ConvBN(width, width, dilation=r) for r in rates)
        self.whole = nn.Sequential(nn.Conv2d(width, width, 1), nn.ReLU(inplace=True))
        self.out = ConvBN(width, width, kernel=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same shape."""
        total: Tensor = self.whole(x.mean((2, 3), keepdim=True)).expand_as(x)
        for branch in self.branches:
            total = total + branch(x)
        mixed: Tensor = self.out(total)
        return x + mixed


def upsample_like(x: Tensor, like: Tensor) -> Tensor:
    """Bilinear resize of ``x`` to the height and width of ``like``."""
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


def kaiming(module: nn.Module) -> None:
    """He initialisation of every convolution below ``module``; norms to identity."""
    for m in module.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
            if m.bias is not None:
                nn.init.zeros_(m.bias)
        elif isinstance(m, nn.BatchNorm2d) and m.affine:
            nn.init.ones_(m.weight)
            nn.init.zeros_(m.bias)


def channels_last(module: nn.Module) -> nn.Module:
    """Lay the weights of all 2-d convolutions out channels last, in place; faster on CPUs and tensor cores."""
    for p in module.parameters():
        # 3-d convolutions have a layout of their own
        if p.ndim == 4:
            p.data = p.data.contiguous(memory_format=torch.channels_last)
    return module


def count_parameters(module: nn.Module) -> int:
    """Number of learned values, batch-norm statistics not counted."""
    return sum(p.numel() for p in module.parameters())
