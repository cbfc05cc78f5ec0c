"""Saliency networks, optical flow, priors, refiners, metrics and training.

A library of its own: it knows nothing of the application, of Qt or of PyAV.
Start with :func:`create_network` and :func:`list_networks`, or with a class:

    >>> from vsod_models import create_network, list_networks
    >>> list_networks()
    ['swift', 'studio', 'dsnet', 'msst', 'pdb', 'scnn', 'stan']
    >>> net = create_network("dsnet", variant="M4", backbone="mobilenet_v2")

Nothing heavy is imported before it is used: this module loads no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vsod_models.networks import create_network, list_networks, list_variants
    from vsod_models.networks.dsnet import DSNet
    from vsod_models.networks.msst import MSST
    from vsod_models.networks.pdb import PDB
    from vsod_models.networks.scnn import SCNN
    from vsod_models.networks.stan import STAN
    from vsod_models.networks.studio import Studio
    from vsod_models.networks.swift import Swift

__all__ = [
    "MSST",
    "PDB",
    "SCNN",
    "STAN",
    "DSNet",
    "Studio",
    "Swift",
    "create_network",
    "list_networks",
    "list_variants",
]

_HOMES = {
    "create_network": "networks",
    "list_networks": "networks",
    "list_variants": "networks",
    "DSNet": "networks.dsnet",
    "MSST": "networks.msst",
    "PDB": "networks.pdb",
    "SCNN": "networks.scnn",
    "STAN": "networks.stan",
    "Studio": "networks.studio",
    "Swift": "networks.swift",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
