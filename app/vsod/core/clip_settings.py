"""What is chosen for the frames of a clip: one card and one finish, and others for single shots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from vsod.core.matte_settings import DEFAULT_MATTE_SETTINGS, MatteSettings
from vsod.core.old_keys import CLIP_SETTINGS, renamed
from vsod.errors import UsageError

_AS_IT_IS: Any = object()


@dataclass(frozen=True, slots=True)
class ShotOverride:
    """What a shot has of its own.

    Attributes:
        start, stop: Its frames, ``stop`` excluded.
        card: Id of its model card; None = the clip's.
        finish: Its finishing settings; None = the clip's.

    Raises:
        UsageError: It holds no frame.
    """

    start: int
    stop: int
    model: str | None = None
    matte: MatteSettings | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.stop:
            raise UsageError(
                f"the shot {self.start}:{self.stop} is empty", fix="The end must be greater than the start."
            )

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """The shot of a project or a job; of its finish only what is not as usual need be there."""
        raw = renamed(raw, CLIP_SETTINGS)
        card, finish = raw.get("model"), raw.get("matte")
        return cls(
            int(raw["start"]),
            int(raw["stop"]),
            None if card is None else str(card),
            None if finish is None else MatteSettings.from_json(finish),
        )


@dataclass(frozen=True, slots=True)
class SettingsSpan:
    """A stretch of frames that are treated alike."""

    frames: range
    model: str
    matte: MatteSettings


@dataclass(frozen=True, slots=True)
class ClipSettings:
    """The card and the finish of every frame.

    Attributes:
        card, finish: Of the clip.
        shots: What is otherwise, in order.

    Raises:
        UsageError: Two shots share a frame, or they are not in order.
    """

    model: str
    matte: MatteSettings = DEFAULT_MATTE_SETTINGS
    shots: tuple[ShotOverride, ...] = ()

    def __post_init__(self) -> None:
        for before, shot in pairwise(self.shots):
            if shot.start < before.stop:
                raise UsageError(
                    f"the shots {before.start}:{before.stop} and {shot.start}:{shot.stop} overlap",
                    fix="Give each frame to one shot, in order.",
                )

    @property
    def model_ids(self) -> tuple[str, ...]:
        """Every card once, the clip's first."""
        own = (shot.model for shot in self.shots if shot.model is not None)
        return tuple(dict.fromkeys((self.model, *own)))

    @property
    def model_assignment(self) -> ClipSettings:
        """The cards alone: two choices with the same casting need the same maps."""
        own = (replace(shot, matte=None) for shot in self.shots if shot.model not in (None, self.model))
        return ClipSettings(self.model, DEFAULT_MATTE_SETTINGS, tuple(own))

    def shot_at(self, index: int) -> ShotOverride | None:
        """The shot with something of its own that holds a frame."""
        return next((shot for shot in self.shots if shot.start <= index < shot.stop), None)

    def at(self, index: int) -> tuple[str, MatteSettings]:
        """Card and finish of a frame."""
        shot = self.shot_at(index)
        if shot is None:
            return self.model, self.matte
        return shot.model or self.model, self.matte if shot.matte is None else shot.matte

    def spans(self, frames: range) -> list[SettingsSpan]:
        """``frames`` in stretches of one card and finish, in order."""
        inner = {edge for shot in self.shots for edge in (shot.start, shot.stop) if edge in frames}
        edges = sorted({frames.start, *inner, frames.stop})
        found: list[SettingsSpan] = []
        for start, stop in pairwise(edges):
            card, finish = self.at(start)
            last = found[-1] if found else None
            if last is not None and (last.model, last.matte) == (card, finish):
                found[-1] = SettingsSpan(range(last.frames.start, stop), card, finish)
            else:
                found.append(SettingsSpan(range(start, stop), card, finish))
        return found

    def select_by_model(self, of: Callable[[str], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """(N, …) something known of every frame by every card: each frame's by its own card.

        Args:
            of: Gives it for a card.
        """
        out = of(self.model).copy()
        for card in self.model_ids[1:]:
            mine = of(card)
            for shot in self.shots:
                if shot.model == card:
                    out[shot.start : shot.stop] = mine[shot.start : shot.stop]
        return out

    def shot_range(self, index: int, cuts: Sequence[int], count: int) -> range:
        """The shot around a frame, between cuts and the edges of shots with something of their own.

        Args:
            index: The frame.
            cuts: Frames that begin a shot.
            count: Frames of the clip.
        """
        own = (edge for shot in self.shots for edge in (shot.start, shot.stop))
        edges = sorted({0, count, *(edge for edge in (*cuts, *own) if 0 < edge < count)})
        return next((range(a, b) for a, b in pairwise(edges) if a <= index < b), range(count))

    def with_shot_override(
        self, frames: range, *, model: str | None = _AS_IT_IS, matte: MatteSettings | None = _AS_IT_IS
    ) -> tuple[ShotOverride, ...]:
        """The shots once one of them has another model or matte settings; None, or the clip's, takes it back.

        Args:
            frames: The shot, see :meth:`shot_range`.
            model: Its model; left as it is if not given.
            matte: Its matte settings; left as it is if not given.
        """
        known = self.shot_at(frames.start) or ShotOverride(frames.start, frames.stop)
        model = known.model if model is _AS_IT_IS else model
        matte = known.matte if matte is _AS_IT_IS else matte
        changed = replace(
            known,
            model=None if model == self.model else model,
            matte=None if matte == self.matte else matte,
        )
        rest = [shot for shot in self.shots if shot.start != known.start]
        if changed.model is not None or changed.matte is not None:
            rest.append(changed)
        return tuple(sorted(rest, key=lambda shot: shot.start))


def overridden_frames(shots: Sequence[ShotOverride], count: int) -> npt.NDArray[np.bool_]:
    """(count,) frames of shots with something of their own."""
    mask = np.zeros(count, np.bool_)
    for shot in shots:
        mask[shot.start : shot.stop] = True
    return mask
