"""Colour contrast, and colour of the flow image: three numbers, and a method that says that none is pretrained."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Tiny(nn.Module):
    """Contrast to the frame's mean.

    Args:
        blur: Window of the mean filter, pixels.
    """

    def __init__(self, blur: int = 5) -> None:
        super().__init__()
        self.blur = blur
        self.mix = nn.Parameter(torch.tensor([9.0, 2.0, -2.5]))

    def backbone_parameters(self) -> list[nn.Parameter]:
        """Nothing of it is pretrained."""
        return []

    def forward(self, image: Tensor, flow_image: Tensor) -> Tensor | tuple[Tensor, list[Tensor]]:
        """(B, 1, H, W) logits of (B, 3, H, W) pictures and flow images, both RGB in 0..1."""
        smooth = F.avg_pool2d(image, self.blur, 1, self.blur // 2, count_include_pad=False)
        colour = (smooth - image.mean((2, 3), keepdim=True)).square().sum(1, keepdim=True).add(1e-6).sqrt()
        gain, motion, bias = self.mix
        logits = gain * colour + motion * (1 - flow_image.mean(1, keepdim=True)) + bias
        return (logits, []) if self.training else logits


def build(**options: int) -> Tiny:
    """What the card's ``entry`` names."""
    return Tiny(**options)
