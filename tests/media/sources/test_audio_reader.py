"""Sound for the loudspeaker: every sample says at which hundredth of a second it belongs."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from vsod.core.audio_format import RATE
from vsod.errors import MediaError
from vsod.media.sources import audio_reader
from vsod.media.sources.audio_reader import read_audio


def write(path: Path, rate: int = RATE, content: str = "stereo", late: float = 0.0) -> Path:
    """Two seconds of picture and PCM sound whose samples count hundredths of a second from 1 on."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("ffv1", rate=Fraction(25))
        video.width, video.height, video.pix_fmt = 32, 32, "gray"
        audio = out.add_stream("pcm_s16le", rate=rate, layout=content)
        for index in range(50):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32), np.uint8), format="gray")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            out.mux(video.encode(frame))
        channels = audio.channels
        for begin in range(0, 2 * rate, 1024):
            count = min(1024, 2 * rate - begin)
            values = ((np.arange(begin, begin + count) * 100) // rate + 1 + round(late * 100)).astype("<i2")
            sound = av.AudioFrame.from_ndarray(
                np.repeat(values, channels)[None], format="s16", layout=content
            )
            sound.sample_rate, sound.pts, sound.time_base = (
                rate,
                begin + round(late * rate),
                Fraction(1, rate),
            )
            out.mux(audio.encode(sound))
        out.mux(video.encode())
        out.mux(audio.encode())
    return path


def heard(path: Path, start: float) -> np.ndarray:
    """(N, 2) samples."""
    data = b"".join(read_audio(path, Fraction(start)))
    return np.frombuffer(data, "<i2").reshape(-1, 2)


@pytest.mark.parametrize("start", [0.0, 0.305, 1.525])
def test_the_first_sample_belongs_to_the_start(tmp_path: Path, start: float) -> None:
    samples = heard(write(tmp_path / "a.mkv"), start)
    assert samples[0].tolist() == [int(start * 100) + 1] * 2
    assert len(samples) == pytest.approx((2 - start) * RATE, abs=48)
    expected = (np.arange(len(samples)) + round(start * RATE)) // 480 + 1
    assert np.abs(samples[:, 0] - expected).max() <= 1  # Matroska counts milliseconds


def test_other_rates_and_one_channel_are_converted(tmp_path: Path) -> None:
    samples = heard(write(tmp_path / "a.mkv", 44100), 0.5)
    assert abs(int(samples[480, 0]) - 52) <= 1 and len(samples) == pytest.approx(1.5 * RATE, abs=RATE // 50)
    mono = heard(write(tmp_path / "b.mkv", content="mono"), 0.5)
    assert np.array_equal(mono[:, 0], mono[:, 1]) and 30 < mono[480, 0] <= 52


def test_sound_that_begins_later_is_waited_for(tmp_path: Path) -> None:
    samples = heard(write(tmp_path / "a.mkv", late=0.4), 0.1)
    assert not samples[: round(0.29 * RATE)].any()
    assert abs(int(samples[round(0.5 * RATE), 0]) - 61) <= 1


def test_no_track_no_sound_and_no_file_an_error(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "silent.mkv"), "w") as out:
        video = out.add_stream("ffv1", rate=25)
        video.width, video.height, video.pix_fmt = 32, 32, "gray"
        out.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32), np.uint8), format="gray")))
        out.mux(video.encode())
    assert list(read_audio(tmp_path / "silent.mkv", Fraction(0))) == []
    with pytest.raises(MediaError):
        next(read_audio(tmp_path / "missing.mkv", Fraction(0)))


def test_what_cannot_be_decoded_ends_it_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Callable[..., None]
) -> None:
    expect_log(r"a\.mkv: audio ends at 0\.50 s, it cannot be decoded: .*odd packet")

    def fail(*_: object) -> int:
        raise OSError("odd packet")

    monkeypatch.setattr(audio_reader, "_place", fail)
    assert len(heard(write(tmp_path / "a.mkv"), 0.5)) == 0


def test_a_file_that_is_cut_off_ends_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mkv")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    samples = heard(path, 0.1)
    assert 0 < len(samples) < 1.5 * RATE and samples[0, 0] == 11
