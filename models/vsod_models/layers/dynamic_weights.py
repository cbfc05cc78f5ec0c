"""How far each of two branches is believed, scale by scale: DS-Net's dynamic weights.

Source: Liu et al., "DS-Net: Dynamic Spatiotemporal Network for Video Salient
Object Detection", 2020, sections on the dynamic weight generator and the cross
attentive aggregation; layer details from its release.
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
            each. Its table 4 compares two others without saying what they are; we read ``sep`` as
            every scale deciding over itself alone, and ``fc`` as mean vectors of all scales through
            two fully connected layers.
        align_corners: Of the bilinear resizing.

    The last ReLU comes before the mean over the picture (release), so weights are never negative.
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
        if kind == "fc":
            last = nn.Linear(width, scales)
            # a ReLU on one number per frame, with no norm before it: start where it lets a gradient through
            nn.init.ones_(last.bias)
            self.vector = nn.Sequential(
                nn.Linear(sum(channels), width), nn.ReLU(inplace=True), last, nn.ReLU(inplace=True)
            )
            return
        self.enter = nn.ModuleList(conv_norm(c, width, k) for c, k in zip(channels, kernels, strict=True))
        if kind == "dwg":
            self.decide = conv_norm(scales * width, scales, 3)
        else:
            self.each = nn.ModuleList(conv_norm(width, 1, 3) for _ in channels)
        kaiming(self)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Five (B, C_i, h_i, w_i), finest first -> w (B, 5), >= 0."""
        if self.kind == "fc":
            means: Tensor = self.vector(torch.cat([f.mean((2, 3)) for f in features], 1))
            return means
        maps = [enter(f) for enter, f in zip(self.enter, features, strict=True)]
        if self.kind == "sep":
            return torch.cat([one(m).mean((2, 3)) for one, m in zip(self.each, maps, strict=True)], 1)
        size = maps[0].shape[-2:]
        wide = [maps[0]] + [
            F.interpolate(m, size=size, mode="bilinear", align_corners=self.align_corners) for m in maps[1:]
        ]
        decided: Tensor = self.decide(torch.cat(wide, 1)).mean((2, 3))
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
