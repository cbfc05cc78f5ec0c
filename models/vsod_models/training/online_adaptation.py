"""A net that learns from the one clip it is to cut: its surest maps become labels for the rest.

Self-training at test time. Where a subject moves, its map is sure; the last
layers learn from those frames, half of the time without their motion, what the
subject looks like, and find it where it rests. The pretrained encoder and all
batch norms hold still, so forty small steps are enough and no label is needed.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsod_models.arrays import Map
from vsod_models.layers.blocks import channels_last
from vsod_models.losses.saliency_loss import soft_iou
from vsod_models.training.training_run import mixed_precision


@dataclass(frozen=True)
class AdaptationSettings:
    """How a net adapts to a clip.

    Attributes:
        steps: Optimiser steps.
        batch: Samples per step.
        rate: Learning rate at the start; it falls to zero.
        margin: Pixels of the first maps below it, or above one less it, are labels.
        motionless: Share of the samples that are shown without motion.
        seed: Of order, mirroring and colour.
    """

    steps: int = 40
    batch: int = 4
    rate: float = 3e-4
    margin: float = 0.05
    motionless: float = 0.5
    seed: int = 0


@dataclass(frozen=True)
class AdaptationInput:
    """One of the net's inputs.

    Attributes:
        values: (N, T, C, h, w) float32; T = 1 for nets without a window.
        missing: (C,) values that stand for "no motion"; None = it is not made from motion.
        odd: Channels whose sign turns in a mirror; None = a mirror would change its meaning.
        picture: It is the RGB picture, 0..1.
    """

    values: Tensor
    missing: Tensor | None = None
    odd: tuple[int, ...] | None = ()
    picture: bool = False


def map_uncertainty(saliency: Map, low: float = 0.2) -> float:
    """Undecided pixels (``low`` to 1 - ``low``) per decided pixel of the subject; infinite without a subject.

    Args:
        saliency: (..., H, W) in 0..1.
        low: Below it a pixel is background, above one less it subject.
    """
    subject = int((saliency >= 1 - low).sum())
    return float(((saliency > low) & (saliency < 1 - low)).sum()) / subject if subject else float("inf")


def mean_agreement(before: Map, after: Map) -> float:
    """Mean IoU of (N, H, W) maps cut at one half; two empty ones agree."""
    a, b = before > 0.5, after > 0.5
    union = (a | b).sum((-2, -1))
    return float(np.where(union > 0, (a & b).sum((-2, -1)) / np.maximum(union, 1), 1.0).mean())


class ClipAdapter:
    """Adapts a net in place.

    Args:
        net: With ``backbone_parameters``; with ``encode`` and ``decode`` if it reads windows.
        windowed: It reads windows.
        device: Where to work.
        shift: The logit that means one half.

    Raises:
        AttributeError: The net does not say what its backbone is.
    """

    def __init__(self, net: nn.Module, windowed: bool, device: torch.device, shift: float = 0.0) -> None:
        self.net, self.windowed, self.device = channels_last(net.to(device)).eval(), windowed, device
        self.shift = shift
        held = {id(p) for p in net.backbone_parameters()}  # type: ignore[operator]
        for p in net.parameters():
            p.requires_grad_(id(p) not in held)

    def logits(self, inputs: Sequence[Tensor]) -> Tensor:
        """(B, T, C, h, w) inputs -> (B, K, H, W) logits: of the last frame, or of all in a clip."""
        frames = [x.flatten(0, 1).contiguous(memory_format=torch.channels_last) for x in inputs]
        if not self.windowed:
            out: Tensor = self.net(*frames) - self.shift
            return out.reshape(len(inputs[0]), -1, *out.shape[-2:])
        features = self.net.encode(*frames)  # type: ignore[operator]
        window = features.reshape(*inputs[0].shape[:2], *features.shape[1:])
        answer: Tensor = self.net.decode(window)  # type: ignore[operator]
        return answer[:, :, 0] - self.shift

    @torch.no_grad()
    def maps(self, cues: Sequence[AdaptationInput], batch: int = 4) -> Map:
        """(N, K, H, W) saliency 0..1 of every sample."""
        n = len(cues[0].values)
        parts = [
            self.logits([c.values[i : i + batch].to(self.device) for c in cues]) for i in range(0, n, batch)
        ]
        return np.asarray(torch.sigmoid(torch.cat(parts)).float().cpu().numpy(), np.float32)

    def learn(
        self,
        cues: Sequence[AdaptationInput],
        maps: Tensor,
        how: AdaptationSettings,
        cancel: threading.Event | None = None,
    ) -> bool:
        """Follow ``maps`` where they are sure.

        Args:
            cues: The net's inputs, in its order.
            maps: (N, K, H, W) its first answer at the size of its input; NaN = padding.
            how: Settings.
            cancel: Set it from another thread to stop.

        Returns:
            False if it was cancelled.
        """
        rng = torch.Generator().manual_seed(how.seed)
        learning = [p for p in self.net.parameters() if p.requires_grad]
        optimiser = torch.optim.AdamW(learning, lr=how.rate, weight_decay=0.0)
        for step in range(how.steps):
            if cancel and cancel.is_set():
                return False
            chosen = torch.randint(0, len(maps), (how.batch,), generator=rng)
            inputs, target = augment_samples(cues, maps, chosen, how.motionless, rng)
            with mixed_precision(self.device):
                logits = self.logits([x.to(self.device) for x in inputs]).float()
            loss = confident_loss(logits, target.to(self.device), how.margin)
            for group in optimiser.param_groups:
                group["lr"] = how.rate * (1 - step / how.steps)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        return True


def augment_samples(
    cues: Sequence[AdaptationInput], maps: Tensor, chosen: Tensor, motionless: float, rng: torch.Generator
) -> tuple[list[Tensor], Tensor]:
    """The ``chosen`` samples, mirrored half of the time, in other light, some without motion."""
    n = len(chosen)
    mirror = (torch.rand(n, generator=rng) < 0.5) & all(c.odd is not None for c in cues)
    blind = (torch.rand(n, generator=rng) < motionless)[:, None, None, None, None]
    light = 1 + (torch.rand(n, 1, 3, 1, 1, generator=rng) - 0.5) * 0.3
    inputs = []
    for cue in cues:
        x = cue.values[chosen]
        if cue.picture:
            x = (x * light).clamp(0, 1)
        if cue.missing is not None:
            x = torch.where(blind, cue.missing[None, None, :, None, None], x)
        turned = x.flip(-1)
        for channel in cue.odd or ():
            turned[:, :, channel] *= -1
        inputs.append(torch.where(mirror[:, None, None, None, None], turned, x))
    target = maps[chosen]
    return inputs, torch.where(mirror[:, None, None, None], target.flip(-1), target)


def confident_loss(logits: Tensor, maps: Tensor, margin: float) -> Tensor:
    """Cross entropy and soft IoU against ``maps``, where these are within ``margin`` of 0 or 1.

    Args:
        logits: (B, K, H, W).
        maps: (B, K, H, W) in 0..1, NaN = not to be counted.
        margin: See :class:`AdaptationSettings`.
    """
    sure = ((maps < margin) | (maps > 1 - margin)).float()
    label = (maps > 0.5).float()
    each = F.binary_cross_entropy_with_logits(logits, label, reduction="none")
    entropy = (each * sure).sum() / sure.sum().clamp(min=1)
    # pixels that do not count are background to both sides
    settled = torch.where(sure > 0, logits, -30.0)
    return entropy + soft_iou(settled.flatten(0, 1)[:, None], (label * sure).flatten(0, 1)[:, None]).mean()
