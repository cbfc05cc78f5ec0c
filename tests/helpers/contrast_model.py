"""The example card as a quick model for tests that are about maps, not about what is in them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from vsod import paths
from vsod.inference.torch_backend import TorchBackend

MODEL = "example-contrast"
WIDTH, HEIGHT = 192, 108


def install(monkeypatch: pytest.MonkeyPatch, cache: Path) -> Path:
    """Put the example card into the user's folder, run it by torch, and use a cache of its own; gives the folder."""
    folder = paths.user_models_dir() / MODEL
    shutil.copytree(
        paths.plugins_dir() / "example-model", folder, ignore=shutil.ignore_patterns("__pycache__")
    )
    model = folder / "model.toml"
    # a small raster: these tests are about which frames are looked at
    model.write_text(model.read_text().replace("area = 36864", "area = 9216"))
    monkeypatch.setenv("VSOD_CACHE", str(cache))
    monkeypatch.setenv("VSOD_ENGINE", "torch")
    return folder


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread: its nets are too small here to be worth waiting for a second one."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many frames each call of the network has, from now on."""
    calls: list[int] = []
    frames = TorchBackend.frames

    def counting(self: TorchBackend, *inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        calls.append(len(inputs[0]))
        return frames(self, *inputs)

    monkeypatch.setattr(TorchBackend, "frames", counting)
    return calls


def ball(index: int, elsewhere: bool = False) -> npt.NDArray[np.uint8]:
    """(H, W, 3) BGR: a ball before a soft ground; ``elsewhere`` it is on the other side."""
    rng = np.random.default_rng(1)
    ground = rng.integers(60, 120, (9, 16, 3)).astype(np.uint8)
    image = cv2.resize(ground, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    x = WIDTH - 40 - index if elsewhere else 40 + index
    return np.asarray(cv2.circle(image, (x, HEIGHT // 2), 24, (40, 60, 230), -1), np.uint8)


def write_images(folder: Path, suffix: str, pictures: Sequence[npt.NDArray[np.uint8]]) -> None:
    """Uncompressed images, so that two of one size have files of one size."""
    folder.mkdir(exist_ok=True)
    for index, picture in enumerate(pictures):
        file = folder / f"s.{index:04d}.{suffix}"
        if suffix == "exr":
            exr = pytest.importorskip("OpenEXR")
            channels = {name: (picture[..., k] / 255).astype(np.float32) for k, name in enumerate("BGR")}
            header = {"compression": exr.NO_COMPRESSION, "type": exr.scanlineimage}
            with exr.File(header, channels) as image:
                image.write(str(file))
        else:
            options = [cv2.IMWRITE_TIFF_COMPRESSION, 1] if suffix == "tif" else []
            file.write_bytes(cv2.imencode(f".{suffix}", picture, options)[1].tobytes())


def write_avi(file: Path, pictures: Sequence[npt.NDArray[np.uint8]]) -> None:
    """Raw video: every frame has the same bytes at the same place."""
    with av.open(str(file), "w", format="avi") as container:
        stream = container.add_stream("rawvideo", rate=24)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "bgr24"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))


Writer = Callable[[Path, Sequence[npt.NDArray[np.uint8]]], Path]


def writer(kind: str) -> Writer:
    """What writes a clip of a kind (``avi``, or the suffix of images) at a path without suffix."""

    def write(path: Path, pictures: Sequence[npt.NDArray[np.uint8]]) -> Path:
        if kind == "avi":
            file = path.with_suffix(".avi")
            write_avi(file, pictures)
            return file
        write_images(path, kind, pictures)
        return path

    return write


def grays(file: Path) -> list[npt.NDArray[np.uint8]]:
    """The frames of a matte."""
    with av.open(str(file)) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
