"""The region classifier without torch: subject or background, from a segment's description.

Source: SCNN section III-B: a "three-layer neural network"; MSST 3.1: of "300 neurons". Its
training form is :class:`vsod_models.motion_prior.torch_networks.RegionNet`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vsod_models.arrays import FloatArray

Layers = dict[str, FloatArray]  # mean, std, 0.weight, 0.bias, … 2.bias


class Classifier:
    """Probability that a segment belongs to the subject.

    Args:
        layers: ``mean`` and ``std`` (D,), then ``<i>.weight`` (out, in) and ``<i>.bias`` (out,)
            for i = 0, 1, 2.

    Raises:
        KeyError: A part is missing.
        ValueError: Shapes do not fit together.
    """

    def __init__(self, layers: Mapping[str, FloatArray]) -> None:
        self._mean, self._std = (np.asarray(layers[k], np.float32) for k in ("mean", "std"))
        self._layers = [
            (np.asarray(layers[f"{i}.weight"], np.float32), np.asarray(layers[f"{i}.bias"], np.float32))
            for i in range(3)
        ]
        width = len(self._mean)
        for weight, bias in self._layers:
            if weight.shape != (len(bias), width):
                raise ValueError(f"classifier layer is {weight.shape}, expected ({len(bias)}, {width})")
            width = len(bias)
        if width != 2:
            raise ValueError(f"the classifier has {width} outputs, expected 2")

    @property
    def dimensions(self) -> int:
        """D, of the descriptions it reads."""
        return len(self._mean)

    def __call__(self, regions: FloatArray) -> FloatArray:
        """(segments, D) float32 -> (segments,) float32 in 0..1."""
        x = (regions - self._mean) / self._std
        for i, (weight, bias) in enumerate(self._layers):
            x = x @ weight.T + bias
            if i < 2:
                x = np.maximum(x, 0)
        # the softmax of two values
        return np.asarray(1 / (1 + np.exp(np.clip(x[:, 0] - x[:, 1], -60, 60))), np.float32)
