"""From a network's map to a map worth cutting with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from vsod_models.refine.dense_crf import DenseCRF

__all__ = ["open_dense_crf"]


def open_dense_crf(name: Literal["meanfield", "pydensecrf"] = "meanfield", device: str = "cpu") -> DenseCRF:
    """Open an engine of the dense CRF; close it, or use it in a with statement.

    Args:
        name: "meanfield", our own, several times faster; "pydensecrf", the library of the published systems.
        device: "cpu" or "cuda"; pydensecrf always runs on the CPU.

    Raises:
        ImportError: pydensecrf is not installed.
        ValueError: There is no such engine.
    """
    # each engine brings a large library: only the chosen one is loaded
    if name == "meanfield":
        from vsod_models.refine.mean_field import MeanField

        return MeanField(device=device)
    if name == "pydensecrf":
        from vsod_models.refine.pydensecrf_engine import PyDenseCRF

        return PyDenseCRF()
    raise ValueError(f"there is no dense CRF engine {name!r}; take meanfield or pydensecrf")
