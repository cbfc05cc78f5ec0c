"""Where a network runs: OpenVINO on plain CPUs, torch everywhere else."""

from __future__ import annotations

import importlib.util
import os
import threading
from concurrent.futures import Future, wait
from typing import Protocol

from vsod.core.arrays import FloatArray
from vsod.errors import Cancelled
from vsod.inference.devices import choose_device
from vsod.inference.model_signature import compute_signature
from vsod.inference.model_spec import ModelSpec
from vsod.inference.openvino_backend import OpenVINOBackend, is_converted
from vsod.inference.raster import Raster
from vsod.inference.torch_backend import TorchBackend

_PATIENCE = 0.05  # seconds between two looks whether waiting was cancelled
_Key = tuple[str, Raster, str, str | None]


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


_lock = threading.Lock()
_prepared: tuple[_Key, Future[Backend]] | None = None  # loaded, or being loaded, before anybody asked


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
    prepared = _take_prepared(_key(model, raster, device, engine), cancel)
    return prepared or _open(model, raster, device, engine, cancel)


def prepare_backend(
    model: ModelSpec, raster: Raster, device: str = "auto", engine: str | None = None
) -> None:
    """Load a model before it is asked for: the next :func:`open_backend` of the same takes it, every other drops it.

    Nothing is done for a model that is to be converted first: that is not done unasked.

    Raises:
        ModelError: As :func:`open_backend`.
    """
    global _prepared
    if not loads_at_once(model, device, engine):
        return
    key, future = _key(model, raster, device, engine), Future[Backend]()
    with _lock:
        if _prepared is not None and _prepared[0] == key:
            return
        _prepared = key, future
    try:
        future.set_result(_open(model, raster, device, engine, None))
    except BaseException as error:
        future.set_exception(error)
        raise


def _take_prepared(key: _Key, cancel: threading.Event | None) -> Backend | None:
    """The network that was loaded ahead for this, once it is there; None if there is none, or it failed."""
    global _prepared
    with _lock:
        taken, _prepared = _prepared, None
    if taken is None or taken[0] != key:
        return None
    future = taken[1]
    while not wait([future], _PATIENCE).done:
        if cancel is not None and cancel.is_set():
            raise Cancelled
    return None if future.exception() else future.result()


def _open(
    model: ModelSpec, raster: Raster, device: str, engine: str | None, cancel: threading.Event | None
) -> Backend:
    where = choose_device(device)
    if _uses_openvino(where, engine):
        return OpenVINOBackend(model, raster, cancel)
    return TorchBackend(model, where)


def _key(model: ModelSpec, raster: Raster, device: str, engine: str | None) -> _Key:
    engine = engine or os.environ.get("VSOD_ENGINE")
    return compute_signature(model), raster, device, engine


def loads_at_once(model: ModelSpec, device: str = "auto", engine: str | None = None) -> bool:
    """Whether :func:`open_backend` is quick; False if it converts the model first, once on a computer."""
    return not _uses_openvino(choose_device(device), engine) or is_converted(model)


def _uses_openvino(where: str, engine: str | None) -> bool:
    engine = engine or os.environ.get("VSOD_ENGINE")
    return where == "cpu" and engine != "torch" and importlib.util.find_spec("openvino") is not None
