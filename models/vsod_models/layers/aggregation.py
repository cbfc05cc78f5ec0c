"""From five aggregated scales to one map of features: DS-Net's top-down path, and the bottom-up one of its table V.

Source: Su et al., "DS-Net", 2020 (first version), section III-C; kernels and widths from its table I.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from vsod_models.layers.blocks import kaiming
from vsod_models.layers.dynamic_weights import conv_norm


class Cascade(nn.Module):
    """From one end of the pyramid to the other: three convolutions per scale, resize, add the next scale.

    Top down (the paper's): F5 = agg5, F4 = UP(CAA5(F5)) + agg4, ..., F_final = CAA1(F1), at stride 4.
    Bottom up ("CAA-BU" of its table V: "progressively fed into coarser scale"): from F1 to F5; the result
    has the coarsest size, and as many channels as the top-down one. Kernels and widths of that row are ours.

    Args:
        channels: Of the five scales, finest first.
        kernels: Of the three convolutions at each scale; (3, 3, 5, 7, 3) in table I.
        upward: Bottom up instead.
        align_corners: Of the bilinear resizing.
    """

    def __init__(
        self,
        channels: Sequence[int],
        *,
        kernels: Sequence[int] = (3, 3, 5, 7, 3),
        upward: bool = False,
        align_corners: bool = True,
    ) -> None:
        super().__init__()
        self.align_corners = align_corners
        self.order = list(range(len(channels)))
        if not upward:
            self.order.reverse()
        blocks: dict[int, nn.Module] = {}
        for step, i in enumerate(self.order):
            inside, kernel = channels[i], kernels[i]
            last = step + 1 == len(self.order)
            outside = channels[0] if last else channels[self.order[step + 1]]
            blocks[i] = nn.Sequential(
                conv_norm(inside, inside, kernel),
                conv_norm(inside, inside, kernel),
                conv_norm(inside, outside, kernel),
            )
        self.blocks = nn.ModuleList(blocks[i] for i in range(len(channels)))
        kaiming(self)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Five (B, C_i, h_i, w_i), finest first -> (B, C_1, h, w) of the last scale reached."""
        x = features[self.order[0]]
        for here, following in zip(self.order, self.order[1:], strict=False):
            there = features[following]
            x = self.blocks[here](x)
            x = there + F.interpolate(
                x, size=there.shape[-2:], mode="bilinear", align_corners=self.align_corners
            )
        final: Tensor = self.blocks[self.order[-1]](x)
        return final
