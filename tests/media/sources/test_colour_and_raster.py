from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import graycode
from helpers.clips import Recipe, run_ffmpeg, write_clip
from vsod.media.pixels.orientation import parse_display_matrix, to_stored, to_upright
from vsod.media.pixels.planes import plane_view
from vsod.media.sources.opening import open_source


def flat(
    path: Path, yuv: tuple[int, int, int], size: tuple[int, int], matrix: int, full: bool = False
) -> Path:
    """Two lossless frames of one colour."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv444p"
        stream.codec_context.colorspace = matrix
        stream.codec_context.color_range = 2 if full else 1
        for index in range(2):
            frame = av.VideoFrame(*size, "yuv444p")
            for number, value in enumerate(yuv):
                plane_view(frame, number)[:] = value
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


# Pure red, coded by each matrix.
RED_601, RED_709 = (81, 90, 240), (63, 102, 240)


@pytest.mark.parametrize(
    ("matrix", "yuv", "size"),
    [(1, RED_709, (64, 48)), (6, RED_601, (64, 48)), (5, RED_601, (1280, 720))],
)
def test_tagged_matrix_is_used(
    tmp_path: Path, matrix: int, yuv: tuple[int, int, int], size: tuple[int, int]
) -> None:
    with open_source(flat(tmp_path / "a.mkv", yuv, size, matrix)) as source:
        assert source.info.color.matrix == matrix
        red = source.frame_at(0, size=(16, 16)).image.reshape(-1, 3).astype(int)
    assert np.abs(red - (255, 0, 0)).max() <= 4


@pytest.mark.parametrize(("size", "yuv"), [((640, 480), RED_601), ((1280, 720), RED_709)])
def test_untagged_picture_is_sd_601_hd_709(
    tmp_path: Path, size: tuple[int, int], yuv: tuple[int, int, int]
) -> None:
    with open_source(flat(tmp_path / "a.mkv", yuv, size, 2)) as source:
        red = source.frame_at(0).image.reshape(-1, 3).astype(int)
    assert np.abs(red - (255, 0, 0)).max() <= 4


@pytest.mark.parametrize(
    ("full", "code", "due"), [(False, 16, 0), (False, 235, 255), (True, 16, 16), (True, 235, 235)]
)
def test_range_tag_decides_rgb_and_luma(tmp_path: Path, full: bool, code: int, due: int) -> None:
    with open_source(flat(tmp_path / "a.mkv", (code, 128, 128), (64, 48), 1, full)) as source:
        assert source.info.color.full_range is full
        assert abs(int(source.frame_at(0).image.mean()) - due) <= 1
        luma = source.frame_at(0, pixels="luma").image
        assert luma.shape == (48, 64) and set(np.unique(luma)) == {due}
        small = source.frame_at(0, size=(20, 10), pixels="luma").image
        assert small.shape == (10, 20) and set(np.unique(small)) == {due}


def test_ten_bit_luma_is_scaled_to_eight(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mkv", Recipe(codec="ffv1", pix_fmt="yuv420p10le"))
    with open_source(clip.path) as source:
        assert source.info.bit_depth == 10
        luma = source.frame_at(7, pixels="luma").image
    assert set(np.unique(luma)) == {graycode.DARK, graycode.BRIGHT}


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the ffmpeg program is not installed")
def test_upright_is_what_ffmpeg_shows(tmp_path: Path, rotation: int, mirrored: bool) -> None:
    """ffmpeg turns pictures by itself: another program's idea of the same matrix."""
    clip = write_clip(tmp_path / "a.mov", Recipe(rotation=rotation, mirrored=mirrored, count=3))
    with open_source(clip.path) as source:
        info = source.info
        ours = source.frame_at(1).image
    if rotation or mirrored:
        assert info.display_matrix
    assert (info.rotation, info.mirrored) == (rotation, mirrored)
    run_ffmpeg("-i", str(clip.path), "-pix_fmt", "rgb24", "-f", "rawvideo", str(tmp_path / "a.raw"))
    theirs = np.fromfile(tmp_path / "a.raw", np.uint8).reshape(3, *ours.shape)[1]
    assert np.abs(ours.astype(int) - theirs).max() <= 6
    assert graycode.read(ours) == 1


@given(st.sampled_from([0, 90, 180, 270]), st.booleans(), st.integers(1, 7), st.integers(1, 7))
def test_stored_and_upright_are_inverse(rotation: int, mirrored: bool, height: int, width: int) -> None:
    picture = np.arange(height * width).reshape(height, width)
    assert np.array_equal(to_stored(to_upright(picture, rotation, mirrored), rotation, mirrored), picture)


def test_an_odd_angle_is_no_quarter_turn() -> None:
    assert parse_display_matrix([46341, 46341, 0, -46341, 46341, 0, 0, 0, 1 << 30]) is None
    assert parse_display_matrix([0] * 9) is None


def test_anamorphic_sizes(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mov", Recipe(sar=Fraction(64, 45), size=(720, 576), count=2))
    with open_source(clip.path) as source:
        assert source.info.sar == Fraction(64, 45)
        assert source.info.upright_size == (720, 576)
        assert source.info.display_size == (1024, 576)
