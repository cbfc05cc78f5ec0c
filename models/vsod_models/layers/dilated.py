"""Dilated depthwise convolution that also trains fast on a CPU."""

from __future__ import annotations

from torch import Tensor, nn


class DilatedDepthwise(nn.Conv2d):
    """Depthwise 3x3 convolution, stride 1, that keeps its input's size at any dilation.

    A dilation of d never mixes pixels whose rows or columns differ modulo d, so the picture falls
    apart into d x d pictures, each convolved without dilation. In training we compute it so:
    PyTorch's backward pass of a dilated depthwise convolution on a CPU took 147 ms where the same
    without dilation took 12 ms (576 channels, 28x40, batch 8, bfloat16, one thread). Otherwise,
    or where the size does not divide by d, the plain convolution runs, which exporters know.
    """

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__(channels, channels, 3, 1, dilation, dilation, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same shape."""
        d = self.dilation[0]
        b, c, h, w = x.shape
        if not self.training or d == 1 or h % d or w % d:
            return super().forward(x)
        # channels last throughout: whole pixels move, never single values
        split = x.permute(0, 2, 3, 1).reshape(b, h // d, d, w // d, d, c).permute(0, 2, 4, 1, 3, 5)
        small = split.reshape(b * d * d, h // d, w // d, c).permute(0, 3, 1, 2)
        out = nn.functional.conv2d(small, self.weight, self.bias, 1, 1, 1, c)
        joined = out.permute(0, 2, 3, 1).reshape(b, d, d, h // d, w // d, c).permute(0, 3, 1, 4, 2, 5)
        return joined.reshape(b, h, w, c).permute(0, 3, 1, 2)
