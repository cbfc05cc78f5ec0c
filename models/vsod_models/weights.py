"""Weights on disk: safetensors in bfloat16, or in int8 with one scale per output channel.

int8 halves a file once more. Only tensors of two or more dimensions and some
size are quantised, symmetrically and per first dimension; a tensor ``k`` then
stands as int8 ``k`` beside float32 ``k::scale``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

_SCALE = "::scale"
_SMALLEST = 256  # values below which a tensor stays in bfloat16

Precision = Literal["float32", "bfloat16", "int8"]


def quantise(tensor: Tensor) -> tuple[Tensor, Tensor]:
    """(N, …) float -> int8 of the same shape and float32 scales (N,); value = int8 * scale."""
    flat = tensor.float().flatten(1)
    scale = (flat.abs().amax(1) / 127).clamp(min=torch.finfo(torch.float32).tiny)
    return torch.round(flat / scale[:, None]).to(torch.int8).view_as(tensor), scale


def dequantise(values: Tensor, scale: Tensor) -> Tensor:
    """Inverse of :func:`quantise`, float32."""
    return values.float() * scale.view(-1, *[1] * (values.ndim - 1))


def save_weights(state: Mapping[str, Tensor], path: Path, precision: Precision = "bfloat16") -> None:
    """Write a state dict; counters of batch norms are left out.

    Args:
        state: Name -> tensor.
        path: ``.safetensors`` file.
        precision: Of floating tensors.
    """
    out: dict[str, Tensor] = {}
    for key, value in state.items():
        if key.endswith("num_batches_tracked"):
            continue
        value = value.detach().cpu().contiguous()
        if not value.is_floating_point():
            out[key] = value
        elif precision == "int8" and value.ndim > 1 and value.numel() >= _SMALLEST:
            out[key], out[key + _SCALE] = quantise(value)
        else:
            out[key] = value.to(torch.float32 if precision == "float32" else torch.bfloat16)
    save_file(out, path)


def load_weights(path: Path) -> dict[str, Tensor]:
    """A state dict in float32, whatever the file holds.

    Raises:
        OSError, safetensors.SafetensorError: The file cannot be read.
    """
    raw = load_file(path)
    out: dict[str, Tensor] = {}
    for key, value in raw.items():
        if key.endswith(_SCALE):
            continue
        if value.dtype is torch.int8:
            out[key] = dequantise(value, raw[key + _SCALE])
        else:
            out[key] = value.float() if value.is_floating_point() else value
    return out
