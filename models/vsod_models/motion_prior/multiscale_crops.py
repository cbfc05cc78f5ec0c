"""The papers' own region features: three crops a segment through an AlexNet-like network. Slow.

STAN names AlexNet; the three crops are those of MDF (Li and Yu, "Visual
Saliency Based on Multiscale Deep Features", CVPR 2015). Every segment costs
three passes of the network, so hundreds of segments cost seconds a frame
where pooling costs milliseconds. We ship no weights for it: bring a network
and train a classifier on it with :func:`vsod_models.training.motion_prior_training.train_prior`.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from vsod_models.arrays import FloatArray, LabelImage
from vsod_models.motion_prior.region_features import neighbours

_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)


class MultiscaleCrops:
    """Region features by three crops: see :class:`vsod_models.motion_prior.region_features.RegionFeatures`.

    The crops, each resized to ``size`` squared: the segment's bounding box with everything else
    in it set to the ImageNet mean; the bounding box of the segment and its neighbours, as it is;
    the whole frame with the segment set to the mean.

    Args:
        net: (B, 3, size, size) normalised RGB -> (B, F), for example AlexNet up to fc7 (F = 4096).
        size: Side of the crops.
        batch: Crops a pass.
    """

    def __init__(self, net: nn.Module, *, size: int = 227, batch: int = 48) -> None:
        self._net = net.eval()
        self._size = size
        self._batch = batch

    def prepare(self, rgb: npt.NDArray[np.uint8]) -> FloatArray:
        """(H, W, 3) normalised RGB: the mean colour is zero."""
        mean, std = np.asarray(_MEAN, np.float32), np.asarray(_STD, np.float32)
        return np.asarray((rgb.astype(np.float32) / 255 - mean) / std, np.float32)

    def describe(
        self, seen: FloatArray, rgb: npt.NDArray[np.uint8], flow: FloatArray, levels: list[LabelImage]
    ) -> list[FloatArray]:
        """One (segments, 3 F) float32 array for every level."""
        return [self._level(seen, labels) for labels in levels]

    def _level(self, picture: FloatArray, labels: LabelImage) -> FloatArray:
        crops: list[FloatArray] = []
        out: list[FloatArray] = []
        pairs = neighbours(labels)
        for s in range(int(labels.max()) + 1):
            inside = (labels == s)[..., None]
            ring = np.isin(labels, [s, *pairs[pairs[:, 0] == s, 1]])
            crops += [
                self._fit(_cut(picture * inside, inside[..., 0])),
                self._fit(_cut(picture, ring)),
                self._fit(picture * ~inside),
            ]
            if len(crops) >= self._batch:
                out.append(self._run(crops))
                crops = []
        if crops:
            out.append(self._run(crops))
        features = np.concatenate(out)
        return features.reshape(len(features) // 3, -1)

    def _fit(self, crop: FloatArray) -> FloatArray:
        return np.asarray(cv2.resize(crop, (self._size, self._size), interpolation=cv2.INTER_LINEAR))

    def _run(self, crops: list[FloatArray]) -> FloatArray:
        with torch.inference_mode():
            batch = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).contiguous()
            found: FloatArray = self._net(batch).flatten(1).float().cpu().numpy()
        return found


def _cut(picture: FloatArray, region: npt.NDArray[np.bool_]) -> FloatArray:
    rows, columns = np.flatnonzero(region.any(1)), np.flatnonzero(region.any(0))
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
