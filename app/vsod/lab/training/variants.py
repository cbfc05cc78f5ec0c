"""Rows of a paper's ablation, by name: other options of the network, other data, or another ending."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vsod.errors import UsageError
from vsod.inference.model_spec import ModelSpec
from vsod.inference.network_loading import network_module
from vsod_models.published_recipes import DataVariant


@dataclass(frozen=True, slots=True)
class Variant:
    """A row.

    Attributes:
        name: As the paper calls it; empty = the whole network.
        options: Of the network.
        data: What it learns from and what follows it.
    """

    name: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    data: DataVariant = field(default_factory=DataVariant)


def variants_of(model: ModelSpec) -> list[Variant]:
    """The rows of a model's paper, as its network's module names them."""
    module = network_module(model)
    rows = [Variant(name, dict(options)) for name, options in getattr(module, "VARIANTS", {}).items()]
    return rows + [Variant(name, data=data) for name, data in getattr(module, "DATA_VARIANTS", {}).items()]


def find_variant(model: ModelSpec, name: str | None) -> Variant:
    """The row of this name, whatever its capitals; None = the whole network.

    Raises:
        UsageError: There is none.
    """
    if name is None:
        return Variant()
    rows = variants_of(model)
    for row in rows:
        if row.name.casefold() == name.casefold():
            return row
    known = ", ".join(row.name for row in rows) or "none"
    raise UsageError(f"model '{model.id}' has no variant '{name}'", fix=f"Its variants: {known}.")
