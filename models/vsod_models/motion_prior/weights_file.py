"""The prior on disk: frozen features and classifiers in one safetensors file, read without torch.

Weights of two or more dimensions are int8 with one float32 scale per output
channel, named as :mod:`vsod_models.weights` names them; the rest is float32.
Keys: ``features.…`` (MobileNetV2) and ``classifier.<n>.…``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from vsod_models.arrays import FloatArray
from vsod_models.motion_prior.region_classifier import Layers
from vsod_models.motion_prior.segmentation import SegmentationInput

_SCALE = "::scale"


@dataclass(frozen=True)
class StoredPrior:
    """What ``prior.safetensors`` holds.

    Attributes:
        features: State of :class:`vsod_models.motion_prior.torch_networks.FrozenFeatures`, float32.
        classifiers: One, or one a level.
        source: What is segmented.
        motion: Descriptions end with the motion dimensions.
        width: Pixels across of the frames it was trained on; wider ones are made so first.
    """

    features: Mapping[str, FloatArray]
    classifiers: tuple[Layers, ...]
    source: SegmentationInput = "flow"
    motion: bool = True
    width: int = 512


def write_prior(prior: StoredPrior, path: Path) -> None:
    """Write the file; it is rounded to int8 on the way."""
    parts = {f"features.{k.removeprefix('features.')}": v for k, v in prior.features.items()}
    for n, layers in enumerate(prior.classifiers):
        parts |= {f"classifier.{n}.{k}": v for k, v in layers.items()}
    out: dict[str, npt.NDArray[np.generic]] = {}
    for key, value in parts.items():
        if value.ndim < 2:
            out[key] = np.ascontiguousarray(value, np.float32)
        else:
            out[key], out[key + _SCALE] = _to_int8(value)
    about = {
        "kind": "motion-prior",
        "source": prior.source,
        "motion": str(prior.motion),
        "width": str(prior.width),
    }
    save_file(out, path, about)


def rounded(state: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """``state`` as it comes back from a file.

    Features are rounded *before* a classifier is trained on them, so that it learns from what it
    will see: means over a frame can vary by less than the rounding moves them.
    """
    out = {}
    for key, value in state.items():
        if value.ndim < 2:
            out[key] = np.asarray(value, np.float32)
        else:
            out[key] = _from_int8(*_to_int8(value))
    return out


def _to_int8(value: FloatArray) -> tuple[npt.NDArray[np.int8], FloatArray]:
    flat = value.reshape(len(value), -1)
    scale = np.maximum(np.abs(flat).max(1) / 127, np.finfo(np.float32).tiny).astype(np.float32)
    return np.rint(flat / scale[:, None]).astype(np.int8).reshape(value.shape), scale


def _from_int8(value: npt.NDArray[np.int8], scale: FloatArray) -> FloatArray:
    return value.astype(np.float32) * scale.reshape(-1, *[1] * (value.ndim - 1))


def read_prior(path: Path) -> StoredPrior:
    """Read the file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no motion prior, or damaged.
    """
    try:
        with safe_open(path, "numpy") as file:
            about = file.metadata() or {}
            if about.get("kind") != "motion-prior" or about.get("source") not in get_args(SegmentationInput):
                raise ValueError(f"{path} is no motion prior")
            raw = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is no motion prior ({error})") from error
    full: dict[str, FloatArray] = {}
    for key, value in raw.items():
        if key.endswith(_SCALE):
            continue
        scale = raw.get(key + _SCALE)
        full[key] = value.astype(np.float32) if scale is None else _from_int8(value, scale)
    numbers = sorted({int(k.split(".")[1]) for k in full if k.startswith("classifier.")})
    classifiers = tuple(
        {k.removeprefix(f"classifier.{n}."): v for k, v in full.items() if k.startswith(f"classifier.{n}.")}
        for n in numbers
    )
    features = {k: v for k, v in full.items() if k.startswith("features.")}
    source: SegmentationInput = about["source"]
    return StoredPrior(features, classifiers, source, about.get("motion") == "True", int(about["width"]))
