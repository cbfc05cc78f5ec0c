"""From five aggregated scales to one map of features: DS-Net's top-down path and what it is compared with.

Source: Liu et al., "DS-Net", 2020, section on cross attentive aggregation; kernels and widths from its release.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from vsod_models.layers.blocks import ConvBN, kaiming
from vsod_models.layers.dynamic_weights import conv_norm


class Cascade(nn.Module):
    """From one end of the pyramid to the other: three convolutions per scale, resize, add the next scale.

    Top down (the paper's): F5 = agg5, F4 = UP(CAA5(F5)) + agg4, ..., F_final = CAA1(F1), at stride 4.
    Bottom up ("CAA-BU" of its table 5, our reading): the same from F1 to F5; the result has the
    coarsest size, and as many channels as the top-down one.

    Args:
        channels: Of the five scales, finest first.
        kernels: Of the three convolutions at each scale; (3, 3, 5, 7, 3) in the release.
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


class DirectSum(nn.Module):
    """No path between the scales: each is brought to C_1 channels by a 1x1, resized to stride 4 and summed.

    The baseline under DS-Net's table 3, which the paper calls direct summation without a layer table.
    """

    def __init__(self, channels: Sequence[int], *, align_corners: bool = True) -> None:
        super().__init__()
        self.align_corners = align_corners
        self.enter = nn.ModuleList(ConvBN(c, channels[0], kernel=1) for c in channels)
        kaiming(self)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Five (B, C_i, h_i, w_i), finest first -> (B, C_1, h_1, w_1)."""
        total: Tensor = self.enter[0](features[0])
        for enter, feature in zip(self.enter[1:], features[1:], strict=True):
            total = total + F.interpolate(
                enter(feature), size=total.shape[-2:], mode="bilinear", align_corners=self.align_corners
            )
        return total
