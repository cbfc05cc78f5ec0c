"""All that is chosen for a clip: model, matte and export settings, its range, and what single shots have instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy.typing as npt

from vsod.core.data_parsing import check_kinds
from vsod.core.export_settings import DEFAULT_EXPORT_SETTINGS, ExportSettings
from vsod.core.matte_settings import DEFAULT_MATTE_SETTINGS, MatteSettings
from vsod.core.old_keys import CLIP_SETTINGS, renamed
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceSettings
from vsod.errors import UsageError

_AS_IT_IS: Any = object()
_UNSMOOTHED = MatteSettings(temporal_smoothing=0.0)


@dataclass(frozen=True, slots=True)
class ShotOverride:
    """What a shot has of its own.

    Attributes:
        start, stop: Its frames, ``stop`` excluded.
        model: Id of its model; None = the clip's.
        matte: Its finishing settings; None = the clip's.

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
        """The shot of a project or job; matte settings that are missing have their defaults."""
        raw = renamed(raw, CLIP_SETTINGS)
        model, matte = raw.get("model"), raw.get("matte")
        return cls(
            int(raw["start"]),
            int(raw["stop"]),
            None if model is None else str(model),
            None if matte is None else MatteSettings.from_json(matte),
        )


@dataclass(frozen=True, slots=True)
class SettingsSpan:
    """A stretch of frames that are treated alike."""

    frames: range
    model: str
    matte: MatteSettings


@dataclass(frozen=True, slots=True)
class ClipSettings:
    """All that is chosen for a clip.

    Attributes:
        model: Id of the clip's model.
        matte: Its matte settings.
        shots: What single shots have instead, in order.
        adapt: Adapt the clip's model to the range first, see :mod:`vsod.analysis.second_pass`.
        start, stop: The range that is analysed and written, ``stop`` excluded; None = to the end.
        format: Export format id, or None to go by the output's suffix.
        export: What is written and how.
        source_settings: How the clip is read.

    Raises:
        UsageError: Two shots share a frame, or they are not in order.
    """

    model: str = "swift"
    matte: MatteSettings = DEFAULT_MATTE_SETTINGS
    shots: tuple[ShotOverride, ...] = ()
    adapt: bool = False
    start: int = 0
    stop: int | None = None
    format: str | None = None
    export: ExportSettings = DEFAULT_EXPORT_SETTINGS
    source_settings: SourceSettings = DEFAULT_SOURCE_SETTINGS

    def __post_init__(self) -> None:
        for before, shot in pairwise(self.shots):
            if shot.start < before.stop:
                raise UsageError(
                    f"the shots {before.start}:{before.stop} and {shot.start}:{shot.stop} overlap",
                    fix="Give each frame to one shot, in order.",
                )

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """The settings among the keys of a stored job or clip of a project, old keys too; others are left out.

        Raises:
            VsodError, ValueError, KeyError, TypeError, AttributeError: They are none; see
                :func:`vsod.core.data_parsing.refusing`.
        """
        raw = renamed(raw, CLIP_SETTINGS)
        check_kinds(cls, raw)
        plain = {name: raw[name] for name in ("model", "adapt", "start", "stop") if name in raw}
        return cls(
            matte=MatteSettings.from_json(raw.get("matte", {})),
            shots=tuple(ShotOverride.from_json(shot) for shot in raw.get("shots", [])),
            format=raw.get("format") or None,
            export=ExportSettings.from_options(raw.get("export", {})),
            source_settings=SourceSettings.from_json(raw.get("source_settings", {})),
            **plain,
        )

    @property
    def model_ids(self) -> tuple[str, ...]:
        """Every model once, the clip's first."""
        own = (shot.model for shot in self.shots if shot.model is not None)
        return tuple(dict.fromkeys((self.model, *own)))

    @property
    def model_assignment(self) -> ClipSettings:
        """Which model for which frame, and what it is adapted to: two settings with the same one show the same maps."""
        own = (replace(shot, matte=None) for shot in self.shots if shot.model not in (None, self.model))
        alone = ClipSettings(self.model, shots=tuple(own))
        if not self.adapt:
            return alone
        # the frames that smoothing reads beyond the range are adapted to as well
        matte = _smoothing_alone(self.matte)
        return replace(alone, matte=matte, adapt=True, start=self.start, stop=self.stop)

    @property
    def for_analysis(self) -> ClipSettings:
        """These settings without what no map depends on: two with the same result need the same maps."""
        usual = _smoothing_alone(self.matte)
        shots = []
        for shot in self.shots:
            model = None if shot.model == self.model else shot.model
            matte = None if shot.matte is None else _smoothing_alone(shot.matte)
            matte = None if matte == usual else matte
            if model is not None or matte is not None:
                shots.append(ShotOverride(shot.start, shot.stop, model, matte))
        return replace(self.model_assignment, matte=usual, shots=tuple(shots))

    def frames(self, count: int) -> range:
        """The range in a clip of ``count`` frames.

        Raises:
            UsageError: It is empty or reaches beyond the clip.
        """
        stop = count if self.stop is None else self.stop
        if not 0 <= self.start < stop <= count:
            raise UsageError(
                f"frame range {self.start}:{'' if self.stop is None else self.stop} is not inside the clip",
                fix=f"The clip has frames 0:{count}; the end is excluded.",
            )
        return range(self.start, stop)

    @property
    def for_preview(self) -> ClipSettings:
        """These settings without what no frame on screen depends on."""
        return ClipSettings(self.model, self.matte, self.shots)

    def shot_at(self, index: int) -> ShotOverride | None:
        """The shot with something of its own that holds a frame."""
        return next((shot for shot in self.shots if shot.start <= index < shot.stop), None)

    def at(self, index: int) -> tuple[str, MatteSettings]:
        """Model and matte settings of a frame."""
        shot = self.shot_at(index)
        if shot is None:
            return self.model, self.matte
        return shot.model or self.model, self.matte if shot.matte is None else shot.matte

    def spans(self, frames: range) -> list[SettingsSpan]:
        """``frames`` split into spans of one model and one matte settings, in order."""
        inner = {edge for shot in self.shots for edge in (shot.start, shot.stop) if edge in frames}
        edges = sorted({frames.start, *inner, frames.stop})
        found: list[SettingsSpan] = []
        for start, stop in pairwise(edges):
            model, matte = self.at(start)
            last = found[-1] if found else None
            if last is not None and (last.model, last.matte) == (model, matte):
                found[-1] = SettingsSpan(range(last.frames.start, stop), model, matte)
            else:
                found.append(SettingsSpan(range(start, stop), model, matte))
        return found

    def select_by_model(self, of: Callable[[str], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """(N, …) something known of every frame by every model: each frame's by its own model.

        Args:
            of: Gives it for a model.
        """
        out = of(self.model).copy()
        for model in self.model_ids[1:]:
            mine = of(model)
            for shot in self.shots:
                if shot.model == model:
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


def _smoothing_alone(matte: MatteSettings) -> MatteSettings:
    """Default settings with the temporal smoothing of ``matte``."""
    return DEFAULT_MATTE_SETTINGS if matte.temporal_smoothing else _UNSMOOTHED


DEFAULT_CLIP_SETTINGS = ClipSettings()
