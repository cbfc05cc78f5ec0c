"""How far a job is, total known or honestly unknown; and how much of a clip is analysed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of a job.

    Attributes:
        stage: ``"analyse"``, ``"export"``, ``"verify"``, …
        done: Frames finished in this stage.
        total: Frames of this stage, or None while unknown.
        fps: Frames per second over the last seconds, 0 before the first frame.
        eta: Seconds left for the *whole job*, or None while unknown.
        model: Id of the model at work, where several take turns; else empty.
    """

    stage: str
    done: int
    total: int | None
    fps: float = 0.0
    eta: float | None = None
    model: str = ""


ProgressFn = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, eq=False)
class AnalysisCoverage:
    """What an export of some settings finds in the map stores.

    Attributes:
        exportable: (N,) frames of the clip that have all the maps that an export of them reads.
        mapped: (N,) frames that have a map of their own at least, so that they can be shown.
        to_adapt: The clip's model is still to be adapted to the range; until then the maps are those of the model
            as it is.
    """

    exportable: npt.NDArray[np.bool_]
    mapped: npt.NDArray[np.bool_]
    to_adapt: bool = False

    @classmethod
    def none(cls, count: int) -> Self:
        """Nothing of a clip of ``count`` frames is analysed."""
        import numpy as np  # the command line loads this module before it knows what to do

        return cls(np.zeros(count, np.bool_), np.zeros(count, np.bool_))
