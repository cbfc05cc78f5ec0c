"""VGG16's convolutions, dense: stride 8 where the original has 32.

Source: Simonyan and Zisserman, "Very Deep Convolutional Networks for
Large-Scale Image Recognition", ICLR 2015; made dense as DeepLab does (Chen et
al., ICLR 2015). Module names follow torchvision's ``vgg16``, so that its
ImageNet files load.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from vsod_models.layers.first_conv import FirstConv, widen_first_conv

Pool = Literal["max", "identity"]

_WIDTHS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
_TAPS = (3, 8, 15, 22, 23, 29, 30)


def scaled(channels: int, width: float) -> int:
    """``channels`` times ``width``, rounded to a multiple of 8, at least 8."""
    return max(8, round(channels * width / 8) * 8)


class VGG16(nn.Module):
    """The 13 convolutions of VGG16 at stride 8 (or 16), conv5 dilated by 2.

    Input is RGB normalised with ImageNet's mean and deviation, (B, 3, H, W), any H and W
    (pooling rounds up: 321 gives 41); channels beyond the third are taken as they come.

    Args:
        in_channels: 3, or more for RGB with maps appended.
        width: Factor on all channels.
        output_stride: 8, or 16 with the stride of pool4 left in, MSST-ConvLSTM to the letter.
        pool4: At stride 8, a 3x3 maximum of stride 1 (MSST-ConvLSTM, STAN) or nothing (SCNN).
        pool5: The same choice behind conv5 (a maximum in STAN alone).

    Raises:
        ValueError: Another output stride, or fewer than three input channels.
    """

    def __init__(
        self,
        *,
        in_channels: int = 3,
        width: float = 1.0,
        output_stride: int = 8,
        pool4: Pool = "identity",
        pool5: Pool = "identity",
    ) -> None:
        super().__init__()
        if output_stride not in (8, 16):
            raise ValueError(f"output_stride must be 8 or 16, not {output_stride}")
        if in_channels < 3:
            raise ValueError(f"in_channels must be at least 3, not {in_channels}")
        pools: list[nn.Module] = [nn.MaxPool2d(2, 2, ceil_mode=True) for _ in range(3)]
        pools.append(nn.MaxPool2d(2, 2, ceil_mode=True) if output_stride == 16 else _still(pool4))
        pools.append(_still(pool5))
        layers: list[nn.Module] = []
        cin = in_channels
        for stage, (widths, pool) in enumerate(zip(_WIDTHS, pools, strict=True)):
            dilation = 2 if stage == 4 else 1
            for channels in widths:
                cout = scaled(channels, width)
                layers += [nn.Conv2d(cin, cout, 3, 1, dilation, dilation), nn.ReLU(inplace=True)]
                cin = cout
            layers.append(pool)
        self.features = nn.Sequential(*layers)
        self.channels = (cin, cin)
        self.block_channels = tuple(scaled(widths[-1], width) for widths in _WIDTHS)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, C, H, W) -> conv1_2, conv2_2, conv3_3 and conv4_3, then pool4, conv5_3 and pool5.

        The last three are at the output stride.
        """
        taps = []
        for i, layer in enumerate(self.features):
            x = layer(x)
            if i in _TAPS:
                taps.append(x)
        return taps

    def load_torchvision(self, state: Mapping[str, Tensor], *, first_conv: FirstConv) -> None:
        """Load ``features.*`` of a torchvision ``vgg16`` state dict.

        Args:
            state: Tensors under torchvision's names; the classifier is not used here.
            first_conv: What to do with conv1_1 when it has more than three inputs.

        Raises:
            KeyError: A tensor is missing.
        """
        own = {key: state[key].float() for key in self.state_dict()}
        weight, bias = "features.0.weight", "features.0.bias"
        inputs = self.get_parameter(weight).shape[1]
        own[weight], own[bias] = widen_first_conv(own[weight], own[bias], inputs, first_conv)
        self.load_state_dict(own)


def _still(pool: Pool) -> nn.Module:
    return nn.MaxPool2d(3, 1, 1) if pool == "max" else nn.Identity()


def dense_classifier(state: Mapping[str, Tensor], fc6: nn.Conv2d, fc7: nn.Conv2d) -> bool:
    """Fill fc6 and fc7 from VGG16's fully connected layers, sub-sampled as far as they are smaller.

    As DeepLab does: of the 7x7 taps every third (for 3x3), the middle one (for 1x1) or all are
    taken, and of the 4096 units evenly spaced ones.

    Args:
        state: torchvision ``vgg16`` tensors; ``classifier.0`` and ``classifier.3`` may be missing.
        fc6: 512 -> N channels, kernel 1, 3, 4 or 7.
        fc7: N -> N channels, kernel 1.

    Returns:
        Whether the layers were filled; False where the state has no classifier.
    """
    if "classifier.0.weight" not in state or "classifier.3.weight" not in state:
        return False
    taps = {1: [3], 3: [0, 3, 6], 4: [0, 2, 4, 6], 7: list(range(7))}[fc6.kernel_size[0]]
    whole = state["classifier.0.weight"].float()
    units = torch.arange(fc6.out_channels) * whole.shape[0] // fc6.out_channels
    whole = whole.reshape(whole.shape[0], fc6.in_channels, 7, 7)
    with torch.no_grad():
        fc6.weight.copy_(whole[units][:, :, taps][..., taps])
        fc7.weight.copy_(state["classifier.3.weight"].float()[units][:, units, None, None])
        for layer, key in ((fc6, "classifier.0.bias"), (fc7, "classifier.3.bias")):
            assert layer.bias is not None
            layer.bias.copy_(state[key].float()[units])
    return True
