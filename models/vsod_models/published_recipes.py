"""How the papers train their networks: what ``train --published`` does again.

A network's module has ``PUBLISHED``, a :class:`PublishedTraining`. What a paper says is in its stages; what it does
not say and was chosen here, and what cannot be had, is in ``differs``, which the command prints. Where public code of
a paper's authors does otherwise than their text, that is :class:`ReleasedCode`, chosen by ``--published code``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any, Literal

from torch import nn

from vsod_models.recipes import Loss, Recipe

Options = Mapping[str, Any]
Augmentation = Literal["mirror", "quarter_turns", "border_crops"]


@dataclass(frozen=True)
class PublishedStage:
    """A step of a paper's training.

    Attributes:
        name: Of its folder.
        source: Where the paper tells it.
        data: Its training sets, ``NAME`` or ``NAME:split``, see :data:`vsod.lab.datasets.data_sets.DATA_KINDS`.
        learns: Submodules that learn; all others keep their weights and the statistics of their norms.
        loss: Of (logits, side logits, mask).
        lr: Initial learning rate, of every layer alike.
        reads: Fields of :class:`vsod_models.batch.Batch` that the network is called with.
        method: Of the network; empty = the network itself.
        frames: Of a sample: a clip's successive frames, or so many copies of a photo.
        every_frame: All frames of a sample are mapped and have a loss; else the last one.
        time_steps: Distances in time between the frames of a sample, one drawn for each.
        options: Arguments of the network beside those of the whole training.
        sizes: Sides of the square input, pixels, one after the other.
        batch: Samples of a step.
        accumulate: Batches whose losses are added before the weights change.
        optimiser: ``sgd`` (momentum 0.9) or ``adam``.
        weight_decay: As the paper states it; 0 where it states none.
        summed: ``lr`` and ``weight_decay`` are those of a loss summed over the pixels, as Caffe's are: on our means
            the rate counts times side², the decay by it.
        schedule: ``constant``, or ``steps``: a fifth after 10 and again after 21 of 25 parts.
        epochs: Passes over the data.
        augment: How samples are varied.
        static_prior: What replaces the motion prior where nothing moves.
        labels: Weak or coarse labels are part of its data.
        on_start: Called with the network once it has the weights of the stage before.
    """

    name: str
    source: str
    data: tuple[str, ...]
    learns: tuple[str, ...]
    loss: Loss
    lr: float
    reads: tuple[str, ...] = ("image",)
    method: str = ""
    frames: int = 1
    every_frame: bool = False
    time_steps: tuple[int, ...] = (1,)
    options: Options = field(default_factory=dict)
    sizes: tuple[int, ...] = (512,)
    batch: int = 1
    accumulate: int = 1
    optimiser: Literal["sgd", "adam"] = "sgd"
    weight_decay: float = 0.0
    summed: bool = False
    schedule: Literal["constant", "steps"] = "constant"
    epochs: int = 20
    augment: tuple[Augmentation, ...] = ()
    static_prior: float = 0.5
    labels: bool = False
    on_start: Callable[[Any], None] | None = None

    def inputs_of(self, net: nn.Module) -> tuple[str, ...]:
        """The fields of a batch that ``net`` is called with: a variant may read others than the whole."""
        own: tuple[str, ...] | None = getattr(net, "reads", None)
        return self.reads if own is None or len(self.reads) == 1 else own

    def held(self, net: nn.Module) -> list[nn.Module]:
        """The parts of ``net`` that do not learn."""
        return [part for name, part in net.named_children() if name not in self.learns]

    def recipe(self, samples: int, seed: int, rate: float | None = None) -> Recipe:
        """The run: no warm-up, no clipping of gradients, no average of the weights, one rate for all layers.

        Args:
            samples: To see in all.
            seed: Of everything.
            rate: In place of ``lr``; never scaled.
        """
        scale = max(self.sizes) ** 2 if self.summed else 1
        return Recipe(
            samples=samples,
            sizes=tuple((side, side) for side in self.sizes),
            final_sizes=(),
            lr=self.lr * scale if rate is None else rate,
            encoder_lr=1.0,
            frozen=0,
            weight_decay=self.weight_decay / scale,
            warmup=0,
            schedule=self.schedule,
            optimiser=self.optimiser,
            ema=0.0,
            clip_norm=0.0,
            accumulate=self.accumulate,
            seed=seed,
        )


@dataclass(frozen=True)
class ReleasedCode:
    """What public code of a paper's authors does otherwise than the paper's text.

    Attributes:
        source: Which code.
        options: Arguments of the network in place of the text's.
        changes: Stage name -> fields of :class:`PublishedStage`.
        differs: What it does that is not done here.
    """

    source: str
    options: Options = field(default_factory=dict)
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    differs: tuple[str, ...] = ()


@dataclass(frozen=True)
class PublishedTraining:
    """The whole training of a paper.

    Attributes:
        options: Arguments of the network in the paper's own form.
        stages: In order, or a function of the network's options that gives those of a variant.
        start: What the paper begins with.
        differs: What is known to differ from the paper, for people.
        code: What the authors' code does otherwise, where there is any.
    """

    options: Options
    stages: tuple[PublishedStage, ...] | Callable[[Options], tuple[PublishedStage, ...]]
    start: str
    differs: tuple[str, ...] = ()
    code: ReleasedCode | None = None

    def stages_for(self, options: Options, *, code: bool = False) -> tuple[PublishedStage, ...]:
        """The stages of a network with these options; ``code``: as the authors' code has them."""
        found = self.stages(options) if callable(self.stages) else self.stages
        if not code or self.code is None:
            return found
        return tuple(replace(stage, **self.code.changes.get(stage.name, {})) for stage in found)


@dataclass(frozen=True)
class DataVariant:
    """A row of an ablation in which not the network differs but what it learns from, or what follows it.

    Attributes:
        data: Stage name -> its training sets.
        labels: Whether it learns from weak or coarse labels.
        crf: Whether the CRF follows.
    """

    data: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: bool = True
    crf: bool = True

    def apply(self, stages: Sequence[PublishedStage]) -> tuple[PublishedStage, ...]:
        """The stages of the row."""
        return tuple(
            replace(stage, data=self.data.get(stage.name, stage.data), labels=stage.labels and self.labels)
            for stage in stages
        )


def published_training(network: ModuleType) -> PublishedTraining | None:
    """How the paper of a network's module trains it; None where there is no paper.

    Raises:
        TypeError: ``PUBLISHED`` is something else.
    """
    found = getattr(network, "PUBLISHED", None)
    if found is not None and not isinstance(found, PublishedTraining):
        raise TypeError(f"PUBLISHED of {network.__name__} is no PublishedTraining")
    return found
