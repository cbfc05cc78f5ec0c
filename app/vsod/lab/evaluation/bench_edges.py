"""Edge quality on photos with a true alpha: ``python -m vsod.lab.evaluation.bench_edges DATA``.

Every way of finishing edges starts from the same low-resolution map: once from a model's map of the photo,
once from the true alpha shrunk to the model's raster, which shows the edges alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.arrays import Map
from vsod.core.frame import Frame
from vsod.core.matte_settings import EDGE_METHODS, MatteSettings
from vsod.errors import DataError
from vsod.inference.model_registry import require_model
from vsod.inference.predictor import Predictor
from vsod.matte.refiner import Refiner
from vsod_models.metrics.matting import gradient_error, mse, sad
from vsod_models.refine.foreground_colour import estimate_foreground

Photo = tuple[npt.NDArray[np.uint8], Map]


def photos(data: Path) -> dict[str, Photo]:
    """Name -> (rgb (H, W, 3) uint8, true alpha (H, W) float32) of ``data/alpha``.

    Raises:
        DataError: There are none.
    """
    found = {}
    for file in sorted((data / "alpha").glob("*_alpha.png")):
        name = file.stem.removesuffix("_alpha")
        alpha, bgr = (
            cv2.imread(str(file), cv2.IMREAD_GRAYSCALE),
            cv2.imread(str(file.parent / f"{name}.webp")),
        )
        if alpha is not None and bgr is not None:
            rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
            found[name] = (rgb, np.asarray(alpha / np.float32(255), np.float32))
    if not found:
        raise DataError(
            "no photos with alpha here", where=data / "alpha", fix="It wants NAME.webp and NAME_alpha.png."
        )
    return found


def maps(photo: Photo, model: str, device: str) -> tuple[Map, Map]:
    """The model's map of a photo, and the true alpha at that map's size."""
    rgb, alpha = photo
    predictor = Predictor(require_model(model), (rgb.shape[1], rgb.shape[0]), device)
    size = predictor.raster.size
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    (_, saliency), *_ = predictor(iter([Frame(0, 0, small)]))
    return saliency, np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.float32)


def measure(
    pictures: dict[str, Photo], starts: dict[str, Map], edges: str
) -> tuple[float, float, float, float]:
    """(SAD, MSE, gradient error, ms) of one way of finishing, means over the photos."""
    rows = []
    with Refiner(MatteSettings(edges=edges)) as refiner:
        for name, (rgb, alpha) in pictures.items():
            began = time.process_time()
            out = refiner(starts[name], rgb)
            took = 1000 * (time.process_time() - began)
            rows.append((sad(out, alpha), mse(out, alpha), gradient_error(out, alpha), took))
    a, b, c, d = np.mean(rows, axis=0)
    return float(a), float(b), float(c), float(d)


def colour_errors(data: Path, pictures: dict[str, Photo]) -> dict[str, tuple[float, float]]:
    """Photos with a true foreground -> its mean difference in levels from the picture and from our estimate.

    Where alpha lies between 0.02 and 0.98, times alpha: what shows over a new ground.
    """
    errors = {}
    for name, (rgb, alpha) in pictures.items():
        file = data / "alpha" / f"{name}_foreground.webp"
        bgr = cv2.imread(str(file)) if file.is_file() else None
        band = (alpha > 0.02) & (alpha < 0.98)
        if bgr is None or not band.any():
            continue
        truth = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.float32)
        seen, ours = (
            float((np.abs(x - truth).mean(2) * alpha)[band].mean())
            for x in (rgb, estimate_foreground(rgb, alpha))
        )
        errors[name] = (seen, ours)
    return errors


def main(argv: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="vsod.lab.evaluation.bench_edges", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with alpha/NAME.webp and alpha/NAME_alpha.png")
    parser.add_argument("--model", default="swift")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--edges", nargs="+", choices=EDGE_METHODS, default=list(EDGE_METHODS))
    args = parser.parse_args(argv)
    pictures = photos(args.data)
    both = {name: maps(photo, args.model, args.device) for name, photo in pictures.items()}
    print(f"{len(pictures)} photos\n")
    print("| map | edges | SAD | MSE | gradient | ms |\n|---|---|---|---|---|---|")
    for which, label in enumerate((args.model, "true alpha, shrunk")):
        starts = {name: pair[which] for name, pair in both.items()}
        for edges in args.edges:
            if edges == "pymatting" and find_spec("pymatting") is None:
                print("pymatting is not installed: left out", file=sys.stderr)
                continue
            a, b, c, ms = measure(pictures, starts, edges)
            print(f"| {label} | {edges} | {a:.2f} | {b:.2f} | {c:.2f} | {ms:.0f} |", flush=True)
    for name, (seen, ours) in colour_errors(args.data, pictures).items():
        print(f"\nforeground colour of {name}: {seen:.2f} levels off as seen, {ours:.2f} as estimated")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
