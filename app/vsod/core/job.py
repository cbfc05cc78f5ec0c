"""What is to be done and what came of it, as plain data that travels as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from vsod.core.clip import ClipInfo
from vsod.core.clip_settings import DEFAULT_CLIP_SETTINGS, ClipSettings, ShotOverride
from vsod.core.data_parsing import Unreadable, check_kinds, parse_json
from vsod.core.matte_settings import DEFAULT_MATTE_SETTINGS
from vsod.core.old_keys import CLIP_SETTINGS, renamed
from vsod.core.output_frame import FileContent
from vsod.core.safe_text import json_text, shell_words
from vsod.errors import UsageError

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True, slots=True)
class JobSpec:
    """One clip in, one export out. The window and the command line both build it.

    Attributes:
        source: Video file or folder of frames.
        output: Video file, or folder of an image sequence.
        settings: All that is chosen for the clip.
        device: One of :data:`DEVICES`.
        overwrite: Replace also what this program did not write. Whoever asks a user first sets it to False; it does
            not make another job.
    """

    source: Path
    output: Path
    settings: ClipSettings = DEFAULT_CLIP_SETTINGS
    device: str = "auto"
    overwrite: bool = field(default=True, compare=False)

    def __post_init__(self) -> None:
        if self.device not in DEVICES:
            raise UsageError(f"unknown device '{self.device}'", fix=f"Use one of: {', '.join(DEVICES)}.")

    @property
    def output_paths(self) -> dict[FileContent, Path]:
        """Every file or folder that is written, by what it holds."""
        return self.settings.export.output_paths(self.output)

    def frames(self, count: int) -> range:
        """The range of frames this job covers in a clip of ``count`` frames.

        Raises:
            UsageError: The range is empty or reaches beyond the clip.
        """
        try:
            return self.settings.frames(count)
        except UsageError as error:
            raise UsageError(error.what, where=self.source, fix=error.fix) from error

    def to_json(self) -> str:
        """This job as one JSON object; the settings are not nested in it."""
        chosen = asdict(self.settings)
        return json_text(
            {
                "source": self.source,
                "output": self.output,
                **{name: chosen[name] for name in ("model", "format", "start", "stop")},
                "device": self.device,
                **{name: chosen[name] for name in ("adapt", "matte", "export", "source_settings", "shots")},
                "overwrite": self.overwrite,
            },
            default=str,
        )

    @classmethod
    def from_json(cls, text: str | dict[str, Any]) -> JobSpec:
        """The job that :meth:`to_json` wrote, or what was read from it.

        Raises:
            VsodError, ValueError, KeyError, TypeError, AttributeError: It is none; see
                :func:`vsod.core.data_parsing.refusing`.
        """
        raw: dict[str, Any] = renamed(parse_json(text) if isinstance(text, str) else text, CLIP_SETTINGS)
        # what was agreed to once is not agreed to for good
        own: dict[str, Any] = {"overwrite": False}
        own |= {name: raw[name] for name in ("device", "overwrite") if name in raw}
        check_kinds(cls, own)
        unknown = sorted(set(raw) - {f.name for f in (*fields(cls), *fields(ClipSettings))})
        if unknown or "settings" in raw:
            raise Unreadable(f"'{(unknown or ['settings'])[0]}' is no part of a job")
        return cls(Path(raw["source"]), Path(raw["output"]), ClipSettings.from_json(raw), **own)

    def as_command(self) -> str:
        """The shell command that repeats this job."""
        chosen = self.settings
        words = ["vsod-desktop", "run", str(self.source), "-o", str(self.output), "--model", chosen.model]
        if chosen.format:
            words += ["--format", chosen.format]
        if chosen.start or chosen.stop is not None:
            words += ["--range", f"{chosen.start}:{'' if chosen.stop is None else chosen.stop}"]
        if self.device != "auto":
            words += ["--device", self.device]
        if chosen.adapt:
            words += ["--adapt"]
        words += chosen.source_settings.to_options() + chosen.matte.to_options() + chosen.export.to_options()
        for shot in chosen.shots:
            words += ["--shot", shell_words(_shot_words(shot))]
        return shell_words(words)

    def with_settings(self, **changes: Any) -> JobSpec:
        """A copy with other values of some fields of :class:`ClipSettings`."""
        return replace(self, settings=replace(self.settings, **changes))

    def with_range(self, start: int, stop: int | None) -> JobSpec:
        """A copy with another frame range."""
        return self.with_settings(start=start, stop=stop)


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
