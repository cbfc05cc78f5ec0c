"""Small fakes of data sets in the layouts of their downloads: a bright square on noise, moving to the right."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def picture(file: Path, column: int, size: tuple[int, int], seed: int) -> None:
    """Write a picture of ``size`` (width, height) with the square at ``column``."""
    w, h = size
    rng = np.random.default_rng(seed)
    image = rng.integers(40, 90, (h, w, 3)).astype(np.uint8)
    image[_square(column, size)] = (60, 160, 240)
    _write(file, image)


def mask(file: Path, column: int, size: tuple[int, int]) -> None:
    """Write the square's mask."""
    _write(file, np.where(_square(column, size), 255, 0).astype(np.uint8))


def _square(column: int, size: tuple[int, int]) -> np.ndarray:
    w, h = size
    found = np.zeros((h, w), np.bool_)
    found[h // 4 : 3 * h // 4, column : column + w // 4] = True
    return found


def _write(file: Path, image: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imencode(file.suffix, image)[1].tofile(file)


def davis(root: Path, clips: dict[str, int], train: list[str], size: tuple[int, int] = (64, 48)) -> Path:
    """DAVIS-2016: frames per clip, and which clips are train; the others are val."""
    for seed, (name, count) in enumerate(clips.items()):
        for k in range(count):
            picture(root / f"JPEGImages/480p/{name}/{k:05d}.jpg", 4 + 2 * k, size, 100 * seed + k)
            mask(root / f"Annotations/480p/{name}/{k:05d}.png", 4 + 2 * k, size)
    for split, names in (("train", train), ("val", [name for name in clips if name not in train])):
        lines = [f"/JPEGImages/480p/{name}/00000.jpg /Annotations/480p/{name}/00000.png" for name in names]
        file = root / f"ImageSets/480p/{split}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n")
    return root


def duts(root: Path, train: int, test: int = 1, size: tuple[int, int] = (56, 40)) -> Path:
    """DUTS: photos of both parts."""
    for part, count in (("TR", train), ("TE", test)):
        for k in range(count):
            folder = root / f"DUTS-{part}"
            picture(folder / f"DUTS-{part}-Image/{part}{k:03d}.jpg", 4 + 3 * k, size, 1000 + k)
            mask(folder / f"DUTS-{part}-Mask/{part}{k:03d}.png", 4 + 3 * k, size)
    return root


def photos(root: Path, count: int, size: tuple[int, int] = (56, 40)) -> Path:
    """MSRA10K: photos and masks in one folder."""
    for k in range(count):
        picture(root / f"MSRA10K_Imgs_GT/Imgs/{k:03d}.jpg", 4 + 3 * k, size, 2000 + k)
        mask(root / f"MSRA10K_Imgs_GT/Imgs/{k:03d}.png", 4 + 3 * k, size)
    return root


def segtrack(root: Path, clips: dict[str, int], size: tuple[int, int] = (64, 48)) -> Path:
    """SegTrackV2: clips without splits."""
    for seed, (name, count) in enumerate(clips.items()):
        for k in range(count):
            picture(root / f"JPEGImages/{name}/{name}_{k:03d}.png", 4 + 2 * k, size, 3000 + 100 * seed + k)
            mask(root / f"GroundTruth/{name}/{name}_{k:03d}.png", 4 + 2 * k, size)
    return root


def fbms(root: Path, clips: dict[str, int], every: int = 3, size: tuple[int, int] = (64, 48)) -> Path:
    """FBMS-59: sparse truth in each clip's own folder, all of them for training."""
    for seed, (name, count) in enumerate(clips.items()):
        for k in range(count):
            picture(
                root / f"Trainingset/{name}/{name}_{k + 1:04d}.jpg", 4 + 2 * k, size, 5000 + 100 * seed + k
            )
            if k % every == 0:
                mask(root / f"Trainingset/{name}/GroundTruth/{name}_{k + 1:04d}.pgm", 4 + 2 * k, size)
    (root / "Testset").mkdir(parents=True, exist_ok=True)
    return root
