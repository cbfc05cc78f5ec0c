"""Where a network runs: OpenVINO on plain CPUs, torch everywhere else."""

from __future__ import annotations

import importlib.util
import os
import threading
from typing import Protocol

from vsod.core.arrays import FloatArray
from vsod.inference.devices import choose_device
from vsod.inference.model_spec import ModelSpec
from vsod.inference.openvino_backend import OpenVINOBackend, is_converted
from vsod.inference.raster import Raster
from vsod.inference.torch_backend import TorchBackend


class Backend(Protocol):
    """A network ready to run.

    Attributes:
        name: Device and precision, in words.
        batch: How many frames are best given at once.
    """

    name: str
    batch: int

    def frames(self, *inputs: FloatArray) -> FloatArray:
        """Each frame on its own.

        Args:
            inputs: What the model reads, in its order: (B, C, H, W) float32, padded; see
                :data:`vsod.inference.network_inputs.NETWORK_INPUTS`.

        Returns:
            (B, 1, H, W) float32 saliency 0..1, or for a model with a window the features
            (B, C, h, w) float32.
        """
        ...

    def window(self, features: FloatArray) -> FloatArray:
        """Frames together, for a model with a window.

        Args:
            features: (B, T, C, h, w) float32, as :meth:`frames` made them.

        Returns:
            (B, 1 or T, 1, H, W) float32 saliency 0..1.
        """
        ...


def open_backend(
    model: ModelSpec,
    raster: Raster,
    device: str = "auto",
    engine: str | None = None,
    cancel: threading.Event | None = None,
) -> Backend:
    """Load a model for one raster.

    Args:
        model: A usable model.
        raster: What it will be fed.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        engine: ``"openvino"`` or ``"torch"``; None = OpenVINO on the CPU if it is installed, else
            torch. The environment variable ``VSOD_ENGINE`` sets the default.
        cancel: Set it from another thread to give up a first conversion, which takes seconds.

    Raises:
        ModelError: Weights or device are missing, or the network does not fit its weights.
        Cancelled: ``cancel`` was set.
    """
    where = choose_device(device)
    if _uses_openvino(where, engine):
        return OpenVINOBackend(model, raster, cancel)
    return TorchBackend(model, where)


def loads_at_once(model: ModelSpec, device: str = "auto", engine: str | None = None) -> bool:
    """Whether :func:`open_backend` is quick; False if it converts the model first, once on a computer."""
    return not _uses_openvino(choose_device(device), engine) or is_converted(model)


def _uses_openvino(where: str, engine: str | None) -> bool:
    engine = engine or os.environ.get("VSOD_ENGINE")
    return where == "cpu" and engine != "torch" and importlib.util.find_spec("openvino") is not None
