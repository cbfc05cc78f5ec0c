"""How the papers train, put as recipes: loss, optimiser, rates and their schedule.

Caffe's rates of losses summed over pixels are put as rates for means, weight
decay likewise; where a paper is silent, common practice for its backbone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from torch import Tensor

from vsod_models.losses.published_fcn import balanced_bce, msst_loss, scnn_loss, stan_loss
from vsod_models.losses.published_resnet import dsnet_loss, pdb_loss
from vsod_models.training.training_run import Recipe

Loss = Callable[[Tensor, Sequence[Tensor], Tensor], Tensor]


def _balanced(logits: Tensor, sides: Sequence[Tensor], target: Tensor) -> Tensor:
    """SCNN's loss of one network (section III-C)."""
    return balanced_bce(logits, target).mean()


def _pdb(logits: Tensor, sides: Sequence[Tensor], target: Tensor) -> Tensor:
    return pdb_loss(logits, target)


# (card, stage) -> loss and what differs from our recipe
_PUBLISHED: dict[tuple[str, str], tuple[Loss, dict[str, object]]] = {
    # SGD, momentum 0.9, 1e-2 (TCSVT 2019, section IV-A); a tenth for the pretrained trunk, poly
    ("scnn", "spatial"): (_balanced, {"optimiser": "sgd", "lr": 1e-2, "encoder_lr": 0.1, "schedule": "poly"}),
    # 1e-10 on a summed loss at 512 x 512 is 2.6e-5 on a mean
    ("scnn", "joint"): (scnn_loss, {"optimiser": "sgd", "lr": 1e-4, "encoder_lr": 0.26, "schedule": "poly"}),
    # Adam, 1e-3 (ICMR 2018, section 4.1)
    ("msst", "streams"): (msst_loss, {"optimiser": "adam", "encoder_lr": 0.1, "schedule": "poly"}),
    ("msst", "windows"): (msst_loss, {"optimiser": "adam", "schedule": "poly"}),
    # Adam, 1e-3 (section 4.1)
    ("stan", "streams"): (stan_loss, {"optimiser": "adam", "encoder_lr": 0.1, "schedule": "poly"}),
    ("stan", "windows"): (stan_loss, {"optimiser": "adam", "schedule": "poly"}),
    # SGD, momentum 0.9 (ECCV 2018, section 3.4)
    ("pdb", "spatial"): (_pdb, {"optimiser": "sgd", "lr": 1e-2, "encoder_lr": 0.1, "schedule": "poly"}),
    ("pdb", "windows"): (_pdb, {"optimiser": "adam", "schedule": "cosine"}),
    # Adam, 5e-5 for all layers, a fifth after epochs 10 and 21 of 25 (released code)
    ("dsnet", "all"): (
        dsnet_loss,
        {"optimiser": "adam", "lr": 5e-5, "encoder_lr": 1.0, "weight_decay": 0.0, "schedule": "steps"},
    ),
}


def published_recipe(card: str, stage: str, recipe: Recipe) -> tuple[Recipe, Loss]:
    """The recipe and loss of a paper's training stage.

    Args:
        card: ``"scnn"``, ``"msst"``, ``"stan"``, ``"pdb"`` or ``"dsnet"``.
        stage: A stage of that card.
        recipe: What the paper's values replace parts of; samples, sizes and seed stay.

    Raises:
        KeyError: The card is of no paper.
    """
    loss, changes = _PUBLISHED[card, stage]
    values = {"weight_decay": 5e-4, "frozen": 0, **changes}
    return replace(recipe, **values), loss  # type: ignore[arg-type]
