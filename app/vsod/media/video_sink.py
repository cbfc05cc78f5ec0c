"""Writing a matte as a video file that lies exactly over its source."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import av
import av.error
import numpy.typing as npt
from av.codec.context import Flags as CodecFlags
from av.codec.context import ThreadType
from av.container import Flags, OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vsod.core.clip import ClipInfo, ColorTags
from vsod.core.timecode import shift
from vsod.errors import OutputError
from vsod.media.atomic import commit_file, discard, output_error, partial_path
from vsod.media.clock import export_clock
from vsod.media.formats import Format
from vsod.media.levels import Matte, encode
from vsod.media.orientation import stored
from vsod.media.planes import plane

_MUXERS = {".mov": "mov", ".mp4": "mp4", ".mkv": "matroska"}
_VIDEO_RANGE, _FULL_RANGE = 1, 2
_BITEXACT: int = cast(Any, Flags.bitexact).value


class VideoSink:
    """A matte video. See :class:`vsod.media.sinks.Sink`; made by ``open_sink``.

    The file carries what the source has, so that it can be laid over it without touching
    anything: raster, display matrix, pixel aspect, rate, exact times, timecode, colour tags.
    """

    def __init__(self, path: Path, fmt: Format, info: ClipInfo, frames: range, tags: dict[str, str]) -> None:
        self.warnings: list[str] = []
        self._path, self._format, self._info, self._frames = path, fmt, info, frames
        self._partial = partial_path(path)
        self._clock = export_clock(info, frames)
        self._next = frames.start
        self._durations: dict[int, int] = {}
        self._codec, self._pix_fmt = _encoder(path, fmt, info)
        self._tags = _matte_tags(info.color)
        self._container: OutputContainer | None = None
        try:
            self._partial.touch()
            self._container = self._open(tags)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            self.abort()
            raise self._refusal(error) from error

    def _open(self, tags: dict[str, str]) -> OutputContainer:
        info, fmt, muxer = self._info, self._format, _MUXERS[self._path.suffix.lower()]
        options = (
            {} if muxer == "matroska" else {"video_track_timescale": str(self._clock.time_base.denominator)}
        )
        container = av.open(str(self._partial.absolute()), "w", format=muxer, container_options=options)
        # The same job gives the same bytes: no dates, no library versions, no random ids.
        container.flags |= _BITEXACT
        notes = "; ".join(f"{key}={value}" for key, value in sorted(tags.items()))
        container.metadata["comment"] = f"vsod-desktop matte; {notes}" if notes else "vsod-desktop matte"
        stream = self._stream = cast(VideoStream, container.add_stream(self._codec, rate=info.rate))
        context = stream.codec_context
        stream.width, stream.height, stream.pix_fmt = info.width, info.height, self._pix_fmt
        stream.options = {**_options(fmt, info)}
        context.time_base = self._clock.time_base
        context.thread_type = ThreadType.AUTO
        context.flags |= CodecFlags.bitexact.value
        self._carry_tags(stream, muxer)
        self._carry_timecode(stream)
        container.start_encoding()
        return container

    def _carry_tags(self, stream: VideoStream, muxer: str) -> None:
        context, info = stream.codec_context, self._info
        context.color_primaries, context.color_trc = self._tags.primaries, self._tags.transfer
        context.colorspace = self._tags.matrix
        context.color_range = _FULL_RANGE if self._format.levels == "full" else _VIDEO_RANGE
        if info.sar != 1:
            context.sample_aspect_ratio = info.sar
            if muxer == "matroska" and self._format.codec == "ffv1":
                self.warnings.append(
                    f"FFV1 in MKV does not store the pixel aspect {info.sar}; "
                    "set it in the editing program, or export MP4 or ProRes"
                )
        if info.display_matrix:
            stream.set_display_matrix(info.display_matrix)

    def _carry_timecode(self, stream: VideoStream) -> None:
        if self._info.timecode is None:
            return
        try:
            stream.metadata["timecode"] = shift(self._info.timecode, self._info.rate, self._frames.start)
        except ValueError as error:
            self.warnings.append(f"the source's timecode is not copied: {error}")

    def write(self, index: int, matte: Matte) -> None:
        """See :class:`vsod.media.sinks.Sink`."""
        if self._container is None or index != self._next or index >= self._frames.stop:
            raise ValueError(f"frame {index} written where {self._next} is due")
        if matte.shape != self._info.upright_size[::-1]:
            raise ValueError(f"matte is {matte.shape}, the clip {self._info.upright_size[::-1]} (H, W)")
        codes = encode(matte, self._format.levels, self._format.bit_depth)
        frame = self._picture(stored(codes, self._info.rotation, self._info.mirrored))
        number = index - self._frames.start
        frame.pts = int(self._clock.starts[number])
        frame.time_base = self._clock.time_base
        self._durations[frame.pts] = int(self._clock.starts[number + 1]) - frame.pts
        try:
            self._mux(frame)
        except (av.error.FFmpegError, OSError) as error:
            self.abort()
            raise output_error(error, self._path) from error
        self._next += 1

    def _picture(self, codes: npt.NDArray[Any]) -> VideoFrame:
        """A frame with ``codes`` as luma and no colour at all."""
        height, width = codes.shape
        frame = VideoFrame(width, height, self._pix_fmt)
        plane(frame, 0)[:] = codes
        for chroma in range(1, len(frame.planes)):
            plane(frame, chroma)[:] = 1 << (self._format.bit_depth - 1)
        # ProRes writes the frame's tags, whatever its context says.
        frame.color_primaries, frame.color_trc = self._tags.primaries, self._tags.transfer
        frame.colorspace = self._tags.matrix
        frame.color_range = _FULL_RANGE if self._format.levels == "full" else _VIDEO_RANGE
        return frame

    def _mux(self, frame: VideoFrame | None) -> None:
        assert self._container is not None
        for packet in self._stream.encode(frame):
            # Encoders guess the duration from the rate, which is wrong for variable rates and
            # decides how long the last frame stays.
            if packet.pts is not None and packet.pts in self._durations:
                packet.duration = self._durations.pop(packet.pts)
            self._container.mux(packet)

    def close(self) -> Path:
        """See :class:`vsod.media.sinks.Sink`."""
        if self._container is None:
            return self._path
        if self._next != self._frames.stop:
            self.abort()
            raise OutputError(
                f"{self._next - self._frames.start} of {len(self._frames)} frames were written",
                where=self._path,
                fix="Export again; if it happens again, report it.",
            )
        try:
            self._mux(None)
            container, self._container = self._container, None
            container.close()
            commit_file(self._partial, self._path)
        except (av.error.FFmpegError, OSError) as error:
            self.abort()
            raise output_error(error, self._path) from error
        return self._path

    def abort(self) -> None:
        """See :class:`vsod.media.sinks.Sink`."""
        container, self._container = self._container, None
        # A full disk makes closing fail a second time; the partial file goes either way.
        with contextlib.suppress(Exception):
            if container is not None:
                container.close()
        discard(self._partial)

    def _refusal(self, error: Exception) -> OutputError:
        if isinstance(error, OSError) and error.errno in (1, 2, 13, 20, 28, 30, 36):
            return output_error(error, self._path)
        return OutputError(
            f"{self._format.title} cannot hold {self._info.width}x{self._info.height} ({error})",
            where=self._path,
            fix="Choose another format; PNG and FFV1 take any size.",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


def _encoder(path: Path, fmt: Format, info: ClipInfo) -> tuple[str, str]:
    """(encoder, pixel format): the format's own, or what takes an odd raster as it is.

    A matte is never resized or padded.

    Raises:
        OutputError: The format has no way to hold an odd width.
    """
    codec, pix_fmt = fmt.codec, fmt.pix_fmt
    if pix_fmt == "yuv420p" and (info.width % 2 or info.height % 2):
        return codec, "yuv444p"
    if codec == "prores_aw" and info.width % 2:
        if pix_fmt != "yuv444p10le":
            # FFmpeg's other encoder takes it but leaves colour in the last column.
            raise OutputError(
                f"{fmt.title} cannot hold the odd width {info.width}",
                where=path,
                fix="Choose ProRes 4444, FFV1 or PNG.",
            )
        return "prores_ks", pix_fmt
    return codec, pix_fmt


def _options(fmt: Format, info: ClipInfo) -> dict[str, str]:
    options = dict(fmt.options)
    side = min(info.width, info.height)
    if "slices" in options and side < 16:
        options["slices"] = "4" if side > 1 else "1"  # a slice must keep at least one sample
    return options


def _matte_tags(source: ColorTags) -> ColorTags:
    """The source's tags, so that both go through the same transform and white stays opaque.

    RGB sources have no matrix a video could carry; their matte is tagged BT.709.
    """
    if source.matrix == 0:
        return ColorTags(1, 1, 1)
    return ColorTags(source.primaries or 2, source.transfer or 2, source.matrix)
