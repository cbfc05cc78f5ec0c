"""What a video file is: raster, clock, tags, and the table of its frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import cast

import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vsod.core.clip import ClipInfo, ColorTags, Joint
from vsod.core.size_limits import TOO_LARGE
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceSettings
from vsod.errors import NoVideo, UnreadableMedia
from vsod.media.pixels.orientation import parse_display_matrix
from vsod.media.sources.clip_warnings import clip_warnings
from vsod.media.sources.container import open_input
from vsod.media.sources.field_order import field_order
from vsod.media.sources.frame_table import NO_PICTURE, FrameTable
from vsod.media.sources.stream_clock import ClockBreak
from vsod.media.sources.stream_selection import choose_stream, describe
from vsod.media.sources.unreadable_file import refuse_cut_index, refuse_encrypted
from vsod.media.sources.video_scan import VideoScan, nominal_rate, scan_video

_STANDARD_RATES = tuple(Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120)) + tuple(
    Fraction(n) for n in (12, 15, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
)
_LAST_STEPS = 10  # so many usual ones the last frame may be shown, if only the stream's length says it
# Notes about the shot; those about how the file was made would be wrong in another file.
_CARRIED = {
    "comment",
    "title",
    "artist",
    "author",
    "copyright",
    "date",
    "creation_time",
    "description",
    "location",
    "show",
}
_REEL_KEYS = {"reel_name", "reel", "reel_number"}


def probe_video(
    path: Path, settings: SourceSettings = DEFAULT_SOURCE_SETTINGS
) -> tuple[ClipInfo, FrameTable]:
    """Read everything about a video file: one pass over its packets, its first picture decoded.

    Raises:
        MediaNotFound, UnreadableMedia, NoVideo: See :mod:`vsod.errors`.
        UsageError: ``settings`` names a stream that it has not.
    """
    with open_input(path) as container:
        refuse_encrypted(path)
        if not container.streams.video:
            refuse_cut_index(path)
        stream, others = choose_stream(container, path, settings.stream)
        declared = _Declared.by(stream)
        scan = scan_video(container, stream, path)
        if scan.first is None:
            _explain_no_picture(path, scan)
        if not len(scan.table.pts):
            raise NoVideo("its video track has no frames", where=path, fix="Choose another file.")
        info = _describe(path, container, stream, scan, declared, others)
        return info, scan.table


def _explain_no_picture(path: Path, scan: VideoScan) -> None:
    refuse_cut_index(path)
    if _is_animated_webp(path):
        raise UnreadableMedia(
            "animated WebP is not read", where=path, fix="Convert it to an animated PNG, a GIF or a video."
        )
    if scan.damaged or len(scan.table.pts):
        raise UnreadableMedia(
            f"none of its pictures can be decoded: they are damaged, or have {TOO_LARGE}",
            where=path,
            fix="Copy the file again from its origin.",
        )
    raise NoVideo("its video track has no frames", where=path, fix="Choose another file.")


def _is_animated_webp(path: Path) -> bool:
    """Whether a WebP's extended header says so (RFC 9649, 2.7); FFmpeg decodes single pictures only."""
    with path.open("rb") as file:
        head = file.read(21)
    return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and bool(head[20:21] and head[20] & 2)


@dataclass(frozen=True, slots=True)
class _Declared:
    """What the container says of a stream, before its decoder says otherwise."""

    primaries: int
    transfer: int
    matrix: int
    field_order: int

    @classmethod
    def by(cls, stream: VideoStream) -> _Declared:
        """Read it; once a picture is decoded it is too late."""
        context = stream.codec_context
        return cls(
            int(context.color_primaries),
            int(context.color_trc),
            int(context.colorspace),
            int(context.field_order),
        )


def _describe(
    path: Path,
    container: InputContainer,
    stream: VideoStream,
    scan: VideoScan,
    declared: _Declared,
    others: list[VideoStream],
) -> ClipInfo:
    context, table, first = stream.codec_context, scan.table, scan.first
    assert first is not None
    time_base = Fraction(stream.time_base or Fraction(1, 1000))
    rate = _rate(container, stream, table, time_base)
    rotation, mirrored, matrix, odd_angle = _orientation(first)
    order = field_order(declared.field_order, first)
    info = ClipInfo(
        path=path,
        kind="video",
        codec=context.name,
        pix_fmt=first.format.name,
        bit_depth=max(8, min(16, max(c.bits for c in first.format.components))),
        width=first.width,
        height=first.height,
        rate=rate,
        time_base=time_base,
        pts=table.pts,
        rotation=rotation,
        mirrored=mirrored,
        display_matrix=matrix,
        last_ticks=_last_ticks(stream, table),
        sar=Fraction(stream.sample_aspect_ratio or 1),
        timecode=_timecode(container, stream),
        color=_color(first, declared.primaries, declared.transfer, declared.matrix),
        field_order=order,
        audio_streams=len(container.streams.audio),
        reel=_reel(container),
        metadata=tuple((k, v) for k, v in sorted(container.metadata.items()) if k.lower() in _CARRIED),
        joints=tuple(_joint(b, table, time_base) for b in table.breaks),
        other_streams=tuple((s.index, describe(s)) for s in others),
        raster_changes=tuple((max(0, int(table.frames[c.packet])), c.width, c.height) for c in scan.changes),
        starts_after=_starts_after(container, table, time_base),
    )
    return replace(info, warnings=clip_warnings(info, container, stream, scan, odd_angle))


