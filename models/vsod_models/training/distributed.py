"""Several processes, one run: what ``torchrun`` starts, each with a device and a share of every batch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn


@contextmanager
def join_processes(device: torch.device) -> Iterator[torch.device]:
    """Join the processes ``torchrun`` started, and the device that is this one's; ``device`` itself without it."""
    if "RANK" not in os.environ or dist.is_initialized():
        yield device
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        if device.type == "cuda":
            device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
            torch.cuda.set_device(device)
        yield device
    finally:
        dist.destroy_process_group()


def process_rank() -> int:
    """This process's number; the one that writes is 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def process_count() -> int:
    """Processes that work together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def wait_for_all() -> None:
    """Wait until every process is here."""
    if process_count() > 1:
        dist.barrier()


def share_gradients(net: nn.Module) -> None:
    """Replace every gradient by its mean over the processes."""
    if process_count() == 1:
        return
    grads = [p.grad for p in net.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in grads])
    dist.all_reduce(flat)
    flat /= process_count()
    for grad, mean in zip(grads, torch.split(flat, [g.numel() for g in grads]), strict=True):
        grad.copy_(mean.view_as(grad))


def gather_tensors(*tensors: Tensor) -> list[Tensor]:
    """Each (B, ...) tensor of every process, one after the other, on the CPU."""
    found = [tensor.detach().cpu() for tensor in tensors]
    if process_count() == 1:
        return found
    everyone: list[list[Tensor]] = [[] for _ in range(process_count())]
    dist.all_gather_object(everyone, found)
    return [torch.cat(parts) for parts in zip(*everyone, strict=True)]
