"""RAFT, the learned flow, from torchvision, with weights the user downloads.

Source: Teed & Deng, "RAFT: Recurrent All-Pairs Field Transforms for Optical
Flow", ECCV 2020. Slower than DIS by two orders of magnitude on a CPU; for GPUs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

_SMALLEST = 128  # RAFT correlates at 1/8 over four levels: smaller pictures have nothing to correlate


class RAFT:
    """torchvision's RAFT.

    Args:
        weights: A ``raft_small`` or ``raft_large`` state dict of torchvision (.pth or .safetensors).
        size: Which of the two it is.
        device: Torch device.
        updates: Rounds of refinement.

    Raises:
        ImportError: torchvision is not installed.
        FileNotFoundError: There is no such weights file.
    """

    name = "raft"

    def __init__(
        self,
        weights: Path,
        size: Literal["small", "large"] = "small",
        device: str = "cpu",
        updates: int = 12,
    ) -> None:
        import torch
        from torchvision.models import optical_flow

        if not weights.is_file():
            raise FileNotFoundError(
                f"{weights}: no RAFT weights here. Download torchvision's raft_{size} file and name it."
            )
        if weights.suffix == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(weights)
        else:
            state = torch.load(weights, map_location="cpu", weights_only=True)
        build = {"small": optical_flow.raft_small, "large": optical_flow.raft_large}[size]
        self._net = build(weights=None)
        self._net.load_state_dict(state)
        self._net.eval().to(device)
        self._device, self._updates = torch.device(device), updates

    def __call__(
        self, first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.float32]:
        """See :class:`vsod_models.flow.FlowEstimator`."""
        import torch
        import torch.nn.functional as F

        h, w = first.shape[:2]
        down, right = max(-h % 8, _SMALLEST - h), max(-w % 8, _SMALLEST - w)

        def tensor(picture: npt.NDArray[np.uint8]) -> torch.Tensor:
            x = torch.from_numpy(picture).to(self._device).permute(2, 0, 1)[None].float() / 127.5 - 1
            return F.pad(x, (0, right, 0, down), mode="replicate")

        with torch.inference_mode():
            flow = self._net(tensor(first), tensor(second), num_flow_updates=self._updates)[-1]
        out: npt.NDArray[np.float32] = flow[0, :, :h, :w].permute(1, 2, 0).float().cpu().numpy()
        return np.ascontiguousarray(out)
