"""A model's net in the form and size its paper gives it, untrained: for measuring speed, never for mattes."""

from __future__ import annotations

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
from vsod.inference.network_loading import build_network, network_module
from vsod.inference.openvino_backend import forget
from vsod.lab.training.model_files import write_model


@dataclass(frozen=True, slots=True)
class PublishedForm:
    """How a paper feeds its network; how it builds it stands with the network (``PUBLISHED``).

    Attributes:
        sides: Pixels along a side of its square inputs; the first is that of its tables.
        options: Arguments of the network beside the paper's.
    """

    sides: tuple[int, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


PUBLISHED_FORMS: Mapping[str, PublishedForm] = MappingProxyType(
    {
        "scnn": PublishedForm((512,)),  # the paper names no size: that of its first author's public code
        "msst": PublishedForm((512, 321)),  # trained at both (4.1)
        "stan": PublishedForm((512,)),
        "pdb": PublishedForm((473, 353)),  # training and tables (3.3); speed (4.3)
        "dsnet": PublishedForm((512,)),
    }
)


@contextmanager
def at_published_size(model: ModelSpec) -> Iterator[ModelSpec]:
    """A model spec beside ``model`` with the paper's form of its network and as many pixels as the paper's input.

    Its weights are drawn at random; they and all that is made of them are gone afterwards.

    Raises:
        ModelError: The model is of no paper.
    """
    from vsod_models.published_recipes import published_training
    from vsod_models.weights import save_weights

    training = published_training(network_module(model)) if model.id in PUBLISHED_FORMS else None
    if training is None or model.source is None:
        raise ModelError(
            f"model '{model.id}' has no published size", fix=f"There are: {', '.join(PUBLISHED_FORMS)}."
        )
    form = PUBLISHED_FORMS[model.id]
    options = {**model.options, **training.options, **form.options}
    net = build_network(replace(model, options=options))
    with TemporaryDirectory() as temp:
        folder = Path(temp)
        save_weights(net.state_dict(), folder / "random.safetensors")
        name, area = f"{model.id}-published", form.sides[0] ** 2
        file = write_model(folder, model, options, model.inputs, name, "random.safetensors", area=area)
        drawn = read_model_spec(file)
        try:
            yield drawn
        finally:
            forget(drawn)
