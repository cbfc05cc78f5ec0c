from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from helpers import graycode
from vsod.core.output_frame import OutputFrame
from vsod.errors import UnreadableMedia
from vsod.media.formats.table import FORMATS
from vsod.media.images.image_header import read_header
from vsod.media.sinks.opening import open_sink
from vsod.media.sources.opening import open_source
from vsod.media.verify.verifier import verify


def save(path: Path, picture: np.ndarray) -> Path:
    ok, data = cv2.imencode(path.suffix, picture)
    assert ok
    data.tofile(path)
    return path


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".png", ".tif", ".webp", ".bmp", ".PNG"])
def test_every_image_kind(tmp_path: Path, suffix: str) -> None:
    for index in (8, 9, 10):
        save(tmp_path / f"f{index}{suffix.lower()}", graycode.burnt(index, 96, 64)).rename(
            tmp_path / f"f{index}{suffix}"
        )
    (tmp_path / ".hidden.png").write_bytes(b"x")
    with open_source(tmp_path) as source:
        assert source.info.names == tuple(f"f{k}{suffix}" for k in (8, 9, 10))
        assert [graycode.read(f.image) for f in source.frames()] == [8, 9, 10]
        assert [graycode.read(f.image) for f in source.frames(1, size=(48, 32), pixels="luma")] == [9, 10]


@pytest.mark.parametrize(
    ("picture", "deep"),
    [
        (graycode.burnt(5, 96, 64), False),
        (graycode.burnt(5, 96, 64).astype(np.uint16) * 257, True),
        (np.dstack([graycode.burnt(5, 96, 64)] * 3), False),
        (np.dstack([graycode.burnt(5, 96, 64)] * 3).astype(np.uint16) * 257, True),
        (np.dstack([graycode.burnt(5, 96, 64)] * 3 + [np.zeros((64, 96), np.uint8)]), False),
    ],
    ids=["gray8", "gray16", "rgb8", "rgb16", "rgba-transparent"],
)
def test_every_png_layout(tmp_path: Path, picture: np.ndarray, deep: bool) -> None:
    save(tmp_path / "a.png", picture)
    with open_source(tmp_path) as source:
        assert source.info.bit_depth == (16 if deep else 8)
        frame = source.frame_at(0)
    assert frame.image.dtype == np.uint8 and frame.image.shape == (64, 96, 3)
    assert np.array_equal(frame.image[..., 0], graycode.burnt(5, 96, 64))


def test_rgb_is_not_bgr(tmp_path: Path) -> None:
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 2] = 255  # OpenCV writes BGR
    save(tmp_path / "a.png", red)
    with open_source(tmp_path) as source:
        assert source.frame_at(0).image[0, 0].tolist() == [255, 0, 0]


def test_a_corrupt_image_holds_the_last_good_one(tmp_path: Path) -> None:
    for index in range(5):
        save(tmp_path / f"{index}.png", graycode.burnt(index, 96, 64))
    for index in (0, 3):
        path = tmp_path / f"{index}.png"
        path.write_bytes(path.read_bytes()[:33])
    with open_source(tmp_path) as source:
        frames = list(source.frames())
        assert [f.held for f in frames] == [True, False, False, True, False]
        assert frames[0].image.max() == 0
        assert graycode.read(frames[3].image) == 2
        assert graycode.read(source.frame_at(3).image) == 2
        assert graycode.read(next(source.frames(3)).image) == 2


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp"])
def test_mixed_sizes_name_the_file(tmp_path: Path, suffix: str) -> None:
    save(tmp_path / f"1{suffix}", graycode.burnt(1, 96, 64))
    save(tmp_path / f"2{suffix}", graycode.burnt(2, 64, 96))
    with pytest.raises(UnreadableMedia, match=rf"2\{suffix}.*64x96.*96x64"), open_source(tmp_path) as source:
        list(source.frames())


def test_sizes_are_read_from_headers(tmp_path: Path) -> None:
    for suffix in (".png", ".jpg", ".webp", ".bmp"):
        assert read_header(save(tmp_path / f"a{suffix}", graycode.burnt(1, 97, 65))).size == (97, 65)
    (tmp_path / "b.png").write_bytes(b"")
    assert read_header(tmp_path / "b.png").size is None


def test_mattes_of_a_folder_carry_its_names(tmp_path: Path) -> None:
    folder = tmp_path / "größe"
    folder.mkdir()
    for name in ("00000.jpg", "00001.jpg", "twin.jpg", "twin.png"):
        save(folder / name, graycode.burnt(1, 96, 64))
    out = tmp_path / "out"
    with (
        open_source(folder) as source,
        open_sink(out, FORMATS["png8"], source.info, frames=range(1, 4)) as sink,
    ):
        for frame in source.frames(1, pixels="luma"):
            sink.write(frame.index, OutputFrame(frame.image))
    assert sorted(p.name for p in out.iterdir()) == ["00001.png", "twin.jpg.png", "twin.png.png"]
    assert verify(folder, out, frames=range(1, 4)).ok
    (out / "00001.png").rename(out / "00007.png")
    report = verify(folder, out, frames=range(1, 4))
    # an image of another name is none of this export's
    assert [c.id for c in report.checks if c.ok is False] == ["count", "names", "decodes"]
