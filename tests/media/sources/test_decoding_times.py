"""Containers that give decoding times only: the decoder's order is the order of the frames."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from helpers import graycode
from helpers.clips import ffmpeg_clip, run_ffmpeg
from vsod.media.sources.opening import open_source

X264 = ("-c:v", "libx264", "-bf", "3", "-b_strategy", "0", "-g", "24", "-crf", "20")
OPEN_GOP = (
    "-c:v",
    "libx264",
    "-x264-params",
    "open-gop=1:keyint=12:min-keyint=12:bframes=3:b-adapt=1:scenecut=0",
)
XVID = ("-c:v", "libxvid", "-bf", "2", "-q:v", "3", "-g", "24")
MPEG2 = ("-c:v", "mpeg2video", "-bf", "2", "-g", "12", "-q:v", "2")


def shown_by_ffmpeg(path: Path) -> list[int]:
    """What each picture shows, by PyAV alone, in the decoder's order."""
    with av.open(str(path)) as container:
        return [graycode.read(f.to_ndarray(format="gray8")) for f in container.decode(video=0)]


@pytest.mark.parametrize("suffix", [".avi", ".asf", ".mxf"])
@pytest.mark.parametrize("encoder", [X264, OPEN_GOP, MPEG2], ids=["x264", "open-gop", "mpeg2"])
def test_frames_come_in_the_decoders_order(tmp_path: Path, suffix: str, encoder: tuple[str, ...]) -> None:
    """None held, none doubled, each where it belongs, from the start and after a seek."""
    path = ffmpeg_clip(tmp_path / f"clip{suffix}", *encoder)
    with open_source(path) as source:
        frames = list(source.frames(pixels="luma"))
        assert [graycode.read(f.image) for f in frames] == list(range(40))
        assert not any(f.held for f in frames)
        assert source.info.rate == 25
        assert source.info.seconds(39) == pytest.approx(1.56, abs=0.041 if suffix == ".asf" else 1e-6)
        for index in (39, 13, 26, 25, 5, 12):
            assert graycode.read(source.frame_at(index, pixels="luma").image) == index


def test_packed_b_frames_are_what_the_decoder_gives(tmp_path: Path) -> None:
    """Two pictures in a packet and an empty one behind it: each picture once, in order."""
    path = ffmpeg_clip(tmp_path / "packed.avi", *XVID)
    truth = shown_by_ffmpeg(path)
    with open_source(path) as source:
        frames = list(source.frames(pixels="luma"))
        assert [graycode.read(f.image) for f in frames] == truth
        assert not any(f.held for f in frames)
        assert source.info.rate == 25
        for index in (30, 7, 20, 19):
            assert graycode.read(source.frame_at(index, pixels="luma").image) == truth[index]


def test_decoding_times_copied_into_mp4(tmp_path: Path) -> None:
    """Copied without a care, the times of packets become presentation times: the head of the stream tells."""
    avi = ffmpeg_clip(tmp_path / "clip.avi", *X264)
    path = tmp_path / "copied.mp4"
    run_ffmpeg("-i", str(avi), "-c", "copy", str(path))
    with open_source(path) as source:
        assert [graycode.read(f.image) for f in source.frames(pixels="luma")] == list(range(40))
