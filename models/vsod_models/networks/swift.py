"""`swift`: our light two-stream net, the default model.

An encoder trained on ImageNet reads the picture; a small plain convolutional stream reads the
optical flow at half resolution; at four scales a reliability gate decides how
much of the motion is believed (after the dynamic weighting of DS-Net, Su et
al. 2020, and the reliability-aware fusion of HFAN, Pei et al. 2022); a narrow
top-down decoder paints the map. Motion may be missing: in training it is
dropped at random, so the same weights serve both cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from vsod_models.intermediates import Intermediate, record
from vsod_models.layers.blocks import ConvBN, DilatedContext, Residual, kaiming, upsample_like
from vsod_models.layers.efficientnet_lite import EfficientNetLite
from vsod_models.layers.mobilenet import MobileNetV2
from vsod_models.recipes import Stage

EncoderName = Literal["mobilenet_v2", "lite0", "lite1", "lite2"]
Widths = tuple[int, int, int, int]


class MotionStream(nn.Module):
    """Plain residual stream over the encoded motion.

    Reads (B, 6, H/2, W/2) as :func:`vsod_models.flow.motion_encoding.encode_motion` makes it and
    returns features at strides 4, 8, 16 and 32 of the picture.
    """

    def __init__(self, widths: Widths = (24, 40, 64, 96)) -> None:
        super().__init__()
        cin = 6
        stages = []
        for i, width in enumerate(widths):
            stages.append(
                nn.Sequential(
                    ConvBN(cin, width, stride=2), *(Residual(width) for _ in range(2 if i == 2 else 1))
                )
            )
            cin = width
        self.stages = nn.ModuleList(stages)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, 6, H/2, W/2) -> four feature maps, finest first."""
        out = []
        for stage in self.stages:
            x = stage(x)
            out.append(x)
        return out


class Gate(nn.Module):
    """Reliability 0..1 of the motion at one scale: one number for the frame times one per pixel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.frame = nn.Sequential(nn.Linear(2 * width, 16), nn.ReLU(inplace=True), nn.Linear(16, 1))
        self.pixel = nn.Conv2d(2 * width, 1, 1)

    def forward(self, picture: Tensor, motion: Tensor) -> Tensor:
        """Two (B, C, H, W) features -> (B, 1, H, W) in 0..1."""
        both = torch.cat((picture, motion), 1)
        whole = torch.sigmoid(self.frame(both.mean((2, 3))) + 1)[:, :, None, None]
        return whole * torch.sigmoid(self.pixel(both) + 1)


class Swift(nn.Module):
    """Saliency of one frame from its picture and its motion.

    Args:
        widths: Decoder channels at strides 4, 8, 16 and 32.
        motion_widths: Channels of the motion stream at the same strides.
        encoder: MobileNetV2 or an EfficientNet-Lite.

    Shapes: ``image`` (B, 3, H, W) RGB in 0..1, H and W multiples of 32;
    ``motion`` (B, 6, H/2, W/2), all zeros = missing; result (B, 1, H, W) logits.
    In training mode also the logits at strides 8, 16 and 32, at their own size.
    """

    def __init__(
        self,
        widths: Widths = (48, 64, 96, 96),
        motion_widths: Widths = (24, 40, 64, 96),
        encoder: EncoderName = "mobilenet_v2",
    ) -> None:
        super().__init__()
        self.encoder: MobileNetV2 | EfficientNetLite = (
            MobileNetV2() if encoder == "mobilenet_v2" else EfficientNetLite(encoder)
        )
        self.motion = MotionStream(motion_widths)
        self.lateral = nn.ModuleList(
            ConvBN(c, w, kernel=1) for c, w in zip(self.encoder.channels[1:], widths, strict=True)
        )
        self.enter = nn.ModuleList(ConvBN(c, w, kernel=1) for c, w in zip(motion_widths, widths, strict=True))
        self.gates = nn.ModuleList(Gate(w) for w in widths)
        self.context = nn.ModuleList([DilatedContext(widths[2]), DilatedContext(widths[3])])
        self.down = nn.ModuleList(ConvBN(widths[i + 1], widths[i], kernel=1) for i in range(3))
        self.blocks = nn.ModuleList(
            nn.Sequential(ConvBN(w, w), ConvBN(w, w)) if i < 3 else ConvBN(w, w) for i, w in enumerate(widths)
        )
        self.fine_in = ConvBN(widths[0], 16, kernel=1)
        self.fine = ConvBN(16 + self.encoder.channels[0], 16)
        self.head = nn.Conv2d(16, 1, 3, padding=1)
        self.side = nn.ModuleList(nn.Conv2d(w, 1, 1) for w in widths[1:])
        for name, part in self.named_children():
            if name not in ("encoder", "gates", "head", "side"):
                kaiming(part)

    def forward(self, image: Tensor, motion: Tensor) -> Tensor | tuple[Tensor, list[Tensor]]:
        """Logits; with side logits (stride 8, 16, 32) in training mode."""
        finest, fused = self.encode(image, motion)
        fine, sides = self.decode(finest, fused)
        logits = upsample_like(self.head(fine), image)
        return (logits, sides) if self.training else logits

    def encode(self, image: Tensor, motion: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Picture and motion -> features of the picture at stride 2, and of both at strides 4, 8, 16 and 32."""
        taps = self.encoder(image * 2 - 1)
        present = motion[:, 5:6].mean((2, 3), keepdim=True)
        moved = self.motion(motion)
        fused, gates = [], []
        for i in range(4):
            picture = self.lateral[i](taps[i + 1])
            flow = self.enter[i](moved[i]) * present
            gates.append(self.gates[i](picture, flow))
            fused.append(picture + gates[i] * flow)
        record(gate=gates)
        return taps[0], fused

    def decode(self, finest: Tensor, fused: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """What :meth:`encode` gave -> (B, 16, H/2, W/2) for the head, and in training mode side logits."""
        x = self.blocks[3](self.context[1](fused[3]))
        sides = [self.side[2](x)] if self.training else []
        for i in (2, 1, 0):
            x = upsample_like(self.down[i](x), fused[i]) + fused[i]
            if i == 2:
                x = self.context[0](x)
            x = self.blocks[i](x)
            if self.training and i > 0:
                sides.append(self.side[i - 1](x))
        fine = self.fine(torch.cat((upsample_like(self.fine_in(x), finest), finest), 1))
        return fine, sides[::-1]

    def backbone_parameters(self) -> list[nn.Parameter]:
        """Pretrained layers, to be trained at a lower rate."""
        return list(self.encoder.parameters())

    def load_imagenet(self, state: Mapping[str, Tensor]) -> None:
        """Start the encoder from torchvision's ``mobilenet_v2``, or from an EfficientNet-Lite file.

        Raises:
            KeyError: Tensors are missing.
        """
        if isinstance(self.encoder, MobileNetV2):
            self.encoder.load_torchvision(state)
        else:
            self.encoder.load_imagenet(state)


INTERMEDIATES = {
    "gate": Intermediate("probability", "how far motion is believed", trust_of_motion=True, scales=4)
}
"""What can be looked at, see :mod:`vsod_models.intermediates`."""

STAGES = (Stage("all", 64_000, ("image", "motion")),)


def build(**options: object) -> Swift:
    """Entry point named by the model spec."""
    return Swift(**options)  # type: ignore[arg-type]
