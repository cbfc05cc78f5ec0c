"""`studio`: our net for quality first: `swift` at two zooms.

A large subject is understood from afar and a small one from near: the net reads
the picture at full and at half size with the same weights and decides per
channel and pixel, at four scales, which reading to believe (after the mixed
scales of ZoomNet, Pang et al., CVPR 2022). Everything else is
:mod:`vsod_models.networks.swift`'s, and starts from its weights.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsod_models.layers.blocks import upsample_like
from vsod_models.networks.swift import INTERMEDIATES as INTERMEDIATES
from vsod_models.networks.swift import EncoderName, Swift, Widths
from vsod_models.recipes import WIDE, Stage


class ZoomGate(nn.Module):
    """Two readings of the same place, weighed against each other per channel; even-handed at first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weigh = nn.Conv2d(2 * width, width, 1)
        nn.init.zeros_(self.weigh.weight)
        nn.init.zeros_(self.weigh.bias)  # type: ignore[arg-type]

    def forward(self, near: Tensor, far: Tensor) -> Tensor:
        """(B, C, h, w) at full size and (B, C, h/2, w/2) at half -> (B, C, h, w)."""
        far = upsample_like(far, near)
        share = torch.sigmoid(self.weigh(torch.cat((near, far), 1)))
        return far + share * (near - far)


class Studio(Swift):
    """Saliency of one frame from its picture and its motion, at two zooms.

    Args:
        widths: Decoder channels at strides 4, 8, 16 and 32.
        motion_widths: Channels of the motion stream at the same strides.
        encoder: MobileNetV2 or an EfficientNet-Lite.

    Shapes as :class:`vsod_models.networks.swift.Swift`'s.
    """

    def __init__(
        self,
        widths: Widths = (48, 64, 96, 96),
        motion_widths: Widths = (24, 40, 64, 96),
        encoder: EncoderName = "mobilenet_v2",
    ) -> None:
        super().__init__(widths, motion_widths, encoder)
        self.zoom = nn.ModuleList(ZoomGate(w) for w in widths)

    def encode(self, image: Tensor, motion: Tensor) -> tuple[Tensor, list[Tensor]]:
        """See :meth:`vsod_models.networks.swift.Swift.encode`."""
        finest, near = super().encode(image, motion)
        # motion is measured by its own peak, so half the size needs no other values
        _, far = super().encode(F.avg_pool2d(image, 2), F.avg_pool2d(motion, 2))
        return finest, [gate(n, f) for gate, n, f in zip(self.zoom, near, far, strict=True)]


STAGES = (Stage("zoom", 32_000, ("image", "motion"), **WIDE),)


def build(**options: object) -> Studio:
    """Entry point named by the model spec."""
    return Studio(**options)  # type: ignore[arg-type]
