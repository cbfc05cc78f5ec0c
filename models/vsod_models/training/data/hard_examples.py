"""Hard-example mining: what the net does badly comes more often.

Every sample keeps a running mean of its own loss and is drawn in proportion to a power of it. Labels that are not
trusted are left alone: there a high loss says as much about the label as about the net.

Source: Loshchilov & Hutter, "Online Batch Selection for Faster Training of Neural Networks", 2015: sampling by the
latest known loss; the bounds, which keep easy samples from being forgotten, are ours.
"""

from __future__ import annotations

import torch
from torch import Tensor

_BOUNDS = (1 / 3, 3.0)


class HardExampleSampler:
    """How much more often each sample is drawn.

    Args:
        count: Samples there are.
        power: 0 = all alike, 1 = in proportion to the loss.
        memory: Share of the old loss that stays when a sample is seen again.

    Attributes:
        loss: (count,) running mean, NaN where never seen.
    """

    def __init__(self, count: int, power: float, memory: float = 0.5) -> None:
        self.power, self.memory = power, memory
        self.loss = torch.full((count,), torch.nan)

    def learn(self, index: Tensor, loss: Tensor) -> None:
        """Take note of the losses (B,) of the samples ``index`` (B,); a negative number is no sample of ours."""
        known = index >= 0
        at, new = index[known], loss.detach().float().cpu()[known]
        old = self.loss[at]
        self.loss[at] = torch.where(old.isnan(), new, self.memory * old + (1 - self.memory) * new)

    def factors(self, part: slice) -> Tensor:
        """(n,) on the sampling weights of the samples ``part``; 1 for one that was never seen."""
        loss = self.loss[part]
        mean = loss.nanmean()
        ratio = (loss / mean).pow(self.power).clamp(*_BOUNDS)
        return ratio.nan_to_num(1.0)
