"""Opening an export to check it: of a folder, the images that belong to it, whatever else lies there."""

from __future__ import annotations

from pathlib import Path

from vsod.core.clip import ClipInfo
from vsod.core.export_settings import ExportSettings
from vsod.core.output_frame import FileContent
from vsod.core.source_settings import SourceSettings
from vsod.media.images.image_selection import images_in
from vsod.media.sinks.image_names import image_names
from vsod.media.sources.image_sequence import ImageSequenceSource
from vsod.media.sources.opening import open_source
from vsod.media.sources.source import Source
from vsod.media.verify.verify_report import VerifyReport

# every image that was written is a frame, whatever its number; its alpha is what is looked at
_AS_WRITTEN = SourceSettings(gaps="close", alpha="ignore")


def open_export(
    made: Path,
    info: ClipInfo,
    frames: range,
    content: FileContent,
    export_settings: ExportSettings | None,
) -> Source:
    """Open an export; of a folder those images that are called as the export's are, or all if none is.

    Args:
        made: The export, file or folder.
        info: The source it was made from.
        frames: The source frames it covers.
        content: What it holds.
        export_settings: How it was to be written.

    Raises:
        MediaError: It cannot be read.
        UsageError: A folder holds several sequences, and none is the export's.
    """
    names = _present(made, info, frames, content, export_settings) if made.is_dir() else []
    return ImageSequenceSource(made, _AS_WRITTEN, names) if names else open_source(made, _AS_WRITTEN)


def tell_others(report: VerifyReport, made: Path, other: ClipInfo) -> None:
    """Say how many images lie in the folder that do not belong to the export."""
    count = len({file.name for file in images_in(made)}.difference(other.names))
    if count:
        which = "1 other image lies" if count == 1 else f"{count} other images lie"
        report.add("others", None, f"{which} in this folder, no part of this export")


def _present(
    made: Path,
    info: ClipInfo,
    frames: range,
    content: FileContent,
    export_settings: ExportSettings | None,
) -> list[str]:
    there = {file.name for file in images_in(made)}
    for suffix in sorted({Path(name).suffix for name in there}):
        due = [name for name in image_names(info, frames, suffix, content, export_settings) if name in there]
        if due:
            return due
    return []
