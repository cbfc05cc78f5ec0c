"""The fully convolutional trunk that SCNN, MSST-ConvLSTM and STAN share.

All three turn VGG16 into a net whose maps have an eighth of the picture's
size, with the fully connected layers as convolutions fc6 and fc7. Where the
papers leave the layer table open we build one trunk for all: conv5 dilated by
2, fc6 3x3 with 1024 channels dilated by 4, which is how far two removed
strides spread it, and fc7 1x1. The same place can be taken by MobileNetV2 at
stride 8, the form that we train and ship: small, and its ImageNet features are
at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from vsod_models.layers.blocks import ConvBN, kaiming
from vsod_models.layers.first_conv import FirstConv, widen_first_conv
from vsod_models.layers.mobilenet import MobileNetV2
from vsod_models.layers.vgg import VGG16, Pool, dense_classifier, scaled

Backbone = Literal["vgg16", "mobilenet_v2"]
FC = Literal["large", "full", "dcl"]

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Taps(NamedTuple):
    """Features of a trunk, all at its output stride.

    ``mid``: after pool4 (512 channels) or MobileNetV2's block 13 (96); ``last``: conv5_3 (512) or
    block 17 (320); ``fc7``: behind the last layer. ``finer``: of the blocks before the last one, finest first, each
    at its own stride (what leaves the last convolution of VGG16's first four).
    """

    mid: Tensor
    last: Tensor
    fc7: Tensor
    finer: tuple[Tensor, ...] = ()


class FCN(nn.Module):
    """Encoder, fc6 and fc7.

    Args:
        backbone: ``vgg16``, as published, or ``mobilenet_v2``, compact.
        in_channels: 3 for the picture, more for maps stacked on it.
        width: Factor on VGG16's channels, fc6 and fc7; has no effect on MobileNetV2.
        fc_channels: Of fc6 and fc7; None = 1024 times width for VGG16, 192 for MobileNetV2.
        fc: ``large`` (3x3, DeepLab's LargeFOV) or, VGG16 only, ``full``: 7x7 with 4096 channels,
            the fully connected layers to the letter, 134 million weights; ``dcl``: 4x4 dilated by 4 with 4096
            channels, as in the authors' public code (65,054,528 weights).
        fc6_kernel: 3, or 1 for "1x1 kernels" as SCNN writes; ``fc="full"`` has 7.
        output_stride: 8, or 16 (VGG16 with the stride of pool4 left in, and fc6 dilated by 2).
        pool4: See :class:`~vsod_models.layers.vgg.VGG16`.
        pool5: The same.
        first_conv: What a first convolution of more than three inputs starts from.

    The compact form has batch norm behind fc6 and fc7 and none in its (folded) encoder; the
    published form has no batch norm, and dropout of 0.5 behind both.

    Raises:
        ValueError: An unknown backbone, or options that do not go with it.
    """

    channels: tuple[int, int, int]
    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        *,
        backbone: Backbone = "vgg16",
        in_channels: int = 3,
        width: float = 1.0,
        fc_channels: int | None = None,
        fc: FC = "large",
        fc6_kernel: int = 3,
        output_stride: int = 8,
        pool4: Pool = "identity",
        pool5: Pool = "identity",
        first_conv: FirstConv = "keep_rgb",
    ) -> None:
        super().__init__()
        if backbone not in ("vgg16", "mobilenet_v2"):
            raise ValueError(f"backbone must be vgg16 or mobilenet_v2, not {backbone!r}")
        if fc not in ("large", "full", "dcl"):
            raise ValueError(f"fc must be large, full or dcl, not {fc!r}")
        if backbone == "mobilenet_v2" and fc != "large":
            raise ValueError(f'fc="{fc}" is VGG16\'s classifier; MobileNetV2 has none')
        if fc6_kernel not in (1, 3):
            raise ValueError(f"fc6_kernel must be 1 or 3, not {fc6_kernel}")
        self.in_channels, self.first_conv = in_channels, first_conv
        self.dropout = 0.5 if backbone == "vgg16" else 0.0
        self.encoder: VGG16 | MobileNetV2
        kernel = {"full": 7, "dcl": 4}.get(fc, fc6_kernel)
        dilation = 4 if output_stride == 8 else 2
        if backbone == "vgg16":
            self.encoder = VGG16(
                in_channels=in_channels, width=width, output_stride=output_stride, pool4=pool4, pool5=pool5
            )
            mid, last = self.encoder.channels
            top = fc_channels or scaled(1024 if fc == "large" else 4096, width)
            self.fc6: nn.Sequential = _plain(last, top, kernel, dilation)
            self.fc7: nn.Sequential = _plain(top, top, 1, 1)
            # without He's scale the signal dies in 13 layers that have no norm
            kaiming(self)
            mean, deviation = _MEAN, _DEVIATION
        else:
            self.encoder = MobileNetV2(output_stride=output_stride, in_channels=in_channels)
            mid, last = self.encoder.channels[3:]
            top = fc_channels or 192
            self.fc6 = ConvBN(last, top, kernel=kernel, dilation=dilation)
            self.fc7 = ConvBN(top, top, kernel=1)
            kaiming(self.fc6)
            kaiming(self.fc7)
            mean = deviation = (0.5, 0.5, 0.5)
        self.channels = (mid, last, top)
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None], persistent=False)

    def forward(self, image: Tensor, extra: Tensor | None = None) -> Taps:
        """Features of a picture.

        Args:
            image: (B, 3, H, W) RGB in 0..1; normalised here as the backbone wants it.
            extra: (B, in_channels - 3, H, W), joined as it is; None for a trunk of three inputs.

        Raises:
            ValueError: ``image`` has not three channels.
        """
        if image.shape[1] != 3:
            # a prior in its place would be spread over the three channels of the mean, without a word
            raise ValueError(f"the picture must have 3 channels, not {image.shape[1]}")
        x = (image - self.mean) / self.deviation
        if extra is not None:
            x = torch.cat((x, extra), 1)
        if isinstance(self.encoder, VGG16):
            *finer, mid, last, x = self.encoder(x)
        else:
            *finer, mid, last = self.encoder(x)
            # block 13 stands for conv4 in both of its roles
            finer, x = [*finer, mid], last
        x = nn.functional.dropout(self.fc6(x), self.dropout, self.training)
        x = nn.functional.dropout(self.fc7(x), self.dropout, self.training)
        return Taps(mid, last, x, tuple(finer))

    @property
    def block_channels(self) -> tuple[int, ...]:
        """Channels of the encoder's five blocks, finest first."""
        return self.encoder.block_channels

    def load_imagenet(self, state: Mapping[str, Tensor]) -> None:
        """Load a torchvision ``vgg16`` or ``mobilenet_v2`` state dict, whichever the backbone is.

        VGG16's classifier fills fc6 and fc7, sub-sampled, where the state has it.

        Raises:
            KeyError: Tensors of the backbone are missing.
            RuntimeError: The width is not 1.
        """
        self.encoder.load_torchvision(state, first_conv=self.first_conv)
        if isinstance(self.encoder, VGG16):
            dense_classifier(state, _conv_of(self.fc6), _conv_of(self.fc7))

    def start_from(self, other: FCN) -> None:
        """Copy the weights of a trunk that reads the picture alone; inputs beyond it as ``first_conv`` says.

        So begin the second network of SCNN and the temporal stream of the two others.
        """
        state = other.state_dict()
        weight, bias = self._first_conv_keys()
        state[weight], state[bias] = widen_first_conv(
            state[weight], state[bias], self.in_channels, self.first_conv
        )
        self.load_state_dict(state)

    def backbone_parameters(self) -> list[nn.Parameter]:
        """The pretrained layers: the encoder, less a first convolution that was drawn anew."""
        redrawn = self.in_channels > 3 and self.first_conv != "keep_rgb"
        new = self._first_conv_keys() if redrawn else ()
        return [p for name, p in self.named_parameters() if name.startswith("encoder.") and name not in new]

    def _first_conv_keys(self) -> tuple[str, str]:
        stem = "encoder.features.0" if isinstance(self.encoder, VGG16) else "encoder.features.0.0"
        return f"{stem}.weight", f"{stem}.bias"


def _plain(cin: int, cout: int, kernel: int, dilation: int) -> nn.Sequential:
    pad = dilation * (kernel - 1) // 2
    return nn.Sequential(nn.Conv2d(cin, cout, kernel, 1, pad, dilation), nn.ReLU(inplace=True))


def _conv_of(layer: nn.Sequential) -> nn.Conv2d:
    conv = layer[0]
    assert isinstance(conv, nn.Conv2d)
    return conv
