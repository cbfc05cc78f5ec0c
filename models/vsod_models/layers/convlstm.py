"""Convolutional long short-term memory, as STAN (eq. 4) and PDB-ConvLSTM (eq. 4) write it.

Source: Shi et al., "Convolutional LSTM Network", NIPS 2015; without peepholes
as in both papers' equations. The released PDB net has peepholes of its own
kind; ``peephole="hw"`` gives those.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

State = tuple[Tensor, Tensor]


class ConvLSTMCell(nn.Module):
    """One step of a ConvLSTM.

    Gates i, f, o = sigmoid(Wx * x + Wh * H + b), candidate g = tanh(same), then
    ``C = f C' + i g`` and ``H = o tanh(C)``. The gates lie in the order i, f, o, g
    along the output channels of one convolution over (x, H).

    Args:
        inputs: Channels of x.
        hidden: Channels of H and C.
        kernel: Odd size of both kernels.
        dilation: Of the input-to-state and the state-to-state kernel alike.
        peephole: ``"hw"`` adds, to i, f **and** o, a learned (h, w) map times the previous C, one map per
            gate, shared over the channels (released PDB layer); binds the cell to one size.
        forget_bias: Start value of the forget gate's bias; the others start at 0.
        size: (h, w) of the maps, needed for peepholes only.

    Weights start uniform within 1 / sqrt(4 hidden kernel^2), the range of the released PDB
    net for 32 channels (0.0297) to within a percent; peepholes start at 0.

    Raises:
        ValueError: Even kernel; peepholes without a size.
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        kernel: int = 3,
        dilation: int = 1,
        peephole: Literal["none", "hw"] = "none",
        forget_bias: float = 1.0,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"the kernel of a ConvLSTM must be odd, not {kernel}")
        if peephole not in ("none", "hw"):
            raise ValueError(f'peephole must be "none" or "hw", not {peephole!r}')
        if peephole == "hw" and size is None:
            raise ValueError('peephole="hw" needs size=(h, w) of the feature maps')
        self.inputs, self.hidden = inputs, hidden
        self.padding = dilation * (kernel // 2)
        self.dilation = dilation
        self.gates = nn.Conv2d(inputs + hidden, 4 * hidden, kernel, 1, self.padding, dilation)
        self.peep = nn.Parameter(torch.zeros(3, *size)) if peephole == "hw" and size else None
        bound = 1 / math.sqrt(4 * hidden * kernel * kernel)
        nn.init.uniform_(self.gates.weight, -bound, bound)
        assert self.gates.bias is not None
        nn.init.zeros_(self.gates.bias)
        nn.init.constant_(self.gates.bias[hidden : 2 * hidden], forget_bias)

    def from_input(self, x: Tensor) -> Tensor:
        """The part of the gates that needs no state: (B, inputs, h, w) -> (B, 4 hidden, h, w)."""
        weight = self.gates.weight[:, : self.inputs]
        return F.conv2d(x, weight, self.gates.bias, padding=self.padding, dilation=self.dilation)

    def advance(self, driven: Tensor, state: State | None) -> State:
        """One step from what :meth:`from_input` gave.

        Without a state (a clip's first frame) H and C are zero, so the state's convolution, the
        forget gate and the peepholes contribute nothing and are left out. The released layer
        sets f to 0 there, which is the same.
        """
        if state is None:
            i, _, o, g = driven.chunk(4, 1)
            cell = torch.sigmoid(i) * torch.tanh(g)
            return torch.sigmoid(o) * torch.tanh(cell), cell
        before, kept = state
        weight = self.gates.weight[:, self.inputs :]
        both = driven + F.conv2d(before, weight, padding=self.padding, dilation=self.dilation)
        i, f, o, g = both.chunk(4, 1)
        if self.peep is not None:
            i, f, o = (gate + peep * kept for gate, peep in zip((i, f, o), self.peep, strict=True))
        cell = torch.sigmoid(f) * kept + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(cell), cell

    def forward(self, x: Tensor, state: State | None = None) -> State:
        """(B, inputs, h, w) and the state before -> (H, C), each (B, hidden, h, w). None = zeros."""
        return self.advance(self.from_input(x), state)


class ConvLSTM(nn.Module):
    """A :class:`ConvLSTMCell` run over a clip; takes the cell's arguments. Nothing outlives the clip."""

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        kernel: int = 3,
        dilation: int = 1,
        peephole: Literal["none", "hw"] = "none",
        forget_bias: float = 1.0,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.cell = ConvLSTMCell(
            inputs,
            hidden,
            kernel=kernel,
            dilation=dilation,
            peephole=peephole,
            forget_bias=forget_bias,
            size=size,
        )

    def forward(self, x: Tensor, reverse: bool = False) -> Tensor:
        """(B, T, inputs, h, w) -> hidden states (B, T, hidden, h, w), in the order of the frames.

        ``reverse`` reads from the last frame to the first; result t still belongs to frame t.
        """
        together = self.cell.from_input(x.flatten(0, 1))
        driven = together.reshape(x.shape[0], x.shape[1], *together.shape[1:]).unbind(1)
        state: State | None = None
        hidden = []
        for frame in reversed(driven) if reverse else driven:
            state = self.cell.advance(frame, state)
            hidden.append(state[0])
        return torch.stack(hidden[::-1] if reverse else hidden, 1)


class FCLSTM(nn.Module):
    """Fully connected LSTM on the frames' mean vectors: the baseline of PDB's table 5.

    The paper does not say how its FC-LSTM reads a 32 x 60 x 60 map; connecting every value to
    every gate would take over 10^11 weights. Ours reads the mean over the picture and spreads its
    hidden vector back over it, which keeps the point of that row: memory without places.
    It is a ConvLSTM with kernel 1 on 1 x 1 maps.
    """

    def __init__(self, inputs: int, hidden: int, *, forget_bias: float = 1.0) -> None:
        super().__init__()
        self.memory = ConvLSTM(inputs, hidden, kernel=1, forget_bias=forget_bias)

    def forward(self, x: Tensor, reverse: bool = False) -> Tensor:
        """(B, T, inputs, h, w) -> (B, T, hidden, h, w), constant over h and w."""
        hidden: Tensor = self.memory(x.mean((3, 4), keepdim=True), reverse)
        return hidden.expand(-1, -1, -1, x.shape[3], x.shape[4])
