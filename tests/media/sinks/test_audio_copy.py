"""Sound in an export: what the container does not hold is left out by name, or coded anew; it never ends an export."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from helpers.clips import Recipe, run_ffmpeg, write_clip
from vsod.core.export_settings import ExportSettings
from vsod.core.output_frame import OutputFrame
from vsod.media.formats.registry import format_by_id
from vsod.media.sinks.opening import open_sink
from vsod.media.sources.opening import open_source

RATE = 48000
FORMATS = {".mov": "prores4444", ".mp4": "h264", ".mkv": "ffv1-rgba", ".webm": "vp9", ".avi": "utvideo"}


@pytest.fixture(scope="module")
def with_noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of pictures at 25 fps, with noise that tells where it is."""
    folder = tmp_path_factory.mktemp("noise")
    write_clip(folder / "v.mkv", Recipe(codec="ffv1", count=50, rate=Fraction(25)))
    noise = "aevalsrc=0.5*random(0)-0.25|0.5*random(1)-0.25:s=48000:d=2"
    run_ffmpeg(
        "-i",
        str(folder / "v.mkv"),
        "-f",
        "lavfi",
        "-i",
        noise,
        "-c:v",
        "copy",
        "-c:a",
        "pcm_s24le",
        str(folder / "n.mkv"),
    )
    return folder / "n.mkv"


def coded(clip: Path, target: Path, codec: str) -> Path:
    run_ffmpeg("-i", str(clip), "-map", "0", "-c", "copy", "-strict", "-2", "-c:a", codec, str(target))
    return target


def export(clip: Path, target: Path, frames: range = range(50), audio: str = "copy") -> list[str]:
    with open_source(clip) as source:
        info = source.info
    rgb = np.zeros((info.height, info.width, 3), np.uint16)
    settings = ExportSettings(kind="over", audio=audio)
    fmt = format_by_id(FORMATS[target.suffix])
    with open_sink(target, fmt, info, frames=frames, content="fill", export_settings=settings) as sink:
        for index in frames:
            sink.write(index, OutputFrame(None, rgb))
    return sink.warnings


def tracks(file: Path) -> list[str]:
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "a", "-show_entries", "stream=codec_name", "-of", "csv", file],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [line.split(",")[1] for line in told.splitlines() if line.startswith("stream,")]


def pictures(file: Path) -> int:
    with av.open(str(file)) as opened:
        return sum(1 for _ in opened.decode(video=0))


def sound(file: Path) -> npt.NDArray[np.float32]:
    """What FFmpeg hears: mono, 48 kHz."""
    words = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(file),
        "-map",
        "0:a:0",
        "-f",
        "f32le",
        "-ac",
        "1",
        "-ar",
        str(RATE),
        "-",
    ]
    return np.frombuffer(subprocess.run(words, capture_output=True, check=True).stdout, np.float32)


