"""The training loop: one recipe, one output folder, resumable at any moment."""

from __future__ import annotations

import copy
import json
import math
import os
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vsod_models.layers.blocks import channels_last
from vsod_models.recipes import Recipe
from vsod_models.training import distributed
from vsod_models.training.allocator import keep_freed_memory
from vsod_models.weights import save_weights


def mixed_precision(device: torch.device) -> torch.autocast:
    """Autocast to bfloat16 where the device computes in it; a CPU that has to emulate it is 20 times slower."""
    native = device.type != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=native)


def learning_rate(step: int, steps: int, recipe: Recipe) -> float:
    """Factor on the peak rate at ``step`` of ``steps``: warm-up, then the recipe's schedule."""
    rise = min(1.0, (step + 1) / max(1, recipe.warmup))
    done = step / steps
    if recipe.schedule == "constant":
        return rise
    if recipe.schedule == "poly":
        return min(rise, math.pow(1 - done, 0.9))
    if recipe.schedule == "cosine":
        return min(rise, 0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)
    if recipe.schedule == "steps":
        return min(rise, 1.0 if done < 10 / 25 else 0.2 if done < 21 / 25 else 0.04)
    fall = (steps - step) / max(1.0, steps * recipe.decay)
    return min(rise, max(fall, 0.0), 1.0)


def split_parameters(
    net: nn.Module, pretrained: Iterable[nn.Parameter]
) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The parameters of ``net`` that learn: new ones, and those among ``pretrained``."""
    known = {id(p) for p in pretrained}
    learning = [p for p in net.parameters() if p.requires_grad]
    return [p for p in learning if id(p) not in known], [p for p in learning if id(p) in known]


def _optimiser(groups: list[dict[str, Any]], recipe: Recipe) -> torch.optim.Optimizer:
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=recipe.lr, momentum=0.9, weight_decay=recipe.weight_decay)
    kind = torch.optim.AdamW if recipe.optimiser == "adamw" else torch.optim.Adam
    return kind(groups, lr=recipe.lr, weight_decay=recipe.weight_decay)


@contextmanager
def replace_when_whole(path: Path) -> Iterator[Path]:
    """A temporary file beside ``path``, new and under a name of its own, that takes its place once written whole."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temp = Path(name)
    try:
        yield temp
        mask = os.umask(0)
        os.umask(mask)
        temp.chmod(0o666 & ~mask)
        temp.replace(path)
    except BaseException:
        temp.unlink(missing_ok=True)
        raise


