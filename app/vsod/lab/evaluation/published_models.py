"""A model's net in the size its paper gives it, untrained: for measuring speed, never for mattes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from vsod.errors import ModelError
from vsod.inference.model_registry import read_model_spec
from vsod.inference.model_spec import ModelSpec
from vsod.inference.network_loading import build_network
from vsod.inference.openvino_backend import forget

# backbone and square input of each paper
PUBLISHED_SIZES = {
    "scnn": ("vgg16", 512),
    "msst": ("vgg16", 512),
    "stan": ("vgg16", 512),
    "pdb": ("resnet50", 473),
    "dsnet": ("resnet34", 512),
}


@contextmanager
def at_published_size(model: ModelSpec) -> Iterator[ModelSpec]:
    """A model spec beside ``model`` with the paper's backbone at width 1.0 and as many pixels as the paper's input.

    Its weights are drawn at random; they and all that is made of them are gone afterwards.

    Raises:
        ModelError: The model is of no paper.
    """
    from vsod_models.weights import save_weights

    if model.id not in PUBLISHED_SIZES or model.source is None:
        raise ModelError(
            f"model '{model.id}' has no published size", fix=f"There are: {', '.join(PUBLISHED_SIZES)}."
        )
    backbone, side = PUBLISHED_SIZES[model.id]
    name = f"{model.id}-published"
    with TemporaryDirectory() as temp:
        options = {**model.options, "backbone": backbone}
        net = build_network(replace(model, options=options))
        save_weights(net.state_dict(), Path(temp) / "random.safetensors")
        rows = {
            "id": name,
            "title": model.title,
            "licence": model.licence,
            "entry": model.entry,
            "weights": "random.safetensors",
            "flow": model.flow,
            "inputs": list(model.inputs),
        }
        # JSON's strings, numbers and lists are TOML's
        text = [f"{key} = {json.dumps(value)}" for key, value in rows.items()]
        text += ["[options]", *(f"{key} = {json.dumps(value)}" for key, value in options.items())]
        if model.window:
            text += [
                "[window]",
                f"length = {model.window}",
                f'kind = "{"chunks" if model.chunked_window else "causal"}"',
            ]
        text += [
            "[input]",
            f"area = {side * side}",
            f"multiple = {model.multiple}",
            f"static_prior = {model.static_prior}",
        ]
        file = Path(temp) / "model.toml"
        file.write_text("\n".join(text) + "\n", encoding="utf-8")
        drawn = read_model_spec(file)
        try:
            yield drawn
        finally:
            forget(drawn)
