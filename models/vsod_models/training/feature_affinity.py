"""Feature distillation between trunks that have nothing in common but their purpose.

Which places of a picture look alike to the teacher shall look alike to the pupil: the cosine similarities of all pairs
of places are compared, so channels, strides and layers may differ and no adapter is learned. That is how what a small
ImageNet-trained MobileNetV2 knows gets into a VGG16 or ResNet that starts from nothing.

Source: Liu et al., "Structured Knowledge Distillation for Semantic Segmentation", CVPR 2019, section 3.2, pair-wise
distillation; on a grid of at most 14x14 places.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from vsod_models.layers.mobilenet import MobileNetV2
from vsod_models.layers.resnet import ResNet
from vsod_models.layers.vgg import VGG16

_GRID = 14
_TRUNKS = (MobileNetV2, VGG16, ResNet)


class DeepestFeatures:
    """Remembers what the first trunk of a net made of the last batch, (B, C, h, w).

    Args:
        net: With a :class:`MobileNetV2`, :class:`VGG16` or :class:`ResNet` somewhere in it.

    Raises:
        ValueError: There is none.
    """

    def __init__(self, net: nn.Module) -> None:
        trunk = next((m for m in net.modules() if isinstance(m, _TRUNKS)), None)
        if trunk is None:
            raise ValueError("the net has no trunk whose features could be compared")
        self._seen: Tensor | None = None
        trunk.register_forward_hook(self._note)

    def _note(self, _: nn.Module, __: object, taps: list[Tensor] | tuple[Tensor, ...]) -> None:
        # of nets that look several times the first look counts
        self._seen = taps[-1] if self._seen is None else self._seen

    def take(self) -> Tensor:
        """The features, once."""
        assert self._seen is not None
        seen, self._seen = self._seen, None
        return seen


def affinity(features: Tensor, grid: tuple[int, int]) -> Tensor:
    """(B, C, h, w) -> (B, n, n) cosine similarities of the ``n`` places of a (rows, columns) grid."""
    places = F.normalize(F.adaptive_avg_pool2d(features.float(), grid).flatten(2), dim=1)
    return places.transpose(1, 2) @ places


def affinity_cost(pupil: Tensor, teacher: Tensor) -> Tensor:
    """Scalar: mean squared difference of the affinities of two (B, C, h, w) features of the same pictures."""
    sides = [min(_GRID, a, b) for a, b in zip(pupil.shape[2:], teacher.shape[2:], strict=True)]
    grid = sides[0], sides[1]
    return F.mse_loss(affinity(pupil, grid), affinity(teacher.detach(), grid))
