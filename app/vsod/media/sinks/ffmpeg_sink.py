"""A video file whose frames the machine's own FFmpeg encodes, and everything else is ours."""

from __future__ import annotations

from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vsod.errors import OutputError
from vsod.media.formats.ffmpeg_program import INSTALL_HINT, encode_command
from vsod.media.formats.system_programs import find_program
from vsod.media.sinks.ffmpeg_encoder import EncoderExited, FFmpegEncoder
from vsod.media.sinks.video_sink import VideoSink


class FFmpegSink(VideoSink):
    """See :class:`vsod.media.sinks.video_sink.VideoSink`.

    Only the packets come from the program: times, timecode, tags and sound are written as in every
    other file.
    """

    _encoder: FFmpegEncoder | None = None

    def _begin(self) -> None:
        info, tags = self._info, self._maker.tags
        options = {
            "color_primaries": str(tags.primaries),
            "color_trc": str(tags.transfer),
            "colorspace": str(tags.matrix),
            "color_range": "pc" if tags.full_range else "tv",
        }
        if info.sar != 1:
            options["vf"] = f"setsar={info.sar}"
        size, coding = (info.width, info.height), self._maker.coding
        program = find_program("ffmpeg")
        if program is None:
            self.abort()
            raise OutputError(
                "FFmpeg cannot be started (it is no longer on the path)", where=self.path, fix=INSTALL_HINT
            )
        words = encode_command(program, coding, self._maker.pix_fmt, size, info.rate, options)
        try:
            self._encoder = FFmpegEncoder(words)
        except OSError as error:
            self.abort()
            raise OutputError(
                f"FFmpeg cannot be started ({error})", where=self.path, fix=INSTALL_HINT
            ) from error
        self._coded = 0

    def _add_stream(self, container: OutputContainer) -> VideoStream:
        assert self._encoder is not None
        template = self._encoder.stream
        stream = container.add_stream_from_template(template, opaque=True)
        stream.time_base = self._clock.time_base
        stream.codec_context.framerate = self._info.rate
        return stream

    def _encoded(self, frame: VideoFrame | None) -> list[Packet[VideoStream]]:
        assert self._encoder is not None
        try:
            packets = self._encoder.feed(frame) if frame is not None else self._encoder.finish()
            if frame is None and self._coded + len(packets) != len(self._frames):
                raise EncoderExited(f"{len(self._frames)} frames in, {self._coded + len(packets)} out")
        except EncoderExited as error:
            self.abort()
            raise OutputError(
                f"FFmpeg cannot encode this as {self._format.title} ({error})",
                where=self.path,
                fix="Choose another format, for example ProRes 4444 or H.264.",
            ) from error
        if packets and self._container is None:
            self._open()
        for packet in packets:
            # without B-frames they come in order, one for every frame
            packet.pts = packet.dts = int(self._clock.starts[self._coded])
            packet.time_base = self._clock.time_base
            packet.stream = self._stream
            self._coded += 1
        return packets

    def _complete(self) -> None:
        super()._complete()
        self._close_encoder()

    def _release(self) -> None:
        super()._release()
        self._close_encoder()

    def _close_encoder(self) -> None:
        if self._encoder is not None:
            self._encoder.close()
            self._encoder = None
