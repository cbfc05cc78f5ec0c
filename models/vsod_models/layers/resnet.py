"""ResNet-50 and ResNet-34 as dense feature extractors.

Source: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016.
PDB-ConvLSTM takes ResNet-50 in the form of PSPNet (Zhao et al., CVPR 2017), at
stride 8; DS-Net takes ResNet-34 at stride 16. Module names follow torchvision's,
so that its ImageNet files load.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsod_models.layers.vgg import scaled

Stem = Literal["torchvision", "pspnet"]

_REPEATS = (3, 4, 6, 3)
_WIDTHS = (64, 128, 256, 512)


class Basic(nn.Module):
    """Two 3x3 convolutions around a skip (ResNet-34)."""

    expansion = 1

    def __init__(self, cin: int, width: int, *, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(cin, width, 3, stride, dilation, dilation, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _projection(cin, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(B, cin, H, W) -> (B, width, H/s, W/s)."""
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 to four times the width, around a skip (ResNet-50).

    ``early`` puts the stride on the first 1x1 as the paper and PSPNet do; torchvision
    puts it on the 3x3 ("v1.5").
    """

    expansion = 4

    def __init__(
        self, cin: int, width: int, *, stride: int = 1, dilation: int = 1, early: bool = False
    ) -> None:
        super().__init__()
        first, second = (stride, 1) if early else (1, stride)
        self.conv1 = nn.Conv2d(cin, width, 1, first, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, second, dilation, dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = _projection(cin, 4 * width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(B, cin, H, W) -> (B, 4 width, H/s, W/s)."""
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


def _projection(cin: int, cout: int, stride: int) -> nn.Sequential | None:
    if cin == cout and stride == 1:
        return None
    return nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))


class ResNet(nn.Module):
    """Features of the four stages; the last ones keep their size and are dilated instead.

    Depth 50, stride 8: every 3x3 of conv4 has dilation 2 and of conv5 dilation 4 (PDB-ConvLSTM's
    release). Depth 34, stride 16: **only the first convolution of layer4's first block** has
    dilation 2, all others 1 (DS-Net's release).

    Args:
        depth: 50 or 34.
        stem: ``"pspnet"`` (depth 50 only): three 3x3 convolutions 64, 64, 128, and strides on the
            first 1x1. ``"torchvision"``: one 7x7, strides on the 3x3; ImageNet files fit whole.
        width: Factor on all channels, rounded to multiples of 8.

    Raises:
        ValueError: Another depth, or a stem that does not exist for it.

    Input is RGB in 0..1, (B, 3, H, W), any size; ImageNet's mean and deviation are applied inside.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, *, depth: int = 50, stem: Stem = "torchvision", width: float = 1.0) -> None:
        super().__init__()
        if depth not in (34, 50):
            raise ValueError(f"depth must be 34 or 50, not {depth}")
        if stem not in ("pspnet", "torchvision") or (stem == "pspnet" and depth == 34):
            raise ValueError(f"there is no ResNet-{depth} with stem {stem!r}")
        self.depth, self.stem = depth, stem
        self.norms_frozen = False
        base = scaled(64, width)
        if stem == "pspnet":
            self.conv1 = nn.Conv2d(3, base, 3, 2, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(base)
            self.conv2 = nn.Conv2d(base, base, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(base)
            self.conv3 = nn.Conv2d(base, 2 * base, 3, 1, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(2 * base)
            cin = 2 * base
        else:
            self.conv1 = nn.Conv2d(3, base, 7, 2, 3, bias=False)
            self.bn1 = nn.BatchNorm2d(base)
            cin = base
        strides = (1, 2, 1, 1) if depth == 50 else (1, 2, 2, 1)
        dilations = (1, 1, 2, 4) if depth == 50 else (1, 1, 1, 2)
        channels = []
        for i, (full, stride, dilation) in enumerate(zip(_WIDTHS, strides, dilations, strict=True)):
            out = scaled(full, width)
            blocks: list[nn.Module] = []
            for k in range(_REPEATS[i]):
                first = stride if k == 0 else 1
                if depth == 50:
                    early = stem == "pspnet"
                    blocks.append(Bottleneck(cin, out, stride=first, dilation=dilation, early=early))
                else:
                    blocks.append(Basic(cin, out, stride=first, dilation=dilation if k == 0 else 1))
                cin = out * (4 if depth == 50 else 1)
            self.add_module(f"layer{i + 1}", nn.Sequential(*blocks))
            channels.append(cin)
        self.channels = (channels[0], channels[1], channels[2], channels[3])
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
        shape = (3, 1, 1)
        self.register_buffer("mean", torch.tensor((0.485, 0.456, 0.406)).reshape(shape), persistent=False)
        self.register_buffer(
            "deviation", torch.tensor((0.229, 0.224, 0.225)).reshape(shape), persistent=False
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """(B, 3, H, W) RGB in 0..1 -> four feature maps, at strides 4, 8, 8, 8 or 4, 8, 16, 16."""
        x = F.relu(self.bn1(self.conv1((image - self.mean) / self.deviation)))
        if self.stem == "pspnet":
            x = F.relu(self.bn2(self.conv2(x)))
            x = F.relu(self.bn3(self.conv3(x)))
        x = F.max_pool2d(x, 3, 2, 1)
        taps = []
        for name in ("layer1", "layer2", "layer3", "layer4"):
            x = self.get_submodule(name)(x)
            taps.append(x)
        return taps

    def freeze_norms(self) -> None:
        """Hold the batch norms' statistics and factors as they are, also under later ``train()``."""
        self.norms_frozen = True
        for m in self.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> ResNet:
        """As for every module, but frozen norms stay in eval mode."""
        super().train(mode)
        if self.norms_frozen:
            for m in self.modules():
                if isinstance(m, nn.BatchNorm2d):
                    m.eval()
        return self

    def load_torchvision(self, state: Mapping[str, Tensor]) -> None:
        """Load a torchvision ``resnet50`` or ``resnet34`` state dict; its classifier is ignored.

        With the ``pspnet`` stem, the stem and the two 1x1 convolutions that read its 128 channels
        (``layer1.0``'s first and its projection) have no counterpart and keep their values.

        Raises:
            KeyError: A tensor is missing.
            RuntimeError: A tensor has another shape, as with a width other than 1.
        """
        own = {}
        for key, value in self.state_dict().items():
            layer = key.split(".", 1)[0]
            foreign = not layer.startswith("layer") or key in _READS_STEM
            if self.stem == "pspnet" and foreign:
                own[key] = value
            elif not key.endswith("num_batches_tracked"):
                own[key] = state[key].float()
        self.load_state_dict({**self.state_dict(), **own})


_READS_STEM = ("layer1.0.conv1.weight", "layer1.0.downsample.0.weight")
