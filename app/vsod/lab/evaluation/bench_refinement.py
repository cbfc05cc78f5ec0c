"""What finishing costs, knob by knob: ``python -m vsod.lab.evaluation.bench_refinement [--size 1920x1080]``.

All but the last line are without the stabiliser, which ``run`` has in a thread of its own.

A textured ball drifts over a textured ground; its map is a net's in size and softness. Times are of one
thread's own work, so that other programs disturb them little.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.frame import Frame
from vsod.core.matte_settings import MatteSettings
from vsod.inference.raster import Raster
from vsod.matte.refiner import Refiner
from vsod.matte.smoothing_window import smooth_maps
from vsod.pipeline.bench import peak_mb
from vsod_models.refine.foreground_colour import estimate_foreground

AREA = 82944  # pixels of swift's map
TIMED_SETTINGS: dict[str, dict[str, object]] = {
    "--temporal-smoothing 0": {},
    "--edges plain": {"edges": "plain"},
    "--edges soft": {"edges": "soft"},
    "--threshold 0.5": {"threshold": 0.5},
    "--despeckle 500": {"despeckle": 500},
    "--fill-holes 500": {"fill_holes": 500},
    "--grow 2.5": {"grow": 2.5},
    "--feather 3": {"feather": 3.0},
    "--feather 20": {"feather": 20.0},
    "--black 0.1 --white 0.9": {"black": 0.1, "white": 0.9},
    "--gamma 1.5": {"gamma": 1.5},
    "--invert": {"invert": True},
    "the default": {"temporal_smoothing": 1.0},
}


def scene(width: int, height: int, count: int) -> list[tuple[Frame, npt.NDArray[np.float32]]]:
    """``count`` frames in RGB and their maps."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    grain = cv2.resize(rng.integers(0, 256, (height // 4, width // 4, 3), np.uint8), (width, height))
    ball = np.roll(grain, height // 3, 0) // 2 + 120
    size = Raster.fit((width, height), AREA, 2).size
    pairs = []
    for t in range(count):
        centre = width * (0.4 + 0.005 * t)
        alpha = np.clip((height * 0.3 - np.hypot(x - centre, y - height / 2)) / 6 + 0.5, 0, 1)[..., None]
        image = (alpha * ball + (1 - alpha) * (grain // 2)).astype(np.uint8)
        small = cv2.resize(alpha[..., 0], size, interpolation=cv2.INTER_AREA)
        saliency = np.asarray(cv2.GaussianBlur(small, (0, 0), 1.5), np.float32)
        pairs.append((Frame(t, t, image), saliency))
    return pairs


def main(argv: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="vsod.lab.evaluation.bench_refinement", description=__doc__)
    parser.add_argument("--size", default="1920x1080", metavar="WxH")
    parser.add_argument("--frames", type=int, default=12)
    args = parser.parse_args(argv)
    cv2.setNumThreads(1)
    width, height = map(int, args.size.split("x"))
    pairs = scene(width, height, args.frames)
    print(
        f"{width}x{height}, {args.frames} frames, one thread\n\n| what | ms a frame | fastest |\n|---|---|---|"
    )
    for name, changed in TIMED_SETTINGS.items():
        took = time_refinement(pairs, MatteSettings(**{"temporal_smoothing": 0.0, **changed}))  # type: ignore[arg-type]
        print(f"| {name} | {np.median(took):.1f} | {min(took):.1f} |", flush=True)
    took = time_foreground(pairs)
    print(f"| foreground colour | {np.median(took):.1f} | {min(took):.1f} |")
    print(f"\npeak memory {peak_mb():.0f} MB")
    return 0


def time_refinement(
    pairs: list[tuple[Frame, npt.NDArray[np.float32]]], settings: MatteSettings
) -> list[float]:
    """Milliseconds for each frame."""
    took: list[float] = []
    with Refiner(settings) as refiner:
        if not refiner.reads_colour:
            pairs = [(Frame(f.index, f.pts, np.ascontiguousarray(f.image[..., 1])), m) for f, m in pairs]
        smoothed = smooth_maps(pairs, settings.temporal_smoothing, range(len(pairs)))
        while True:
            began = time.thread_time()
            pair = next(smoothed, None)
            if pair is None:
                return took
            refiner(pair[1], pair[0].image)
            took.append(1000 * (time.thread_time() - began))


def time_foreground(pairs: list[tuple[Frame, npt.NDArray[np.float32]]]) -> list[float]:
    """Milliseconds of the foreground colour for each frame, with its default matte."""
    took = []
    with Refiner(MatteSettings()) as refiner:
        for frame, saliency in pairs:
            matte = refiner(saliency, frame.image)
            began = time.thread_time()
            estimate_foreground(frame.image, matte)
            took.append(1000 * (time.thread_time() - began))
    return took


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
