"""A clip's sound for the loudspeaker: decoded, two channels, one rate, on the picture's clock."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av.error
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard

from vsod.core.audio_format import CHANNELS, RATE, SAMPLE_BYTES
from vsod.core.clip import Joint
from vsod.media.sources.container import open_input
from vsod.media.sources.joined_clock import JoinedClock

_GAP = RATE // 20  # samples by which a file's clock may be off before it is followed
_BEFORE = 1_000_000  # microseconds to begin early: a packet may depend on those before it


_log = logging.getLogger(__name__)


def read_audio(path: Path, start: Fraction, joints: Sequence[Joint] = ()) -> Iterator[bytes]:
    """The first sound track from ``start`` (the clip's time, seconds) on, in pieces of some milliseconds.

    The first sample belongs to ``start``: where the track begins later, or is interrupted, there are
    zeros. A file that cannot be read on ends there. Close the generator to release the file.

    Args:
        path: The file.
        start: Where to begin.
        joints: Where the file's own clock begins anew.

    Raises:
        MediaError: The file cannot be opened.
    """
    with open_input(path) as container:
        if not container.streams.audio:
            return
        stream = container.streams.audio[0]
        stream.discard = Discard.default
        to_speaker = AudioResampler(format="s16", layout="stereo", rate=RATE)
        given = 0  # samples handed out
        try:
            for frame in _frames(container, stream, start, joints):
                at = _place(frame, start, given)
                for piece in to_speaker.resample(frame):
                    off, exact = at - given, given == 0
                    at += piece.samples
                    if off > 0 and (exact or off > _GAP):
                        yield bytes(off * CHANNELS * SAMPLE_BYTES)
                        given += off
                    skip = -off if off < 0 and (exact or -off > _GAP) else 0
                    if skip < piece.samples:
                        data = bytes(piece.planes[0])
                        yield data[skip * CHANNELS * SAMPLE_BYTES : piece.samples * CHANNELS * SAMPLE_BYTES]
                        given += piece.samples - skip
        except (av.error.FFmpegError, OSError, IndexError) as error:
            _log.warning(
                "%s: audio ends at %.2f s, it cannot be decoded: %s",
                path,
                start + Fraction(given, RATE),
                error,
            )


def _frames(
    container: InputContainer, stream: AudioStream, start: Fraction, joints: Sequence[Joint]
) -> Iterator[AudioFrame]:
    """Frames from a little before ``start`` on, on the clip's clock."""
    if not joints:
        container.seek(max(0, round(start * 1_000_000) - _BEFORE))
        yield from container.decode(stream)
        return
    clock = JoinedClock(joints)
    place = clock.part_at(start)
    if place > 0:
        container.seek(place, unsupported_byte_offset=True)
    for packet in container.demux(stream):
        shift = clock.shift_of(packet)
        if packet.pts is not None and packet.time_base is not None:
            packet.pts += round(shift / packet.time_base)
            if (packet.pts * packet.time_base) < start - Fraction(_BEFORE, 1_000_000):
                continue
        yield from stream.decode(packet if packet.size else None)


def _place(frame: AudioFrame, start: Fraction, given: int) -> int:
    """Samples from ``start`` to the first of a frame; what follows on where the file does not say."""
    if frame.pts is None or frame.time_base is None:
        return given
    return round((frame.pts * frame.time_base - start) * RATE)
