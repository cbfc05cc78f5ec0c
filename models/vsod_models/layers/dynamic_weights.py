"""How far each of two branches is believed, scale by scale: DS-Net's dynamic weights.

Source: Su et al., "DS-Net: Dynamic Spatiotemporal Network for Video Salient
Object Detection", 2020 (first version), sections III-B and III-C; layer details from its release.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsod_models.layers.blocks import kaiming

Weighting = Literal["dwg", "sep", "fc", "none"]


def conv_norm(cin: int, cout: int, kernel: int) -> nn.Sequential:
    """Convolution **with** bias, batch norm, ReLU: the release's block outside of ASPP and decoder."""
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel, padding=kernel // 2), nn.BatchNorm2d(cout), nn.ReLU(inplace=True)
    )


class DynamicWeights(nn.Module):
    """One number per scale that says how good a branch's features are.

    Args:
        channels: Of the branch's five features, finest first.
        width: Channels each of them is brought to, 64 in the paper.
        kernels: Of the convolutions that do it; (3, 3, 5, 7, 3) in the release.
        kind: ``dwg``, the paper's generator: all scales together, at the finest size, decide over
            each. The variants of its table IV (section IV-E-1), behind the same entry convolutions: ``sep``,
            "the feature of each scale is separately processed by global average pooling and convolution to
            generate a scalar"; ``fc``, the features "are concatenated but directly passed through a global
            average pooling layer and a fully connected layer".
        align_corners: Of the bilinear resizing.

    The last ReLU of ``dwg`` comes before the mean over the picture (release), so its weights are never
    negative. Those of the two others take any sign: the paper names no ReLU behind their last layer.
    """

    def __init__(
        self,
        channels: Sequence[int],
        *,
        width: int = 64,
        kernels: Sequence[int] = (3, 3, 5, 7, 3),
        kind: Literal["dwg", "sep", "fc"] = "dwg",
        align_corners: bool = True,
    ) -> None:
        super().__init__()
        self.kind, self.align_corners = kind, align_corners
        scales = len(channels)
        self.enter = nn.ModuleList(conv_norm(c, width, k) for c, k in zip(channels, kernels, strict=True))
        if kind == "dwg":
            self.decide = conv_norm(scales * width, scales, 3)
        elif kind == "sep":
            self.each = nn.ModuleList(nn.Conv2d(width, 1, 1) for _ in channels)
        else:
            self.connect = nn.Linear(scales * width, scales)
        kaiming(self)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Five (B, C_i, h_i, w_i), finest first -> w (B, 5); >= 0 for ``dwg``."""
        maps = [enter(f) for enter, f in zip(self.enter, features, strict=True)]
        if self.kind == "sep":
            means = (m.mean((2, 3), keepdim=True) for m in maps)
            return torch.cat([one(mean) for one, mean in zip(self.each, means, strict=True)], 1).flatten(1)
        size = maps[0].shape[-2:]
        wide = [maps[0]] + [
            F.interpolate(m, size=size, mode="bilinear", align_corners=self.align_corners) for m in maps[1:]
        ]
        together = torch.cat(wide, 1)
        if self.kind == "fc":
            connected: Tensor = self.connect(together.mean((2, 3)))
            return connected
        decided: Tensor = self.decide(together).mean((2, 3))
        return decided


def cross_softmax(spatial: Tensor, temporal: Tensor) -> tuple[Tensor, Tensor]:
    """Two weights against each other, scale by scale: (B, 5), (B, 5) -> v_s, v_t, which sum to 1.

    v_s = e^ws / (e^ws + e^wt), computed as a sigmoid of the difference and in float32 at least:
    the threshold behind it is a hard one.
    """
    gap = spatial - temporal
    if gap.dtype in (torch.bfloat16, torch.float16):
        gap = gap.float()
    return torch.sigmoid(gap), torch.sigmoid(-gap)


def cross_threshold(spatial: Tensor, temporal: Tensor, tau: float) -> tuple[Tensor, Tensor]:
    """Leave out a branch that is far behind: (B, 5), (B, 5) -> u_s, u_t.

    Where v_s - v_t > tau, u_t is 0; where it is < -tau, u_s is 0; the winner keeps its v. With the
    paper's tau of 0.6 a branch goes when its v is below 0.2, a gap of ln 4 before the softmax.
    """
    gap = spatial - temporal
    nothing = torch.zeros_like(gap)
    return torch.where(gap < -tau, nothing, spatial), torch.where(gap > tau, nothing, temporal)
