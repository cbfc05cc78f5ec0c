"""A source's alpha channel, written by FFmpeg, OpenCV and OpenImageIO: read, told, and multiplied into the matte."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
import pytest

from helpers import graycode
from vsod.core.export_settings import ExportSettings
from vsod.core.frame import Frame
from vsod.core.source_settings import SourceSettings
from vsod.matte.export_frames import compose_frames
from vsod.media.sources.opening import open_source
from vsod.media.sources.vp9_header import vp8_sizes

WIDTH, HEIGHT, COUNT = 96, 64, 4
RAMP = np.clip((60 - np.arange(WIDTH)) / 24, 0, 1).astype(np.float32)  # 1 up to column 36, 0 from 60 on
ALPHA = np.tile(RAMP, (HEIGHT, 1))


def pictures(alpha: npt.NDArray[np.float32] = ALPHA, count: int = COUNT) -> npt.NDArray[np.uint8]:
    """(N, H, W, 4) RGBA, the number burnt in everywhere."""
    codes = np.rint(alpha * 255).astype(np.uint8)
    return np.stack([np.dstack([graycode.burnt(k, WIDTH, HEIGHT)] * 3 + [codes]) for k in range(count)])


def encode(path: Path, *options: str, frames: npt.NDArray[np.uint8] | None = None) -> Path:
    raw = (pictures() if frames is None else frames).tobytes()
    form = ["-f", "rawvideo", "-pix_fmt", "rgba", "-s", f"{WIDTH}x{HEIGHT}", "-r", "24", "-i", "-"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *form, *options, str(path)], input=raw, check=True)
    return path


def alpha_of(frame: Frame) -> npt.NDArray[np.float32]:
    if frame.alpha is None:
        return np.ones(frame.image.shape[:2], np.float32)
    return frame.alpha.astype(np.float32) / np.float32(np.iinfo(frame.alpha.dtype).max)


VIDEOS = {
    "prores.mov": ("-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"),
    "vp8.webm": ("-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0", "-b:v", "2M"),
    "vp8.mkv": ("-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0", "-b:v", "2M"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-b:v", "2M"),
    "ffv1-10.mkv": ("-c:v", "ffv1", "-pix_fmt", "yuva444p10le"),
    "ffv1-16.mkv": ("-c:v", "ffv1", "-pix_fmt", "yuva444p16le"),
    "ffv1-422.mkv": ("-c:v", "ffv1", "-pix_fmt", "yuva422p"),
    "ffv1-bgra.avi": ("-c:v", "ffv1", "-pix_fmt", "bgra"),
    "ffv1-ya8.nut": ("-c:v", "png", "-pix_fmt", "ya8"),
    "png.mov": ("-c:v", "png", "-pix_fmt", "rgba"),
    "png16.mkv": ("-c:v", "png", "-pix_fmt", "rgba64be"),
    "qtrle.mov": ("-c:v", "qtrle", "-pix_fmt", "argb"),
    "utvideo.avi": ("-c:v", "utvideo", "-pix_fmt", "gbrap"),
    "raw.mov": ("-c:v", "rawvideo", "-pix_fmt", "argb"),
    "animated.apng": ("-c:v", "apng", "-pix_fmt", "rgba"),
}


@pytest.mark.parametrize("name", VIDEOS)
def test_videos(tmp_path: Path, name: str) -> None:
    path = encode(tmp_path / name, *VIDEOS[name])
    slack = 0.08 if "vp" in name else 0.02
    with open_source(path) as source:
        assert source.info.alpha in ("straight", "unspecified") and source.info.as_json()["alpha"]
        frames = list(source.frames())
        assert [graycode.read(frame.image) for frame in frames] == list(range(COUNT))
        for frame in (*frames, source.frame_at(2), next(source.frames(1, pixels="luma"))):
            assert np.abs(alpha_of(frame) - ALPHA).max() < slack
        deep = next(source.frames(pixels="rgb48"))
        assert np.abs(alpha_of(deep) - ALPHA).max() < slack
        small = source.frame_at(1, size=(48, 32))
        assert (
            np.abs(alpha_of(small) - cv2.resize(ALPHA, (48, 32), interpolation=cv2.INTER_AREA)).max() < slack
        )
    with open_source(path, SourceSettings(alpha="ignore")) as source:
        assert source.info.alpha and all(frame.alpha is None for frame in source.frames())
        assert [graycode.read(frame.image) for frame in source.frames()] == list(range(COUNT))


def test_a_clip_without_alpha_has_none(tmp_path: Path) -> None:
    for name, pixels in (("a.mkv", "yuv444p"), ("b.mkv", "gbrp10le")):
        with open_source(encode(tmp_path / name, "-c:v", "ffv1", "-pix_fmt", pixels)) as source:
            assert source.info.alpha == "" and source.info.as_json()["alpha"] is None
            assert next(source.frames()).alpha is None


def test_an_alpha_channel_that_is_opaque_is_none(tmp_path: Path) -> None:
    opaque = pictures(np.ones_like(ALPHA))
    with open_source(
        encode(tmp_path / "a.mkv", "-c:v", "ffv1", "-pix_fmt", "yuva444p", frames=opaque)
    ) as source:
        assert source.info.alpha and all(frame.alpha is None for frame in source.frames())


@pytest.mark.parametrize("name", ["a.avi", "f.1.tga"])
def test_a_fourth_byte_that_nobody_filled_is_no_alpha(tmp_path: Path, name: str) -> None:
    options = (
        ("-c:v", "rawvideo", "-pix_fmt", "bgra") if name == "a.avi" else ("-frames:v", "1", "-update", "1")
    )
    empty = pictures(np.zeros_like(ALPHA))
    with open_source(encode(tmp_path / name, *options, frames=empty)) as source:
        assert (
            source.info.alpha == "" and "its alpha channel is empty, and left aside" in source.info.warnings
        )
        assert source.frame_at(0).alpha is None
    with open_source(encode(tmp_path / name, *options)) as source:
        assert source.info.alpha and source.frame_at(0).alpha is not None


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_alpha_stands_upright_with_its_picture(tmp_path: Path, degrees: int) -> None:
    plain = encode(tmp_path / "plain.mov", "-c:v", "qtrle", "-pix_fmt", "argb")
    turned = tmp_path / "turned.mov"
    words = ["ffmpeg", "-v", "error", "-i", str(plain), "-c", "copy", "-metadata:s:v", f"rotate={degrees}"]
    subprocess.run([*words, str(turned)], check=True)
    words = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(turned),
        "-frames:v",
        "1",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgba",
        "-",
    ]
    shown = np.frombuffer(subprocess.run(words, capture_output=True, check=True).stdout, np.uint8)
    with open_source(turned) as source:
        frame = source.frame_at(0)
        truth = shown.reshape(*frame.image.shape[:2], 4)[..., 3] / 255
        assert np.abs(alpha_of(frame) - truth).max() < 0.01


def test_held_frames_keep_their_alpha(tmp_path: Path) -> None:
    for number in (1, 2, 4):
        rgba = pictures(count=5)[number]
        cv2.imwrite(str(tmp_path / f"a.{number}.png"), cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
    with open_source(tmp_path) as source:
        frames = list(source.frames())
        assert [frame.held for frame in frames] == [False, False, True, False]
        assert all(np.abs(alpha_of(frame) - ALPHA).max() < 0.01 for frame in (*frames, source.frame_at(2)))


def test_the_first_image_may_be_without_alpha(tmp_path: Path) -> None:
    for number, rgba in enumerate(pictures()):
        kept = rgba[..., :3] if number == 0 else rgba
        cv2.imwrite(
            str(tmp_path / f"a.{number}.png"),
            cv2.cvtColor(kept, cv2.COLOR_RGB2BGR if number == 0 else cv2.COLOR_RGBA2BGRA),
        )
    with open_source(tmp_path) as source:
        first, *rest = source.frames()
        assert first.alpha is None and all(np.abs(alpha_of(frame) - ALPHA).max() < 0.01 for frame in rest)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif", ".exr", ".tga", ".dpx"])
@pytest.mark.parametrize("deep", [False, True])
def test_images(tmp_path: Path, suffix: str, deep: bool) -> None:
    if deep and suffix in (".webp", ".tga"):
        pytest.skip("8 bits alone")
    for number, rgba in enumerate(pictures()):
        straight = rgba.astype(np.float32) / np.float32(255)
        kind: Any = np.float32 if suffix == ".exr" else np.uint16 if deep else np.uint8
        stored = straight.copy()
        if suffix == ".exr":
            stored[..., :3] *= stored[..., 3:]
        else:
            stored = np.rint(stored * np.iinfo(kind).max).astype(kind)
        file = str(tmp_path / f"a.{number}{suffix}")
        if suffix in (".png", ".webp"):
            cv2.imwrite(file, cv2.cvtColor(stored, cv2.COLOR_RGBA2BGRA), [cv2.IMWRITE_WEBP_QUALITY, 101])
            continue
        spec = oiio.ImageSpec(
            WIDTH,
            HEIGHT,
            4,
            "half" if suffix == ".exr" and not deep else np.dtype(kind).name.replace("float32", "float"),
        )
        spec.attribute("oiio:UnassociatedAlpha", 1)
        out = oiio.ImageOutput.create(file)
        assert out.open(file, spec) and out.write_image(stored) and out.close()
    with open_source(tmp_path) as source:
        assert source.info.alpha == ("premultiplied" if suffix == ".exr" else "straight")
        for index, frame in enumerate(source.frames()):
            assert np.abs(alpha_of(frame) - ALPHA).max() < 0.01
            seen = ALPHA > 0.1  # an EXR holds no colour where it is transparent
            truth = graycode.burnt(index, WIDTH, HEIGHT)
            assert np.abs(frame.image[..., 0].astype(int) - truth)[seen].max() <= 2, "straight colour"
    with open_source(tmp_path, SourceSettings(alpha="ignore")) as source:
        frame = source.frame_at(1)
        stored_colour = graycode.burnt(1, WIDTH, HEIGHT) * (ALPHA if suffix == ".exr" else 1)
        assert frame.alpha is None and np.abs(frame.image[..., 0] - stored_colour).max() <= 2


@pytest.mark.parametrize("kind", ["matte", "mask", "cutout", "fill+matte", "over", "saliency"])
@pytest.mark.parametrize("alpha", ["multiply", "ignore"])
def test_exports_hold_the_matte_times_the_alpha(tmp_path: Path, kind: str, alpha: str) -> None:
    path = encode(tmp_path / "a.mkv", "-c:v", "ffv1", "-pix_fmt", "bgra")
    chosen = ExportSettings(kind=kind, background="000000")
    half = np.full((HEIGHT, WIDTH), 0.8, np.float32)
    with open_source(path, SourceSettings(alpha=alpha)) as source:
        # the colour under soft edges is worked out anew, which is not looked at here
        half = np.ones_like(half) if kind == "over" else half
        finished = ((frame, half) for frame in source.frames(0, 2))
        made = [files for _, files in compose_frames(finished, chosen, source)]
    due = half * (ALPHA if alpha == "multiply" and kind != "saliency" else 1)
    for number, files in enumerate(made):
        if kind == "over":
            shown = files["fill"].rgb
            assert shown is not None
            assert np.abs(shown[..., 0] - due * graycode.burnt(number, WIDTH, HEIGHT)).max() <= 1
            continue
        found = files["cutout" if kind == "cutout" else "matte"].alpha
        assert found is not None
        if kind == "mask":
            assert np.array_equal(found, (due > 0.5).astype(np.uint8) * 255)
        else:
            assert np.abs(found - due).max() < 0.005


def test_sizes_of_vp8_key_frames_are_read_before_libvpx_sees_them() -> None:
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 150, 98, "yuv420p", Fraction(1, 24)  # type: ignore[attr-defined]
    made = [*encoder.encode(av.VideoFrame(150, 98, "yuv420p")), *encoder.encode(None)]  # type: ignore[attr-defined]
    assert list(vp8_sizes(memoryview(bytes(made[0])))) == [(150, 98)]
    assert list(vp8_sizes(memoryview(b""))) == list(vp8_sizes(memoryview(b"\x01" * 12))) == []
