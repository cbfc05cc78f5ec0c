"""The export formats of a matte, as one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from vsod.errors import UnknownFormat, UsageError


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a matte.

    Attributes:
        id: What the command line calls it.
        title: What the window calls it.
        suffixes: File suffixes it can live in, the first is the default; empty for a folder.
        is_sequence: True if it is a folder of images.
        codec: FFmpeg encoder, or the image codec of a sequence.
        pix_fmt: FFmpeg pixel format; its first plane carries the matte.
        options: Encoder options.
        levels: ``"legal"`` puts 0..1 on video levels (16..235 in 8 bits), ``"full"`` on all codes.
        bit_depth: Bits per sample.
        lossless: True if decoding gives back exactly the codes that were written.
        note: One line that helps to choose.
    """

    id: str
    title: str
    suffixes: tuple[str, ...]
    codec: str
    pix_fmt: str
    levels: Literal["full", "legal"]
    bit_depth: int
    lossless: bool
    note: str
    options: dict[str, str] = field(default_factory=dict)
    is_sequence: bool = False


# prores_aw is about four times as fast as prores_ks on a matte, with the same size and error.
_PRORES = {"vendor": "apl0"}
# Slices let two cores share one frame; their checksums would cost time and guard a local file.
_FFV1 = {"level": "3", "coder": "0", "context": "0", "slices": "16", "slicecrc": "0", "g": "1"}

_ALL = (
    Format(
        "prores4444", "ProRes 4444", (".mov",), "prores_aw", "yuv444p10le", "legal", 10, False,
        "The safe choice for every editing program; 10-bit black-and-white picture.",
        {"profile": "4", **_PRORES},
    ),
    Format(
        "prores422hq", "ProRes 422 HQ", (".mov",), "prores_aw", "yuv422p10le", "legal", 10, False,
        "As ProRes 4444 but half the colour samples, which a matte does not use.",
        {"profile": "3", **_PRORES},
    ),
    Format(
        "ffv1-gray8", "FFV1 8-bit", (".mkv", ".mp4"), "ffv1", "gray", "full", 8, True,
        "Lossless, small and fast; for Blender, Kdenlive, Shotcut and FFmpeg.",
        _FFV1,
    ),
    Format(
        "ffv1-gray16", "FFV1 16-bit", (".mkv", ".mp4"), "ffv1", "gray16le", "full", 16, True,
        "Lossless with every soft edge level kept; for archives and further processing.",
        # 16 bits need the range coder.
        {**_FFV1, "coder": "1"},
    ),
    Format(
        "png8", "PNG sequence 8-bit", (), "png", "gray", "full", 8, True,
        "One image per frame, named after the source frames; for compositing programs.",
        is_sequence=True,
    ),
    Format(
        "png16", "PNG sequence 16-bit", (), "png", "gray16be", "full", 16, True,
        "One 16-bit image per frame; large.",
        is_sequence=True,
    ),
    Format(
        "h264", "H.264 preview", (".mp4", ".mov", ".mkv"), "libx264", "yuv420p", "legal", 8, False,
        "Small, plays everywhere; for looking at, not for keying.",
        # No B-frames: without reordering the file needs no edit list, which some programs ignore.
        {"preset": "veryfast", "crf": "14", "bf": "0"},
    ),
)  # fmt: skip

FORMATS: dict[str, Format] = {fmt.id: fmt for fmt in _ALL}
_BY_SUFFIX = {".mov": "prores4444", ".mkv": "ffv1-gray8", ".mp4": "h264"}


def format_by_id(id: str) -> Format:
    """The format with this id.

    Raises:
        UnknownFormat: There is none; lists those there are.
    """
    try:
        return FORMATS[id]
    except KeyError:
        raise UnknownFormat(f"no export format {id!r}", fix=f"Choose one of: {', '.join(FORMATS)}.") from None


def format_for_path(path: str | Path) -> Format:
    """The usual format for an output path; a path without a suffix is a folder of PNGs.

    Raises:
        UnknownFormat: No format is written into files of this suffix.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if not suffix or path.is_dir():
        return FORMATS["png8"]
    if suffix not in _BY_SUFFIX:
        raise UnknownFormat(
            f"no export format for {suffix} files",
            where=path,
            fix=f"End the name in {', '.join(_BY_SUFFIX)}, or give a folder for PNG images.",
        )
    return FORMATS[_BY_SUFFIX[suffix]]


def check_suffix(path: Path, fmt: Format) -> None:
    """Refuse a file name the format cannot live in.

    Raises:
        UsageError: Names the suffixes that work.
    """
    if fmt.is_sequence or path.suffix.lower() in fmt.suffixes:
        return
    others = [f.id for f in _ALL if path.suffix.lower() in f.suffixes]
    instead = f", or choose {' or '.join(others)} for {path.suffix} files" if others else ""
    raise UsageError(
        f"{fmt.title} cannot be written into {path.suffix or 'a file without suffix'}",
        where=path,
        fix=f"End the name in {' or '.join(fmt.suffixes)}{instead}.",
    )
