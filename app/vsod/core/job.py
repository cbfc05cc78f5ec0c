"""What is to be done and what came of it, as plain data that travels as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from vsod.core.clip import ClipInfo
from vsod.core.clip_settings import ClipSettings, ShotOverride
from vsod.core.data_parsing import check_kinds, parse_json
from vsod.core.export_settings import ExportSettings
from vsod.core.matte_settings import DEFAULT_MATTE_SETTINGS, MatteSettings
from vsod.core.old_keys import CLIP_SETTINGS, renamed
from vsod.core.safe_text import json_text, shell_words
from vsod.errors import UsageError

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True, slots=True)
class JobSpec:
    """One clip in, one export out. The window and the command line both build it.

    Attributes:
        source: Video file or folder of frames.
        output: Video file, or folder of an image sequence.
        model: Id of the model.
        format: Export format id, or None to go by ``output``'s suffix.
        start, stop: Frame range, ``stop`` excluded; None = to the end.
        device: One of :data:`DEVICES`.
        adapt: Adapt the model to the clip first, see :mod:`vsod.analysis.second_pass`.
        matte: Matte settings.
        export: What is written and how.
        shots: What single shots have of their own, in order.
        overwrite: Replace also what this program did not write. Whoever asks a user first sets it to False; it does
            not make another job.
    """

    source: Path
    output: Path
    model: str = "swift"
    format: str | None = None
    start: int = 0
    stop: int | None = None
    device: str = "auto"
    adapt: bool = False
    matte: MatteSettings = field(default_factory=MatteSettings)
    export: ExportSettings = field(default_factory=ExportSettings)
    shots: tuple[ShotOverride, ...] = ()
    overwrite: bool = field(default=True, compare=False)

    def __post_init__(self) -> None:
        ClipSettings(self.model, self.matte, self.shots)
        if self.device not in DEVICES:
            raise UsageError(f"unknown device '{self.device}'", fix=f"Use one of: {', '.join(DEVICES)}.")

    @property
    def settings(self) -> ClipSettings:
        """All but where from and where to."""
        return ClipSettings(
            self.model, self.matte, self.shots, self.adapt, self.start, self.stop, self.format, self.export
        )

    def frames(self, count: int) -> range:
        """The range of frames this job covers in a clip of ``count`` frames.

        Raises:
            UsageError: The range is empty or reaches beyond the clip.
        """
        stop = count if self.stop is None else self.stop
        if not 0 <= self.start < stop <= count:
            raise UsageError(
                f"frame range {self.start}:{'' if self.stop is None else self.stop} is not inside the clip",
                where=self.source,
                fix=f"The clip has frames 0:{count}; the end is excluded.",
            )
        return range(self.start, stop)

    def to_json(self) -> str:
        """This job as one JSON object."""
        return json_text(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str | dict[str, Any]) -> JobSpec:
        """The job that :meth:`to_json` wrote, or what was read from it.

        Raises:
            VsodError, ValueError, KeyError, TypeError, AttributeError: It is none; see
                :func:`vsod.core.data_parsing.refusing`.
        """
        raw: dict[str, Any] = renamed(parse_json(text) if isinstance(text, str) else text, CLIP_SETTINGS)
        raw["source"], raw["output"] = Path(raw["source"]), Path(raw["output"])
        raw["matte"] = MatteSettings.from_json(raw.get("matte", {}))
        raw["export"] = ExportSettings.from_options(raw.get("export", {}))
        raw["shots"] = tuple(ShotOverride.from_json(shot) for shot in raw.get("shots", []))
        # what was agreed to once is not agreed to for good
        raw = {"overwrite": False, **raw}
        check_kinds(cls, raw)
        return cls(**raw)

    def as_command(self) -> str:
        """The shell command that repeats this job."""
        words = ["vsod-desktop", "run", str(self.source), "-o", str(self.output), "--model", self.model]
        if self.format:
            words += ["--format", self.format]
        if self.start or self.stop is not None:
            words += ["--range", f"{self.start}:{'' if self.stop is None else self.stop}"]
        if self.device != "auto":
            words += ["--device", self.device]
        if self.adapt:
            words += ["--adapt"]
        words += self.matte.to_options() + self.export.to_options()
        for shot in self.shots:
            words += ["--shot", shell_words(_shot_words(shot))]
        return shell_words(words)

    def with_range(self, start: int, stop: int | None) -> JobSpec:
        """A copy with another frame range."""
        return replace(self, start=start, stop=stop)


def _shot_words(shot: ShotOverride) -> list[str]:
    words = [f"{shot.start}:{shot.stop}"]
    if shot.model is not None:
        words += ["--model", shot.model]
    if shot.matte is not None:
        # a finish of its own that is the usual one must be said, else it would be the clip's
        words += shot.matte.to_options() or [f"--gamma={DEFAULT_MATTE_SETTINGS.gamma}"]
    return words


@dataclass(slots=True)
class JobResult:
    """What a finished job did.

    Attributes:
        output: What was written; of two files the first.
        frames: Frames written.
        seconds: Wall time, analysis to verification.
        device: Where the network ran, in words.
        held: Source frames that could not be decoded; their matte repeats the last good one.
        warnings: Anything the user should know, one sentence each.
        verified: True if the re-decoded output passed every check, None if not checked.
        stages: Seconds spent by stage name.
        outputs: Every file that was written.
        adapted: Whether the model was fitted to the clip; None if that was not asked for.
        duplicated, dropped: Frames shown again and source frames left out by conforming to a rate.
        clip: The source as it was opened; not part of the JSON form.
    """

    output: Path
    frames: int
    seconds: float
    device: str
    held: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    verified: bool | None = None
    stages: dict[str, float] = field(default_factory=dict)
    outputs: list[Path] = field(default_factory=list)
    adapted: bool | None = None
    duplicated: int = 0
    dropped: int = 0
    clip: ClipInfo | None = None

    @property
    def exit_code(self) -> int:
        """0, or 3 if frames were held or a check did not pass."""
        return 3 if self.held or self.verified is False else 0

    def as_json(self) -> dict[str, Any]:
        """JSON-ready form."""
        told = asdict(replace(self, clip=None))
        del told["clip"]
        return {**told, "output": str(self.output), "outputs": [str(path) for path in self.outputs]}
