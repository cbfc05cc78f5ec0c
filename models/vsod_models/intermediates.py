"""Intermediate outputs of a network by name: what it weighs, attends to and finds on the way to its map.

A network says in its module what can be looked at (``INTERMEDIATES``) and hands the tensors out with :func:`record`
where they come about. Nobody takes them but inside :func:`recording`: elsewhere ``record`` does nothing, so the graph
that is converted and run is the same with and without it.

    >>> with recording() as found:
    ...     net(image, flow_image)
    >>> found["v_t"]  # (B, 5)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Intermediate", "IntermediateKind", "record", "record_channels", "recording"]

IntermediateKind = Literal["weights", "logits", "probability", "features"]

_open: ContextVar[dict[str, Tensor | Sequence[Tensor]] | None] = ContextVar("intermediates", default=None)


@dataclass(frozen=True, slots=True)
class Intermediate:
    """One intermediate output, described.

    Attributes:
        kind: ``weights``: (B, scales), a number for each scale. ``logits``: (B, 1, h, w) before the sigmoid.
            ``probability``: (B, 1, h, w) in 0..1, or such a map for each scale. ``features``: (B, C, h, w) for
            each scale, or (B, 1, h, w), of any range.
        title: What it is, for people.
        reference: Section, equation and figure of the paper.
        trust_of_motion: Its mean says how far motion is believed, 0..1.
        weights: Of ``features``: the name of the weights that go with them.
        scales: How many there are, finest first.
    """

    kind: IntermediateKind
    title: str
    reference: str = ""
    trust_of_motion: bool = False
    weights: str = ""
    scales: int = 1


def record(**found: Tensor | Sequence[Tensor]) -> None:
    """Hand out tensors by name; a list has one for each scale, finest first. The first of a name is kept."""
    taken = _open.get()
    if taken is not None:
        for name, value in found.items():
            taken.setdefault(name, value)


def record_channels(names: Sequence[str], stacked: Tensor) -> None:
    """Hand out the channels of (B, C, h, w) by name, each (B, 1, h, w); names without a channel are left out."""
    if _open.get() is not None:
        record(**{name: stacked[:, k : k + 1] for k, name in enumerate(names[: stacked.shape[1]])})


@contextmanager
def recording() -> Iterator[dict[str, Tensor | Sequence[Tensor]]]:
    """What networks hand out meanwhile, in this thread, by name."""
    found: dict[str, Tensor | Sequence[Tensor]] = {}
    token = _open.set(found)
    try:
        yield found
    finally:
        _open.reset(token)