def _rate(container: InputContainer, stream: VideoStream, table: FrameTable, time_base: Fraction) -> Fraction:
    """The nominal rate: what the file says, snapped to a standard one it only rounded."""
    pts, average, base = table.pts, stream.average_rate, stream.base_rate
    if table.untimed == len(pts):
        return _snapped(nominal_rate(container, stream))
    if len(pts) > 1:
        measured = Fraction(len(pts) - 1, int(pts[-1] - pts[0])) / time_base
    elif table.last_ticks:
        measured = 1 / (table.last_ticks * time_base)
    else:
        measured = Fraction(average or base or stream.guessed_rate or 25)
    # The container's own statements are exact rationals; the measured one wins only where all are
    # off (edit lists shorten, field rates double) by more than rounding to ticks explains.
    span = Fraction(int(pts[-1] - pts[0])) if len(pts) > 1 else Fraction(1)
    tolerance = max(Fraction(1, 200), 1 / span)
    for said in (average, base, stream.guessed_rate):
        if said and abs(said / measured - 1) < tolerance:
            return _snapped(Fraction(said))
    # Variable rate: frames left out of a regular grid keep the grid's rate.
    steps, guess = np.diff(pts), stream.guessed_rate
    varies = len(steps) and 2 * steps.max() > 3 * steps.min()
    if guess and guess > measured and varies and _snapped(Fraction(guess)) in _STANDARD_RATES:
        return _snapped(Fraction(guess))
    return _snapped(measured)


def _snapped(rate: Fraction) -> Fraction:
    near = min(_STANDARD_RATES, key=lambda standard: abs(standard - rate))
    return near if abs(near / rate - 1) < Fraction(1, 4000) else rate.limit_denominator(100_000)


def _last_ticks(stream: VideoStream, table: FrameTable) -> int:
    """How long the last frame is shown: what its packet says, or what is left of the stream; 0 if unknown."""
    if table.last_ticks or table.breaks or stream.duration is None:
        return table.last_ticks
    left = stream.duration + (stream.start_time or 0) - int(table.pts[-1])
    step = int(np.median(np.diff(table.pts))) if len(table.pts) > 1 else left
    return left if 0 < left <= _LAST_STEPS * step else 0


def _joint(found: ClockBreak, table: FrameTable, time_base: Fraction) -> Joint:
    frames = table.frames[found.packet :]
    frame = int(frames[frames != NO_PICTURE].min(initial=len(table.pts) - 1))
    starts = int(table.pts[frame]) * time_base
    return Joint(frame, found.position, found.jump * time_base, found.shift * time_base, starts)


def _starts_after(container: InputContainer, table: FrameTable, time_base: Fraction) -> Fraction:
    """Seconds by which the picture begins after what begins first in the file, sound as a rule."""
    if container.start_time is None or table.untimed == len(table.pts):
        return Fraction(0)
    return max(Fraction(0), int(table.pts[0]) * time_base - Fraction(container.start_time, 1_000_000))


def _orientation(first: VideoFrame) -> tuple[int, bool, tuple[int, ...], bool]:
    data = first.side_data.get("DISPLAYMATRIX") if len(first.side_data) else None
    if data is None:
        return 0, False, (), False
    matrix = tuple(int(v) for v in np.frombuffer(cast(bytes, data), np.int32))
    if len(matrix) == 9:
        # no picture is shown in perspective: other values here are damage, and not every muxer would take them
        matrix = (*matrix[:2], 0, *matrix[3:5], 0, *matrix[6:8], 1 << 30)
    found = parse_display_matrix(matrix)
    return (0, False, (), True) if found is None else (*found, matrix, False)


def _color(first: VideoFrame, primaries: int, transfer: int, matrix: int) -> ColorTags:
    def said(frame_value: int, context_value: int) -> int:
        return int(frame_value) if int(frame_value) not in (0, 2) else int(context_value) or 2

    pixel = first.format.name
    full = True if pixel.startswith("yuvj") else {1: False, 2: True}.get(int(first.color_range))
    is_rgb = pixel.startswith(("rgb", "bgr", "gbr", "argb", "abgr", "pal8"))
    return ColorTags(
        primaries=said(first.color_primaries, primaries),
        transfer=said(first.color_trc, transfer),
        matrix=0 if is_rgb else said(first.colorspace, matrix),
        full_range=full,
    )


def _timecode(container: InputContainer, stream: VideoStream) -> str | None:
    for metadata in (stream.metadata, *(s.metadata for s in container.streams), container.metadata):
        for key, value in metadata.items():
            if key.lower() == "timecode" and value.strip():
                return value.strip()
    return None


def _reel(container: InputContainer) -> str | None:
    for metadata in (*(s.metadata for s in container.streams), container.metadata):
        for key, value in metadata.items():
            if key.lower() in _REEL_KEYS and value.strip():
                return value.strip()
    return None