def lag(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> int:
    """Samples of ``one`` before what ``other`` begins with."""
    size = 1 << 18
    product = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    at = int(np.argmax(np.fft.irfft(product, size)))
    return at if at < size // 2 else at - size


@pytest.mark.parametrize(
    ("codec", "suffix", "held"),
    [
        *(
            ("flac", ".mov", False),
            ("libopus", ".mov", False),
            ("truehd", ".mov", False),
            ("truehd", ".mp4", False),
        ),
        *(
            ("libopus", ".mp4", True),
            ("flac", ".mp4", True),
            ("libvorbis", ".mov", False),
            ("wmav2", ".mov", False),
        ),
        *(
            ("ac3", ".mov", True),
            ("aac", ".mov", True),
            ("pcm_s24le", ".webm", False),
            ("flac", ".avi", True),
        ),
    ],
)
def test_a_track_that_the_container_does_not_hold_is_left_out_by_name(
    with_noise: Path, tmp_path: Path, codec: str, suffix: str, held: bool
) -> None:
    clip = coded(with_noise, tmp_path / "clip.mkv", codec)
    warnings = export(clip, tmp_path / f"o{suffix}", range(12))
    assert pictures(tmp_path / f"o{suffix}") == 12
    assert len(tracks(tmp_path / f"o{suffix}")) == held
    told = [w for w in warnings if "sound track 1" in w]
    assert (
        not told
        if held
        else len(told) == 1 and codec.removeprefix("lib") in told[0] and "export M" in told[0]
    )


@pytest.mark.parametrize(
    ("codec", "mode", "suffix"),
    [("flac", "pcm", ".mov"), ("libopus", "aac", ".mov"), ("aac", "pcm", ".mkv"), ("libopus", "pcm", ".mkv")],
)
def test_sound_that_is_coded_anew_stays_in_step(
    with_noise: Path, tmp_path: Path, codec: str, mode: str, suffix: str
) -> None:
    clip = coded(with_noise, tmp_path / "clip.mov" if codec == "aac" else tmp_path / "clip.mkv", codec)
    for frames, due in ((range(50), 0), (range(10, 40), 10 * RATE // 25)):
        made = tmp_path / f"o{due}{suffix}"
        assert export(clip, made, frames, mode) == []
        (name,) = tracks(made)
        assert name.startswith(mode)
        heard = sound(made)
        # FFmpeg puts the pictures of a Matroska file with Opus 7 ms later, where they are not coded anew
        late = 336 if codec == "libopus" else 0
        assert abs(lag(sound(with_noise), heard) - due - late) <= 48  # Matroska rounds times to milliseconds
        if mode == "pcm" and due:
            assert len(heard) == len(frames) * RATE // 25


def test_pcm_keeps_the_samples_of_a_lossless_source(with_noise: Path, tmp_path: Path) -> None:
    export(with_noise, tmp_path / "o.mov", audio="pcm")
    assert tracks(tmp_path / "o.mov") == ["pcm_s24le"]
    assert (sound(tmp_path / "o.mov") == sound(with_noise)).all()


def test_what_cannot_be_coded_for_a_container_is_told(with_noise: Path, tmp_path: Path) -> None:
    (told,) = export(with_noise, tmp_path / "o.webm", range(4), "aac")
    assert "WEBM takes no AAC" in told and tracks(tmp_path / "o.webm") == []


@pytest.mark.parametrize("mode", ["copy", "pcm", "aac"])
@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
def test_a_clock_that_goes_back_does_not_end_the_export(
    with_noise: Path, tmp_path: Path, mode: str, suffix: str
) -> None:
    """Two transport streams joined: the sound of the second begins before that of the first ends."""
    parts = []
    for offset in (1.2, 0.9):
        part = tmp_path / f"{offset}.ts"
        run_ffmpeg(
            *("-t", "0.8", "-i", str(with_noise), "-c:v", "libx264", "-c:a", "aac", "-muxdelay", "0"),
            *("-output_ts_offset", str(offset), str(part)),
        )
        parts.append(part.read_bytes())
    (tmp_path / "joined.ts").write_bytes(b"".join(parts))
    with open_source(tmp_path / "joined.ts") as source:
        count = source.info.frame_count
    warnings = export(tmp_path / "joined.ts", tmp_path / f"o{suffix}", range(count), mode)
    assert pictures(tmp_path / f"o{suffix}") == count
    assert len(tracks(tmp_path / f"o{suffix}")) == 1
    heard = sound(tmp_path / f"o{suffix}")
    assert len(heard) > 1.4 * RATE, warnings
    # both parts are the same noise, 20 frames of it: the second lies under its own pictures
    late = lag(heard[RATE * 4 // 5 :], sound(with_noise)[: RATE * 3 // 5])
    assert abs(late - lag(heard[: RATE * 4 // 5], sound(with_noise)[: RATE * 3 // 5])) < RATE // 20
