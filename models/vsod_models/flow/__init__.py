"""Optical flow behind one protocol, and what networks read of it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["FlowEstimator", "estimator"]


class FlowEstimator(Protocol):
    """Dense motion between two pictures."""

    name: str

    def __call__(
        self, first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.float32]:
        """Flow that carries ``first`` to ``second``.

        Args:
            first: (H, W, 3) uint8 RGB.
            second: The same shape.

        Returns:
            (H, W, 2) float32, (u, v) in pixels: the content of ``first[y, x]`` is at
            ``second[y + v, x + u]``.
        """
        ...


def estimator(name: str = "dis", **options: object) -> FlowEstimator:
    """The estimator called ``name``: ``"dis"`` (default) or ``"raft"``.

    Raises:
        ValueError: No such estimator.
    """
    if name == "dis":
        from vsod_models.flow.dis import DIS

        return DIS(**options)  # type: ignore[arg-type]
    if name == "raft":
        from vsod_models.flow.raft import RAFT

        return RAFT(**options)  # type: ignore[arg-type]
    raise ValueError(f"unknown flow estimator '{name}': use dis or raft")
