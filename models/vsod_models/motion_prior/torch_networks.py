"""The two networks of the prior in torch: frozen features of the picture, and the classifier to train."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from vsod_models.arrays import FloatArray
from vsod_models.layers.mobilenet import MobileNetV2
from vsod_models.motion_prior.region_classifier import Layers
from vsod_models.motion_prior.region_features import FeatureMap, picture_tensor
from vsod_models.motion_prior.weights_file import StoredPrior
from vsod_models.weights import load_weights

STRIDE = 8
CHANNELS = 32 + 96
LAST_BLOCK = 13


class FrozenFeatures(nn.Module):
    """MobileNetV2 up to its last stride-16 block, with the stride-8 tap.

    Shapes: (B, 3, H, W) RGB in 0..1, H and W multiples of 16 -> (B, 128, H/8, W/8): 32 channels
    of block 6, then 96 of block 13, enlarged bilinearly. Converts with OpenVINO.

    ``load_state_dict`` takes the keys ``features.<0 to 13>…`` of :class:`MobileNetV2`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(*list(MobileNetV2().features)[: LAST_BLOCK + 1])
        self.eval().requires_grad_(False)

    def forward(self, image: Tensor) -> Tensor:
        """See the class."""
        x = image * 2 - 1
        fine = x
        for i, block in enumerate(self.features):
            x = block(x)
            if i == 6:
                fine = x
        coarse = nn.functional.interpolate(x, size=fine.shape[2:], mode="bilinear", align_corners=False)
        return torch.cat((fine, coarse), 1)


def torch_feature_map(net: nn.Module) -> FeatureMap:
    """A frame's feature map by torch, for :class:`~vsod_models.motion_prior.region_features.PooledRegionFeatures`."""

    def features(rgb: npt.NDArray[np.uint8]) -> FloatArray:
        with torch.inference_mode():
            found: FloatArray = net(torch.from_numpy(picture_tensor(rgb)))[0].numpy()
        return found

    return features


class RegionNet(nn.Module):
    """The papers' classifier while it learns: D -> 300 -> 300 -> 2, ReLU and dropout between.

    Args:
        mean: (D,) of the training features.
        std: (D,) of the training features.
        dropout: Share of dropped values.

    Shapes: (B, D) -> (B, 2) logits: background, subject.
    """

    def __init__(self, mean: Tensor, std: Tensor, *, hidden: int = 300, dropout: float = 0.5) -> None:
        super().__init__()
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", mean.float())
        self.register_buffer("std", std.float())
        self.layers = nn.Sequential(
            nn.Linear(len(mean), hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, 2),
        )

    def forward(self, regions: Tensor) -> Tensor:
        """See the class."""
        logits: Tensor = self.layers((regions - self.mean) / self.std)
        return logits

    def export(self) -> Layers:
        """The trained values, for :class:`vsod_models.motion_prior.region_classifier.Classifier`."""
        out = {"mean": self.mean.cpu().numpy(), "std": self.std.cpu().numpy()}
        for i, layer in enumerate(m for m in self.layers if isinstance(m, nn.Linear)):
            out[f"{i}.weight"] = layer.weight.detach().float().cpu().numpy()
            out[f"{i}.bias"] = layer.bias.detach().float().cpu().numpy()
        return out


def stored_features(stored: StoredPrior) -> FrozenFeatures:
    """The frozen features of a prior's file.

    Raises:
        RuntimeError: Tensors are missing or do not fit.
    """
    net = FrozenFeatures()
    net.load_state_dict({k: torch.from_numpy(v) for k, v in stored.features.items()})
    return net


def frozen_features(path: Path) -> FrozenFeatures:
    """Frozen features out of any file that holds a MobileNetV2.

    Args:
        path: ``.safetensors`` of torchvision's MobileNetV2 (its batch norms are folded), of weights
            of ours with such a net under ``encoder.``, or of a motion prior.

    Raises:
        WeightsError: The file cannot be read.
        KeyError, RuntimeError: It holds no MobileNetV2.
    """
    state = load_weights(path)
    net = FrozenFeatures()
    if "features.0.1.running_mean" in state:
        whole = MobileNetV2()
        whole.load_torchvision(state)
        state = whole.state_dict()
    state = {k.removeprefix("encoder."): v for k, v in state.items()}
    wanted = net.state_dict()
    net.load_state_dict({k: state[k] for k in wanted})
    return net
