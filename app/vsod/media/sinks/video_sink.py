"""Writing a video file that lies exactly over its source."""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import Any, BinaryIO, cast

import av
import av.error
from av.codec.context import Flags as CodecFlags
from av.codec.context import ThreadType
from av.container import Flags, OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vsod.core.output_frame import OutputFrame
from vsod.core.timecode import shift
from vsod.errors import OutputError
from vsod.media.sinks.audio_copy import AudioCopy
from vsod.media.sinks.encoder_choice import check_container, choose_encoder, encoder_options, field_order
from vsod.media.sinks.frame_builder import FrameBuilder
from vsod.media.sinks.frame_times import export_frame_times
from vsod.media.sinks.sink import Sink
from vsod.media.sinks.target import SinkTarget
from vsod.storage.atomic import create_partial, output_error, remove_stale_partials
from vsod.storage.partial_files import settle

_MUXERS = {".mov": "mov", ".mp4": "mp4", ".mkv": "matroska", ".webm": "webm", ".avi": "avi"}
_VIDEO_RANGE, _FULL_RANGE = 1, 2
_BUFFER = 1 << 18  # bytes that go to the file at a time
_BITEXACT: int = cast(Any, Flags.bitexact).value


_log = logging.getLogger(__name__)


class VideoSink(Sink):
    """A video file. See :class:`vsod.media.sinks.sink.Sink`; made by ``open_sink``.

    The file carries what the source has, so that it can be laid over it without touching
    anything: raster, display matrix, pixel aspect, rate, exact times, timecode, reel name,
    colour tags and, for pictures, the sound.
    """

    _errors = (av.error.FFmpegError,)

    def __init__(self, target: SinkTarget) -> None:
        super().__init__(target)
        self._target = target
        path, fmt, info = target.path, target.format, target.info
        self._format, self._info = fmt, info
        self._content, self._export_settings = target.content, target.export_settings
        remove_stale_partials(path)
        self._file: BinaryIO | None = None
        self._clock = export_frame_times(info, target.frames, whole_ticks=path.suffix.lower() == ".avi")
        self._durations: dict[int, int] = {}
        check_container(path, info, self._clock)
        self._delay = self._head_delay()
        self._clock = self._clock.delayed(self._delay)
        self._codec, pix_fmt = choose_encoder(path, fmt, target.coding, info)
        self._maker = FrameBuilder(target.coding, pix_fmt, info, target.content)
        self._audio: AudioCopy | None = None
        self._container: OutputContainer | None = None
        try:
            self.partial, self._file = create_partial(path)
            self._begin()
        except OutputError:
            self.abort()
            raise
        except (av.error.FFmpegError, OSError, ValueError) as error:
            self.abort()
            raise self._refusal(error) from error

    def _head_delay(self) -> Fraction:
        """Seconds by which the picture begins after the head of the export."""
        delay = self._info.starts_after
        if not self._export_settings.pad_start or self._frames.start or not delay:
            return Fraction(0)
        if self.path.suffix.lower() == ".avi":
            self.warnings.append("AVI cannot begin late; the export begins with the picture")
            return Fraction(0)
        return delay

    def _begin(self) -> None:
        """Get ready for the first frame."""
        self._open()

    def _open(self) -> None:
        """Write the head of the file."""
        info, muxer = self._info, _MUXERS[self.path.suffix.lower()]
        options = (
            {"video_track_timescale": str(self._clock.time_base.denominator)}
            if muxer in ("mov", "mp4")
            else {}
        )
        # the open file, not its name: whatever is put in its place meanwhile is not written to
        container = av.open(
            cast(Any, self._file), "w", format=muxer, container_options=options, buffer_size=_BUFFER
        )
        self._container = container
        # The same job gives the same bytes: no dates, no library versions, no random ids.
        container.flags |= _BITEXACT
        notes = "; ".join(
            [f"vsod-desktop {self._export_settings.file_label(self._content)}"]
            + ([f"alpha={self._export_settings.alpha}"] if self._content == "cutout" else [])
            + [f"{key}={value}" for key, value in sorted(self._target.tags.items())]
        )
        container.metadata.update(info.metadata)
        container.metadata["comment"] = notes
        stream = self._stream = self._add_stream(container)
        context = stream.codec_context
        if "tag" in self._maker.coding.options and muxer in ("mov", "mp4"):
            context.codec_tag = self._maker.coding.options["tag"]
        self._carry_tags(stream, muxer)
        self._carry_timecode(stream)
        self._carry_audio(container)
        self._start(container)

    def _start(self, container: OutputContainer) -> None:
        try:
            container.start_encoding()
        except av.error.FFmpegError as error:
            if not self._stream.codec_context.is_open:
                raise  # the encoder does not take these pictures
            raise OutputError(
                f"{self.path.suffix[1:].upper()} does not take what the clip has beside its pictures ({error})",
                where=self.path,
                fix="Use --audio none, or choose another format.",
            ) from error

    def _add_stream(self, container: OutputContainer) -> VideoStream:
        """The track the frames go into."""
        stream = cast(VideoStream, container.add_stream(self._codec, rate=self._info.rate))
        context = stream.codec_context
        stream.width, stream.height, stream.pix_fmt = self._info.width, self._info.height, self._maker.pix_fmt
        stream.options = {**encoder_options(self._maker.coding, self._info)}
        context.time_base = self._clock.time_base
        context.thread_type = ThreadType.AUTO
        context.flags |= CodecFlags.bitexact.value
        return stream

    def _encoded(self, frame: VideoFrame | None) -> list[Packet[VideoStream]]:
        """What comes out of the encoder for a frame; None asks for all that is left."""
        return self._stream.encode(frame)

    def _carry_tags(self, stream: VideoStream, muxer: str) -> None:
        context, info, tags = stream.codec_context, self._info, self._maker.tags
        context.color_primaries, context.color_trc = tags.primaries, tags.transfer
        context.colorspace = tags.matrix
        context.color_range = _FULL_RANGE if tags.full_range else _VIDEO_RANGE
        if muxer == "webm" and self._content == "cutout":
            stream.metadata["alpha_mode"] = "1"
        if info.sar != 1:
            context.sample_aspect_ratio = info.sar
            if muxer in ("matroska", "webm") and self._maker.coding.codec in (
                "ffv1",
                "libvpx-vp9",
                "utvideo",
            ):
                self.warnings.append(
                    f"{self._format.title} in {self.path.suffix[1:].upper()} does not store the pixel "
                    f"aspect {info.sar}; set it in the editing program, or export MP4 or ProRes"
                )
        fields = field_order(self.path, self._maker.coding, info)
        if fields:
            context.field_order = fields
        elif fields is None:
            self.warnings.append(
                f"the source is interlaced; {self._format.title} in {self.path.suffix[1:].upper()} does not say "
                "so, set the field order in the editing program"
            )
        if info.display_matrix:
            stream.set_display_matrix(info.display_matrix)
        if self._content != "matte" and info.bit_depth > 8 >= self._maker.coding.bit_depth:
            self.warnings.append(
                f"the source has {info.bit_depth} bits, {self._format.title} keeps 8; ProRes keeps 10"
            )

    def _carry_timecode(self, stream: VideoStream) -> None:
        if self._info.reel is not None:
            stream.metadata["reel_name"] = self._info.reel
        if self._info.timecode is None:
            return
        if self.path.suffix.lower() in (".avi", ".webm"):
            self.warnings.append(f"{self.path.suffix[1:].upper()} holds no timecode; it is not copied")
            return
        try:
            stream.metadata["timecode"] = shift(self._info.timecode, self._info.rate, self._frames.start)
        except ValueError as error:
            self.warnings.append(f"the source's timecode is not copied: {error}")

    def _carry_audio(self, container: OutputContainer) -> None:
        info, frames = self._info, self._frames
        if not info.audio_streams or not self._export_settings.copies_audio(self._content):
            return
        start = int(info.pts[frames.start]) * info.time_base - self._delay
        length = int(self._clock.starts[-1]) * self._clock.time_base
        whole = frames.stop == info.frame_count
        self._audio = AudioCopy(
            info.path,
            container,
            start,
            None if whole else start + length,
            frames.start == 0,
            self._export_settings.audio or "copy",
            info.joints,
        )

    def _write(self, index: int, picture: OutputFrame) -> None:
        frame = self._maker(picture)
        number = index - self._frames.start
        frame.pts = int(self._clock.starts[number])
        frame.time_base = self._clock.time_base
        self._durations[frame.pts] = int(self._clock.starts[number + 1]) - frame.pts
        self._mux(self._encoded(frame))
        self._mux_audio(int(self._clock.starts[number + 1]) * self._clock.time_base)

    def _mux(self, packets: list[Packet[VideoStream]]) -> None:
        for packet in packets:
            assert self._container is not None
            # Encoders guess the duration from the rate, which is wrong for variable rates and
            # decides how long the last frame stays.
            if packet.pts is not None and packet.pts in self._durations:
                packet.duration = self._durations.pop(packet.pts)
            self._container.mux(packet)

    def _mux_audio(self, time: Fraction | None) -> None:
        if self._audio is not None and self._container is not None:
            self._audio.mux_until(self._container, time)

    def _complete(self) -> None:
        self._mux(self._encoded(None))
        self._mux_audio(None)
        container, self._container = self._container, None
        assert container is not None
        container.close()
        self._close_audio()
        self._close_file()

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with file:
                settle(file)

    def _close_audio(self) -> None:
        if self._audio is not None:
            self._audio.close()
            self.warnings += self._audio.warnings
            self._audio = None

    def _release(self) -> None:
        container, self._container = self._container, None
        self._close_audio()
        # A full disk makes closing fail a second time; the partial file goes either way.
        file, self._file = self._file, None
        for what in (container, file):
            try:
                if what is not None:
                    what.close()
            except Exception as error:
                _log.debug("closing %s, which is given up: %s", self.path, error)

    def _refusal(self, error: Exception) -> OutputError:
        if isinstance(error, OSError) and error.errno in (1, 2, 13, 20, 28, 30, 36):
            return output_error(error, self.path)
        return OutputError(
            f"{self._format.title} cannot hold {self._info.width}x{self._info.height} ({error})",
            where=self.path,
            fix="Choose another format; PNG and FFV1 take any size.",
        )
