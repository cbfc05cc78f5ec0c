"""A model's net in the form and size its paper gives it, untrained: for measuring speed, never for mattes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from vsod.errors import ModelError
from vsod.inference.model_registry import read_model_spec
from vsod.inference.model_spec import ModelSpec
from vsod.inference.network_loading import build_network
from vsod.inference.openvino_backend import forget


@dataclass(frozen=True, slots=True)
class PublishedForm:
    """A network as its paper builds and feeds it.

    Attributes:
        backbone: The paper's, at width 1.0.
        sides: Pixels along a side of its square inputs; the first is that of its tables.
        options: Other arguments of the network that differ from our model's.
    """

    backbone: str
    sides: tuple[int, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


_ENLARGED_FIRST = {
    "resolution": "full"
}  # MSST 3.2, STAN 3.1: what follows the maps works at the picture's size

PUBLISHED_FORMS: Mapping[str, PublishedForm] = MappingProxyType(
    {
        "scnn": PublishedForm(
            "vgg16", (512,)
        ),  # the paper names no size: that of its first author's public code
        "msst": PublishedForm("vgg16", (512, 321), _ENLARGED_FIRST),  # trained at both (4.1)
        "stan": PublishedForm("vgg16", (512,), _ENLARGED_FIRST),
        "pdb": PublishedForm("resnet50", (473, 353)),  # training and tables (3.3); speed (4.3)
        "dsnet": PublishedForm("resnet34", (512,)),
    }
)


@contextmanager
def at_published_size(model: ModelSpec) -> Iterator[ModelSpec]:
    """A model spec beside ``model`` with the paper's form of its network and as many pixels as the paper's input.

    Its weights are drawn at random; they and all that is made of them are gone afterwards.

    Raises:
        ModelError: The model is of no paper.
    """
    from vsod_models.weights import save_weights

    if model.id not in PUBLISHED_FORMS or model.source is None:
        raise ModelError(
            f"model '{model.id}' has no published size", fix=f"There are: {', '.join(PUBLISHED_FORMS)}."
        )
    form = PUBLISHED_FORMS[model.id]
    name = f"{model.id}-published"
    with TemporaryDirectory() as temp:
        options = {**model.options, "backbone": form.backbone, **form.options}
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
            f"area = {form.sides[0] ** 2}",
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
