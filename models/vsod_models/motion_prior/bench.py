"""Milliseconds of the motion prior's parts: ``python -m vsod_models.motion_prior.bench PRIOR FIRST SECOND``."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.flow.dis import DIS
from vsod_models.flow.flow_image import flow_to_image
from vsod_models.motion_prior.motion_prior import MotionPrior
from vsod_models.motion_prior.region_classifier import Classifier
from vsod_models.motion_prior.region_features import FeatureMap, PooledRegionFeatures, picture_tensor
from vsod_models.motion_prior.segmentation import segmentations
from vsod_models.motion_prior.torch_networks import stored_features, torch_feature_map
from vsod_models.motion_prior.weights_file import StoredPrior, read_prior


def on_openvino(stored: StoredPrior, height: int, width: int) -> FeatureMap:
    """The frozen features by OpenVINO on the CPU, at its own choice of precision.

    Raises:
        ImportError: OpenVINO is not installed.
    """
    import openvino as ov
    import torch

    padded = (1, 3, height + -height % 16, width + -width % 16)
    model = ov.convert_model(stored_features(stored), example_input=torch.zeros(padded))
    model.reshape(padded)
    compiled = ov.compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY"})

    def features(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        return np.asarray(compiled(picture_tensor(rgb))[0][0], np.float32)

    return features


def timed(work: Callable[[], object], repeat: int) -> tuple[float, float]:
    """Median milliseconds of a call by the clock and of all cores together, after one that does not count."""
    work()
    clock, cores = [], []
    for _ in range(repeat):
        start, busy = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - start)
        cores.append(time.process_time() - busy)
    return statistics.median(clock) * 1e3, statistics.median(cores) * 1e3


def main(argv: Sequence[str] | None = None) -> int:
    """Print one line a part."""
    parser = argparse.ArgumentParser(description="Milliseconds of the motion prior's parts.")
    parser.add_argument("prior", type=Path)
    parser.add_argument("first", type=Path, help="picture")
    parser.add_argument("second", type=Path, help="the one after it")
    parser.add_argument("--size", default="512x288")
    parser.add_argument("--repeat", type=int, default=15)
    args = parser.parse_args(argv)
    width, height = (int(x) for x in args.size.split("x"))
    pictures = []
    for path in (args.first, args.second):
        image = cv2.imread(str(path))
        if image is None:
            parser.error(f"{path} is no picture")
        small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        pictures.append(np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8))
    rgb, second = pictures
    stored = read_prior(args.prior)
    estimate = DIS()
    flow = estimate(rgb, second)
    labels = segmentations(rgb, flow, stored.source)
    by_torch, by_openvino = torch_feature_map(stored_features(stored)), on_openvino(stored, height, width)
    pooled = PooledRegionFeatures(by_openvino, motion=stored.motion)
    seen = pooled.prepare(rgb)
    regions = pooled.describe(seen, rgb, flow, labels)
    judges = [Classifier(x) for x in stored.classifiers] * (3 // len(stored.classifiers))
    whole = [MotionPrior.load(args.prior, f) for f in (by_openvino, by_torch)]
    parts: dict[str, Callable[[], object]] = {
        "flow (DIS medium)": lambda: estimate(rgb, second),
        "flow image": lambda: flow_to_image(flow),
        "three segmentations, one thread": lambda: segmentations(rgb, flow, stored.source, threads=1),
        "three segmentations, two threads": lambda: segmentations(rgb, flow, stored.source),
        "features, torch": lambda: by_torch(rgb),
        "features, OpenVINO": lambda: by_openvino(rgb),
        "descriptions": lambda: pooled.describe(seen, rgb, flow, labels),
        "classifier": lambda: [j(r) for j, r in zip(judges, regions, strict=True)],
        "whole prior, OpenVINO": lambda: whole[0](rgb, flow),
        "whole prior, torch": lambda: whole[1](rgb, flow),
    }
    print(f"{width}x{height}, {'/'.join(str(len(r)) for r in regions)} segments")
    for name, work in parts.items():
        clock, cores = timed(work, args.repeat)
        print(f"{name:34s} {clock:7.1f} ms  {cores:7.1f} ms of one core", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
