"""Images of film and compositing, written by OpenEXR, OpenImageIO and FFmpeg, come out as they are shown there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import OpenEXR
import OpenImageIO as oiio
import pytest

from helpers import graycode
from vsod.core.output_frame import OutputFrame
from vsod.core.source_settings import SourceSettings
from vsod.errors import UnreadableMedia, UsageError
from vsod.media.formats.table import FORMATS
from vsod.media.images.image_reader import read_image, read_image_info, upright
from vsod.media.sinks.opening import open_sink
from vsod.media.sources.opening import open_source
from vsod.media.sources.source_choices import source_choices
from vsod.media.verify.verifier import verify

Samples = npt.NDArray[Any]


def burnt(number: int) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(graycode.burnt(number, 96, 64).astype(np.float32) / np.float32(255))


def write(file: Path, samples: Samples, kind: str, names: Sequence[str] = (), **about: Any) -> Path:
    """By OpenImageIO; attributes with ``__`` for ``:``."""
    samples = samples[..., None] if samples.ndim == 2 else samples
    spec = oiio.ImageSpec(samples.shape[1], samples.shape[0], samples.shape[2], kind)
    if names:
        spec.channelnames = tuple(names)
    for name, value in about.items():
        spec.attribute(name.replace("__", ":"), value)
    out = oiio.ImageOutput.create(str(file))
    assert out and out.open(str(file), spec), oiio.geterror()
    assert out.write_image(samples) and out.close(), out.geterror()
    return file


def write_window(file: Path, number: int, window: tuple[int, int, int, int], origin: int = 0) -> None:
    """An EXR by OpenEXR: display window 96 x 64, the data window given; beyond the display all is 0.9."""
    left, top, right, bottom = window
    whole = np.full((64 + 200, 96 + 200), 0.9, np.float32)
    whole[100:164, 100:196] = burnt(number)
    data = np.ascontiguousarray(whole[top + 100 : bottom + 101, left + 100 : right + 101])
    shift = np.array([origin, origin], np.int32)
    header = {
        "type": OpenEXR.scanlineimage,
        "displayWindow": (shift, np.array([95, 63], np.int32) + shift),
        "dataWindow": (np.array([left, top], np.int32) + shift, np.array([right, bottom], np.int32) + shift),
    }
    with OpenEXR.File(header, dict.fromkeys("RGB", data)) as out:
        out.write(str(file))


def numbers(path: Path, **settings: Any) -> list[int | None]:
    with open_source(path, SourceSettings(**settings)) as source:
        assert source.info.upright_size == (96, 64)
        return [graycode.read(frame.image) for frame in source.frames()]


@pytest.mark.parametrize(
    "windows",
    [
        [(8, 4, 87, 59)] * 3,
        [(-16, -16, 111, 79)] * 3,
        [(0, 0, 95, 63), (-5, 4, 90, 70), (10, -8, 120, 50)],
    ],
    ids=["inside", "overscan", "changing"],
)
@pytest.mark.parametrize("origin", [0, 40])
def test_the_raster_of_an_exr_is_its_display_window(
    tmp_path: Path, windows: list[tuple[int, int, int, int]], origin: int
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, window in enumerate(windows):
        write_window(folder / f"p.{number:04d}.exr", number, window, origin)
    assert numbers(folder) == [0, 1, 2]
    with open_source(folder) as source:
        left, top, right, bottom = windows[1]
        shown = source.frame_at(1).image[..., 0]
        outside = np.ones((64, 96), bool)
        outside[max(0, top) : bottom + 1, max(0, left) : right + 1] = False
        assert not shown[outside].any() and shown.max() > 200
        assert source.info.origin == (origin, origin)
        with open_sink(tmp_path / "out", FORMATS["exr"], source.info) as sink:
            for index in range(3):
                sink.write(index, OutputFrame(burnt(index)))
    assert verify(folder, tmp_path / "out").ok
    made = oiio.ImageInput.open(str(tmp_path / "out" / "p.0001.exr")).spec()
    assert (made.full_x, made.full_y, made.full_width, made.full_height) == (origin, origin, 96, 64)
    assert (made.x, made.y, made.width, made.height) == (origin, origin, 96, 64)


@pytest.mark.parametrize(
    ("layers", "chosen", "listed"),
    [
        (["beauty.R", "beauty.G", "beauty.B", "matte.R", "matte.G", "matte.B"], None, "beauty, matte"),
        (["R", "G", "B", "A", "spec.R", "spec.G", "spec.B"], "", ""),
        (
            ["ViewLayer.Combined.R", "ViewLayer.Combined.G", "ViewLayer.Combined.B", "ViewLayer.Depth.Z"],
            "",
            "",
        ),
        (["Y"], "", ""),
        (["left.R", "left.G", "left.B", "right.R", "right.G", "right.B"], None, "left, right"),
    ],
)
def test_layers(tmp_path: Path, layers: list[str], chosen: str | None, listed: str) -> None:
    for number in range(2):
        planes = [burnt(number) if k < 3 else np.zeros((64, 96), np.float32) for k in range(len(layers))]
        planes = [np.ones_like(p) if name == "A" else p for p, name in zip(planes, layers, strict=True)]
        write(tmp_path / f"p.{number}.exr", np.dstack(planes), "half", layers)
    if chosen is not None:
        assert numbers(tmp_path) == [0, 1]
        with open_source(tmp_path) as source:
            assert source.info.layers[0] in ("", "ViewLayer.Combined")
        return
    with pytest.raises(UsageError, match=f"2 layers and none without a name: {listed}"):
        open_source(tmp_path)
    choices = source_choices(tmp_path, SourceSettings())
    assert ", ".join(choices.layers) == listed and not choices.has_rate and not choices.missing_numbers
    first = listed.partition(",")[0]
    assert numbers(tmp_path, layer=first) == [0, 1] == numbers(tmp_path, layer=first.upper())
    with pytest.raises(UsageError, match=rf"no layer 'depth'.*{listed}"):
        open_source(tmp_path, SourceSettings(layer="depth"))


@pytest.mark.parametrize("titles", [("beauty", "matte"), ("rgba", "matte")])
def test_parts_are_layers(tmp_path: Path, titles: tuple[str, str]) -> None:
    for number in range(2):
        parts = []
        for k, title in enumerate(titles):
            plane = burnt(number) if k == 0 else np.zeros((64, 96), np.float32)
            header = {"type": OpenEXR.scanlineimage, "name": title}
            parts.append(OpenEXR.Part(header, dict.fromkeys("RGB", plane)))
        with OpenEXR.File(parts) as out:
            out.write(str(tmp_path / f"p.{number}.exr"))
    if titles[0] == "rgba":
        assert numbers(tmp_path) == [0, 1]
    else:
        with pytest.raises(UsageError, match="beauty, matte"):
            open_source(tmp_path)
        assert numbers(tmp_path, layer="beauty") == [0, 1]
    with open_source(tmp_path, SourceSettings(layer="matte")) as source:
        assert not source.frame_at(1).image.any()


def test_channels_that_are_no_picture_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "p.0.exr", burnt(0), "float", ["Z"])
    with pytest.raises(UnreadableMedia, match="none of its channels is a picture"):
        open_source(tmp_path)


@pytest.mark.parametrize(
    ("name", "kind", "about"),
    [
        ("planar16.tif", "uint16", {"planarconfig": "separate", "compression": "zip"}),
        ("planar8.tif", "uint8", {"planarconfig": "separate"}),
        ("u32.tif", "uint", {}),
        ("half.tif", "half", {"compression": "lzw"}),
        ("float.tif", "float", {}),
        ("double.tif", "double", {}),
        ("plain.tif", "uint16", {"compression": "lzw"}),
        ("ten.dpx", "uint16", {"oiio__BitsPerSample": 10}),
        ("eight.dpx", "uint8", {}),
        ("plain.tga", "uint8", {}),
        ("run.tga", "uint8", {"compression": "rle"}),
        ("light.hdr", "float", {}),
        ("plain.sgi", "uint8", {}),
        ("plain.ppm", "uint8", {}),
        ("lossless.jp2", "uint8", {}),
        ("lossless.jxl", "uint8", {}),
    ],
)
def test_formats_and_layouts(tmp_path: Path, name: str, kind: str, about: dict[str, Any]) -> None:
    folder, suffix = tmp_path / "in", Path(name).suffix
    folder.mkdir()
    for number in range(3):
        plane = burnt(number)
        if kind.startswith("uint"):
            whole = np.dtype("uint32" if kind == "uint" else kind)
            plane = np.rint(plane.astype(np.float64) * np.iinfo(whole).max).astype(whole)
        plane = plane.astype({"half": np.float16, "double": np.float64}.get(kind, plane.dtype))
        if suffix == ".jxl":  # OpenImageIO refuses files of less than 128 bytes
            plane = plane + np.random.default_rng(number).integers(0, 9, plane.shape, np.uint8)
        write(folder / f"a.{number}{suffix}", np.dstack([plane] * 3), kind, **about)
    assert numbers(folder) == [0, 1, 2]
    assert numbers(folder / f"a.1{suffix}") == [1]
    with open_source(folder) as source:
        assert source.info.bit_depth == (8 if kind == "uint8" else 16)
        if suffix == ".jxl":
            return
    write(folder / f"a.3{suffix}", np.zeros((32, 96, 3), np.uint8), "uint8")
    if suffix != ".jp2":  # opening one decodes it
        with pytest.raises(UnreadableMedia, match=r"a\.3.*96x32, the first one 96x64"):
            open_source(folder)


@pytest.mark.parametrize("suffix", [".dpx", ".tga", ".ppm"])
def test_what_ffmpeg_writes(tmp_path: Path, suffix: str) -> None:
    raw = b"".join(np.dstack([graycode.burnt(k, 96, 64)] * 3).tobytes() for k in range(3))
    form = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "96x64", "-i", "-"]
    words = ["ffmpeg", "-v", "error", *form, "-start_number", "7", str(tmp_path / f"f.%03d{suffix}")]
    subprocess.run(words, input=raw, check=True)
    assert numbers(tmp_path) == [0, 1, 2]
    assert numbers(tmp_path / f"f.%03d{suffix}") == [0, 1, 2]


def test_colours_that_would_come_out_wrong_are_refused_by_name(tmp_path: Path) -> None:
    file = write(tmp_path / "a.1.tif", np.zeros((8, 8, 3), np.uint8), "uint8")
    data = bytearray(file.read_bytes())
    place = data.index(b"\x06\x01\x03\x00\x01\x00\x00\x00")  # PhotometricInterpretation, SHORT, one
    data[place + 8] = 8
    file.write_bytes(data)
    with pytest.raises(UnreadableMedia, match="Lab colours are not read"):
        open_source(tmp_path)


def test_white_is_zero_at_16_bits_too(tmp_path: Path) -> None:
    file = write(tmp_path / "a.1.tif", np.full((8, 8), 1000, np.uint16), "uint16")
    data = bytearray(file.read_bytes())
    data[data.index(b"\x06\x01\x03\x00\x01\x00\x00\x00") + 8] = 0
    file.write_bytes(data)
    image = read_image(file)
    assert image is not None and image.dtype == np.uint16 and set(image.ravel()) == {64535}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".tif", ".jpg", ".png", ".webp"])
def test_every_orientation_stands_upright(tmp_path: Path, suffix: str, orientation: int) -> None:
    seen = np.zeros((8, 16, 3), np.uint8)
    seen[:4, :8], seen[4:, 8:] = (250, 0, 0), (0, 0, 250)
    back = {6: 8, 8: 6}.get(orientation, orientation)
    stored = np.ascontiguousarray(upright(seen, back))
    assert np.array_equal(upright(stored, orientation), seen)
    if suffix == ".webp":  # the package marks none
        return
    file = write(tmp_path / f"a{suffix}", stored, "uint8", Orientation=orientation, Compression="jpeg:100")
    with open_source(file) as source:  # as a still: by FFmpeg, but TIFF
        assert source.info.upright_size == (16, 8) == source.frame_at(0).image.shape[1::-1]
    image, header = read_image(file), read_image_info(file)
    assert image is not None and header is not None and header.size == (16, 8) == image.shape[1::-1]
    assert np.abs(image[..., ::-1].astype(int) - seen)[[1, 6]][:, [1, 14]].max() < 60


def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    plain = write(tmp_path / "a.tif", np.full((8, 8, 3), 9, np.uint8), "uint8")
    odd = tmp_path / "caf\udce9.tif"
    try:
        plain.rename(odd)
    except OSError:
        pytest.skip("this file system wants UTF-8")
    image = read_image(odd)
    assert image is not None and set(image.ravel()) == {9}


def test_nothing_of_the_library_reaches_stderr(tmp_path: Path) -> None:
    odd = np.dstack([burnt(0)] * 3)
    odd[0], odd[1] = np.nan, np.inf
    for number in range(3):
        write(tmp_path / f"nan.{number}.exr", odd, "float")
    whole = (tmp_path / "nan.2.exr").read_bytes()
    (tmp_path / "nan.2.exr").write_bytes(whole[: len(whole) // 2])
    script = (
        "import sys; from pathlib import Path; from vsod.media.sources.opening import open_source\n"
        "with open_source(sys.argv[1]) as s: print([(f.held, int(f.image[0].max()), int(f.image[1].min()))"
        " for f in s.frames()])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[(False, 0, 255), (False, 0, 255), (True, 0, 255)]"
    assert done.stderr == ""


@pytest.mark.parametrize("suffix", [".exr", ".tif", ".dpx", ".tga", ".hdr"])
def test_damaged_images_are_held_and_a_damaged_folder_is_said(tmp_path: Path, suffix: str) -> None:
    kind = "float" if suffix == ".hdr" else "half" if suffix == ".exr" else "uint8"
    top = 255 if kind == "uint8" else 1
    for number in range(3):
        plane = (burnt(number) * top).astype(np.uint8 if kind == "uint8" else np.float32)
        write(tmp_path / f"a.{number}{suffix}", np.dstack([plane] * 3), kind)
    broken = tmp_path / f"a.1{suffix}"
    broken.write_bytes(broken.read_bytes()[:40])
    with open_source(tmp_path) as source:
        assert [(f.held, graycode.read(f.image)) for f in source.frames()] == [
            (False, 0),
            (True, 0),
            (False, 2),
        ]
    for number in (0, 2):
        (tmp_path / f"a.{number}{suffix}").unlink()
    with pytest.raises(UnreadableMedia, match="it cannot be decoded"):
        open_source(tmp_path)


def test_a_still_is_told_to_belong_to_a_sequence(tmp_path: Path) -> None:
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"a.{number}.png"), graycode.burnt(number, 96, 64))
        write(tmp_path / f"b.{number}.tif", graycode.burnt(number, 96, 64), "uint8")
    for name in ("a.2.png", "b.2.tif"):
        with open_source(tmp_path / name) as source:
            (told,) = source.info.warnings
            assert "one of a sequence of 4 images" in told and name.replace("2", "#") in told
            part = source.info.part_of
            assert part is not None and (part.number, part.count) == (2, 4)
            assert open_source(part.path).info.frame_count == 4
            assert [graycode.read(frame.image) for frame in source.frames()] == [2]


def test_only_the_first_page_of_a_tiff_is_read_and_that_is_said(tmp_path: Path) -> None:
    cv2.imwritemulti(str(tmp_path / "a.1.tif"), [graycode.burnt(number, 96, 64) for number in range(3)])
    with open_source(tmp_path) as source:
        assert source.info.warnings == ("a TIFF holds more than one picture: the first is read",)
        assert [graycode.read(frame.image) for frame in source.frames()] == [0]
