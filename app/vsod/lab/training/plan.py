"""What can be asked of a training run, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vsod.errors import UsageError

PROTOCOLS = ("ours", "paper")


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How a model is trained.

    Attributes:
        stage: The one stage to train; None = all, one after the other.
        samples: Samples to see in a stage; None = the stage's.
        rate: Peak learning rate; None = the recipe's.
        init: ImageNet file of the backbone (torchvision names), or weights of ours to start from.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        seed: Of everything.
        protocol: ``"ours"``, or ``"paper"``: loss, optimiser and rates as published.
        teacher: Model of whose maps single-frame stages learn beside the labels, and in place of weak ones.
        affinity: Weight of what they learn of the teacher's features, see :mod:`vsod_models.training.feature_affinity`.
        mining: Power of hard-example mining in single-frame stages; 0 = none.

    Raises:
        UsageError: A value is out of range or lacks what it goes with.
    """

    stage: str | None = None
    samples: int | None = None
    rate: float | None = None
    init: Path | None = None
    device: str = "auto"
    seed: int = 0
    protocol: str = "ours"
    teacher: str | None = None
    affinity: float = 0.0
    mining: float = 0.0

    def __post_init__(self) -> None:
        if self.affinity and self.teacher is None:
            raise UsageError("--affinity needs a teacher", fix="Add --teacher studio.")
        if not 0 <= self.mining <= 1:
            raise UsageError(f"--mining {self.mining:g} is out of range", fix="Use 0 to 1.")
