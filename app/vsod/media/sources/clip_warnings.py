"""What is odd about a video file, in the user's words."""

from __future__ import annotations

from fractions import Fraction

import av.error
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from vsod.core.clip import ClipInfo, Joint
from vsod.media.pixels.yuv import BT709, default_matrix, is_known_matrix
from vsod.media.sources.container import open_input
from vsod.media.sources.container_crop import read_crop
from vsod.media.sources.raster_changes import RasterChange
from vsod.media.sources.timestamp_gaps import largest_gap
from vsod.media.sources.video_scan import STREAMS, VideoScan, is_elementary

_LATE_FRAMES = 2  # by which a picture begins after its sound before it is told
_LATE = Fraction(1, 10)  # seconds, likewise: a codec's priming is shorter
_MATRICES = {8: "YCgCo", 11: "Y'D'zD'x", 12: "chromaticity-derived", 13: "chromaticity-derived", 14: "ICtCp"}
_SHOWN = 3  # changes of raster that are listed


def clip_warnings(
    info: ClipInfo, container: InputContainer, stream: VideoStream, scan: VideoScan, odd_angle: bool
) -> tuple[str, ...]:
    """One sentence for everything that a user should know before working on the clip.

    Args:
        info: The clip, without its warnings.
        container: The open file.
        stream: Its video stream.
        scan: What was found in it.
        odd_angle: Whether its rotation is no quarter turn.
    """
    notes = [*_streams(info), *_times(info, container, scan), *_ends(info, container, stream, scan)]
    notes += [_joint_note(joint, info) for joint in info.joints]
    notes += _changes(info, scan)
    if info.starts_after > max(_LATE, _LATE_FRAMES / info.rate):
        notes.append(
            f"the picture begins {float(info.starts_after):.2f} s after the sound; an export begins with the picture, "
            "--pad-start makes it begin with the clip"
        )
    notes += _crop(info, container, stream)
    if info.field_order != "progressive":
        notes.append("interlaced: both fields are treated as one picture")
    if odd_angle:
        notes.append("its rotation is not a quarter turn and is ignored")
    if not is_known_matrix(info.color.matrix):
        usual = "BT.709" if default_matrix(info) == BT709 else "BT.601"
        name = _MATRICES.get(info.color.matrix, f"number {info.color.matrix} of ITU-T H.273")
        notes.append(f"its colour matrix, {name}, is not known here; it is read as {usual}")
    return tuple(notes)


def _streams(info: ClipInfo) -> list[str]:
    if not info.other_streams:
        return []
    named = ", ".join(f"{number} ({what})" for number, what in info.other_streams)
    if len(info.other_streams) > 1:
        return [f"there are more video streams: {named}; --stream takes one of them"]
    return [f"there is another video stream: {named}; --stream {info.other_streams[0][0]} takes it"]


def _times(info: ClipInfo, container: InputContainer, scan: VideoScan) -> list[str]:
    table, notes = scan.table, []
    if table.filled:
        notes.append(
            f"{table.filled} frames are missing in the stream; the last good one is held in their place"
        )
    if table.untimed == info.frame_count:
        told = scan.rate_is_told if is_elementary(container) else True
        rate = f"{float(info.rate):.6g} frames a second"
        notes.append(
            f"its frames carry no times; the rate it says is used, {rate}"
            if told
            else f"its frames carry no times and it says no rate; {rate} is a guess"
        )
    elif table.untimed:
        notes.append(
            f"{table.untimed} of its frames {'carries' if table.untimed == 1 else 'carry'} no time; the frames "
            "around give it"
        )
    if table.parted:
        some = "frames carry" if table.parted > 1 else "frame carries"
        notes.append(f"{table.parted} {some} the time of the one before; moved by a tick")
    if _tells_gaps(container, scan) and (gap := largest_gap(info.pts)) is not None:
        at, missing = gap
        notes.append(f"about {missing} frames are missing after frame {at}, the file is damaged there")
    return notes


def _tells_gaps(container: InputContainer, scan: VideoScan) -> bool:
    """Whether a gap between two frames is damage; a recorder may pause as it likes."""
    packets = scan.table.packets
    damaged = packets.read_failures > 0 or packets.corrupt or scan.damaged
    return damaged or container.format.name in STREAMS


