"""Stored names that changed: what was written before is read with the names of now.

The one table of them; a name that changes gets a line here and a file in ``tests/data``.
"""

from __future__ import annotations

NETWORKS = ("dsnet", "msst", "pdb", "scnn", "stan", "studio", "swift")


def new_entry(entry: str) -> str:
    """``entry`` of a model spec, the networks of our library under the module they lie in now."""
    module, colon, function = entry.partition(":")
    package, _, name = module.rpartition(".")
    return (
        f"vsod_models.networks.{name}{colon}{function}"
        if package == "vsod_models" and name in NETWORKS
        else entry
    )


def first_entry(entry: str) -> str:
    """``entry`` as 0.1.0 wrote it: what signatures are made of stays, so that maps stay."""
    package, dot, rest = entry.rpartition("vsod_models.networks.")
    return f"vsod_models.{rest}" if dot and not package else entry
