"""How far a job is. Total known or honestly unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of a job.

    Attributes:
        stage: ``"analyse"``, ``"export"``, ``"verify"``, …
        done: Frames finished in this stage.
        total: Frames of this stage, or None while unknown.
        fps: Frames per second over the last seconds, 0 before the first frame.
        eta: Seconds left for the *whole job*, or None while unknown.
    """

    stage: str
    done: int
    total: int | None
    fps: float = 0.0
    eta: float | None = None


ProgressFn = Callable[[Progress], None]