def _ends(info: ClipInfo, container: InputContainer, stream: VideoStream, scan: VideoScan) -> list[str]:
    if scan.table.trailing_loss:
        return [
            f"ends early: the file is cut off, its last {scan.table.trailing_loss} frames cannot be read "
            "and repeat the last good one"
        ]
    if info.joints or scan.table.untimed == info.frame_count:
        return []
    first, end = int(info.pts[0]) * info.time_base, info.frame_end(info.frame_count - 1)
    have = end - first
    if stream.duration is not None:
        said = stream.duration * info.time_base
    elif container.duration is None:
        return []
    else:
        said = Fraction(container.duration, 1_000_000)
        start = Fraction(container.start_time or 0, 1_000_000)
        if _reaches(end, said) or _reaches(end, said + start):
            return []
        if _others_end(info) > max(end + Fraction(1, 2), said * Fraction(98, 100)):
            return []  # sound that is longer than the picture
    return [] if _reaches(have, said) else [f"ends early: {float(have):.1f} s of {float(said):.1f} s"]


def _reaches(have: Fraction, said: Fraction) -> bool:
    return said - have <= max(Fraction(1, 2), said / 50)


def _others_end(info: ClipInfo) -> Fraction:
    """Where the last packet of sound ends, in seconds on the file's clock."""
    end = Fraction(0)
    try:
        with open_input(info.path) as container:
            streams = [s for s in container.streams.audio if s.codec_context is not None]
            if not streams:
                return end
            for stream in streams:
                stream.discard = Discard.default
            container.seek(max(0, (container.duration or 0) - 2_000_000))
            for packet in container.demux(streams):
                if packet.pts is not None:
                    tick = Fraction(packet.time_base or 1)
                    end = max(end, (packet.pts + (packet.duration or 0)) * tick)
    except (av.error.FFmpegError, OSError, IndexError):
        return end  # damaged there: then it does end early
    return end


def _joint_note(joint: Joint, info: ClipInfo) -> str:
    seconds = abs(float(joint.jump))
    how = "back" if joint.jump < 0 else "forward"
    return (
        f"it is joined from several recordings: at frame {joint.frame} the clock jumps {seconds:.2f} s {how}; "
        "it is made to run on there"
    )


def _changes(info: ClipInfo, scan: VideoScan) -> list[str]:
    notes: list[str] = []
    width, height, sar = info.width, info.height, info.sar
    for change in scan.changes[:_SHOWN]:
        frame = max(0, int(scan.table.frames[change.packet]))
        parts = []
        if (change.width, change.height) != (width, height):
            parts.append(f"{change.width}x{change.height}")
        if change.sar != sar:
            parts.append(f"pixels {change.sar.numerator}:{change.sar.denominator}")
        if parts:
            notes.append(
                f"at frame {frame} the picture becomes {', '.join(parts)}; {_treatment(info, change)}"
            )
        width, height, sar = change.width, change.height, change.sar
    if len(scan.changes) > _SHOWN:
        notes.append(f"its picture changes size or shape {len(scan.changes)} times in all")
    return notes


def _crop(info: ClipInfo, container: InputContainer, stream: VideoStream) -> list[str]:
    crop = read_crop(info.path, container.format.name, stream.index, (info.width, info.height))
    lines = [
        f"{count} at the {side}" for side, count in zip(("top", "bottom"), crop[:2], strict=True) if count
    ]
    columns = [
        f"{count} at the {side}" for side, count in zip(("left", "right"), crop[2:], strict=True) if count
    ]
    parts = [f"{', '.join(cut)} ({name})" for name, cut in (("lines", lines), ("columns", columns)) if cut]
    if not parts:
        return []
    return [
        f"the file asks players to crop its picture, {' and '.join(parts)}; nothing is cut here, and an export "
        "does not ask for it"
    ]


def _treatment(info: ClipInfo, change: RasterChange) -> str:
    if (change.width, change.height) == (info.width, info.height):
        return "it is treated as the first"
    same_shape = change.width * info.height == change.height * info.width
    how = "it is scaled" if same_shape else "it is stretched"
    return f"{how} to {info.width}x{info.height}, the raster of the first"
