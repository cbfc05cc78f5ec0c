"""How networks are trained: stages, recipes, and what the papers say of both.

Ours are trained in steps, spatial first: a net that knows what stands out in a
picture before it is shown motion, and motion before time. The weights of one
stage start the next. Of the papers SCNN's and PDB's do so; the others train end
to end.

A network's own file says how it is trained, whether it is one of ours or lies
in a plugin folder:

``STAGES``
    A tuple of :class:`Stage`, in order. Without it the network cannot be trained.
``stages_for``
    A function of the network's options that gives the stages of a variant, where they differ from ``STAGES``.
``RECIPE``
    A :class:`Recipe`, where ours does not suit it.
``PUBLISHED``
    How the network's paper trains it, see :mod:`vsod_models.published_recipes`.
``VARIANTS``
    Name -> options of the network, such as the rows of a paper's ablation.
``DATA_VARIANTS``
    Name -> :class:`vsod_models.published_recipes.DataVariant`: rows whose data or ending differ, not the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Literal

import torch
from torch import Tensor, nn

from vsod_models.batch import Batch
from vsod_models.losses.saliency_loss import saliency_loss

Answer = tuple[Tensor, list[Tensor]]
Loss = Callable[[Tensor, Sequence[Tensor], Tensor], Tensor]
"""(logits, side logits, mask) -> scalar."""


@dataclass(frozen=True)
class Mix:
    """How many samples of each sort make a batch."""

    photos: int = 7
    weak: int = 3
    videos: int = 6

    @property
    def size(self) -> int:
        """Samples per batch."""
        return self.photos + self.weak + self.videos


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the outcome of a run, besides the data.

    Attributes:
        samples: Samples to see in all.
        mix: Composition of a batch.
        sizes: (height, width) pairs, one drawn per step.
        final_sizes: Sizes of the last tenth of the run.
        lr: Peak learning rate of new layers.
        encoder_lr: Factor for pretrained layers.
        frozen: How many leading encoder blocks stay as they are.
        weight_decay: AdamW's.
        warmup: Steps of linear warm-up.
        decay: Share of the run, at its end, over which the rate falls to zero (``plateau``).
        schedule: Of the rate: ``plateau`` (ours), ``constant``, ``poly`` (power 0.9), ``cosine`` (to a hundredth)
            or ``steps`` (a fifth after 10/25 and again after 21/25 of the run).
        optimiser: ``adamw`` (ours), ``adam`` or ``sgd`` (momentum 0.9).
        ema: Decay of the weight average that is shipped; 0 = the last weights.
        clip_norm: Most that the gradient's norm may be; 0 = anything.
        accumulate: Batches whose losses are added before the weights change.
        mining: Power of hard-example mining in single-frame stages; 0 = none.
        seed: Of everything.
    """

    samples: int = 64_000
    mix: Mix = field(default_factory=Mix)
    sizes: tuple[tuple[int, int], ...] = ((224, 224), (192, 320), (224, 288), (256, 256), (224, 352))
    final_sizes: tuple[tuple[int, int], ...] = ((224, 384), (288, 288))
    lr: float = 1e-3
    encoder_lr: float = 0.2
    frozen: int = 4
    weight_decay: float = 0.02
    warmup: int = 200
    decay: float = 0.35
    schedule: Literal["plateau", "constant", "poly", "cosine", "steps"] = "plateau"
    optimiser: Literal["adamw", "adam", "sgd"] = "adamw"
    ema: float = 0.999
    clip_norm: float = 5.0
    accumulate: int = 1
    mining: float = 0.0
    seed: int = 0
    boost: tuple[tuple[str, float], ...] = (
        ("duts_tr_part000", 4.0),
        ("cutouts_grocery_iconic", 0.3),
        ("human_vikram", 0.5),
        ("bsds", 0.3),
    )


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes:
        name: Of its folder.
        samples: Samples (frames or windows) seen by default.
        reads: Fields of :class:`Batch` the net is called with. A net whose variants read different things has an
            attribute ``reads`` of its own, which counts in stages that read more than the picture.
        method: Of the net; empty = the net itself.
        static_prior: What replaces a missing motion prior.
        side_weight: Weight of all side outputs together.
        options: Arguments of the net that differ from the model's.
        windows: It learns from windows of cached features, see :mod:`vsod_models.training.window_trainer`.
        on_start: Called with the net after it got the weights of the stage before.
        frozen_parts: Names of submodules that do not learn in this stage.
        sizes, final_sizes: (height, width) pairs in place of the recipe's; empty = those.
    """

    name: str
    samples: int
    reads: tuple[str, ...] = ("image",)
    method: str = ""
    static_prior: float = 0.5
    side_weight: float = 0.4
    options: dict[str, Any] = field(default_factory=dict)
    windows: bool = False
    on_start: Callable[[Any], None] | None = None
    frozen_parts: tuple[str, ...] = ()
    sizes: tuple[tuple[int, int], ...] = ()
    final_sizes: tuple[tuple[int, int], ...] = ()

    def call(self, net: nn.Module, batch: Batch) -> Answer:
        """Logits (B, 1, H, W) and side logits of single frames."""
        inputs = []
        for name in self.inputs_of(net):
            x: Tensor = getattr(batch, name)
            x = x.nan_to_num(self.static_prior) if name == "prior" else x
            inputs.append(x.contiguous(memory_format=torch.channels_last))
        if self.options.get("variant") in ("os", "st"):
            # a windowed net without its temporal half: windows of one frame
            inputs = [x[:, None] for x in inputs]
        out = (getattr(net, self.method) if self.method else net)(*inputs)
        logits, sides = out if isinstance(out, tuple) else (out, [])
        return logits.flatten(0, 1) if logits.ndim == 5 else logits, sides

    def inputs_of(self, net: nn.Module) -> tuple[str, ...]:
        """The fields of :class:`Batch` that ``net`` is called with in this stage."""
        own: tuple[str, ...] | None = getattr(net, "reads", None)
        return self.reads if own is None or len(self.reads) == 1 else own

    def loss(self, answer: Answer, batch: Batch) -> Tensor:
        """Scalar loss of :meth:`call`'s result."""
        return self.cost(*answer, batch.mask, batch.trust)

    def cost(self, logits: Tensor, sides: list[Tensor], target: Tensor, trust: Tensor) -> Tensor:
        """Scalar loss, which trusts weak labels less."""
        return saliency_loss(logits, sides, target, trust, self.side_weight)

    def freeze(self, net: nn.Module, blocks: int) -> None:
        """Hold still what this stage does not learn, and the first ``blocks`` of pretrained encoders."""
        for module in net.modules():
            for block in getattr(module, "pretrained_blocks", [])[:blocks]:
                block.requires_grad_(False)
        for part in self.held(net):
            part.requires_grad_(False)

    def held(self, net: nn.Module) -> list[nn.Module]:
        """The parts of ``net`` that do not learn."""
        return [net.get_submodule(name) for name in self.frozen_parts]


