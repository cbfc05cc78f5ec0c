"""Training data decoded once: plain arrays in a folder, mapped into memory.

A pack is a folder of ``.npy`` files. Photos live on square canvases (the
picture in the top left corner, its edge pixels repeated to the right and
below); video frames all have one size. Flow is stored at half resolution as
:func:`vsod_models.flow.motion_encoding.split_camera_motion` makes it: raw u, v and residual u, v.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

CANVAS = 288
VIDEO_SIZE = (416, 234)  # width, height
STRIDES = (1, 2, 4)
PRIOR_ONE = 254  # a motion prior of 1; a map of 255 everywhere stands for "there is none"
KINDS = ("mask", "weak", "background")


@dataclass(frozen=True)
class Photos:
    """Still pictures with synthetic motion.

    Attributes:
        rgb: (N, 288, 288, 3) uint8.
        mask: (N, 288, 288) uint8, 255 = subject (soft for weak labels).
        flow: (N, 144, 144, 4) float16, pixels of the canvas.
        size: (N, 2) height, width of the picture on its canvas.
        kind: (N,) index into :data:`KINDS`.
        group: (N,) index into ``groups``, the set a photo is from.
        val: (N,) bool, never trained on.
        prior: (N, 144, 144) uint8 motion prior of the synthetic motion, or None if the pack has none.
    """

    rgb: npt.NDArray[np.uint8]
    mask: npt.NDArray[np.uint8]
    flow: npt.NDArray[np.float16]
    size: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int32]
    group: npt.NDArray[np.int32]
    val: npt.NDArray[np.bool_]
    groups: list[str]
    prior: npt.NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Videos:
    """Video frames with real motion.

    Attributes:
        rgb: (N, 234, 416, 3) uint8.
        mask: (N, 234, 416) uint8.
        flow: (N, 3, 117, 208, 4) float16: to the frame 1, 2 and 4 later.
        clip: (N,) index into ``clips``.
        left: (N,) frames that follow in the same clip.
        trust: (N,) float32, how far a mask is believed: 1 truth, less a weak label, 0 none.
        prior: (N, 117, 208) uint8 motion prior, or None if the pack has none.
    """

    rgb: npt.NDArray[np.uint8]
    mask: npt.NDArray[np.uint8]
    flow: npt.NDArray[np.float16]
    clip: npt.NDArray[np.int32]
    left: npt.NDArray[np.int32]
    trust: npt.NDArray[np.float32]
    clips: list[str]
    prior: npt.NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Pack:
    """Photos and training videos."""

    photos: Photos
    videos: Videos


_PHOTO = ("rgb", "mask", "flow", "size", "kind", "group", "val")
_VIDEO = ("rgb", "mask", "flow", "clip", "left", "trust")


def open_pack(folder: Path) -> Pack:
    """Map a finished pack into memory; writing to it does not reach the files.

    Raises:
        FileNotFoundError: ``folder`` holds no finished pack.
    """
    meta = json.loads((folder / "pack.json").read_text())

    def part(prefix: str, names: tuple[str, ...]) -> dict[str, npt.NDArray[np.generic]]:
        if meta.get("prior"):
            names = (*names, "prior")
        files = {n: folder / f"{prefix}_{n}.npy" for n in names}
        found = {
            n: np.load(file, mmap_mode="c") for n, file in files.items() if file.is_file() or n != "trust"
        }
        if "trust" in names and "trust" not in found:
            # packs had none before clips could lack a mask
            found["trust"] = np.ones(len(found["clip"]), np.float32)
        return found

    return Pack(
        Photos(**part("photo", _PHOTO), groups=meta["groups"]),  # type: ignore[arg-type]
        Videos(**part("video", _VIDEO), clips=meta["clips"]),  # type: ignore[arg-type]
    )


def has_prior(folder: Path) -> bool:
    """True for a finished pack with a motion prior."""
    file = folder / "pack.json"
    return file.is_file() and bool(json.loads(file.read_text()).get("prior"))


def create(folder: Path, name: str, shape: tuple[int, ...], dtype: type) -> npt.NDArray[np.generic]:
    """A new array file of the pack, mapped for writing."""
    folder.mkdir(parents=True, exist_ok=True)
    return np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=dtype, shape=shape)


def finish(folder: Path, groups: list[str], clips: list[str], prior: str = "") -> None:
    """Mark the pack complete. Written last: a pack without it is not opened.

    Args:
        folder: The pack.
        groups: Photo sets.
        clips: Video clips.
        prior: Which motion prior the pack holds; empty = none.
    """
    text = json.dumps({"groups": groups, "clips": clips, "prior": prior})
    (folder / "pack.json").write_text(text)
