"""Training stages of every system: what is learned first, what after it, and from which loss.

The papers train in steps, most of them spatial first: a net that knows what
stands out in a picture before it is shown motion, and motion before time. A
stage says how the net is built and called and which parts hold still; the
weights of one stage start the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from vsod_models.layers.mobilenet import MobileNetV2
from vsod_models.losses.saliency_loss import saliency_loss
from vsod_models.training.data.augmentation import Batch

Answer = tuple[Tensor, list[Tensor]]


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes:
        name: Of its folder.
        samples: Samples (frames or windows) seen by default.
        reads: Fields of :class:`Batch` the net is called with.
        method: Of the net; empty = the net itself.
        still: What replaces a missing motion prior.
        side_weight: Weight of all side outputs together.
        options: Arguments of the net that differ from the card's.
        windows: It learns from windows of cached features, see :mod:`vsod_models.training.window_trainer`.
        begin: Called with the net after it got the weights of the stage before.
        holds: Names of submodules that do not learn in this stage.
        paper_loss: The paper's loss of (logits, side logits, mask), in place of ours.
        sizes, final_sizes: (height, width) pairs in place of the recipe's; empty = those.
    """

    name: str
    samples: int
    reads: tuple[str, ...] = ("image",)
    method: str = ""
    static_prior: float = 0.5
    side_weight: float = 0.4
    options: dict[str, Any] = field(default_factory=dict)
    windows: bool = False
    on_start: Callable[[Any], None] | None = None
    frozen_parts: tuple[str, ...] = ()
    paper_loss: Callable[[Tensor, Sequence[Tensor], Tensor], Tensor] | None = None
    sizes: tuple[tuple[int, int], ...] = ()
    final_sizes: tuple[tuple[int, int], ...] = ()

    def call(self, net: nn.Module, batch: Batch) -> Answer:
        """Logits (B, 1, H, W) and side logits of single frames."""
        inputs = []
        for name in self.reads:
            x: Tensor = getattr(batch, name)
            x = x.nan_to_num(self.static_prior) if name == "prior" else x
            inputs.append(x.contiguous(memory_format=torch.channels_last))
        if self.options.get("variant") == "st":
            # a windowed net without its temporal half: windows of one frame
            inputs = [x[:, None] for x in inputs]
        out = (getattr(net, self.method) if self.method else net)(*inputs)
        logits, sides = out if isinstance(out, tuple) else (out, [])
        return logits.flatten(0, 1) if logits.ndim == 5 else logits, sides

    def loss(self, answer: Answer, batch: Batch) -> Tensor:
        """Scalar loss of :meth:`call`'s result."""
        return self.cost(*answer, batch.mask, batch.trust)

    def cost(self, logits: Tensor, sides: list[Tensor], target: Tensor, trust: Tensor) -> Tensor:
        """Scalar loss: the paper's, to which all labels are alike, or ours, which trusts weak ones less."""
        if self.paper_loss is not None:
            return self.paper_loss(logits.float(), [s.float() for s in sides], target)
        return saliency_loss(logits, sides, target, trust, self.side_weight)

    def freeze(self, net: nn.Module, blocks: int) -> None:
        """Hold still what this stage does not learn, and the first ``blocks`` of pretrained encoders."""
        for module in net.modules():
            # an encoder with more inputs than RGB has to learn them
            if isinstance(module, MobileNetV2) and module.features[0][0].in_channels == 3:  # type: ignore[index]
                for block in list(module.features)[:blocks]:
                    block.requires_grad_(False)
        for part in self.held(net):
            part.requires_grad_(False)

    def held(self, net: nn.Module) -> list[nn.Module]:
        """The parts of ``net`` that do not learn."""
        return [net.get_submodule(name) for name in self.frozen_parts]


_PRIOR = ("image", "prior")
_STREAMS = ("spatial", "temporal")
_LAST = ((256, 448), (320, 320))
_WIDE: dict[str, Any] = {
    "sizes": ((256, 448), (224, 416), (320, 320), (256, 384), (288, 384)),
    "final_sizes": _LAST,
}
# maps of an eighth of the picture's size want a larger picture than the recipe's
_FINE: dict[str, Any] = {"sizes": ((224, 320), (224, 384), (256, 384), (288, 288)), "final_sizes": _LAST}

STAGES: dict[str, tuple[Stage, ...]] = {
    "swift": (Stage("all", 64_000, ("image", "motion")),),
    "studio": (Stage("zoom", 32_000, ("image", "motion"), **_WIDE),),
    "scnn": (
        Stage("spatial", 16_000, method="spatial", options={"variant": "s-fcn"}, **_FINE),
        Stage(
            "joint",
            8_000,
            _PRIOR,
            static_prior=1.0,
            on_start=lambda net: net.start_second(),
            frozen_parts=("first",),
            **_FINE,
        ),
    ),
    "msst": (
        Stage("streams", 8_000, _PRIOR, options={"variant": "st"}, frozen_parts=("spatial.trunk",), **_FINE),
        Stage("windows", 24_000, _PRIOR, windows=True, frozen_parts=_STREAMS, side_weight=0.1),
    ),
    "stan": (
        Stage("streams", 8_000, _PRIOR, options={"variant": "st"}, frozen_parts=("spatial.trunk",), **_FINE),
        Stage("windows", 24_000, _PRIOR, windows=True, frozen_parts=_STREAMS),
    ),
    "pdb": (
        Stage("spatial", 12_000, method="spatial", options={"spatial_head": True}, **_FINE),
        Stage("windows", 24_000, windows=True, frozen_parts=("encoder", "context", "reduce")),
    ),
    "dsnet": (Stage("all", 16_000, ("image", "wheel"), side_weight=1.2, **_FINE),),
}
