"""The motion prior, ready to be called for a frame: its deep features run where the networks run."""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vsod import paths
from vsod.core.arrays import FloatArray
from vsod.errors import ModelError
from vsod.inference.converted_networks import ConvertedNetwork, Network, converted_network
from vsod.inference.model_signature import digest_or_missing
from vsod.inference.openvino_backend import CompiledNetwork, as_openvino, convert_in_helper, openvino_version
from vsod.storage.digest import file_sha256
from vsod_models.motion_prior.motion_prior import MotionPrior
from vsod_models.motion_prior.region_features import FeatureMap, picture_tensor


def prior_file() -> Path:
    """The prior's weights, shipped with the models that read it."""
    return paths.weights_dir() / "prior.safetensors"


def prior_digest() -> str:
    """Text that changes whenever the prior's weights do."""
    return digest_or_missing(prior_file())[:16]


def open_prior(cancel: threading.Event | None = None) -> MotionPrior:
    """The motion prior, its features run by OpenVINO where that is installed, else by torch.

    Args:
        cancel: Set it from another thread to give up a first conversion.

    Raises:
        ModelError: The weights are missing or damaged.
        Cancelled: ``cancel`` was set.
    """
    file = prior_file()
    if not file.is_file():
        raise ModelError(
            "the motion prior has no weights file", where=file, fix="Train it: vsod-desktop train-prior."
        )
    try:
        if importlib.util.find_spec("openvino") is None:
            return MotionPrior.load(file)
        return MotionPrior.load(file, _on_openvino(_converted(file, cancel)))
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"the motion prior cannot be loaded: {error}", where=file) from error


def _on_openvino(model: Network) -> FeatureMap:
    compiled: dict[tuple[int, ...], CompiledNetwork] = {}

    def features(rgb: npt.NDArray[np.uint8]) -> FloatArray:
        x = picture_tensor(rgb)
        if x.shape not in compiled:
            # one clip has one size
            compiled.clear()
            compiled[x.shape] = CompiledNetwork(lambda: model, [x.shape])
        out: FloatArray = compiled[x.shape](x)[0]
        return out

    return features


def _converted(weights: Path, cancel: threading.Event | None) -> Network:
    kept = _kept(weights)
    found = kept.read()
    if found is None:
        convert_in_helper(convert, [str(weights.absolute())], cancel)
        found = kept.read()
    # else here, where whatever went wrong reaches the caller
    return found or convert(str(weights))


def _kept(weights: Path) -> ConvertedNetwork:
    return converted_network("prior", file_sha256(weights), openvino_version(), "features")


def convert(weights: str) -> Network:
    """The prior's feature network as an OpenVINO model; it is kept in the cache.

    Raises:
        OSError, ValueError: ``weights`` is no motion prior.
    """
    import torch

    from vsod_models.motion_prior.torch_networks import stored_features
    from vsod_models.motion_prior.weights_file import read_prior

    made = as_openvino(stored_features(read_prior(Path(weights))), [torch.zeros(1, 3, 64, 64)])
    _kept(Path(weights)).write(made)
    return made
