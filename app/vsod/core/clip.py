"""What a clip is: its raster, its clock and its tags. No pixels."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vsod.core.name_patterns import frame_pattern
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceSettings
from vsod.errors import UsageError

_SETTLED = 2_000_000_000  # ns after which a file's times tell a later change, on every file system


@dataclass(frozen=True, slots=True)
class FileState:
    """Sizes, times and places on the disk of a clip's files: another one after every change.

    Attributes:
        text: Digest of names, sizes, times of contents and of inodes, and inode numbers.
        changed_ns: When one of the files was changed last, nanoseconds since the epoch.
        taken_ns: When this was looked at.
    """

    text: str
    changed_ns: int
    taken_ns: int

    @property
    def settled(self) -> bool:
        """Whether a file of the same state later surely has the same contents.

        Not right after a change: another one within the clock's tick would not show. Never on Windows, whose
        ``st_ctime`` is the time of creation.
        """
        return os.name != "nt" and self.changed_ns + _SETTLED < self.taken_ns


@dataclass(frozen=True, slots=True)
class ColorTags:
    """Colour description as ITU-T H.273 code points (2 = unspecified).

    ``full_range`` is None where the file does not say.
    """

    primaries: int = 2
    transfer: int = 2
    matrix: int = 2
    full_range: bool | None = None


@dataclass(frozen=True, slots=True)
class Joint:
    """Where recordings were joined end to end: the file's clock begins anew, ``pts`` runs on.

    Attributes:
        frame: First frame of the new part.
        position: Where it begins in the file, in bytes; -1 if that is not known.
        jump: Seconds that the file's clock jumps there; negative = back.
        shift: Seconds to add to the file's times from there on.
        starts: When the new part begins, in seconds on the clip's clock.
    """

    frame: int
    position: int
    jump: Fraction
    shift: Fraction
    starts: Fraction


@dataclass(frozen=True, slots=True)
class SequencePart:
    """The sequence that an image which was opened alone is one of.

    Attributes:
        path: Stands for all of it: its folder, or a pattern such as ``shot.####.png``.
        title: ``shot_0001-0030``.
        number: Of the image.
        count: Images of the sequence.
    """

    path: Path
    title: str
    number: int
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class ClipInfo:
    """Everything known about a source without keeping a frame of it.

    Attributes:
        path: The file, or the folder of an image sequence.
        kind: ``"video"`` or ``"sequence"``.
        codec: FFmpeg's decoder name, or the image suffix of a sequence.
        pix_fmt: FFmpeg's pixel format name.
        bit_depth: Bits per component, 8 to 16.
        width, height: Coded raster in pixels, before rotation.
        rotation: Degrees the picture must be turned counter-clockwise to stand
            upright, as FFmpeg's display matrix says: 0, 90, 180 or 270.
        mirrored: True if the picture must be flipped left-right *before* that turn.
        display_matrix: The file's nine matrix entries as stored, to be copied; empty if none.
        sar: Sample (pixel) aspect ratio of the coded raster.
        rate: Nominal frame rate, exact.
        time_base: Seconds per tick of ``pts``.
        pts: (N,) int64 presentation ticks of every *presented* frame, in order.
        last_ticks: How long the last frame stays up, in ticks; 0 if the file does not say.
        timecode: SMPTE start timecode as the file has it (``;`` = drop frame).
        color: Colour tags.
        field_order: ``"progressive"``, ``"tt"``, ``"bb"``, ``"tb"``, ``"bt"`` or ``"unknown"``.
        audio_streams: How many audio streams the file carries.
        reel: Name of the tape or card the clip came from; None if the file does not say.
        metadata: (key, value) notes of the file that an export carries on.
        names: File names of a sequence's images, in order; empty for a video.
        frame_names: What the image of each frame is called, or would be where one is missing and the one before is
            held; empty for a video.
        alpha: The source's alpha channel: ``"straight"``, ``"premultiplied"``, ``"unspecified"``; empty if it has
            none.
        origin: Upper left corner of an EXR's display window.
        layers: Names of its layers and parts that are pictures; the one without a name is empty.
        state: Of its files as it was opened; None for a clip that was made up.
        warnings: What is odd about the file, in the user's words.
        source_settings: How it was asked to be read.
        joints: Where its clock was made to run on, in order.
        other_streams: (number, description) of the file's other video streams, as ffprobe counts.
        raster_changes: (frame, width, height) of the first frame of every other raster within the clip, as far as
            the packets tell.
        part_of: The sequence of an image that was opened alone; its last warning says the same.
        missing_numbers: Numbers between the first and the last that no image of a sequence has.
        starts_after: Seconds by which the picture begins after what begins first in the file, as a rule its sound.
    """

    path: Path
    kind: str
    codec: str
    pix_fmt: str
    bit_depth: int
    width: int
    height: int
    rate: Fraction
    time_base: Fraction
    pts: npt.NDArray[np.int64]
    rotation: int = 0
    mirrored: bool = False
    display_matrix: tuple[int, ...] = ()
    last_ticks: int = 0
    sar: Fraction = Fraction(1)
    timecode: str | None = None
    color: ColorTags = ColorTags()
    field_order: str = "progressive"
    audio_streams: int = 0
    reel: str | None = None
    metadata: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()
    frame_names: tuple[str, ...] = ()
    alpha: str = ""
    origin: tuple[int, int] = (0, 0)
    layers: tuple[str, ...] = ()
    state: FileState | None = None
    warnings: tuple[str, ...] = field(default=())
    source_settings: SourceSettings = DEFAULT_SOURCE_SETTINGS
    joints: tuple[Joint, ...] = ()
    other_streams: tuple[tuple[int, str], ...] = ()
    raster_changes: tuple[tuple[int, int, int], ...] = ()
    part_of: SequencePart | None = None
    missing_numbers: tuple[range, ...] = ()
    starts_after: Fraction = Fraction(0)

    @property
    def folder(self) -> Path:
        """Where a sequence's images lie, whether it was given as a folder, a pattern or an image."""
        return self.path if self.path.is_dir() else self.path.parent

    @property
    def stem(self) -> str:
        """What exports are named after: the file without its suffix, the folder, or a pattern without its number."""
        pattern = frame_pattern(self.path) if self.kind == "sequence" else None
        if self.kind != "sequence" or self.path.is_file():
            return self.path.stem
        if pattern is None or self.path.is_dir():
            return self.path.name
        return pattern.stem

    @property
    def frame_count(self) -> int:
        """Number of presented frames."""
        return len(self.pts)

    @property
    def upright_size(self) -> tuple[int, int]:
        """(width, height) of the coded raster once it stands upright, in coded pixels."""
        w, h = self.width, self.height
        return (h, w) if self.rotation in (90, 270) else (w, h)

    @property
    def display_size(self) -> tuple[int, int]:
        """(width, height) upright and with square pixels: the longer side is stretched, never cut."""
        w, h = self.upright_size
        sar = 1 / self.sar if self.rotation in (90, 270) else self.sar
        return (round(w * sar), h) if sar >= 1 else (w, round(h / sar))

    @property
    def is_vfr(self) -> bool:
        """True if frame distances differ by more than one tick (rounding is not VFR)."""
        steps = np.diff(self.pts)
        return bool(len(steps) and steps.max() - steps.min() > 1)

    def seconds(self, index: int) -> float:
        """Start of frame ``index`` in seconds after the first frame. For display only."""
        return float((int(self.pts[index]) - int(self.pts[0])) * self.time_base)

    @property
    def duration(self) -> float:
        """Length in seconds, the last frame's share included. For display only."""
        if not self.frame_count:
            return 0.0
        return float(self.frame_end(self.frame_count - 1) - int(self.pts[0]) * self.time_base)

    def frame_end(self, index: int) -> Fraction:
        """Where frame ``index`` ends, in seconds on the clip's clock; the last of a varying rate as its file says."""
        if index + 1 < self.frame_count:
            return int(self.pts[index + 1]) * self.time_base
        last = self.last_ticks * self.time_base if self.last_ticks and self.is_vfr else 1 / self.rate
        return int(self.pts[index]) * self.time_base + last

    def as_json(self) -> dict[str, Any]:
        """A JSON-ready summary; rationals as ``"num/den"`` text."""
        return {
            "path": str(self.path),
            "kind": self.kind,
            "codec": self.codec,
            "pix_fmt": self.pix_fmt,
            "bit_depth": self.bit_depth,
            "width": self.width,
            "height": self.height,
            "rotation": self.rotation,
            "mirrored": self.mirrored,
            "sar": f"{self.sar.numerator}/{self.sar.denominator}",
            "rate": f"{self.rate.numerator}/{self.rate.denominator}",
            "time_base": f"{self.time_base.numerator}/{self.time_base.denominator}",
            "frames": self.frame_count,
            "vfr": self.is_vfr,
            "start_pts": int(self.pts[0]) if self.frame_count else None,
            "duration_s": round(self.duration, 6),
            "timecode": self.timecode,
            "alpha": self.alpha or None,
            "layers": list(self.layers),
            "color": {
                "primaries": self.color.primaries,
                "transfer": self.color.transfer,
                "matrix": self.color.matrix,
                "full_range": self.color.full_range,
            },
            "field_order": self.field_order,
            "audio_streams": self.audio_streams,
            "warnings": list(self.warnings),
        }


def check_range(info: ClipInfo, start: int, stop: int | None) -> int:
    """The end of a frame range, checked against the clip.

    Args:
        info: The clip.
        start: First ordinal.
        stop: One past the last; None for the end of the clip.

    Raises:
        UsageError: ``start`` or ``stop`` lies outside the clip, or the range is reversed.
    """
    total = info.frame_count
    end = total if stop is None else stop
    if not 0 <= start <= end <= total:
        raise UsageError(
            f"frames {start} to {end} do not lie within its {total} frames",
            where=info.path,
            fix=f"Choose a range between 0 and {total}.",
        )
    return end
