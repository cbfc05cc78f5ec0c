"""Large files: their tables are read without their pictures, and are the same."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from helpers.clips import NTSC_FILM, Clip, Recipe, run_ffmpeg, write_clip
from vsod.media.sources import video_scan
from vsod.media.sources.frame_table import FrameTable
from vsod.media.sources.index_only_file import IndexOnlyFile, has_single_index
from vsod.media.sources.packet_list import PacketList
from vsod.media.sources.video_scan import read_table

PRORES = Recipe(codec="prores_ks", pix_fmt="yuv422p10le", rate=NTSC_FILM, timecode="01:00:00:00")


@pytest.fixture
def skims(monkeypatch: pytest.MonkeyPatch) -> list[PacketList | None]:
    """Every file is large; what was read without the pictures, None where that did not work."""
    found: list[PacketList | None] = []
    real = video_scan._skimmed
    monkeypatch.setattr(video_scan, "_LARGE", 0)
    monkeypatch.setattr(video_scan, "_skimmed", lambda *asked: found.append(real(*asked)) or found[-1])
    return found


def same(first: FrameTable, second: FrameTable) -> bool:
    return all(
        np.array_equal(getattr(first, name), getattr(second, name))
        for name in ("pts", "keys", "frames", "last_ticks", "trailing_loss")
    )


def whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> FrameTable:
    with monkeypatch.context() as patch:
        patch.setattr(video_scan, "_LARGE", 1 << 60)
        return read_table(path)


def trimmed(clip: Clip, path: Path, *options: str) -> Path:
    """A copy without the first half second, by an edit list."""
    run_ffmpeg("-ss", "0.5", "-i", str(clip.path), "-map", "0:v", "-c", "copy", *options, str(path))
    return path


def test_the_table_is_the_same(
    tmp_path: Path, skims: list[PacketList | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = write_clip(tmp_path / "clip.mov", PRORES)
    jumps = Recipe(
        "mjpeg", "yuvj420p", count=5, pts=[0, 3, 4, 9, 30], time_base=Fraction(1, 600), full_range=True
    )
    for path in (
        clip.path,
        trimmed(clip, tmp_path / "cut.mov"),
        write_clip(tmp_path / "jumps.mov", jumps).path,
    ):
        skims.clear()
        found = read_table(path)
        assert skims == [found.packets]
        assert same(found, whole(path, monkeypatch))


def test_what_cannot_be_skimmed_is_read(
    tmp_path: Path, skims: list[PacketList | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fragments have an index each; long GOPs are known by their pictures; a file cut off has fewer than it says."""
    clip = write_clip(tmp_path / "clip.mov", PRORES)
    pieces = tmp_path / "pieces.mov"
    run_ffmpeg("-i", str(clip.path), "-map", "0:v", "-c", "copy", "-movflags", "frag_keyframe", str(pieces))
    assert has_single_index(clip.path) and not has_single_index(pieces)
    assert same(read_table(pieces), whole(pieces, monkeypatch))
    assert skims == [None]
    skims.clear()
    long_gop = write_clip(tmp_path / "long.mp4", Recipe())
    ahead = tmp_path / "ahead.mov"
    run_ffmpeg("-i", str(clip.path), "-map", "0:v", "-c", "copy", "-movflags", "faststart", str(ahead))
    ahead.write_bytes(ahead.read_bytes()[: ahead.stat().st_size // 2])
    for path in (long_gop.path, ahead):
        assert same(read_table(path), whole(path, monkeypatch))
    assert not skims
    assert read_table(ahead).trailing_loss > 0


def test_a_tail_of_zeros(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abcdef")
    with (tmp_path / "a").open("rb") as raw:
        file = IndexOnlyFile(raw, 10)
        assert [file.read(4), file.read(4), file.read(), file.read(4)] == [b"abcd", b"ef", b"\0" * 4, b""]
        file.real = 2
        assert file.seek(-9, 2) == 1
        assert file.read(2) + file.read(2) == b"b\0\0"


@pytest.mark.parametrize("data", [b"", b"\0\0\0\x08moo", b"\0\0\0\x04moov", b"RIFF" * 100])
def test_what_is_no_mov_is_not_in_one_piece(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    assert has_single_index(tmp_path / "a") == (data[4:8] == b"moov")
