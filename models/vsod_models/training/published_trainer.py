"""A stage of a paper, trained end to end on the paper's own samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from vsod_models.batch import Batch
from vsod_models.losses.saliency_loss import soft_iou
from vsod_models.published_recipes import PublishedStage
from vsod_models.recipes import Recipe
from vsod_models.training import distributed
from vsod_models.training.data.published_samples import PublishedSampler, SampleSet
from vsod_models.training.training_run import TrainingRun, mixed_precision


class PublishedTrainer(TrainingRun):
    """Runs a :class:`PublishedStage`.

    Args:
        net: The network, with the weights it starts from.
        stage: What learns, of what, at which size.
        sets: The training sets.
        recipe: As :meth:`PublishedStage.recipe` makes it.
        out: See :class:`TrainingRun`.
        device: See :class:`TrainingRun`.

    Raises:
        ValueError: Nothing of the network learns, or there are no samples.
    """

    def __init__(
        self,
        net: nn.Module,
        stage: PublishedStage,
        sets: Sequence[SampleSet],
        recipe: Recipe,
        out: Path,
        device: torch.device,
    ) -> None:
        held = stage.held(net)
        for part in held:
            part.requires_grad_(False)
        if not any(p.requires_grad for p in net.parameters()):
            raise ValueError(f"nothing learns in stage '{stage.name}'")
        super().__init__(net, [], held, recipe, out, device)
        self.stage, self.reads = stage, stage.inputs_of(net)
        self.sampler = PublishedSampler(sets, stage, self.reads, device, recipe.seed)
        self._part = 0  # batches of this step so far

    @property
    def batch(self) -> int:
        """Samples of a batch."""
        return self.stage.batch

    def loss(self, rng: torch.Generator) -> Tensor:
        """The loss of the next batch."""
        recipe = self.recipe
        number = self.step * recipe.accumulate + self._part % recipe.accumulate
        self._part += 1
        number = number * distributed.process_count() + distributed.process_rank()
        sizes = self.stage.sizes
        batch = self.sampler.draw(number * self.batch, sizes[self.step % len(sizes)], rng)
        with mixed_precision(self.device):
            logits, sides = self.call(self.net, batch)
        known = self.known(batch)
        target = self.target(batch)[known]
        return self.stage.loss(logits.float()[known], [side.float()[known] for side in sides], target)

    def call(self, net: nn.Module, batch: Batch) -> tuple[Tensor, list[Tensor]]:
        """Logits and side logits of a batch, each (batch or batch x frames, 1, H, W)."""
        inputs = []
        for name in self.reads:
            x: Tensor = getattr(batch, name)
            x = x.nan_to_num(self.stage.static_prior) if name == "prior" else x
            inputs.append(x if self._single else x.reshape(self.batch, -1, *x.shape[1:]))
        out = (getattr(net, self.stage.method) if self.stage.method else net)(*inputs)
        logits, sides = out if isinstance(out, tuple) else (out, [])
        return logits.flatten(0, -4), [side.flatten(0, -4) for side in sides]

    def target(self, batch: Batch) -> Tensor:
        """The masks of the frames that are mapped, (batch or batch x frames, 1, H, W)."""
        if self.stage.every_frame:
            return batch.mask
        frames = batch.mask.reshape(self.batch, -1, *batch.mask.shape[1:])
        return frames[:, -1]

    def known(self, batch: Batch) -> Tensor:
        """Which of the mapped frames have a mask, bool: where truth is sparse, others of a window may have none."""
        frames = batch.trust.reshape(self.batch, -1) > 0
        return frames.flatten() if self.stage.every_frame else frames[:, -1]

    @torch.no_grad()
    def validate(self, count: int = 20) -> dict[str, float]:
        """Mean IoU of up to ``count`` training batches: whether it has learned, not how good it is elsewhere."""
        missed = []
        for i in range(min(count, self.steps)):
            rng = torch.Generator().manual_seed(i)
            batch = self.sampler.draw(i * self.batch, self.stage.sizes[0], rng)
            with mixed_precision(self.device):
                logits, _ = self.call(self.average, batch)
            known = self.known(batch)
            missed.append(soft_iou(logits.float()[known], self.target(batch)[known]).mean())
        return {"iou_train": round(1 - float(torch.stack(missed).mean()), 4)}

    @property
    def _single(self) -> bool:
        """The network is called with pictures, not with windows of them."""
        return bool(self.stage.method) or not hasattr(self.net, "decode")
