"""What can be asked of a training run, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vsod.errors import UsageError

PUBLISHED = ("paper", "code")


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How a model is trained.

    Attributes:
        stage: The one stage to train; None = all, one after the other.
        samples: Samples to see in a stage; None = the stage's.
        rate: Learning rate, at its peak; None = the recipe's.
        init: ImageNet file of the backbone (torchvision names), or weights of ours to start from.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        seed: Of everything.
        variant: Row of the paper's ablation; None = the whole network.
        labels: Folders of weak or coarse labels, for frames without truth.
        teacher: Model of whose maps single-frame stages learn beside the labels, and in place of weak ones.
        affinity: Weight of what they learn of the teacher's features, see :mod:`vsod_models.training.feature_affinity`.
        mining: Power of hard-example mining in single-frame stages; 0 = none.
        published: ``"paper"``: as the model's paper trains it; ``"code"``: as its authors' public code does where that
            differs; None = our way. What follows goes with it.
        compact: The model's own small network in place of the paper's.
        sizes: Sides of the square input in place of the paper's.
        batch: Samples of a batch, likewise.
        accumulate: Batches whose losses are added before the weights change, likewise.
        mix: Data sets likewise, ``NAME[:split][=weight]``.
        epochs: Passes over the data, likewise.

    Raises:
        UsageError: A value is out of range or lacks what it goes with.
    """

    stage: str | None = None
    samples: int | None = None
    rate: float | None = None
    init: Path | None = None
    device: str = "auto"
    seed: int = 0
    variant: str | None = None
    labels: tuple[Path, ...] = ()
    teacher: str | None = None
    affinity: float = 0.0
    mining: float = 0.0
    published: str | None = None
    compact: bool = False
    sizes: tuple[int, ...] = ()
    batch: int | None = None
    accumulate: int | None = None
    mix: tuple[str, ...] = ()
    epochs: int | None = None

    def __post_init__(self) -> None:
        if self.affinity and self.teacher is None:
            raise UsageError("--affinity needs a teacher", fix="Add --teacher studio.")
        if not 0 <= self.mining <= 1:
            raise UsageError(f"--mining {self.mining:g} is out of range", fix="Use 0 to 1.")
        for option, value in (
            ("samples", self.samples),
            ("epochs", self.epochs),
            ("batch", self.batch),
            ("accumulate", self.accumulate),
            *(("size", side) for side in self.sizes),
        ):
            if value is not None and not 1 <= value <= 10**9:
                raise UsageError(f"--{option} {value} is out of range", fix="Use 1 or more.")
        if self.rate is not None and not 0 < self.rate < float("inf"):
            raise UsageError(f"--rate {self.rate:g} is out of range", fix="Use a number above 0.")
        if self.published is None:
            self._refuse(
                "goes with --published only",
                "Add --published, or leave it out.",
                compact=self.compact,
                size=self.sizes,
                batch=self.batch,
                accumulate=self.accumulate,
                mix=self.mix,
                epochs=self.epochs,
            )
        else:
            self._refuse(
                "does not go with --published",
                "No paper has it: leave one of them out.",
                teacher=self.teacher,
                mining=self.mining,
            )

    @staticmethod
    def _refuse(why: str, fix: str, **options: object) -> None:
        for option, value in options.items():
            if value:
                raise UsageError(f"--{option} {why}", fix=fix)
