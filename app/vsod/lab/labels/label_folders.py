"""Labels from folders of maps: fusion, and the coarse labels of MSST and STAN."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.progress import ProgressFn
from vsod.errors import DataError
from vsod.lab.labels.clip_folders import LabelPrior, frames_with_motion, open_clip, residual_motion
from vsod.lab.labels.data_set_truth import open_truth
from vsod.lab.labels.map_folders import (
    Key,
    MapFolder,
    MapProviders,
    claim_labels,
    no_common_truth,
    report_progress,
    write_clip,
    write_json,
)
from vsod.storage.atomic import write_text
from vsod_models.labels import map_fusion
from vsod_models.labels.coarse_labels import Candidate, CoarseLabel, ErasureRules, coarse_labels
from vsod_models.labels.otsu import to_levels

FLOW_WIDTH = 512  # flow is computed at this width at most, as the papers' motion prior is


@dataclass(frozen=True)
class FusionWeights:
    """How providers are weighted, and how well that does where there is ground truth.

    Attributes:
        providers: The folders.
        weights: Of each.
        learnt_on: Frames with ground truth; 0 = equal weights, and the errors are None.
        error: Mean squared error of the fused maps on them.
        equal: The same with equal weights.
        alone: The same of every provider on its own.
    """

    providers: tuple[str, ...]
    weights: tuple[float, ...]
    learnt_on: int
    error: float | None = None
    equal: float | None = None
    alone: tuple[float, ...] | None = None


def learn_weights(
    providers: MapProviders,
    truth: MapFolder | None,
    *,
    constrained: bool = True,
    on_progress: ProgressFn | None = None,
) -> FusionWeights:
    """Weights from the frames that have ground truth; equal ones without any.

    Raises:
        DataError: There is ground truth, but of none of the frames; or a file cannot be read.
    """
    names = tuple(str(folder.root) for folder in providers.folders)
    n = len(names)
    if truth is None:
        return FusionWeights(names, (1 / n,) * n, 0)
    known = [key for key in providers.keys if key in truth.files]
    if not known:
        raise no_common_truth(truth)
    evidence = map_fusion.Evidence(n)
    for done, key in enumerate(known):
        maps = providers.maps(key)
        evidence.add(maps, truth.mask(key, (maps.shape[2], maps.shape[1])).astype(np.float64))
        report_progress(on_progress, "weigh", done + 1, len(known))
    weights = evidence.solve(constrained)
    return FusionWeights(
        names,
        tuple(float(w) for w in weights),
        len(known),
        evidence.error(weights),
        evidence.error(np.full(n, 1 / n)),
        tuple(evidence.error(row) for row in np.eye(n)),
    )


def write_fused_maps(
    maps: Sequence[Path],
    out: Path,
    truth: Path | None = None,
    *,
    constrained: bool = True,
    overwrite: bool = True,
    on_progress: ProgressFn | None = None,
) -> dict[str, Any]:
    """Write fused maps to ``out/<clip>/00012.png`` (8-bit) and ``out/weights.json``.

    Args:
        maps: Providers' folders.
        out: Result folder.
        truth: Folder of masks of all or some frames; None = equal weights.
        constrained: Weights on the simplex; else plain least squares.
        overwrite: Replace also what others wrote into ``out``.
        on_progress: Receives progress.

    Returns:
        What is in ``weights.json``, and ``frames`` and ``left_out``.

    Raises:
        DataError, OutputError, UsageError: Inputs or ``out`` cannot be used.
    """
    providers = MapProviders(maps)
    inputs = [*maps, *([truth] if truth else [])]
    claim_labels(out, ["weights.json"], providers.clips(), inputs, overwrite=overwrite)
    found = learn_weights(
        providers,
        None if truth is None else open_truth(truth),
        constrained=constrained,
        on_progress=on_progress,
    )
    weights = np.array(found.weights)
    done = 0
    for clip, keys in providers.clips().items():
        pictures = ((n, to_levels(map_fusion.fuse_maps(providers.maps((c, n)), weights))) for c, n in keys)
        write_clip(out / clip, pictures)
        done += len(keys)
        report_progress(on_progress, "fuse", done, len(providers.keys))
    write_json(out / "weights.json", asdict(found))
    return {**asdict(found), "frames": done, "left_out": providers.left_out}


def write_coarse_labels(
    maps: Sequence[Path],
    clips: Path,
    out: Path,
    truth: Path | None = None,
    *,
    prior: LabelPrior = residual_motion,
    rules: ErasureRules | None = None,
    reads: Sequence[tuple[Path, str]] = (),
    overwrite: bool = True,
    on_progress: ProgressFn | None = None,
) -> dict[str, Any]:
    """Write coarse labels: ``out/<clip>/00012.png``, ``out/confidence.csv`` and ``out/weights.json``.

    Args:
        maps: Providers' folders.
        clips: Folder of video files or frame folders, named as the maps' subfolders.
        out: Result folder.
        truth: Folder of masks of all or some frames, to learn the weights from; None = equal weights.
        prior: What moves, for the rule that erases still regions.
        rules: When a region is erased.
        reads: What else is read, and what it is: not to be written over.
        overwrite: Replace also what others wrote into ``out``.
        on_progress: Receives progress.

    Returns:
        Counts, the weights, and the mean IoU before and after erasing where there is ground truth.

    Raises:
        DataError, MediaError, OutputError, UsageError: Inputs or ``out`` cannot be used.
    """
    providers, manual = MapProviders(maps), None if truth is None else open_truth(truth)
    inputs = [*maps, clips, *([truth] if truth else [])]
    files = ["weights.json", "confidence.csv"]
    claim_labels(out, files, providers.clips(), inputs, reads, overwrite=overwrite)
    found = learn_weights(providers, manual, on_progress=on_progress)
    rows: list[dict[str, Any]] = []
    ious: list[tuple[float, float]] = []

    def noted(keys: list[Key]) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
        candidates = _candidates(providers, np.array(found.weights), clips, keys, prior)
        for key, label in zip(keys, coarse_labels(candidates, rules), strict=True):
            rows.append(_row(key, label))
            if manual is not None and key in manual.files:
                gt = manual.mask(key, (label.mask.shape[1], label.mask.shape[0]))
                ious.append((_iou(label.raw, gt), _iou(label.mask, gt)))
            report_progress(on_progress, "label", len(rows), len(providers.keys))
            yield key[1], label.mask.astype(np.uint8) * 255

    for clip, keys in providers.clips().items():
        write_clip(out / clip, noted(keys))
    _write_csv(out / "confidence.csv", rows)
    write_json(out / "weights.json", asdict(found))
    return {
        **asdict(found),
        "frames": len(rows),
        "left_out": providers.left_out,
        "empty": sum(row["area"] == 0 for row in rows),
        "components": sum(row["components"] for row in rows),
        "erased": {rule: sum(row[f"erased_{rule}"] for row in rows) for rule in "abc"},
        "confidence": round(float(np.mean([row["confidence"] for row in rows])), 4),
        "iou_before": round(float(np.mean([a for a, _ in ious])), 4) if ious else None,
        "iou_after": round(float(np.mean([b for _, b in ious])), 4) if ious else None,
    }


def _candidates(
    providers: MapProviders, weights: npt.NDArray[np.float64], clips: Path, keys: list[Key], prior: LabelPrior
) -> Iterator[Candidate]:
    """The frames of one clip, fused, with motion and flow in the maps' size."""
    w, h = providers.size(keys[0])
    scale = min(FLOW_WIDTH / w, 1.0)
    size = (max(round(w * scale), 1), max(round(h * scale), 1))
    numbers = [n for _, n in keys]
    with open_clip(clips, keys[0][0]) as source:
        for frame, after in zip(frames_with_motion(source, numbers, size), [*numbers[1:], None], strict=True):
            fused = map_fusion.fuse_maps(providers.maps((keys[0][0], frame.number)), weights)
            if fused.shape != (h, w):
                raise DataError(f"frame {frame.number} of '{keys[0][0]}' has another size than the first")
            motion = None if frame.flow is None else prior(frame.image, frame.flow)
            if motion is not None:
                motion = np.asarray(cv2.resize(motion, (w, h)), np.float32)
            flow = None
            if frame.flow is not None and after == frame.number + 1:
                grow = np.array((w / size[0], h / size[1]), np.float32)
                flow = np.asarray(cv2.resize(frame.flow, (w, h)) * grow, np.float32)
            yield Candidate(fused, motion, flow)


def _row(key: Key, label: CoarseLabel) -> dict[str, Any]:
    return {
        "clip": key[0],
        "frame": key[1],
        "area": round(float(label.mask.mean()), 5),
        "components": label.components,
        **{f"erased_{rule}": count for rule, count in label.erased.items()},
        "margin": round(label.margin, 4),
        "kept": round(label.kept, 4),
        "steady": round(label.steady, 4),
        "confidence": round(label.confidence, 4),
    }


def _iou(a: npt.NDArray[np.bool_], b: npt.NDArray[np.bool_]) -> float:
    union = int((a | b).sum())
    return int((a & b).sum()) / union if union else 1.0


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())
