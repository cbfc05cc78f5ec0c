"""Reading a finished export back and proving that it lies over its source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from vsod.core.clip import ClipInfo, check_range
from vsod.core.conform import ConformPlan, conform_to_rate
from vsod.core.export_settings import ExportSettings
from vsod.core.output_frame import Colours, FileContent
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceSettings
from vsod.errors import MediaError, UsageError
from vsod.media.formats.input_limits import list_options
from vsod.media.formats.system_programs import find_program
from vsod.media.sinks.image_names import image_names
from vsod.media.sources.opening import open_source
from vsod.media.verify.export_images import open_export, tell_others
from vsod.media.verify.picture_checks import check_cutout, check_fill, check_matte
from vsod.media.verify.readback import has_alpha, read_cutouts, read_matte
from vsod.media.verify.timing_checks import (
    compare_count,
    compare_held,
    compare_names,
    compare_raster,
    compare_timecode,
    compare_times,
)
from vsod.media.verify.verify_report import Check, VerifyReport

__all__ = ["Check", "VerifyReport", "verify"]


def verify(
    src: Path,
    made: Path,
    *,
    frames: range | slice | None = None,
    on_frame: Callable[[], None] | None = None,
    content: FileContent | None = None,
    export_settings: ExportSettings | None = None,
    name: Path | None = None,
    source_settings: SourceSettings = DEFAULT_SOURCE_SETTINGS,
    held: Sequence[int] | None = None,
) -> VerifyReport:
    """Decode an export again and compare it with the source it was made from.

    Args:
        src: The source clip, file or folder.
        made: The export, file or folder.
        frames: The source frames it covers, as a slice also without an end; None for all.
        on_frame: Called after every frame that was looked at; may raise to stop.
        content: What it holds; None to go by what it says, or by its channels.
        export_settings: How it was to be written; None for what is usual.
        name: Where it is going to be, if it is not in its place yet.
        source_settings: How the source is read.
        held: Source frames that could not be decoded, where that is known and told already; None to look.

    Returns:
        The report; an unreadable export is a failed check, not an exception.

    Raises:
        MediaError: The *source* cannot be read.
        UsageError: The range lies outside the source.
    """
    src, made = Path(src), Path(made)
    with open_source(src, source_settings) as source:
        info = source.info
        start, stop = (0, None) if frames is None else (frames.start, frames.stop)
        frames = range(start, check_range(info, start, stop))
        report = VerifyReport(src, name or made, source_settings=source_settings)
        plan = _plan(info, frames, export_settings)
        info, frames = (
            plan.info,
            range(len(plan.source_frames)) if export_settings and export_settings.cfr else frames,
        )
        try:
            with open_export(made, info, frames, content or "matte", export_settings) as opened:
                report.export = other = opened.info
        except (MediaError, UsageError) as error:
            report.add("readable", False, str(error).replace(str(made), str(report.matte)))
            return report
        report.add("readable", True, "it can be opened")
        said = _notes(other)
        content = content or _content(other, said)
        report.content, report.frames = content, plan.source_frames.tolist()
        if held is None:
            compare_held(report, source, plan.source_frames)
        compare_count(report, other, frames)
        if other.kind == "sequence":
            suffix = Path(other.names[0]).suffix
            compare_names(report, other, image_names(info, frames, suffix, content, export_settings))
            if made.is_dir():
                tell_others(report, made, other)
        else:
            compare_times(report, info, other, frames)
            compare_timecode(report, info, other, frames, report.matte.suffix)
            _second_reader(report, made, len(frames))
        compare_raster(report, info, other)

        def underneath(number: int) -> Colours:
            return source.frame_at(int(plan.source_frames[number])).image

        if content == "matte":
            check_matte(report, read_matte(other), len(frames), on_frame)
        elif content == "fill":
            check_fill(report, read_cutouts(other), len(frames), on_frame)
        else:
            declared = export_settings.alpha if export_settings else said.get("alpha")
            check_cutout(report, read_cutouts(other), len(frames), on_frame, underneath, declared)
    return report


def _plan(info: ClipInfo, frames: range, export_settings: ExportSettings | None) -> ConformPlan:
    """Which source frame lies under every frame of the export."""
    if export_settings is not None and export_settings.cfr is not None:
        return conform_to_rate(info, frames, export_settings.cfr, export_settings.cfr_frames)
    return ConformPlan(info, np.arange(frames.start, frames.stop, dtype=np.int64))


def _notes(other: ClipInfo) -> dict[str, str]:
    """What our own files say about themselves: ``what`` and ``alpha``."""
    for key, value in other.metadata:
        if key.lower() == "comment" and value.startswith("vsod-desktop "):
            what, *rest = value.removeprefix("vsod-desktop ").split("; ")
            return {"what": what, **dict(pair.split("=", 1) for pair in rest if "=" in pair)}
    return {}


def _content(other: ClipInfo, said: dict[str, str]) -> FileContent:
    if has_alpha(other):
        return "cutout"
    return "fill" if said.get("what") in ("fg", "over", "heatmap") else "matte"


def _second_reader(report: VerifyReport, matte: Path, due: int) -> None:
    """Ask ffprobe as well: a reader that shares no code with the writer's bookkeeping."""
    program = find_program("ffprobe")
    if program is None:
        report.add("second-reader", None, "skipped: ffprobe is not installed")
        return
    import ffmpeg  # needed here only

    try:
        asked = {"count_packets": None, "select_streams": "v:0", **list_options()}
        told = ffmpeg.probe(str(matte.absolute()), cmd=program, **asked)
        count = int(told["streams"][0]["nb_read_packets"])
    except (ffmpeg.Error, KeyError, IndexError, ValueError) as error:
        report.add("second-reader", False, f"ffprobe cannot read it ({error})")
        return
    report.add("second-reader", count == due, f"ffprobe counts {count} frames, {due} due")
