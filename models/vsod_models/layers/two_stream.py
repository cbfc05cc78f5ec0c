"""What MSST-ConvLSTM and STAN share: two streams with two branches each, four maps per frame.

Source: Tang et al., "Multi-Scale Spatiotemporal Conv-LSTM Network for Video
Saliency Detection", ICMR 2018, section 3.2 (equations 2 and 3); taken over by STAN (see
:mod:`vsod_models.networks.stan`). A branch sits behind pool4 and one behind fc7; each
reduces its features to one map. All that follows works on those maps, so they
are what a player keeps per frame.

Choice of ours, for speed: what follows runs on maps of an eighth of the picture's
size (``resolution="s8"``); both papers bring them to the picture's size first
(``"full"``; MSST 3.2 feeds the up-sampled maps to its ConvLSTM, STAN 3.1 maps
"resized with the same size of the input").
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsod_models.layers.blocks import ConvBN, kaiming
from vsod_models.layers.fcn import FC, FCN, Backbone
from vsod_models.layers.first_conv import FirstConv
from vsod_models.layers.vgg import Pool, scaled

TemporalInput = Literal["prior+rgb", "flow"]
Resolution = Literal["s8", "full"]


class Stream(nn.Module):
    """One trunk and its two branches: conv 3x3, ReLU, conv 1x1 to one channel.

    (B, 3, H, W) [+ (B, n, H, W)] -> (B, 2, H/8, W/8), the maps X_r1 (pool4) and X_r2 (fc7), no
    squashing. The compact form has batch norm in the branches, as in its fc6 and fc7.
    """

    def __init__(self, trunk: FCN, branch_channels: int, *, normed: bool) -> None:
        super().__init__()
        self.trunk = trunk
        mid, _, top = trunk.channels
        self.branches = nn.ModuleList(_branch(cin, branch_channels, normed) for cin in (mid, top))

    def forward(self, image: Tensor, joined: Tensor | None = None) -> Tensor:
        """The stream's two maps."""
        taps = self.trunk(image, joined)
        first, second = self.branches
        return torch.cat((first(taps.mid), second(taps.fc7)), 1)


