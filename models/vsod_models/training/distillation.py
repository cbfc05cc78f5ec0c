"""A trained net as a teacher: its soft maps are learned beside the labels, and in place of weak ones.

Source: Hinton et al., "Distilling the Knowledge in a Neural Network", 2015; for a map of probabilities the soft
target is the map itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsod_models.batch import Batch
from vsod_models.layers.blocks import channels_last
from vsod_models.training.feature_affinity import DeepestFeatures, affinity_cost


class Teacher:
    """A trained network whose maps, and features, another network learns from.

    Args:
        net: Trained, called with the fields ``reads`` of a batch; gives logits (B, 1, H, W).
        reads: Names of :class:`~vsod_models.training.data.augmentation.Batch`'s fields.
        weight: Of the pupil's cross entropy against the soft maps.
        shift: The logit that means one half.
        affinity: Weight of what the pupil's features miss of the teacher's, see
            :mod:`vsod_models.training.feature_affinity`; 0 = features are not compared.
    """

    def __init__(
        self,
        net: nn.Module,
        reads: Sequence[str],
        weight: float = 0.5,
        shift: float = 0.0,
        affinity: float = 0.0,
    ) -> None:
        self.net, self.reads = net.eval().requires_grad_(False), tuple(reads)
        self.weight, self.shift, self.affinity = weight, shift, affinity
        self._trunks: tuple[DeepestFeatures, DeepestFeatures] | None = None

    def watch(self, pupil: nn.Module) -> None:
        """Compare features with those of ``pupil``, if that is wanted.

        Raises:
            ValueError: One of the two nets has no trunk.
        """
        if self.affinity:
            self._trunks = DeepestFeatures(pupil), DeepestFeatures(self.net)

    def to(self, device: torch.device) -> Teacher:
        """Where the batches are."""
        self.net = channels_last(self.net.to(device))
        return self

    @torch.no_grad()
    def maps(self, batch: Batch) -> Tensor:
        """(B, 1, H, W) saliency in 0..1."""
        inputs = [getattr(batch, name).contiguous(memory_format=torch.channels_last) for name in self.reads]
        return torch.sigmoid(self.net(*inputs).float() - self.shift)

    def relabelled(self, batch: Batch, maps: Tensor) -> Batch:
        """The batch with ``maps`` in place of labels that are not trusted."""
        weak = (batch.trust < 1)[:, None, None, None]
        return replace(batch, mask=torch.where(weak, maps, batch.mask))

    def cost(self, logits: Tensor, maps: Tensor) -> Tensor:
        """Scalar: what the pupil's (B, 1, H, W) logits miss of ``maps``, and its features of ours, weighted."""
        cost = self.weight * F.binary_cross_entropy_with_logits(logits.float(), maps)
        if self._trunks is not None:
            theirs, ours = (trunk.take() for trunk in self._trunks)
            cost = cost + self.affinity * affinity_cost(theirs, ours)
        return cost
