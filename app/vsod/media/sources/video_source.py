"""Frames of a video file, decoded by PyAV."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from av.video.frame import VideoFrame

from vsod.core.frame import Frame
from vsod.core.output_frame import Colours
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceSettings
from vsod.media.pixels.alpha import Codes, alpha_kind
from vsod.media.pixels.conversion import FrameConverter, PixelFormat, make_frame
from vsod.media.pixels.picture_hash import NO_PICTURE, frame_hash
from vsod.media.sources.decoder import decode_frames
from vsod.media.sources.frame_table import FrameTable
from vsod.media.sources.probe import probe_video
from vsod.media.sources.source import Source
from vsod.storage.digest import file_state

_Picture = tuple[Colours, bytes, Codes | None]
"""A picture, its hash and its alpha channel."""


class VideoSource(Source):
    """A video file. See :class:`vsod.media.sources.source.Source`."""

    def __init__(self, path: Path, settings: SourceSettings = DEFAULT_SOURCE_SETTINGS) -> None:
        self._path, self._settings = path, settings
        state = file_state(path)  # before anything is read: a file that changes meanwhile is another file
        info, self._table = probe_video(path, settings)
        self.info = replace(
            info, state=state, source_settings=settings, alpha=alpha_kind(info.pix_fmt, info.codec)
        )
        self._found: list[str] = []
        self.notes = self._found
        # a change of raster that opening has told is not told again
        self._told = None if self.info.raster_changes else self._found
        self._lock = threading.Lock()
        self._cursor: _Cursor | None = None

    def _frames(
        self, wanted: range, size: tuple[int, int] | None, pixels: PixelFormat
    ) -> Generator[Frame, None, None]:
        return self._decoded(wanted, FrameConverter(self.info, size, pixels, self._told))

    def _decoded(self, wanted: range, make: FrameConverter) -> Generator[Frame, None, None]:
        last: _Picture | None = None
        with closing(decode_frames(self._path, self._table, wanted.start, wanted.stop)) as found:
            for index, picture in found:
                if picture is not None:
                    last = make(picture), frame_hash(picture), make.alpha(picture)
                elif last is None:
                    last = self._before(index, make)
                image, picture_hash, alpha = last
                yield make_frame(
                    index, int(self.info.pts[index]), image, picture is None, picture_hash, alpha
                )

    def _picture_hashes(self, wanted: range) -> Generator[tuple[int, bytes], None, None]:
        last: bytes | None = None
        with closing(decode_frames(self._path, self._table, wanted.start, wanted.stop)) as found:
            for index, picture in found:
                if picture is not None:
                    last = frame_hash(picture)
                elif last is None:
                    good = _last_good(self._path, self._table, index)
                    last = NO_PICTURE if good is None else frame_hash(good)
                yield index, last

    def _before(self, index: int, make: FrameConverter) -> _Picture:
        """The last good picture before a range that starts in a damaged spot, else black."""
        found = _last_good(self._path, self._table, index)
        if found is None:
            return make.black(), NO_PICTURE, None
        return make(found), frame_hash(found), make.alpha(found)

    def _frame_at(self, index: int, size: tuple[int, int] | None, pixels: PixelFormat) -> Frame:
        with self._lock:
            if self._cursor is None or not self._cursor.reaches(index):
                if self._cursor is not None:
                    self._cursor.close()
                self._cursor = _Cursor(self._path, self._table, index)
            picture, held = self._cursor.advance(index)
            make = FrameConverter(self.info, size, pixels, self._told)
            if picture is None:
                image, _, alpha = self._before(index, make)
            else:
                image, alpha = make(picture), make.alpha(picture)
        return make_frame(index, int(self.info.pts[index]), image, held, alpha=alpha)

    def keyframe_before(self, index: int) -> int:
        """See :meth:`Source.keyframe_before`."""
        key = self._table.key_before(index)
        return index if key is None else key

    def close(self) -> None:
        """See :meth:`Source.close`."""
        with self._lock:
            if self._cursor is not None:
                self._cursor.close()
            self._cursor = None


class _Cursor:
    """A decoder left open where the last :meth:`VideoSource.frame_at` stopped."""

    _WORTH_DECODING = 8  # a seek costs about this many frames even when it lands well

    def __init__(self, path: Path, table: FrameTable, index: int) -> None:
        self._table = table
        self._found = decode_frames(path, table, index, len(table.pts))
        self._at = index - 1
        self._picture: VideoFrame | None = None
        self._held = False

    def reaches(self, index: int) -> bool:
        """True if going on from here is cheaper than seeking to ``index``."""
        if index < self._at:
            return False
        if index - self._at <= self._WORTH_DECODING:
            return True
        key = self._table.key_before(index)
        return key is None or key <= self._at

    def advance(self, index: int) -> tuple[VideoFrame | None, bool]:
        """(picture of ``index`` or the last good one since the seek, whether it is held)."""
        while self._at < index:
            self._at, picture = next(self._found)
            self._held = picture is None
            if picture is not None:
                self._picture = picture
        return self._picture, self._held

    def close(self) -> None:
        self._found.close()


def _last_good(path: Path, table: FrameTable, index: int) -> VideoFrame | None:
    """The last frame before ``index`` that decodes, searched in ever larger steps back."""
    reach = 50
    while index > 0:
        start, found = max(0, index - reach), None
        with closing(decode_frames(path, table, start, index)) as decoded:
            for _, picture in decoded:
                found = picture or found
        if found is not None or start == 0:
            return found
        reach *= 8
    return None
