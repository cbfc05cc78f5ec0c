"""Stages that learn from single frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsod_models.batch import Batch
from vsod_models.losses.saliency_loss import soft_iou
from vsod_models.recipes import Recipe, Stage
from vsod_models.training import distributed
from vsod_models.training.data.augmentation import Sampler, encode_motion_tensor, flow_to_image_tensor
from vsod_models.training.data.packed_data import PRIOR_ONE, Pack
from vsod_models.training.distillation import Teacher
from vsod_models.training.training_run import TrainingRun, mixed_precision


class FrameTrainer(TrainingRun):
    """A stage that learns from single frames.

    Args:
        net: Its ``backbone_parameters()``, if it has that method, learn at a lower rate.
        stage: What the net is called with and what its answer costs.
        pack: Training data.
        recipe: What to do.
        out: See :class:`TrainingRun`.
        device: See :class:`TrainingRun`.
        teacher: Of whose maps it learns, too.

    Raises:
        ValueError: The stage reads the motion prior, and the pack holds none.
    """

    def __init__(
        self,
        net: nn.Module,
        stage: Stage,
        pack: Pack,
        recipe: Recipe,
        out: Path,
        device: torch.device,
        teacher: Teacher | None = None,
    ) -> None:
        if "prior" in stage.reads and pack.photos.prior is None:
            raise ValueError("this stage reads the motion prior, and the pack holds none")
        self.stage, self.pack = stage, pack
        stage.freeze(net, recipe.frozen)
        backbone: list[nn.Parameter] = getattr(net, "backbone_parameters", list)()
        super().__init__(net, backbone, stage.held(net), recipe, out, device)
        self.teacher = teacher.to(device) if teacher else None
        if self.teacher:
            self.teacher.watch(self.net)
        self.sampler = Sampler(pack, recipe.mix, device, dict(recipe.boost), recipe.mining)

    @property
    def batch(self) -> int:
        """Samples per step."""
        return self.recipe.mix.size

    def loss(self, rng: torch.Generator) -> Tensor:
        """The loss of a batch drawn with ``rng``."""
        recipe = self.recipe
        sizes = recipe.final_sizes if self.step >= self.steps * 0.9 else recipe.sizes
        height, width = sizes[int(torch.randint(0, len(sizes), (1,), generator=rng))]
        batch = self.sampler.draw(height, width, rng)
        with mixed_precision(self.device):
            answer = self.stage.call(self.net, batch)
            maps = self.teacher.maps(batch) if self.teacher else None
        if recipe.mining and batch.source is not None:
            missed = soft_iou(answer[0].detach().float(), batch.mask)
            self.sampler.mining.learn(*distributed.gather_tensors(batch.source, missed))
        if self.teacher is None or maps is None:
            return self.stage.loss(answer, batch)
        return self.stage.loss(answer, self.teacher.relabelled(batch, maps)) + self.teacher.cost(
            answer[0], maps
        )

    def state(self) -> dict[str, Any]:
        """See :meth:`TrainingRun.state`."""
        return {**super().state(), "mining": self.sampler.mining.loss}

    def restore(self, state: dict[str, Any]) -> None:
        """See :meth:`TrainingRun.restore`."""
        super().restore(state)
        self.sampler.mining.loss = state["mining"].cpu()

    @torch.no_grad()
    def validate(self, count: int = 200) -> dict[str, float]:
        """Mean IoU and MAE on ``count`` validation photos, with and without their synthetic motion; none, no values."""
        photos = self.pack.photos
        if not np.asarray(photos.val).any():
            return {}
        chosen = np.flatnonzero(np.asarray(photos.val))[:: max(1, int(np.asarray(photos.val).sum()) // count)]
        total: dict[str, list[float]] = {"iou": [], "mae": [], "iou_still": [], "mae_still": []}
        for i in chosen:
            moving, target = photo_sample(self.pack, int(i), self.device)
            for suffix, batch in (("", moving), ("_still", without_motion(moving))):
                with mixed_precision(self.device):
                    p = torch.sigmoid(self.stage.call(self.average, batch)[0].float())
                on, gt = p > 0.5, target > 0.5
                union = float((on | gt).sum())
                total["iou" + suffix].append(float((on & gt).sum()) / union if union else 1.0)
                total["mae" + suffix].append(float((p - target).abs().mean()))
        return {k: round(float(np.mean(v)), 4) for k, v in total.items()}


def photo_sample(pack: Pack, index: int, device: torch.device) -> tuple[Batch, Tensor]:
    """Photo ``index`` cut to multiples of 32, as a batch of one, and its mask (1, 1, H, W)."""
    photos = pack.photos
    h, w = (max(32, int(s) // 32 * 32) for s in photos.size[index])

    def tensor(array: np.ndarray[Any, Any]) -> Tensor:
        return torch.from_numpy(np.array(array)).to(device).float()

    def full(half: Tensor) -> Tensor:
        return F.interpolate(half, size=(h, w), mode="bilinear")

    image = tensor(photos.rgb[index, :h, :w]).permute(2, 0, 1)[None] / 255
    target = tensor(photos.mask[index, :h, :w])[None, None] / 255
    flow = tensor(photos.flow[index, : h // 2, : w // 2]).permute(2, 0, 1)[None]
    prior = None
    if photos.prior is not None:
        raw = tensor(photos.prior[index, : h // 2, : w // 2])[None, None]
        prior = full(torch.where(raw > PRIOR_ONE, torch.nan, raw / PRIOR_ONE))
    sure = torch.ones(1, device=device)
    return Batch(
        image, encode_motion_tensor(flow), target, sure, full(flow_to_image_tensor(flow[:, :2])), prior
    ), target


def without_motion(batch: Batch) -> Batch:
    """The same sample without motion."""
    none = torch.zeros(len(batch.image), 1, 1, 1, dtype=torch.bool, device=batch.image.device)
    prior = None if batch.prior is None else torch.full_like(batch.prior, torch.nan)
    grey = flow_to_image_tensor(torch.zeros_like(batch.image[:, :2]), none)
    return replace(batch, motion=torch.zeros_like(batch.motion), flow_image=grey, prior=prior)
