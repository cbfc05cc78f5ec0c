"""Which video stream of a file is the clip: the moving one, whatever is marked or comes first."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from vsod.errors import NoVideo, UsageError
from vsod.media.sources.container import open_input, video_stream
from vsod.media.sources.packet_list import read_packets

# Packets of all candidates read at most to see which of them has a second one.
_PACKETS_LOOKED_AT = 2000


class StreamChoice(NamedTuple):
    """The stream to work on, and the others that could be the clip as well: of more than one picture, no cover art."""

    stream: VideoStream
    others: list[VideoStream]


def choose_stream(container: InputContainer, path: Path, wanted: int | None = None) -> StreamChoice:
    """The video stream to work on.

    Cover art and thumbnails are passed over. Of what is left, streams of more than one picture come
    first (phones and drones put a still beside the film, AVIF its poster), then the one marked as
    default, then the first.

    Args:
        container: The open file.
        path: Its path.
        wanted: Number of a stream, as ffprobe counts; None for the rule above.

    Raises:
        NoVideo: The file has no moving picture.
        UsageError: ``wanted`` is no video stream.
        UnreadableMedia: Its codec is unknown, or it has too many pixels.
    """
    moving = moving_streams(container)
    if wanted is not None and wanted not in [stream.index for stream in container.streams.video]:
        known = ", ".join(f"{s.index} ({describe(s)})" for s in moving) or "none"
        raise UsageError(
            f"it has no video stream {wanted}", where=path, fix=f"Its video streams are: {known}."
        )
    if wanted is None and not moving:
        has_cover = bool(container.streams.video)
        raise NoVideo(
            "no picture but cover art" if has_cover else "no picture in this file, sound or data only",
            where=path,
            fix="Choose a video file or a folder of images.",
        )
    several = moving
    if len(moving) > 1 or (moving and wanted not in (None, moving[0].index)):
        numbers = _of_several_pictures(moving, path)
        several = [stream for stream in moving if stream.index in numbers]
    if wanted is None:
        candidates = several or moving
        wanted = next((s for s in candidates if s.disposition & Disposition.default), candidates[0]).index
    others = [stream for stream in several if stream.index != wanted and stream.codec_context is not None]
    return StreamChoice(video_stream(container, path, wanted), others)


def moving_streams(container: InputContainer) -> list[VideoStream]:
    """Video streams that are neither cover art nor thumbnails of chapters."""
    still = Disposition.attached_pic | Disposition.timed_thumbnails
    return [stream for stream in container.streams.video if not stream.disposition & still]


def describe(stream: VideoStream) -> str:
    """A stream in a few words: ``h264, 1920x1080``."""
    context = stream.codec_context
    return "unknown codec" if context is None else f"{context.name}, {context.width}x{context.height}"


def _of_several_pictures(streams: list[VideoStream], path: Path) -> set[int]:
    """Numbers of the streams that hold more than one picture."""
    # an AVI's header counts the empty packets too, with which a muxer keeps its streams in step
    counts = {s.index: sum(entry.size > 0 for entry in s.index_entries) for s in streams}
    if not all(s.index_entries and s.frames for s in streams):  # Matroska's index is of key frames
        counts = {stream.index: stream.frames for stream in streams}
    if all(counts.values()):
        return {number for number, count in counts.items() if count > 1}
    return _seen_twice(path, set(counts))


def _seen_twice(path: Path, numbers: set[int]) -> set[int]:
    """Numbers of the streams of which a second packet comes, looked up in the file itself."""
    once: set[int] = set()
    twice: set[int] = set()
    with open_input(path) as container:
        streams = [stream for stream in container.streams.video if stream.index in numbers]
        for stream in streams:
            stream.discard = Discard.default
        for count, packet in enumerate(read_packets(container, *streams)):
            if packet.size:
                (twice if packet.stream_index in once else once).add(packet.stream_index)
            if twice == numbers or (count > _PACKETS_LOOKED_AT and twice):
                break
    return twice
