"""MobileNetV2 as a feature pyramid, batch norm folded away.

Source: Sandler et al., "MobileNetV2: Inverted Residuals and Linear
Bottlenecks", CVPR 2018. Module names follow torchvision's ``mobilenet_v2``, so
that its ImageNet files load; the batch norms of such a file are folded into
the convolutions on loading (they would stay frozen anyway), which saves a
third of the operations in training.

For dense prediction the last strides can become dilation (Chen et al.,
"Semantic Image Segmentation with Deep Convolutional Nets, Atrous Convolution,
and Fully Connected CRFs", 2015). A convolution that loses its stride still
reads the grid before it, so it keeps the dilation reached so far; everything
after it reads every second pixel of what is now twice as dense. Done so, the
dense maps hold exactly the values of the strided net, and more between them.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from vsod_models.layers.dilated import DilatedDepthwise
from vsod_models.layers.first_conv import FirstConv, widen_first_conv

# expansion t, output channels c, repeats n, stride s: table 2 of the paper
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_BN_EPS = 1e-5


def _conv(
    cin: int, cout: int, kernel: int, stride: int = 1, groups: int = 1, dilation: int = 1
) -> nn.Sequential:
    conv = (
        nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups)
        if dilation == 1
        else DilatedDepthwise(cin, dilation)
    )
    # a dilated convolution's result is a view in training, and autograd copies what is changed in place behind a view
    return nn.Sequential(conv, nn.Identity(), nn.ReLU6(inplace=dilation == 1))


class InvertedResidual(nn.Module):
    """Expand 1x1, depthwise 3x3, project 1x1 (linear); skip where the shape allows."""

    def __init__(self, cin: int, cout: int, stride: int, expansion: int, dilation: int = 1) -> None:
        super().__init__()
        hidden = cin * expansion
        layers: list[nn.Module] = [] if expansion == 1 else [_conv(cin, hidden, 1)]
        layers += [
            _conv(hidden, hidden, 3, stride, hidden, dilation),
            nn.Conv2d(hidden, cout, 1),
            nn.Identity(),
        ]
        self.conv = nn.Sequential(*layers)
        self.skip = stride == 1 and cin == cout

    def forward(self, x: Tensor) -> Tensor:
        """(B, cin, H, W) -> (B, cout, H/s, W/s)."""
        y: Tensor = self.conv(x)
        return x + y if self.skip else y


class MobileNetV2(nn.Module):
    """Features of 16, 24, 32, 96 and 320 channels, by default at strides 2, 4, 8, 16 and 32.

    Input is RGB scaled to -1..1, (B, 3, H, W) with H and W multiples of 32;
    channels beyond the third are taken as they come.

    Args:
        output_stride: 8, 16 or 32. No feature is coarser than this; the strides
            left out become dilation of the depthwise convolutions after them.
        in_channels: 3, or more for RGB with maps appended.

    Raises:
        ValueError: Another output stride, or fewer than three input channels.
    """

    channels = (16, 24, 32, 96, 320)
    block_channels = channels
    _taps = (1, 3, 6, 13, 17)

    def __init__(self, *, output_stride: int = 32, in_channels: int = 3) -> None:
        super().__init__()
        if output_stride not in (8, 16, 32):
            raise ValueError(f"output_stride must be 8, 16 or 32, not {output_stride}")
        if in_channels < 3:
            raise ValueError(f"in_channels must be at least 3, not {in_channels}")
        blocks: list[nn.Module] = [_conv(in_channels, 32, 3, 2)]
        cin, reached, dilation = 32, 2, 1
        for t, c, n, s in _STAGES:
            for i in range(n):
                wanted = s if i == 0 else 1
                stride = wanted if reached * wanted <= output_stride else 1
                blocks.append(InvertedResidual(cin, c, stride, t, dilation))
                reached *= stride
                dilation *= wanted // stride
                cin = c
        self.features = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, 3, H, W) -> five feature maps, finest first."""
        taps = []
        for i, block in enumerate(self.features):
            x = block(x)
            if i in self._taps:
                taps.append(x)
        return taps

    @property
    def pretrained_blocks(self) -> list[nn.Module]:
        """All that an ImageNet file sets, first layers first; none where the first one reads more than RGB."""
        return list(self.features) if self.features[0][0].in_channels == 3 else []  # type: ignore[index]

    def load_torchvision(
        self,
        state: Mapping[str, Tensor],
        *,
        first_conv: FirstConv = "keep_rgb",
    ) -> None:
        """Load a torchvision ``mobilenet_v2`` state dict, folding its batch norms.

        Args:
            state: Tensors under torchvision's names; ``features.18`` and the classifier are ignored.
            first_conv: What to do with the first convolution when the net has more than three
                inputs. ``keep_rgb`` keeps the weights of the picture and draws those of the rest
                from N(0, 0.01); the two others draw the whole layer anew, as the papers do with
                VGG16. Keeping is the default because the batch norms are folded: nothing behind a
                redrawn layer would rescale its output to what the pretrained blocks expect.

        Raises:
            KeyError: A tensor of ``features.0`` to ``features.17`` is missing.
        """
        own = self.state_dict()
        folded: dict[str, Tensor] = {}
        for key in own:
            if not key.endswith(".weight"):
                continue
            stem, last = key.removesuffix(".weight").rsplit(".", 1)
            norm = f"{stem}.{int(last) + 1}"
            gamma, beta = state[f"{norm}.weight"].float(), state[f"{norm}.bias"].float()
            mean, var = state[f"{norm}.running_mean"].float(), state[f"{norm}.running_var"].float()
            scale = gamma / torch.sqrt(var + _BN_EPS)
            folded[key] = state[key].float() * scale[:, None, None, None]
            folded[key.replace(".weight", ".bias")] = beta - mean * scale
        weight, bias = "features.0.0.weight", "features.0.0.bias"
        folded[weight], folded[bias] = widen_first_conv(
            folded[weight], folded[bias], own[weight].shape[1], first_conv
        )
        self.load_state_dict(folded)