class TwoStream(nn.Module, ABC):
    """The per-frame part of MSST-ConvLSTM and STAN, and their common interface.

    A subclass says in :meth:`combine` what a window of map stacks amounts to.

    Args:
        temporal: Whether there is a temporal stream; without one the prior is accepted and ignored.
        temporal_input: ``prior+rgb``: the temporal stream reads the frame and the motion prior, four
            channels. ``flow``: it reads the colour wheel of the flow alone, three channels.
        backbone: ``vgg16`` (published) or ``mobilenet_v2`` (compact).
        width: Factor on the published channels.
        fc_channels: Of fc6 and fc7; None = 1024 times width, or 192 in the compact form.
        branch_channels: None = 128 times width, or 64 in the compact form.
        output_stride: 8, or 16; the maps are brought to stride 8 in any case.
        pool4: See :class:`~vsod_models.layers.vgg.VGG16`.
        pool5: The same.
        first_conv: Start of the first convolution that reads the prior. None = ``gaussian`` for VGG16,
            as published, ``keep_rgb`` for MobileNetV2 (why: ``MobileNetV2.load_torchvision``).
        resolution: ``s8``, or ``full``: the maps are enlarged to the picture's size before all that follows,
            as in the papers.
        fc: See :class:`~vsod_models.layers.fcn.FCN`.

    Attributes:
        features: Maps per frame, 4, or 2 without a temporal stream.
        reads: What the net is called with: fields of :class:`vsod_models.batch.Batch`.
    """

    def __init__(
        self,
        *,
        temporal: bool,
        temporal_input: TemporalInput,
        backbone: Backbone,
        width: float,
        fc_channels: int | None,
        branch_channels: int | None,
        output_stride: int,
        pool4: Pool,
        pool5: Pool,
        first_conv: FirstConv | None,
        resolution: Resolution,
        fc: FC = "large",
    ) -> None:
        super().__init__()
        if resolution not in ("s8", "full"):
            raise ValueError(f"resolution must be s8 or full, not {resolution!r}")
        if temporal_input not in ("prior+rgb", "flow"):
            raise ValueError(f'temporal_input must be "prior+rgb" or "flow", not {temporal_input!r}')
        paper = backbone == "vgg16"
        start = first_conv or ("gaussian" if paper else "keep_rgb")
        branches = branch_channels or (scaled(128, width) if paper else 64)

        def stream(in_channels: int) -> Stream:
            trunk = FCN(
                backbone=backbone,
                in_channels=in_channels,
                width=width,
                fc_channels=fc_channels,
                output_stride=output_stride,
                pool4=pool4,
                pool5=pool5,
                first_conv=start,
                fc=fc,
            )
            return Stream(trunk, branches, normed=not paper)

        self.from_flow = temporal_input == "flow"
        self.reads = ("image", "flow_image") if self.from_flow else ("image", "prior")
        self.full_resolution = resolution == "full"
        self.enlarge = output_stride // 8
        self.spatial = stream(3)
        self.temporal = stream(3 if self.from_flow else 4) if temporal else None
        self.features = 4 if temporal else 2

    def encode(self, image: Tensor, prior: Tensor) -> Tensor:
        """The maps of single frames.

        Args:
            image: (B, 3, H, W) RGB in 0..1, H and W multiples of 32.
            prior: (B, 1, H, W) in 0..1; the wheel (B, 3, H, W) where the net reads the flow.

        Returns:
            (B, features, H/8, W/8): X^s_r1, X^s_r2 and, with a temporal stream, X^t_r1, X^t_r2.
        """
        maps: Tensor = self.spatial(image)
        if self.temporal is not None:
            moved = self.temporal(prior) if self.from_flow else self.temporal(image, prior)
            maps = torch.cat((maps, moved), 1)
        return enlarged(maps, self.enlarge)

    def combine(self, window: Tensor, size: tuple[int, int] | None = None) -> tuple[Tensor, list[Tensor]]:
        """Logits of the last frame, and auxiliary ones.

        Args:
            window: (B, T, features, h, w) maps, oldest first.
            size: (H, W) of the picture; None = eight times that of the maps.

        Returns:
            (B, 1, H, W) each.
        """
        target = size or (window.shape[-2] * 8, window.shape[-1] * 8)
        if self.full_resolution:
            large = resized(window.flatten(0, 1), target)
            window = large.reshape(*window.shape[:3], *target)
        logits, others = self.mix(window)
        return resized(logits, target), [resized(other, target) for other in others]

    @abstractmethod
    def mix(self, window: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, T, features, h, w) -> logits of the last frame and auxiliary ones, each (B, 1, h, w)."""

    def decode(self, window: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        """As :meth:`combine`, the logits alone: (B, 1, 1, H, W)."""
        return self.combine(window, size)[0].unsqueeze(1)

    def forward(self, image: Tensor, prior: Tensor) -> Tensor | tuple[Tensor, list[Tensor]]:
        """(B, T, 3, H, W) and (B, T, 1, H, W) -> logits of the last frame, (B, 1, 1, H, W).

        In training mode also a list of auxiliary logits of the same shape.
        """
        maps = self.encode(image.flatten(0, 1), prior.flatten(0, 1))
        window = maps.reshape(image.shape[0], image.shape[1], *maps.shape[1:])
        logits, others = self.combine(window, (image.shape[-2], image.shape[-1]))
        if not self.training:
            return logits.unsqueeze(1)
        return logits.unsqueeze(1), [other.unsqueeze(1) for other in others]

    def start_temporal(self) -> None:
        """Give the temporal stream the weights of the spatial one, once that is trained on pictures.

        The papers start both from the same weights, and redraw the convolution that reads the prior.
        """
        if self.temporal is not None:
            self.temporal.trunk.start_from(self.spatial.trunk)
            self.temporal.branches.load_state_dict(self.spatial.branches.state_dict())

    def backbone_parameters(self) -> list[nn.Parameter]:
        """Pretrained layers, to be trained at a lower rate."""
        return [p for stream in self._streams() for p in stream.trunk.backbone_parameters()]

    def load_imagenet(self, state: Mapping[str, Tensor]) -> None:
        """Start both trunks from torchvision's ``vgg16`` or ``mobilenet_v2``.

        Raises:
            KeyError: Tensors are missing.
            RuntimeError: The width is not 1.
        """
        for stream in self._streams():
            stream.trunk.load_imagenet(state)

    def _streams(self) -> list[Stream]:
        return [self.spatial] if self.temporal is None else [self.spatial, self.temporal]


def enlarged(maps: Tensor, factor: int) -> Tensor:
    """Bilinear enlargement of (B, C, h, w) by a whole factor."""
    if factor == 1:
        return maps
    return F.interpolate(maps, scale_factor=factor, mode="bilinear", align_corners=False)


def resized(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear (B, C, h, w) -> (B, C, H, W)."""
    if maps.shape[-2:] == size:
        return maps
    return F.interpolate(maps, size=size, mode="bilinear", align_corners=False)


def sum_of_maps(count: int) -> nn.Conv2d:
    """A learned weighted sum of ``count`` maps (1x1 convolution to one channel) that starts as the plain sum."""
    mixed = nn.Conv2d(count, 1, 1)
    nn.init.ones_(mixed.weight)
    nn.init.zeros_(mixed.bias)  # type: ignore[arg-type]
    return mixed


def _branch(cin: int, channels: int, normed: bool) -> nn.Sequential:
    reduce: list[nn.Module] = (
        [ConvBN(cin, channels)] if normed else [nn.Conv2d(cin, channels, 3, padding=1), nn.ReLU(inplace=True)]
    )
    score = nn.Conv2d(channels, 1, 1)
    branch = nn.Sequential(*reduce, score)
    kaiming(branch)
    nn.init.normal_(score.weight, 0, 0.01)
    return branch
