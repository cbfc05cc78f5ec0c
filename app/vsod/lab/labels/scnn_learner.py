"""SCNN as the learner of Algorithm 1: one epoch at a time on manual and weak labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from vsod.core.arrays import Mask
from vsod.inference.devices import choose_device
from vsod.inference.model_registry import find_model
from vsod.inference.network_loading import build_network, load_network
from vsod.lab.training.initial_network import initialise_network
from vsod_models.losses.published_fcn import scnn_loss
from vsod_models.training.training_run import split_parameters
from vsod_models.weights import save_weights

Frames = Mapping[str, npt.NDArray[np.uint8]]


@dataclass(frozen=True)
class LearnerSettings:
    """How an epoch is trained.

    The published rates (1e-10 on a loss summed over the pixels) are put as rates for a mean.

    Attributes:
        rate: Learning rate of new layers.
        backbone: Factor on it for pretrained layers.
        momentum, decay: Of the stochastic gradient descent.
        batch: Frames per step; all of one size.
        seed: Of order and mirroring.
    """

    rate: float = 1e-4
    backbone: float = 0.5
    momentum: float = 0.9
    decay: float = 5e-4
    batch: int = 8
    seed: int = 0


class ScnnLearner:
    """See :class:`vsod_models.labels.scnn_weak_labels.Learner`.

    Args:
        net: :class:`vsod_models.networks.scnn.SCNN`, or a network called like it.
        frames: Key -> (H, W, 4) uint8, RGB and motion prior; H and W multiples of 32.
        teaching: How an epoch is trained.
        device: Torch device.
    """

    def __init__(
        self, net: nn.Module, frames: Frames, teaching: LearnerSettings | None = None, device: str = "cpu"
    ) -> None:
        self._device = torch.device(device)
        self._net = net.to(self._device)
        self._frames, self._teaching, self._epochs = frames, teaching or LearnerSettings(), 0
        t = self._teaching
        new, pretrained = split_parameters(net, net.backbone_parameters())  # type: ignore[operator]
        groups = [{"params": new, "lr": t.rate}, {"params": pretrained, "lr": t.rate * t.backbone}]
        self._optimiser = torch.optim.SGD(groups, momentum=t.momentum, weight_decay=t.decay)

    @classmethod
    def from_model(
        cls,
        model_id: str,
        frames: Frames,
        *,
        init: Path | None = None,
        device: str = "auto",
        teaching: LearnerSettings | None = None,
    ) -> Self:
        """A model's network, from the model's weights or from ``init``.

        Args:
            model_id: A model whose network is called as SCNN is.
            frames: See the class.
            init: Weights of this network or of another of ours whose encoder fits, or torchvision's
                ImageNet file of its backbone.
            device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
            teaching: How an epoch is trained.

        Raises:
            UnknownModel, ModelError: The model, its weights or the device cannot be used.
        """
        model = find_model(model_id)
        torch.manual_seed((teaching or LearnerSettings()).seed)
        if init is None:
            net = load_network(model)
        else:
            net = build_network(model)
            initialise_network(net, init)
        return cls(net, frames, teaching, choose_device(device))

    def train_epoch(self, labels: Mapping[str, Mask]) -> float:
        """See :class:`vsod_models.labels.scnn_weak_labels.Learner`."""
        rng = np.random.default_rng((self._teaching.seed, self._epochs))
        self._net.train()
        losses = []
        for keys in self._batches(rng.permutation(sorted(labels)).tolist(), rng):
            image, prior = self._inputs(keys)
            target = self._target([labels[key] for key in keys], (image.shape[-1], image.shape[-2]))
            if rng.random() < 0.5:
                image, prior, target = image.flip(-1), prior.flip(-1), target.flip(-1)
            logits, spatial = self._net(image, prior)
            loss = scnn_loss(logits, spatial, target)
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimiser.step()
            losses.append(float(loss.detach()))
        self._epochs += 1
        return float(np.mean(losses))

    def predict(self, keys: Sequence[str]) -> Iterator[npt.NDArray[np.float32]]:
        """See :class:`vsod_models.labels.scnn_weak_labels.Learner`."""
        self._net.eval()
        for key in keys:
            # not yielded from inside: whoever stops listening would be left without gradients
            with torch.inference_mode():
                logits: Tensor = self._net(*self._inputs([key]))
                saliency = torch.sigmoid(logits.float())[0, 0].cpu().numpy()
            yield saliency

    def save(self, folder: Path) -> None:
        """``learner.pt`` to go on from, and ``weights.safetensors`` to use the net with."""
        state = {
            "net": self._net.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "epochs": self._epochs,
        }
        torch.save(state, folder / "learner.pt")
        save_weights(self._net.state_dict(), folder / "weights.safetensors")

    def load(self, folder: Path) -> None:
        """See :class:`vsod_models.labels.scnn_weak_labels.Learner`."""
        state = torch.load(folder / "learner.pt", map_location=self._device, weights_only=True)
        self._net.load_state_dict(state["net"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._epochs = int(state["epochs"])

    def _batches(self, keys: list[str], rng: np.random.Generator) -> list[list[str]]:
        """Batches of frames of one size, in random order."""
        by_size: dict[tuple[int, ...], list[str]] = {}
        for key in keys:
            by_size.setdefault(self._frames[key].shape, []).append(key)
        n = self._teaching.batch
        batches = [group[i : i + n] for group in by_size.values() for i in range(0, len(group), n)]
        return [batches[i] for i in rng.permutation(len(batches))]

    def _inputs(self, keys: Sequence[str]) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W) pictures and (B, 1, H, W) priors, 0..1."""
        stack = torch.from_numpy(np.stack([self._frames[key] for key in keys]))
        x = stack.to(self._device).permute(0, 3, 1, 2).float() / 255
        return x[:, :3], x[:, 3:]

    def _target(self, masks: Sequence[Mask], size: tuple[int, int]) -> Tensor:
        """Masks of any size -> (B, 1, H, W) of 0 and 1."""
        small = [cv2.resize(m.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5 for m in masks]
        return torch.from_numpy(np.stack(small)[:, None].astype(np.float32)).to(self._device)
