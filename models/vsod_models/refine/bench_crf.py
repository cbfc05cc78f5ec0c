"""Time and compare the engines of the dense CRF: ``python -m vsod_models.refine.bench_crf [PICTURES MAPS]``.

PICTURES and MAPS are folders of images that pair up in sorted order; without them a picture is made. The engines
are compared with our mean field on every pixel, or with ``--exact`` with sums over all pairs of pixels.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from vsod_models.arrays import Image, Map
from vsod_models.refine.dense_crf import PRESETS, CRFParameters, unary
from vsod_models.refine.mean_field import MeanField
from vsod_models.refine.pydensecrf_engine import PyDenseCRF

Frame = tuple[Image, Map]
Refine = Callable[[Image, Map, CRFParameters], Map]


def brute_force(rgb: Image, saliency: Map, parameters: CRFParameters) -> Map:
    """The mean field by sums over all pairs of pixels: the truth that the engines approximate."""
    odds = torch.from_numpy(unary(rgb, saliency, parameters)).double().flatten()
    place = torch.cartesian_prod(*(torch.arange(n, dtype=torch.float32) for n in saliency.shape))
    colour = torch.from_numpy(rgb.reshape(-1, 3)).float() / parameters.theta_beta
    kernels = [
        (parameters.w_bilateral, torch.cat([place / parameters.theta_alpha, colour], 1)),
        (parameters.w_smooth, place / parameters.theta_gamma),
    ]
    scales = [_sums(points, torch.ones_like(odds)).rsqrt() for _, points in kernels]
    now = odds
    for _ in range(parameters.iterations):
        lean = torch.tanh(now / 2)
        now = odds.clone()
        for (weight, points), scale in zip(kernels, scales, strict=True):
            now += weight * scale * _sums(points, scale * lean)
    return np.asarray(now.sigmoid().reshape(saliency.shape).numpy(), np.float32)


def _sums(points: Tensor, values: Tensor) -> Tensor:
    rows = []
    for first in range(0, len(points), 64):
        some = points[first : first + 64]
        far = torch.zeros(len(some), len(points))
        for a, b in zip(some.T, points.T, strict=True):
            far += (a[:, None] - b).square_()
        rows.append(far.mul_(-0.5).clamp_(min=-40).exp_() @ values.float())
    return torch.cat(rows).double()


def _made() -> Frame:
    """A picture of 854x480 with the spectrum of a photo, and the soft map of a thing in it."""
    height, width = 480, 854
    rng = np.random.default_rng(0)
    steps = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    noise = np.stack([np.fft.fft2(rng.normal(size=(height, width))) for _ in range(3)])
    clouds = np.fft.ifft2(noise * np.maximum(steps, 1 / width) ** -1.3).real
    clouds /= clouds.std()
    y, x = np.mgrid[:height, :width]
    inside = np.hypot((x - 430) / 150, (y - 260) / 150)
    shade = np.where((inside + 0.15 * clouds[0] < 1)[..., None], (150, 95, 70), (80, 110, 120))
    rgb = (shade + 18 * np.moveaxis(clouds, 0, -1)).clip(0, 255).astype(np.uint8)
    return rgb, (1 / (1 + np.exp(12 * (inside - 1)))).astype(np.float32)


def _pairs(pictures: Path, maps: Path) -> Iterator[Frame]:
    for picture, saliency in zip(sorted(pictures.iterdir()), sorted(maps.iterdir()), strict=True):
        bgr, gray = (
            cv2.imread(str(picture), cv2.IMREAD_COLOR),
            cv2.imread(str(saliency), cv2.IMREAD_GRAYSCALE),
        )
        if bgr is None or gray is None:
            raise SystemExit(f"cannot read {picture if bgr is None else saliency}")
        chance = cv2.resize(gray, (bgr.shape[1], bgr.shape[0]), interpolation=cv2.INTER_LINEAR)
        yield np.ascontiguousarray(bgr[..., ::-1], np.uint8), (chance / 255).astype(np.float32)


def _soften(saliency: Map, factor: float) -> Map:
    """The map with its log odds, at most 5.5, multiplied."""
    chance = saliency.clip(0.004, 0.996)
    return np.asarray(chance**factor / (chance**factor + (1 - chance) ** factor), np.float32)


def _shrink(frames: list[Frame], parameters: CRFParameters, width: int) -> tuple[list[Frame], CRFParameters]:
    """Smaller pictures, and the deviations in pixels smaller with them."""
    scale = width / frames[0][0].shape[1]
    size = (width, round(frames[0][0].shape[0] * scale))
    area = cv2.INTER_AREA
    small = [
        (
            np.asarray(cv2.resize(rgb, size, interpolation=area), np.uint8),
            np.asarray(cv2.resize(saliency, size, interpolation=area), np.float32).clip(0, 1),
        )
        for rgb, saliency in frames
    ]
    alpha, gamma = scale * parameters.theta_alpha, scale * parameters.theta_gamma
    return small, dataclasses.replace(parameters, theta_alpha=alpha, theta_gamma=gamma)


def _row(
    name: str, refine: Refine, frames: list[Frame], truths: list[Map], chosen: CRFParameters, n: int
) -> None:
    walls, works, off, overlap = [], [], [], []
    for (rgb, saliency), truth in zip(frames, truths, strict=True):
        times = []
        for _ in range(n):
            wall, work = time.perf_counter(), time.process_time()
            out = refine(rgb, saliency, chosen)
            times.append((time.perf_counter() - wall, time.process_time() - work))
        walls.append(1e3 * min(wall for wall, _ in times))
        works.append(1e3 * min(work for _, work in times))
        off.append(np.abs(out - truth).mean())
        a, b = out > 0.5, truth > 0.5
        overlap.append((a & b).sum() / max(1, (a | b).sum()))
    busy = "in its own process" if name == "pydensecrf" else f"{np.mean(works):.0f} ({max(works):.0f})"
    print(
        f"| {name} | {np.mean(walls):.0f} ({max(walls):.0f}) | {busy} "
        f"| {np.mean(off):.5f} ({max(off):.5f}) | {np.mean(overlap):.4f} ({min(overlap):.4f}) |",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    ask = argparse.ArgumentParser(prog="bench_crf", description=__doc__)
    ask.add_argument("pictures", type=Path, nargs="?")
    ask.add_argument("maps", type=Path, nargs="?")
    ask.add_argument("--preset", choices=list(PRESETS), default="pdb")
    ask.add_argument("--repeats", type=int, default=10, help="times each frame is refined; the best counts")
    ask.add_argument("--threads", type=int, default=1)
    ask.add_argument("--width", type=int, help="shrink the pictures first, and the kernels with them")
    ask.add_argument("--soften", type=float, help="multiply the maps' log odds, to try hesitant maps")
    ask.add_argument("--exact", action="store_true", help="compare with all pairs of pixels; shrink first")
    words = ask.parse_args()
    if words.pictures is not None and words.maps is None:
        ask.error("MAPS is missing")
    torch.set_num_threads(words.threads)
    cv2.setNumThreads(words.threads)
    frames = [_made()] if words.pictures is None else list(_pairs(words.pictures, words.maps))
    chosen = PRESETS[words.preset]
    if words.soften:
        frames = [(rgb, _soften(saliency, words.soften)) for rgb, saliency in frames]
    if words.width:
        frames, chosen = _shrink(frames, chosen, words.width)
    whole = MeanField(1, threads=words.threads).refine
    truths = [(brute_force if words.exact else whole)(*frame, chosen) for frame in frames]
    height, width = frames[0][1].shape
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(
        f"{len(frames)} frames of {width}x{height}, {words.preset}, {words.threads} thread(s){load}; mean (worst)"
    )
    print("| engine | ms a frame | ms of CPU | mean difference | IoU |\n|---|---|---|---|---|")
    n = words.repeats
    _row("none, the map as it is", lambda rgb, saliency, chosen: saliency, frames, truths, chosen, 1)
    _row("meanfield", MeanField(threads=words.threads).refine, frames, truths, chosen, n)
    _row("meanfield, every pixel", whole, frames, truths, chosen, min(n, 2))
    try:
        theirs = PyDenseCRF()
    except ImportError as error:
        raise SystemExit(str(error)) from None
    with theirs:
        theirs.refine(*frames[0], chosen)  # the process starts, outside of the timing
        _row("pydensecrf", theirs.refine, frames, truths, chosen, min(n, 2))


if __name__ == "__main__":
    main()
