"""A network loaded before it is asked for: for the window, whose first matte would wait for it."""

from __future__ import annotations

from vsod.inference.backends import prepare_backend
from vsod.inference.model_registry import require_model
from vsod.inference.raster import Raster


def prepare_network(model: str, size: tuple[int, int], device: str = "auto") -> None:
    """Load the network of a model; the next analysis of a clip of this shape takes it.

    Args:
        model: Id of the model. One that must be converted first is left alone.
        size: (width, height) of the clip as it is shown.
        device: See :func:`vsod.inference.devices.choose_device`.

    Raises:
        ModelError: The model cannot be used.
    """
    spec = require_model(model)
    prepare_backend(spec, Raster.fit(size, spec.area, spec.multiple), device)
