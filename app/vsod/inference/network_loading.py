"""Torch networks of models: built, loaded, and cut into the parts that backends run."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import math
import sys
from types import ModuleType
from typing import TYPE_CHECKING

from vsod.errors import ModelError
from vsod.inference.adapted_weights import is_adapted, load_adapted
from vsod.inference.model_code import code_files, module_beside
from vsod.inference.model_signature import digest_or_missing
from vsod.inference.model_spec import ModelSpec

if TYPE_CHECKING:
    import torch


def build_network(model: ModelSpec, *, check: bool = True) -> torch.nn.Module:
    """The model's network as its entry builds it, weights not loaded.

    Args:
        model: Its spec.
        check: That the spec's ``inputs`` are those of the variant, where the network names them.

    Raises:
        ModelError: The entry cannot be imported or fails, or the network reads something else.
    """
    module, _, function = model.entry.partition(":")
    try:
        net: torch.nn.Module = getattr(_module(model, module), function)(**model.options)
    except ModelError:
        raise
    except Exception as error:  # third-party code: whatever it raises, the model is at fault
        raise ModelError(f"model '{model.id}' cannot be built: {error}", where=model.source) from error
    reads: tuple[str, ...] | None = getattr(net, "reads", None)
    if check and reads is not None and tuple(model.inputs) != reads:
        raise ModelError(
            f"model '{model.id}' names the inputs {', '.join(model.inputs)}, its network reads {', '.join(reads)}",
            where=model.source,
            fix=f"Write inputs = [{', '.join(repr(name) for name in reads)}] in the model spec.",
        )
    return net


def network_module(model: ModelSpec) -> ModuleType:
    """The module that a model's ``entry`` names: the network's code, and how it is trained.

    Raises:
        ModelError: It cannot be imported.
    """
    name = model.entry.partition(":")[0]
    try:
        return _module(model, name)
    except ModelError:
        raise
    except Exception as error:  # third-party code
        raise ModelError(
            f"the code of model '{model.id}' cannot be imported: {error}", where=model.source
        ) from error


def _module(model: ModelSpec, name: str) -> ModuleType:
    """The module of this name: the file beside the model if there is one, else one that the model may call."""
    code, file = code_files(model), module_beside(model, name)
    if file is None:
        return importlib.import_module(name)
    # named after the model, so that two models may both call their file net.py; and after what is in its files
    version = hashlib.sha256("".join(digest_or_missing(part) for _, part in code).encode()).hexdigest()[:16]
    unique = f"vsod_card_{model.id}_{name}_{version}"
    if unique not in sys.modules:
        spec = importlib.util.spec_from_file_location(unique, file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[unique] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[unique]
            raise
    return sys.modules[unique]


def load_network(model: ModelSpec) -> torch.nn.Module:
    """The model's network with its weights, float32, eval mode.

    Raises:
        ModelError: The network cannot be built or the weights do not fit.
    """
    net = build_network(model)
    missing, unexpected = net.load_state_dict(_weights(model), strict=False)
    missing = [k for k in missing if not k.endswith("num_batches_tracked")]
    if missing or unexpected:
        odd = ", ".join([*missing, *unexpected][:3])
        raise ModelError(
            f"the weights do not fit the network of model '{model.id}' ({odd} …)", where=model.weights
        )
    return net.eval()


def _weights(model: ModelSpec) -> dict[str, torch.Tensor]:
    from vsod_models.weights import WeightsError, load_weights

    file = model.verified_weights()
    try:
        return load_adapted(file) if is_adapted(file) else load_weights(file)
    except WeightsError as error:
        raise ModelError(
            f"the weights of model '{model.id}' cannot be read ({error.__cause__})",
            where=file,
            fix="Copy the file again from its origin; it must be a whole .safetensors file.",
        ) from error


def logit(probability: float) -> float:
    """What the sigmoid makes ``probability`` of."""
    return math.log(probability / (1 - probability))


def network_part(net: torch.nn.Module, name: str, half: float = 0.5) -> torch.nn.Module:
    """One part of a network as a module of its own, its output ready to use.

    Args:
        net: In eval mode.
        name: ``"frame"``: saliency of single frames, 0..1. ``"encode"``: features of single
            frames. ``"decode"``: saliency, 0..1, from a window of features.
        half: The net's own answer that becomes one half.
    """
    import torch

    shift = logit(half)

    class Part(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, first: torch.Tensor, second: torch.Tensor | None = None) -> torch.Tensor:
            call = self.net if name == "frame" else getattr(self.net, name)
            out: torch.Tensor = call(first) if second is None else call(first, second)
            return out if name == "encode" else torch.sigmoid(out - shift)

    return Part().eval()
