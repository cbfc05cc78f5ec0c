"""How a source is read: which stream or layer, what becomes of missing images, and its alpha channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, Self

from vsod.core.data_parsing import check_kinds
from vsod.core.export_settings import frame_rate
from vsod.errors import UsageError

GAP_MODES = ("hold", "close", "refuse")
SOURCE_ALPHA_MODES = ("multiply", "ignore")
SOURCE_OPTIONS = {
    "stream": "--stream",
    "layer": "--layer",
    "gaps": "--gaps",
    "frame_rate": "--frame-rate",
    "alpha": "--source-alpha",
}


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """How a source is read. What cannot apply to a source, such as ``gaps`` to a video, is left aside.

    Attributes:
        stream: Index of the video stream, as ffprobe counts all streams of the file; None = the one that is shown.
        layer: Name of an EXR's layer or part; None = the one without a name, or the only one.
        gaps: One of :data:`GAP_MODES`, for the missing numbers of an image sequence: the last image is held, the
            gap is closed, or the sequence is refused.
        frame_rate: Of an image sequence, which has none of its own; None = 24.
        alpha: One of :data:`SOURCE_ALPHA_MODES`: the matte is multiplied by the source's alpha channel, or not.

    Raises:
        UsageError: A word is unknown or a number impossible.
    """

    stream: int | None = None
    layer: str | None = None
    gaps: str = "hold"
    frame_rate: Fraction | None = None
    alpha: str = "multiply"

    def __post_init__(self) -> None:
        for option, value, known in (
            ("--gaps", self.gaps, GAP_MODES),
            ("--source-alpha", self.alpha, SOURCE_ALPHA_MODES),
        ):
            if value not in known:
                raise UsageError(
                    f"{option} '{value[:40]}' is unknown", fix=f"Use one of: {', '.join(known)}."
                )
        if self.stream is not None and not 0 <= self.stream < 10_000:
            raise UsageError(f"--stream {self.stream} is no stream", fix="ffprobe lists them: 0, 1, 2 …")
        if self.frame_rate is not None and not 1 <= self.frame_rate <= 1000:
            raise UsageError(
                f"--frame-rate {self.frame_rate} is no frame rate",
                fix="Use 1 to 1000, for example 24000/1001.",
            )

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """The settings among parsed command line options; None is "not given"."""
        named = {name: options.get(option[2:].replace("-", "_")) for name, option in SOURCE_OPTIONS.items()}
        return cls.from_json({name: value for name, value in named.items() if value is not None})

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """The settings of a stored job or project; what is not named has its default.

        Raises:
            UsageError, TypeError, ValueError: It is none.
        """
        given = {name: value for name, value in raw.items() if name in SOURCE_OPTIONS and value is not None}
        if "frame_rate" in given:
            given["frame_rate"] = frame_rate(str(given["frame_rate"]), "--frame-rate")
        check_kinds(cls, given)
        return cls(**given)

    def to_options(self) -> list[str]:
        """The command line options that give these settings; none for defaults."""
        return [f"{SOURCE_OPTIONS[name]}={value}" for name, value in self.unusual().items()]

    def unusual(self) -> dict[str, Any]:
        """JSON-ready: the settings that are not the default."""
        both = ((f.name, getattr(self, f.name), f.default) for f in fields(self))
        found = {name: value for name, value, usual in both if value != usual}
        return {name: str(v) if isinstance(v, Fraction) else v for name, v in found.items()}


DEFAULT_SOURCE_SETTINGS = SourceSettings()


@dataclass(frozen=True, slots=True)
class SourceChoices:
    """What there is to choose about how a source is read.

    Attributes:
        streams: (number, description) of the video streams that could be the clip; of more than one there is a choice.
        stream: Number of the one that is read if nobody chooses; None if there is no stream.
        layers: Names of an EXR's layers; the one without a name is empty.
        missing_numbers: Numbers of a sequence that no image has.
        has_rate: Whether the source has a frame rate of its own; a sequence has none.
    """

    streams: tuple[tuple[int, str], ...] = ()
    stream: int | None = None
    layers: tuple[str, ...] = ()
    missing_numbers: tuple[range, ...] = ()
    has_rate: bool = True
