"""A target, a format and a clip in, the sink that writes it out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vsod.core.clip import ClipInfo, check_range
from vsod.core.export_settings import ExportSettings
from vsod.core.output_frame import FileContent
from vsod.errors import OutputError, UsageError
from vsod.media.formats.registry import check_suffix
from vsod.media.formats.table import ExportFormat
from vsod.media.sinks.ffmpeg_sink import FFmpegSink
from vsod.media.sinks.image_sequence_sink import ImageSequenceSink
from vsod.media.sinks.sink import Sink
from vsod.media.sinks.target import SinkTarget
from vsod.media.sinks.video_sink import VideoSink


def open_sink(
    path: str | Path,
    fmt: ExportFormat,
    info: ClipInfo,
    *,
    frames: range | None = None,
    tags: Mapping[str, str] | None = None,
    content: FileContent = "matte",
    export_settings: ExportSettings | None = None,
) -> Sink:
    """Start writing.

    Args:
        path: Target file, or folder for a sequence. Its parent must exist.
        fmt: One of :func:`vsod.media.formats.registry.all_formats`.
        info: The source it belongs to.
        frames: The source frames to be written; None for all.
        tags: Notes to put into the file, for example the model's name.
        content: What the pictures hold.
        export_settings: Sound, names, numbers; None for what is usual.

    Raises:
        UsageError: The range is empty, the format cannot carry the layout or live in this file,
            or the target is the source.
        OutputError: The folder cannot be made or written to, or the codec refuses the raster.
    """
    path = Path(path)
    frames = range(info.frame_count) if frames is None else frames
    check_range(info, frames.start, frames.stop)
    if not len(frames) or frames.step != 1:
        raise UsageError("no frames to write", where=path, fix="Choose a range of at least one frame.")
    check_suffix(path, fmt)
    export_settings = export_settings or ExportSettings()
    if content == "cutout" and export_settings.alpha == "premultiplied" and fmt.straight_only:
        raise UsageError(
            f"{fmt.title} holds straight colour only, by its specification",
            where=path,
            fix="Leave out --alpha premultiplied, or choose EXR or ProRes 4444.",
        )
    _check_target(path, fmt, info)
    target = SinkTarget(path, fmt, info, frames, content, export_settings, dict(tags or {}))
    if fmt.is_sequence:
        return ImageSequenceSink(target)
    return FFmpegSink(target) if fmt.external else VideoSink(target)


def _check_target(path: Path, fmt: ExportFormat, info: ClipInfo) -> None:
    if _same(path, info.path):
        raise UsageError("the export would overwrite its own source", where=path, fix="Choose another name.")
    if path.is_dir() and not fmt.is_sequence:
        raise UsageError("this is a folder", where=path, fix="Give a file name, or choose a PNG format.")
    if path.exists() and not path.is_dir() and fmt.is_sequence:
        raise UsageError("this is a file", where=path, fix="Give a folder name, or choose a video format.")
    folder = path.absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder cannot be made: {error.strerror}", where=folder, fix="Choose another one."
        ) from error


def _same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()
