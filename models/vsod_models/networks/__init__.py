"""One file per network: layers, variants, training stages and recipe.

:func:`list_networks` tells their names, :func:`create_network` builds one.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

__all__ = ["create_network", "list_networks", "list_variants"]

_NETWORKS = ("swift", "studio", "dsnet", "msst", "pdb", "scnn", "stan")


def list_networks() -> list[str]:
    """Names that :func:`create_network` knows: ours first, then the published ones."""
    return list(_NETWORKS)


def list_variants(name: str) -> list[str]:
    """Variants of a network, such as the rows of its paper's ablation; may be empty.

    Raises:
        ValueError: There is no such network.
    """
    return list(_variants(_module(name)))


def create_network(name: str, *, variant: str | None = None, **options: Any) -> nn.Module:
    """A network with weights drawn at random, in training mode.

    Args:
        name: One of :func:`list_networks`.
        variant: One of :func:`list_variants`; None = the whole network.
        **options: Arguments of its class, such as ``backbone="mobilenet_v2"``; they win over those of the variant.

    Raises:
        ValueError: There is no such network, variant or value of an option.
        TypeError: There is no such option.
    """
    module = _module(name)
    settings: dict[str, Any] = {}
    if variant is not None:
        variants = _variants(module)
        if variant not in variants:
            known = ", ".join(variants) or "none"
            raise ValueError(f"{name} has no variant {variant!r}; it has: {known}")
        settings.update(variants[variant])
    network: nn.Module = module.build(**{**settings, **options})
    return network


def _module(name: str) -> ModuleType:
    if name not in _NETWORKS:
        raise ValueError(f"there is no network {name!r}; there are: {', '.join(_NETWORKS)}")
    return importlib.import_module(f"{__name__}.{name}")


def _variants(module: ModuleType) -> dict[str, dict[str, Any]]:
    return getattr(module, "VARIANTS", {})
