"""Weights on disk: safetensors in bfloat16, or in int8 with a scale for every few values.

int8 halves a file once more. Only tensors of two or more dimensions and some
size are quantised, symmetrically, 64 values of an output channel together: with
one scale a channel the rounding moved SCNN's answer by 0.58 in log odds, so it
does by 0.11. A tensor ``k`` then stands as int8 ``k`` beside bfloat16
``k::scale``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

_SCALE = "::scale"
_GROUP = 64  # values of a channel that share a scale
_SMALLEST = 256  # values below which a tensor stays in bfloat16


class WeightsError(ValueError):
    """A weights file that cannot be read.

    Args:
        path: The file.
        reason: What the library said.
    """

    def __init__(self, path: Path, reason: object) -> None:
        super().__init__(f"{path} is no weights file that can be read ({reason})")


Precision = Literal["float32", "bfloat16", "int8"]


def quantise(tensor: Tensor) -> tuple[Tensor, Tensor]:
    """(N, …) float -> int8 of the same shape and bfloat16 scales (N, ceil(M / 64)), M values a channel.

    A value is its int8 times the scale of its group.
    """
    flat = tensor.float().flatten(1)
    count = flat.shape[1]
    grouped = F.pad(flat, (0, -count % _GROUP)).reshape(len(flat), -1, _GROUP)
    scale = (grouped.abs().amax(2) / 127).clamp(min=torch.finfo(torch.float32).tiny).bfloat16()
    steps = torch.round(grouped / scale.float()[..., None]).clamp(-127, 127).flatten(1)[:, :count]
    return steps.to(torch.int8).view_as(tensor), scale


def dequantise(values: Tensor, scale: Tensor) -> Tensor:
    """Inverse of :func:`quantise`, float32. Scales (N,), one a channel, are those of older files."""
    flat = values.float().flatten(1)
    each = scale[:, None] if scale.ndim == 1 else scale.repeat_interleave(_GROUP, 1)[:, : flat.shape[1]]
    return (flat * each.float()).view_as(values)


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
        WeightsError: The file cannot be read, or is none.
    """
    try:
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
    except Exception as error:  # the library's own class, or whatever a hostile header leads to
        raise WeightsError(path, error) from error
