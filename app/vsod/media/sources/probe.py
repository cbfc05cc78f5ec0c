"""What a video file is: raster, clock, tags, and the table of its frames."""

from __future__ import annotations

import logging
from fractions import Fraction
from pathlib import Path
from typing import cast

import av.error
import numpy as np
import numpy.typing as npt
from av.codec.context import ThreadType
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vsod.core.clip import ClipInfo, ColorTags
from vsod.core.size_limits import TOO_LARGE
from vsod.errors import NoVideo, UnreadableMedia
from vsod.media.pixels.orientation import parse_display_matrix
from vsod.media.sources.container import open_decoder, open_input, video_stream
from vsod.media.sources.frame_table import FrameTable, read_packets, read_table
from vsod.media.sources.timestamp_gaps import largest_gap

# FFmpeg's AVFieldOrder.
_FIELD_ORDERS = {0: "unknown", 1: "progressive", 2: "tt", 3: "bb", 4: "tb", 5: "bt"}
_STANDARD_RATES = tuple(Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120)) + tuple(
    Fraction(n) for n in (12, 15, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
)
_HEAD_PACKETS = 600
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


_log = logging.getLogger(__name__)


def probe_video(path: Path) -> tuple[ClipInfo, FrameTable]:
    """Read everything about a video file; decodes its first picture only.

    Raises:
        MediaNotFound, UnreadableMedia, NoVideo: See :mod:`vsod.errors`.
    """
    with open_input(path) as container:
        stream = video_stream(container, path)
        first, damaged = _first_picture(container, stream)
        duration = container.duration
    if first is None:
        _explain_no_picture(path, damaged)
    assert first is not None
    table = read_table(path, interlaced=bool(first.interlaced_frame))
    if not damaged and not table.by_count and first.pts is not None:
        _drop_undecodable_head(table, first.pts)
    if not len(table.pts):
        raise NoVideo("its video track has no frames", where=path, fix="Choose another file.")
    with open_input(path) as container:
        stream = video_stream(container, path)
        return _describe(path, container, stream, first, table, duration), table


def _first_picture(container: InputContainer, stream: VideoStream) -> tuple[VideoFrame | None, bool]:
    """The first picture the decoder delivers, and whether damage came before it."""
    stream.thread_type = ThreadType.SLICE  # frame threads would only delay the first picture
    damaged, coder = False, open_decoder(stream)
    for number, packet in enumerate(read_packets(container, stream)):
        if number > _HEAD_PACKETS:
            break
        damaged |= packet.is_corrupt
        try:
            frames = coder.decode(packet if packet.size else None)
        except (av.error.FFmpegError, OSError) as error:
            _log.debug("packet %d is passed over: %s", number, error)
            damaged = True
            continue
        if frames:
            return frames[0], damaged
    return None, damaged


def _explain_no_picture(path: Path, damaged: bool) -> None:
    if damaged or len(read_table(path, interlaced=False).pts):
        raise UnreadableMedia(
            f"none of its pictures can be decoded: they are damaged, or have {TOO_LARGE}",
            where=path,
            fix="Copy the file again from its origin.",
        )
    raise NoVideo("its video track has no frames", where=path, fix="Choose another file.")


def _drop_undecodable_head(table: FrameTable, first_pts: int) -> None:
    """Drop packets before the first decodable frame, which a stream cut inside a GOP begins with."""
    table.pts = table.pts[table.pts >= first_pts]
    kept = table.keys >= first_pts
    table.keys, table.key_seeks = table.keys[kept], table.key_seeks[kept]


def _describe(
    path: Path,
    container: InputContainer,
    stream: VideoStream,
    first: VideoFrame,
    table: FrameTable,
    duration: int | None,
) -> ClipInfo:
    context = stream.codec_context
    time_base = Fraction(stream.time_base or Fraction(1, 1000))
    rate = _rate(stream, table.pts, time_base)
    rotation, mirrored, matrix, odd_angle = _orientation(first)
    field_order = _FIELD_ORDERS.get(int(context.field_order), "unknown")
    if field_order in ("unknown", "progressive"):
        field_order = "tt" if first.interlaced_frame else "progressive"
    tags = _color(first, context.color_primaries, context.color_trc, context.colorspace)
    return ClipInfo(
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
        last_ticks=table.last_ticks,
        sar=Fraction(stream.sample_aspect_ratio or 1),
        timecode=_timecode(container, stream),
        color=tags,
        field_order=field_order,
        audio_streams=len(container.streams.audio),
        reel=_reel(container),
        metadata=tuple((k, v) for k, v in sorted(container.metadata.items()) if k.lower() in _CARRIED),
        warnings=_warnings(table, rate, time_base, field_order, duration, odd_angle),
    )


def _rate(stream: VideoStream, pts: npt.NDArray[np.int64], time_base: Fraction) -> Fraction:
    """The nominal rate: what the file says, snapped to a standard one it only rounded."""
    average, base = stream.average_rate, stream.base_rate
    if len(pts) > 1:
        measured = Fraction(len(pts) - 1, int(pts[-1] - pts[0])) / time_base
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
    guess = stream.guessed_rate
    if guess and guess > measured and _snapped(Fraction(guess)) in _STANDARD_RATES:
        return _snapped(Fraction(guess))
    return _snapped(measured)


def _snapped(rate: Fraction) -> Fraction:
    near = min(_STANDARD_RATES, key=lambda standard: abs(standard - rate))
    return near if abs(near / rate - 1) < Fraction(1, 4000) else rate.limit_denominator(100_000)


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


def _warnings(
    table: FrameTable,
    rate: Fraction,
    time_base: Fraction,
    field_order: str,
    duration: int | None,
    odd_angle: bool,
) -> tuple[str, ...]:
    notes: list[str] = []
    have = float((int(table.pts[-1]) - int(table.pts[0])) * time_base + 1 / rate)
    said = (duration or 0) / 1e6
    if table.trailing_loss:
        notes.append(
            f"ends early: the file is cut off, its last {table.trailing_loss} frames cannot be read "
            "and repeat the last good one"
        )
    elif duration and said - have > max(0.5, 0.02 * said):
        notes.append(f"ends early: {have:.1f} s of {said:.1f} s")
    if table.filled:
        notes.append(
            f"{table.filled} frames are missing in the stream; the last good one is held in their place"
        )
    if table.by_count:
        notes.append("its frames carry no usable times; the nominal rate is used")
    else:
        hole = largest_gap(table.pts)
        if hole is not None:
            at, missing = hole
            notes.append(f"about {missing} frames are missing after frame {at}, the file is damaged there")
    if field_order != "progressive":
        notes.append("interlaced: both fields are treated as one picture")
    if odd_angle:
        notes.append("its rotation is not a quarter turn and is ignored")
    return tuple(notes)