WIDE: dict[str, Any] = {
    "sizes": ((256, 448), (224, 416), (320, 320), (256, 384), (288, 384)),
    "final_sizes": ((256, 448), (320, 320)),
}
"""Sizes of a :class:`Stage` for networks that run at large sizes."""

FINE: dict[str, Any] = {
    "sizes": ((224, 320), (224, 384), (256, 384), (288, 288)),
    "final_sizes": ((256, 448), (320, 320)),
}
"""Sizes of a :class:`Stage` for networks whose maps have an eighth of the picture's size: larger than the recipe's."""


def training_stages(network: ModuleType, options: Mapping[str, Any] | None = None) -> tuple[Stage, ...]:
    """The stages of a network's module; none if it has no such thing.

    Args:
        network: Its module.
        options: Of the network: a variant may be trained in other stages than the whole.

    Raises:
        TypeError: They are no tuple of stages.
    """
    chosen = getattr(network, "stages_for", None)
    stages = chosen(options) if chosen is not None and options else getattr(network, "STAGES", ())
    if not isinstance(stages, tuple) or not all(isinstance(stage, Stage) for stage in stages):
        raise TypeError(f"STAGES of {network.__name__} is no tuple of vsod_models.recipes.Stage")
    return stages


def training_recipe(network: ModuleType) -> Recipe:
    """The ``RECIPE`` of a network's module, or ours.

    Raises:
        TypeError: It is none.
    """
    recipe = getattr(network, "RECIPE", Recipe())
    if not isinstance(recipe, Recipe):
        raise TypeError(f"RECIPE of {network.__name__} is no vsod_models.recipes.Recipe")
    return recipe
