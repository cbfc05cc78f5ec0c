"""What is written and how: one table for the jobs, the command line and the check afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

from vsod.core.data_parsing import check_kinds
from vsod.core.name_patterns import fill
from vsod.core.old_keys import EXPORT_SETTINGS, renamed
from vsod.core.output_frame import FileContent
from vsod.errors import UsageError

EXPORT_KINDS: dict[str, str] = {
    "matte": "soft matte, white = subject",
    "mask": "matte cut at a half: black and white only",
    "saliency": "the map of the network at source size, without matte settings",
    "heatmap": "that map in false colours",
    "cutout": "the subject's own colour with an alpha channel",
    "fill+matte": "two files: the colour (NAME_fg) and its matte (NAME_matte)",
    "over": "the subject over a colour, its blurred surroundings or another clip (see --background)",
}
ALPHA_MODES = ("straight", "premultiplied")
AUDIO_MODES = ("copy", "pcm", "aac", "none")
OLDER_IMAGES = ("keep", "remove")
MOST_FRAMES = 10_000_000  # of any export: more than four days of 25 fps
EXR_COMPRESSION = ("zips", "zip", "piz", "rle", "none")
_RATE = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,12})?(?:/[0-9]{1,9})?")
_NUMBER = re.compile(r"[0-9]{1,12}")
_COLOUR = re.compile(r"#?([0-9a-fA-F]{6})")


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """How a finished matte leaves the program.

    Attributes:
        kind: One of :data:`EXPORT_KINDS`.
        alpha: One of :data:`ALPHA_MODES`, for cut-outs.
        background: For ``over``: ``"RRGGBB"``, ``"blur"``, or a clip, still or folder of frames.
        cfr: Conform to this constant rate; None keeps every frame's own time.
        cfr_frames: A clip conformed to ``cfr`` may have so many frames; None for four times the source's, see
            :func:`vsod.core.conform.conform_to_rate`.
        audio: One of :data:`AUDIO_MODES`; None copies it to pictures and not to mattes; ``pcm`` and
            ``aac`` code it anew.
        start_number: Number of a sequence's first image: a number, ``"timecode"``, or empty for
            the source's own numbers.
        names: Pattern of a sequence's names, tokens ``{stem}``, ``{kind}``, ``{frame:04}``.
        compression: One of :data:`EXR_COMPRESSION`.
        older_images: One of :data:`OLDER_IMAGES`: what becomes of this program's images in a sequence's folder that the
            export does not write anew.
        pad_start: A picture that begins after its sound does so in the export, too, so that source and export lie
            over each other by their heads. Without it the export begins with the picture.

    Raises:
        UsageError: A word is unknown or a number impossible.
    """

    kind: str = "matte"
    alpha: str = "straight"
    background: str = "808080"
    cfr: Fraction | None = None
    audio: str | None = None
    start_number: str = ""
    names: str = ""
    compression: str = "zips"
    cfr_frames: int | None = None
    older_images: str = "keep"
    pad_start: bool = False

    def __post_init__(self) -> None:
        _one_of("--kind", self.kind, tuple(EXPORT_KINDS))
        _one_of("--alpha", self.alpha, ALPHA_MODES)
        _one_of("--exr-compression", self.compression, EXR_COMPRESSION)
        _one_of("--older-images", self.older_images, OLDER_IMAGES)
        if self.audio is not None:
            _one_of("--audio", self.audio, AUDIO_MODES)
        if self.cfr is not None and not 1 <= self.cfr <= 1000:
            raise UsageError(
                f"--cfr {self.cfr} is no frame rate", fix="Use 1 to 1000, for example 24000/1001."
            )
        if self.cfr_frames is not None and not 1 <= self.cfr_frames <= MOST_FRAMES:
            raise UsageError(
                f"--cfr-frames {self.cfr_frames} is out of range", fix=f"Use 1 to {MOST_FRAMES}."
            )
        if self.start_number not in ("", "timecode") and not _NUMBER.fullmatch(self.start_number):
            raise UsageError(
                f"--start-number '{_short(self.start_number)}' is no number of 12 digits at most",
                fix="Use 0, 1, 1001 or timecode.",
            )
        if self.names:
            check_name_pattern(self.names)

    @property
    def contents(self) -> tuple[FileContent, ...]:
        """What each file holds, in order."""
        if self.kind == "fill+matte":
            return ("fill", "matte")
        if self.kind in ("matte", "mask", "saliency"):
            return ("matte",)
        return ("cutout",) if self.kind == "cutout" else ("fill",)

    def file_label(self, content: FileContent) -> str:
        """What a file of this layout is, in one word for names and notes."""
        if self.kind == "fill+matte":
            return "fg" if content == "fill" else "matte"
        return self.kind

    def output_paths(self, output: Path) -> dict[FileContent, Path]:
        """Every file that is written for a job's output."""
        if len(self.contents) == 1:
            return {self.contents[0]: output}
        return {
            content: output.with_name(f"{output.stem}_{self.file_label(content)}{output.suffix}")
            for content in self.contents
        }

    @property
    def colour(self) -> tuple[int, int, int] | None:
        """The background as 8-bit RGB, or None if it is no colour."""
        found = _COLOUR.fullmatch(self.background)
        if found is None:
            return None
        red, green, blue = bytes.fromhex(found[1])
        return red, green, blue

    def copies_audio(self, content: FileContent) -> bool:
        """Whether a file of this layout gets the source's sound, as it is or coded anew."""
        return content != "matte" if self.audio is None else self.audio != "none"

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Export settings from options or JSON; what is not named has its default.

        Raises:
            UsageError: See the class.
        """
        given = {
            k: v
            for k, v in renamed(options, EXPORT_SETTINGS).items()
            if k in EXPORT_OPTIONS and v is not None
        }
        if "cfr" in given:
            given["cfr"] = frame_rate(str(given["cfr"]))
        check_kinds(cls, given)
        return cls(**given)

    def to_options(self) -> list[str]:
        """The command line options that build these; none for defaults."""
        usual, words = ExportSettings(), list[str]()
        for name, option in EXPORT_OPTIONS.items():
            value = getattr(self, name)
            if value is True:
                words += [option]
            elif value != getattr(usual, name):
                words += [option, str(value)]
        return words


EXPORT_OPTIONS = {
    "kind": "--kind",
    "alpha": "--alpha",
    "background": "--background",
    "cfr": "--cfr",
    "audio": "--audio",
    "start_number": "--start-number",
    "names": "--names",
    "compression": "--exr-compression",
    "cfr_frames": "--cfr-frames",
    "older_images": "--older-images",
    "pad_start": "--pad-start",
}


def frame_rate(text: str, option: str = "--cfr") -> Fraction:
    """A rate as a number, a ratio, or the short name of a standard one: 25, 24000/1001, 23.976.

    Args:
        text: The rate.
        option: Where it was given, for the error.

    Raises:
        UsageError: It is none.
    """
    # not left to Fraction, which computes any power of ten it is told
    if not _RATE.fullmatch(text) or ("." in text and "/" in text) or not int(text.partition("/")[2] or 1):
        raise UsageError(
            f"{option} '{_short(text)}' is no frame rate", fix="Use for example 25 or 24000/1001."
        )
    rate = Fraction(text)
    for whole in (24, 30, 48, 60, 120):
        exact = Fraction(whole * 1000, 1001)
        if "." in text and abs(rate - exact) < Fraction(1, 100):
            return exact
    return rate


def check_name_pattern(pattern: str) -> None:
    """Refuse a name pattern that would not give every frame its own name.

    Raises:
        UsageError: An unknown token, no ``{frame}``, or a path separator.
    """
    tokens = {"stem": "s", "kind": "k"}
    one, two = (fill(pattern, "--names", {**tokens, "frame": n}) for n in (7, 8))
    if one == two or "/" in one or "\\" in one:
        raise UsageError(
            f"--names '{_short(pattern)}' does not name single files",
            fix="Use {frame:04} in it, and no folders.",
        )


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}…"


def _one_of(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(
            f"{option} '{_short(str(value))}' is unknown", fix=f"Use one of: {', '.join(known)}."
        )


DEFAULT_EXPORT_SETTINGS = ExportSettings()
