"""What a network learns from in one step."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vsod_models.flow.flow_image import LUMA


@dataclass(frozen=True)
class Batch:
    """One step's data.

    Attributes:
        image: (B, 3, H, W) float 0..1.
        motion: (B, 6, H/2, W/2) float, see :func:`vsod_models.flow.motion_encoding.encode_motion`.
        mask: (B, 1, H, W) float 0..1.
        trust: (B,) float, 1 for hand-made labels, less for weak ones.
        flow_image: (B, 3, H, W) float 0..1, the raw flow colour-coded; the ImageNet mean colour where it is missing.
        prior: (B, 1, H, W) float 0..1, the motion prior; NaN where it is missing, None if the pack has none.
        source: (B,) int64 which sample of the pack each is: photos, then video frames; -1 for weak labels.
    """

    image: Tensor
    motion: Tensor
    mask: Tensor
    trust: Tensor
    flow_image: Tensor
    prior: Tensor | None = None
    source: Tensor | None = None

    @property
    def grey_flow(self) -> Tensor:
        """(B, 1, H, W) float 0..1, the colour-coded flow turned to grey; white (still) where it is missing."""
        colours = self.flow_image
        weights = colours.new_tensor(LUMA)[:, None, None]
        missing = (colours == colours[..., :1, :1]).all(dim=(1, 2, 3), keepdim=True)
        return torch.where(missing, 1.0, (colours * weights).sum(1, keepdim=True))
