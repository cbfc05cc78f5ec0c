"""What cannot be read says so, with what to do about it."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from helpers.clips import Recipe, run_ffmpeg, write_audio_only, write_clip
from vsod.errors import MediaError, MediaNotFound, NoVideo, UnreadableMedia, UsageError
from vsod.media.sources.opening import open_source


def refused(path: Path, kind: type[MediaError]) -> MediaError:
    with pytest.raises(kind) as caught:
        open_source(path)
    error = caught.value
    assert type(error) is kind
    assert error.fix and error.fix.endswith(".")
    assert error.where is not None and path.name in error.where
    return error


def test_nothing_there(tmp_path: Path) -> None:
    refused(tmp_path / "none.mp4", MediaNotFound)


def test_text_named_mp4(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("dear diary, " * 500)
    refused(path, UnreadableMedia)


@pytest.mark.parametrize("size", [0, 1, 100])
def test_truncated_header(tmp_path: Path, size: int) -> None:
    whole = write_clip(tmp_path / "a.mp4", Recipe())
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole.path.read_bytes()[:size])
    refused(path, UnreadableMedia)


def test_index_missing(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "a.mp4", Recipe())
    data = whole.path.read_bytes()
    path = tmp_path / "killed.mp4"
    path.write_bytes(data[: data.rfind(b"moov") - 4])
    assert "index" in refused(path, UnreadableMedia).what


def test_audio_only(tmp_path: Path) -> None:
    refused(write_audio_only(tmp_path / "song.m4a"), NoVideo)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the ffmpeg program is not installed")
def test_cover_art_is_no_video(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "cover.jpg"), np.zeros((64, 64, 3), np.uint8))
    song = write_audio_only(tmp_path / "song.m4a")
    path = tmp_path / "cover.m4a"
    inputs = ("-i", str(song), "-i", str(tmp_path / "cover.jpg"))
    run_ffmpeg(*inputs, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic", str(path))
    assert "cover" in refused(path, NoVideo).what


def test_only_garbage_pictures(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "a.mov", Recipe(codec="mjpeg", pix_fmt="yuvj420p"))
    data = bytearray(whole.path.read_bytes())
    start, end = data.find(b"mdat") + 4, data.rfind(b"moov") - 4
    data[start:end] = bytes(end - start)
    path = tmp_path / "garbage.mov"
    path.write_bytes(data)
    refused(path, UnreadableMedia)


def test_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing")
    refused(tmp_path, NoVideo)


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (5, 3), (0, 41), (41, None)])
def test_ranges_outside_the_clip(tmp_path: Path, start: int, stop: int | None) -> None:
    with open_source(write_clip(tmp_path / "a.mp4", Recipe()).path) as source:
        with pytest.raises(UsageError, match="40 frames"):
            source.frames(start, stop)
        with pytest.raises(UsageError):
            source.frame_at(40)


def test_names_nobody_likes(tmp_path: Path) -> None:
    for name in ("süß 🎬 %03d 100% .mp4", "data:x.mp4", "-i.mp4", "a b\tc.mp4", "ü" * 100 + ".mp4"):
        plain = write_clip(tmp_path / "plain.mp4", Recipe(count=5))
        path = plain.path.rename(tmp_path / name)
        with open_source(path) as source:
            assert source.info.frame_count == 5
            assert len(list(source.frames())) == 5


@pytest.mark.parametrize("suffix", [".mkv", ".ts"])
def test_a_silently_short_file_is_reported(tmp_path: Path, suffix: str) -> None:
    whole = write_clip(tmp_path / f"a{suffix}", Recipe(count=240, options={"g": "12", "crf": "5"}))
    data = whole.path.read_bytes()
    path = tmp_path / f"short{suffix}"
    path.write_bytes(data[: len(data) * 4 // 10])
    with open_source(path) as source:
        frames = list(source.frames())
        assert [f.index for f in frames] == list(range(source.info.frame_count))
        assert 60 < len(frames) < 140
        if suffix == ".mkv":  # a transport stream does not say how long it should be
            assert any("ends early" in w and "of 10.0 s" in w for w in source.info.warnings)