class TrainingRun(ABC):
    """A training run in one folder, resumable at any moment.

    Args:
        net: What learns; parameters that need no gradient stay as they are.
        slow: Pretrained parameters, trained at ``recipe.encoder_lr`` times the rate.
        held: Parts that stay as they are.
        recipe: What to do.
        out: Folder for ``checkpoint.pt``, ``log.jsonl`` and ``weights.safetensors``.
        device: CPU or CUDA.

    Attributes:
        step: Steps done.
    """

    def __init__(
        self,
        net: nn.Module,
        slow: Iterable[nn.Parameter],
        held: Sequence[nn.Module],
        recipe: Recipe,
        out: Path,
        device: torch.device,
    ) -> None:
        self.recipe, self.out, self.device, self.held = recipe, out, device, held
        out.mkdir(parents=True, exist_ok=True)
        self.net = channels_last(net.to(device))
        new, pretrained = split_parameters(self.net, slow)
        groups = [{"params": new, "scale": 1.0}, {"params": pretrained, "scale": recipe.encoder_lr}]
        groups = [g for g in groups if g["params"]]
        self.optimiser = _optimiser(groups, recipe)
        self.average = copy.deepcopy(self.net).eval().requires_grad_(False)
        self.step = 0

    @property
    @abstractmethod
    def batch(self) -> int:
        """Samples per step."""

    @abstractmethod
    def loss(self, rng: torch.Generator) -> Tensor:
        """The loss of one step; all its chance comes from ``rng``."""

    @property
    def steps(self) -> int:
        """Optimiser steps; processes that work together draw a batch each."""
        seen = self.batch * self.recipe.accumulate * distributed.process_count()
        return max(1, self.recipe.samples // seen)

    @property
    def checkpoint(self) -> Path:
        """Where the run's state is kept."""
        return self.out / "checkpoint.pt"

    def resume(self) -> bool:
        """Go on from the checkpoint, if there is one."""
        if not self.checkpoint.exists():
            return False
        self.restore(torch.load(self.checkpoint, map_location=self.device, weights_only=True))
        return True

    def state(self) -> dict[str, Any]:
        """All that a killed run needs to go on."""
        return {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Be where :meth:`state` was taken."""
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]

    def save(self) -> None:
        """Write checkpoint and averaged weights, each whole or not at all; one process does it for all."""
        if distributed.process_rank():
            return
        with replace_when_whole(self.checkpoint) as temp:
            torch.save(self.state(), temp)
        with replace_when_whole(self.out / "weights.safetensors") as temp:
            save_weights(self.average.state_dict(), temp)

    def run(self, report: Callable[[dict[str, Any]], None] | None = None, save_every: float = 180.0) -> None:
        """Train to the end of the recipe.

        Args:
            report: Called about every 10 s with step, samples, loss, rate, ``per_second`` and ``eta`` (s).
            save_every: Seconds between checkpoints.
        """
        if self.device.type == "cpu":
            keep_freed_memory()
        saved = told = time.monotonic()
        losses: list[float] = []
        first = self.step
        began = time.monotonic()
        while self.step < self.steps:
            losses.append(self._one())
            now = time.monotonic()
            if now - told > 10 or self.step == self.steps:
                told = now
                pace = (now - began) / (self.step - first)
                seen = self.batch * self.recipe.accumulate * distributed.process_count()
                row = {
                    "step": self.step,
                    "samples": self.step * seen,
                    "loss": round(float(np.mean(losses)), 5),
                    "per_second": round(seen / pace, 2),
                    "eta": round(pace * (self.steps - self.step)),
                }
                losses.clear()
                if distributed.process_rank():
                    continue
                with (self.out / "log.jsonl").open("a") as log:
                    log.write(json.dumps(row) + "\n")
                if report:
                    report(row)
            if now - saved > save_every:
                saved = now
                self.save()
        self.save()
        if not distributed.process_rank():
            with replace_when_whole(self.out / "recipe.json") as temp:
                temp.write_text(json.dumps(asdict(self.recipe), indent=1))
        distributed.wait_for_all()  # the next stage starts from what one process wrote

    def _one(self) -> float:
        # every process draws samples of its own
        number = (
            self.recipe.seed * 1_000_003 + self.step
        ) * distributed.process_count() + distributed.process_rank()
        rng = torch.Generator().manual_seed(number)
        rate = learning_rate(self.step, self.steps, self.recipe)
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.lr * group["scale"] * rate
        self.net.train()
        for part in self.held:
            # its norms keep their statistics, too
            part.eval()
        self.optimiser.zero_grad(set_to_none=True)
        total = 0.0
        for _ in range(self.recipe.accumulate):
            loss = self.loss(rng)
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
        distributed.share_gradients(self.net)
        if self.recipe.clip_norm:
            nn.utils.clip_grad_norm_(self.net.parameters(), self.recipe.clip_norm)
        self.optimiser.step()
        self.step += 1
        self._follow()
        return total

    @torch.no_grad()
    def _follow(self) -> None:
        # young averages forget faster, or the first noisy steps would linger
        decay = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
        ours = [p for p in self.average.state_dict().values() if p.dtype.is_floating_point]
        theirs = [p for p in self.net.state_dict().values() if p.dtype.is_floating_point]
        torch._foreach_lerp_(ours, theirs, 1 - decay)
