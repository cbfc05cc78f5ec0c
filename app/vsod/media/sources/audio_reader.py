"""A clip's sound for the loudspeaker: decoded, two channels, one rate, on the picture's clock."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av.error
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.stream import Discard

from vsod.core.audio_format import CHANNELS, RATE, SAMPLE_BYTES
from vsod.media.sources.container import open_input

_GAP = RATE // 20  # samples by which a file's clock may be off before it is followed
_BEFORE = 1_000_000  # microseconds to begin early: a packet may depend on those before it


_log = logging.getLogger(__name__)


def read_audio(path: Path, start: Fraction) -> Iterator[bytes]:
    """The first sound track from ``start`` (source time, seconds) on, in pieces of some milliseconds.

    The first sample belongs to ``start``: where the track begins later, or is interrupted, there are
    zeros. A file that cannot be read on ends there. Close the generator to release the file.

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
            container.seek(max(0, round(start * 1_000_000) - _BEFORE))
            for frame in container.decode(stream):
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


def _place(frame: AudioFrame, start: Fraction, given: int) -> int:
    """Samples from ``start`` to the first of a frame; what follows on where the file does not say."""
    if frame.pts is None or frame.time_base is None:
        return given
    return round((frame.pts * frame.time_base - start) * RATE)
