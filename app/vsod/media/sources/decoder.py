"""Decoding a range so that every frame of the table comes out once, damage or not."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import av.error
import numpy as np
from av.codec.context import ThreadType
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vsod.media.sources.container import open_decoder, open_input, video_stream
from vsod.media.sources.frame_table import FrameTable, decode_all, read_packets


class _DamageFound(Exception):
    """The fast pass met a packet that does not decode."""


def decode_frames(
    path: Path, table: FrameTable, start: int, stop: int
) -> Generator[tuple[int, VideoFrame | None], None, None]:
    """Decode frames ``start`` to ``stop``.

    Yields:
        (index, frame) for each index in order; the frame is None where none could be
        decoded. Closing the generator closes the file.
    """
    expected = start
    if not table.by_count:
        try:
            with closing(_matched(path, table, start, stop, careful=False)) as found:
                for index, frame in found:
                    while expected < index:
                        yield expected, None
                        expected += 1
                    yield index, frame
                    expected = index + 1
        except _DamageFound:
            # Frame threads lose the good pictures in flight with the bad one: start over at the
            # first frame not yet delivered, without them.
            pass
    with closing(_matched(path, table, expected, stop, careful=True)) as found:
        if expected < stop:
            for index, frame in found:
                while expected < index:
                    yield expected, None
                    expected += 1
                yield index, frame
                expected = index + 1
    while expected < stop:
        yield expected, None
        expected += 1


def _matched(
    path: Path, table: FrameTable, start: int, stop: int, *, careful: bool
) -> Generator[tuple[int, VideoFrame], None, None]:
    """Decoded frames of the range with their ordinals, increasing; silent about missing ones."""
    for seek_to in _landing_places(table, start):
        with open_input(path) as container:
            stream = video_stream(container, path)
            stream.thread_type = ThreadType.SLICE if careful else ThreadType.AUTO
            if seek_to is not None:
                container.seek(seek_to, stream=stream)
            frames = decode_all(container, stream) if careful else _until_damage(container, stream)
            landed, last = False, start - 1
            for index, frame in _numbered(frames, table):
                if not landed and seek_to is not None and index > start:
                    break  # the seek went too far, or the key frame could not start the decoder
                landed = True
                if index > last:
                    if index >= stop:
                        return
                    last = index
                    yield index, frame
            else:
                if landed or seek_to is None:
                    return


def _landing_places(table: FrameTable, start: int) -> Iterator[int | None]:
    """Where to seek for ``start``: the nearest key frame, earlier ones, at last the beginning."""
    if start and not table.by_count:
        keys = table.key_seeks[: np.searchsorted(table.keys, table.pts[start], side="right")]
        for back in (1, 2, 4):
            if back < len(keys):  # landing on the very first key frame is no better than starting over
                yield int(keys[-back])
    yield None


def _numbered(frames: Iterator[VideoFrame], table: FrameTable) -> Iterator[tuple[int, VideoFrame]]:
    if table.by_count:
        yield from enumerate(frames)
        return
    for frame in frames:
        if frame.pts is None:
            continue
        index = int(np.searchsorted(table.pts, frame.pts))
        if index < len(table.pts) and table.pts[index] == frame.pts:
            yield index, frame


def _until_damage(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    coder = open_decoder(stream)
    for packet in read_packets(container, stream):
        try:
            yield from coder.decode(packet if packet.size else None)
        except (av.error.FFmpegError, OSError) as error:
            raise _DamageFound from error
