"""What the images of an exported sequence are called."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from vsod.core.clip import ClipInfo
from vsod.core.export_settings import ExportSettings
from vsod.core.name_patterns import fill
from vsod.core.output_frame import FileContent
from vsod.core.timecode import Timecode
from vsod.errors import UsageError


def image_names(
    info: ClipInfo,
    frames: range,
    suffix: str,
    content: FileContent = "matte",
    export_settings: ExportSettings | None = None,
) -> list[str]:
    """The name of every image, all different.

    After the source's images, or ``<clip>_<kind>.<source frame number>``; or as the delivery's
    pattern and start number say. Numbers are wide enough for the last frame of the clip.

    Raises:
        UsageError: The numbers are to follow a timecode the source does not have.
    """
    export_settings = export_settings or ExportSettings()
    if info.frame_names and not export_settings.names and not export_settings.start_number:
        return _after_images(info.frame_names, suffix)[frames.start : frames.stop]
    numbers = range(frames.start, frames.stop)
    if export_settings.start_number:
        first = _first_number(info, frames, export_settings.start_number)
        numbers = range(first, first + len(frames))
    last = max(numbers[-1], info.frame_count - 1)
    width = max(4 if export_settings.start_number else 6, min(12, len(str(last))))
    pattern = export_settings.names or f"{{stem}}_{{kind}}.{{frame:0{width}}}"
    told = {"stem": info.stem, "kind": export_settings.file_label(content)}
    names = [fill(pattern, "--names", {**told, "frame": number}) for number in numbers]
    return [name if name.lower().endswith(suffix) else name + suffix for name in names]


def _first_number(info: ClipInfo, frames: range, start: str) -> int:
    if start != "timecode":
        return int(start)
    if info.timecode is None:
        raise UsageError(
            "the source has no timecode to number the images by", where=info.path, fix="Give a start number."
        )
    try:
        return (Timecode.parse(info.timecode, info.rate) + frames.start).frame
    except ValueError as error:
        raise UsageError(f"the images cannot be numbered: {error}", fix="Give a start number.") from error


def _after_images(images: tuple[str, ...], suffix: str) -> list[str]:
    stems = Counter(Path(name).stem.casefold() for name in images)
    # a.jpg and a.png in one folder would both become a.png.
    return [
        f"{Path(name).stem}{suffix}" if stems[Path(name).stem.casefold()] == 1 else f"{name}{suffix}"
        for name in images
    ]
