"""A sound track coded anew: decoded, put on the export's clock sample by sample, and encoded."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.context import Flags as CodecFlags
from av.container import OutputContainer
from av.packet import Packet

_GAP = Fraction(
    1, 50
)  # seconds by which a frame may be off before silence is put in, or samples are left out
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
_AAC_BITS_PER_CHANNEL = 128_000
_MOST_SILENCE = 3600  # seconds; a longer gap in a track is left as it is


class AudioEncoder:
    """Codes one track anew.

    Args:
        source: The track.
        target: Where the new one is added.
        mode: ``"pcm"``, at the depth of the source (16 or 24 bits), or ``"aac"``.
        start: Source time in seconds that becomes 0.
        stop: Where the span ends, in source time; None for the end of the sound.

    Raises:
        ValueError, FFmpegError: The container or the encoder does not take it.
    """

    def __init__(
        self, source: AudioStream, target: OutputContainer, mode: str, start: Fraction, stop: Fraction | None
    ) -> None:
        context = source.codec_context
        rate = context.sample_rate
        codec, kind = _coding(context.format.name if context.format else "", mode)
        if mode == "aac" and rate not in _AAC_RATES:
            rate = 48000
        layout = context.layout.name
        self.stream = cast(AudioStream, target.add_stream(codec, rate=rate, layout=layout))
        self.stream.codec_context.format = kind
        self.stream.codec_context.flags |= CodecFlags.bitexact.value
        if mode == "aac":
            self.stream.codec_context.bit_rate = _AAC_BITS_PER_CHANNEL * context.layout.nb_channels
        self._source, self._rate, self._layout, self._kind = source, rate, layout, kind
        self._convert = AudioResampler(format=f"{kind.removesuffix('p')}p", layout=layout, rate=rate)
        self._start, self._written = start, 0
        self._length = None if stop is None else round((stop - start) * rate)

    @property
    def is_full(self) -> bool:
        """Whether the span has all its sound."""
        return self._length is not None and self._written >= self._length

    def encode(self, packet: Packet[Any] | None) -> Iterator[Packet[AudioStream]]:
        """What comes out for a packet of the source; None asks for all that is left.

        Raises:
            FFmpegError: It cannot be encoded.
        """
        if packet is not None:
            for frame in cast("list[AudioFrame]", packet.decode()):
                yield from self._add(frame)
            return
        for frame in self._source.codec_context.decode(None):
            yield from self._add(frame)
        yield from self.stream.encode(None)

    def _add(self, frame: AudioFrame) -> Iterator[Packet[AudioStream]]:
        at = self._written
        if frame.pts is not None and frame.time_base is not None:
            at = round((frame.pts * frame.time_base - self._start) * self._rate)
        frame.pts = None
        for piece in self._convert.resample(frame):
            samples = piece.to_ndarray()
            yield from self._place(samples, at)
            at += samples.shape[1]

    def _place(self, samples: npt.NDArray[Any], at: int) -> Iterator[Packet[AudioStream]]:
        """Encode samples that belong at ``at``: with silence before them, or without those that lie before."""
        off = at - self._written
        first = self._written == 0
        if off < 0 and (first or -off > _GAP * self._rate):
            samples = samples[:, -off:]
        elif 0 < off < _MOST_SILENCE * self._rate and (first or off > _GAP * self._rate):
            samples = np.concatenate([np.zeros((len(samples), off), samples.dtype), samples], 1)
        if self._length is not None:
            samples = samples[:, : max(self._length - self._written, 0)]
        if not samples.shape[1]:
            return
        if not self._kind.endswith("p"):
            samples = np.ascontiguousarray(samples.T).reshape(1, -1)
        piece = AudioFrame.from_ndarray(np.ascontiguousarray(samples), self._kind, self._layout)
        piece.sample_rate, piece.pts, piece.time_base = self._rate, self._written, Fraction(1, self._rate)
        self._written += piece.samples
        yield from self.stream.encode(piece)


def _coding(kind: str, mode: str) -> tuple[str, str]:
    """Encoder, and the sample format it takes, for samples of ``kind``."""
    if mode == "aac":
        return "aac", "fltp"
    if kind.removesuffix("p") in ("u8", "s16"):
        return "pcm_s16le", "s16"
    return "pcm_s24le", "s32"
