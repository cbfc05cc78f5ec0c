"""A network run by torch that keeps what it hands out on the way: to look at, slower than the usual way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vsod.core.arrays import FloatArray
from vsod.errors import ModelError
from vsod.inference.devices import choose_device
from vsod.inference.model_spec import ModelSpec
from vsod.inference.network_loading import network_module
from vsod.inference.torch_backend import TorchBackend
from vsod_models.intermediates import Intermediate, recording

if TYPE_CHECKING:
    from torch import Tensor

RESERVED = frozenset(("S", "flow", "prior", "segments", "features", "trust_of_motion"))
"""Names of what there is with any model."""
Found = dict[str, list[FloatArray]]
"""What was handed out for one frame: (C, h, w) for each scale, or one (scales,) of weights."""


def declared_intermediates(model: ModelSpec) -> dict[str, Intermediate]:
    """What a model's network says can be looked at, by name.

    Raises:
        ModelError: Its code cannot be imported, or a name cannot be used.
    """
    declared: Mapping[str, Intermediate] = getattr(network_module(model), "INTERMEDIATES", {})
    for name in declared:
        # they become file names, beside our own
        head, _, scale = name.rpartition("_")
        if not name.isidentifier() or (head if scale.isdigit() else name) in RESERVED:
            raise ModelError(
                f"model '{model.id}' has an intermediate output of the name '{name}', which is taken or no name",
                where=model.source,
                fix="Give it another name of letters, digits and _ in INTERMEDIATES.",
            )
    return dict(declared)


class RecordingBackend:
    """A :class:`vsod.inference.backends.Backend` of one frame at a time.

    Args:
        model: A usable model.
        device: See :func:`vsod.inference.devices.choose_device`.

    Attributes:
        found: Of the frame that was run last, window included.
    """

    batch = 1

    def __init__(self, model: ModelSpec, device: str = "auto") -> None:
        self._model, self._declared = model, declared_intermediates(model)
        self._network = TorchBackend(model, choose_device(device))
        self.name = self._network.name
        self.found: Found = {}

    def frames(self, *inputs: FloatArray) -> FloatArray:
        """See :class:`vsod.inference.backends.Backend`."""
        self.found = {}
        with recording() as found:
            out = self._network.frames(*inputs)
        self._keep(found)
        return out

    def window(self, features: FloatArray) -> FloatArray:
        """See :class:`vsod.inference.backends.Backend`."""
        with recording() as found:
            out = self._network.window(features)
        self._keep(found)
        return out

    def _keep(self, found: Mapping[str, Tensor | Sequence[Tensor]]) -> None:
        for name, value in found.items():
            scales = list(value) if isinstance(value, Sequence) else [value]
            what = self._declared.get(name)
            if what is None:
                continue  # nothing says what it is
            if any(one.ndim != (2 if what.kind == "weights" else 4) for one in scales):
                raise ModelError(
                    f"model '{self._model.id}' hands out '{name}' in another shape than that of {what.kind}",
                    where=self._model.source,
                    fix="See vsod_models.intermediates for the shapes.",
                )
            self.found[name] = [np.asarray(one[0].float().cpu().numpy(), np.float32) for one in scales]
