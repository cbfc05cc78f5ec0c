"""The oracle itself: it must be able to say no."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from helpers import graycode
from helpers.clips import COUNT, make


@pytest.mark.parametrize("size", [(96, 64), (97, 65), (16, 16), (1920, 1080), (64, 96)])
def test_code_reads_back(size: tuple[int, int]) -> None:
    for index in (0, 1, 2, 39, 255, 256, 40000, 65535):
        picture = graycode.burnt(index, *size)
        assert graycode.read(picture) == index
        assert graycode.read(picture.astype(np.float32) / 255) == index
        assert graycode.read(np.dstack([picture] * 3)) == index


@pytest.mark.parametrize("index", [1, 7, 38, 1000])
def test_a_turned_picture_reads_as_another_number(index: int) -> None:
    picture = graycode.burnt(index, 96, 64)
    for turned in (np.rot90(picture), np.rot90(picture, 2), np.fliplr(picture), np.flipud(picture)):
        assert graycode.read(turned) != index


def test_noise_does_not_read_as_the_next_number() -> None:
    picture = graycode.burnt(5, 96, 64).astype(np.float32)
    picture += np.random.default_rng(0).normal(0, 25, picture.shape)
    assert graycode.read(np.clip(picture, 0, 255).astype(np.uint8)) == 5


def packets(path: Path) -> list[av.Packet]:
    with av.open(str(path)) as container:
        return [p for p in container.demux(video=0) if p.size]


def test_the_kinds_are_what_they_claim(tmp_path: Path) -> None:
    def made(kind: str) -> Path:
        folder = tmp_path / kind
        folder.mkdir()
        return make(kind, folder).path

    alt_ref = packets(made("vp8-alt-ref"))
    assert len(alt_ref) > COUNT, "no hidden frames in the VP8 clip"
    b_frames = [p.pts for p in packets(made("b-frames"))]
    assert b_frames != sorted(b_frames)
    raw = packets(made("raw-h264"))
    assert any(p.pts is None for p in raw)
    cut = packets(made("cut-head-ts"))
    assert not cut[0].is_keyframe
    gaps = np.diff(sorted(p.pts for p in packets(made("vfr"))))
    assert len(set(gaps.tolist())) > 2
    with av.open(str(made("mpeg2-interlaced"))) as container:
        assert next(container.decode(video=0)).interlaced_frame
    with av.open(str(made("h264-interlaced"))) as container:
        assert next(container.decode(video=0)).interlaced_frame


def test_the_trimmed_copy_lies_about_its_length(tmp_path: Path) -> None:
    path = make("edit-list", tmp_path).path
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames == 90
    assert sum(p.is_discard for p in packets(path)) == 21


def test_a_naive_reader_stops_at_the_damage(tmp_path: Path) -> None:
    path = make("corrupt-middle", tmp_path).path
    with av.open(str(path)) as container, pytest.raises(av.error.InvalidDataError):
        assert len(list(container.decode(video=0))) < COUNT
