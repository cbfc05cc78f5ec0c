"""Train and measure the motion prior on a data folder: clips with their own motion, photos with a made-up one."""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError

from vsod import paths
from vsod.errors import DataError, ModelError
from vsod.lab.datasets import LabelledClip, labelled_clips
from vsod.storage.atomic import output_error, write_bytes
from vsod.storage.partial_files import replacing
from vsod_models.flow.dis import DIS
from vsod_models.flow.motion_encoding import dominant_motion, robust_peak
from vsod_models.metrics.clip_scores import ClipScorer, Scores, mean_scores
from vsod_models.motion_prior.motion_prior import WIDTH, MotionPrior
from vsod_models.motion_prior.region_features import PooledRegionFeatures
from vsod_models.motion_prior.segmentation import SegmentationInput
from vsod_models.motion_prior.weights_file import StoredPrior, read_prior, rounded, write_prior
from vsod_models.training.data.synthetic_motion import synthetic_flow

Report = Callable[[dict[str, Any]], None]
LabelledFrame = tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32], npt.NDArray[np.bool_]]


def clip_frames(clips: Iterable[LabelledClip], every: int, width: int = WIDTH) -> Iterator[LabelledFrame]:
    """Every ``every``-th frame of labelled clips that has a mask: rgb, DIS flow to the next frame, mask.

    The last frame of a clip looks back, its flow turned round.

    Raises:
        DataError: A clip has no masks, or one that belongs to no frame.
    """
    for clip in clips:
        for _, frame in indexed_frames(clip, every, width):
            yield frame


def indexed_frames(clip: LabelledClip, every: int, width: int = WIDTH) -> Iterator[tuple[int, LabelledFrame]]:
    """The same for one clip, with the ordinal of each frame."""
    estimate = DIS()
    with clip.open() as source:
        info = source.info
        masks = clip.masks(info)
        full_width, full_height = info.display_size
        size = (width, max(round(full_height * width / full_width), 1))
        before: npt.NDArray[np.uint8] | None = None
        current: npt.NDArray[np.uint8] | None = None
        for item in source.frames(size=size):
            if current is not None and (item.index - 1) % every == 0 and item.index - 1 in masks:
                mask = _fit_mask(masks[item.index - 1], size)
                yield item.index - 1, (current, estimate(current, item.image), mask)
            before, current = current, item.image
        last = info.frame_count - 1
        if before is not None and current is not None and last % every == 0 and last in masks:
            yield last, (current, -estimate(current, before), _fit_mask(masks[last], size))


def _fit_mask(mask: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA) > 127)


def photo_frames(data: Path, count: int, seed: int = 0, width: int = WIDTH) -> Iterator[LabelledFrame]:
    """Training photos with masks, each with one made-up motion as DIS sees it.

    Args:
        data: Folder with ``index.csv`` and ``images-*.tar``; without an index there are no photos.
        count: At most this many; sets are drawn by the root of their size.
        seed: Of the drawing and of the motions.
        width: Of the longer side.
    """
    index = data / "index.csv"
    if count < 1 or not index.is_file():
        return
    with index.open(newline="") as file:
        ids = [r["id"] for r in csv.DictReader(file) if (r["label"], r["split"]) == ("mask", "train")]
    if not ids:
        return
    rng = np.random.default_rng(seed)
    _, which, sizes = np.unique([i.split("/")[0] for i in ids], return_inverse=True, return_counts=True)
    chance = 1 / np.sqrt(sizes[which])
    chosen = rng.choice(len(ids), min(count, len(ids)), replace=False, p=chance / chance.sum())
    estimate = DIS()
    for picture, label in _pairs(data, {ids[i] for i in chosen}):
        scale = width / max(picture.shape[:2])
        size = (max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1))
        rgb = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        mask = _fit_mask(label, size)
        cut = np.where(mask, 255, 0).astype(np.uint8)
        yield rgb, synthetic_flow(rgb, cut, estimate, rng), mask


def _pairs(data: Path, wanted: set[str]) -> Iterator[tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]]:
    """(rgb, mask 0 or 255) of the wanted photos, in the order in which their second half is found."""
    half: dict[str, npt.NDArray[np.uint8]] = {}
    for path in sorted(data.glob("images-*.tar")):
        with tarfile.open(path) as archive:
            for member in archive:
                part, _, rest = member.name.removeprefix("./").partition("/")
                name = rest.rsplit(".", 1)[0]
                stream = archive.extractfile(member) if name in wanted and part in ("image", "mask") else None
                if stream is None:
                    continue
                blob = np.frombuffer(stream.read(), np.uint8)
                flags = cv2.IMREAD_COLOR if part == "image" else cv2.IMREAD_GRAYSCALE
                image = cv2.imdecode(blob, flags)
                if image is None:
                    raise DataError(f"'{member.name}' cannot be decoded", where=path)
                if part == "image":
                    half_found = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
                else:
                    half_found = np.where(image > 0, 255, 0).astype(np.uint8)
                other = half.pop(name, None)
                if other is None:
                    half[name] = half_found
                elif part == "image":
                    yield half_found, other
                else:
                    yield other, half_found


def train_prior(
    data: Path,
    backbone: Path,
    out: Path,
    *,
    every: int = 4,
    photos: int = 600,
    source: SegmentationInput = "flow",
    per_level: bool = False,
    motion: bool = True,
    epochs: int = 10,
    width: int = WIDTH,
    threads: int = 2,
    seed: int = 0,
    report: Report | None = None,
) -> None:
    """Train the prior's classifier and write the prior's file.

    Args:
        data: Data folder, see :mod:`vsod.lab.datasets`.
        backbone: Frozen features: MobileNetV2 under torchvision's names, the weights of a model of
            ours with that encoder, or a prior's file.
        out: ``.safetensors`` file to write.
        every: Every how many frames of the training clips one is learnt from.
        photos: Training photos with made-up motion besides them.
        source: What is segmented.
        per_level: A classifier for each level instead of one for all.
        motion: Describe segments by their motion as well.
        epochs: Passes over the segments.
        width: Pixels across of the frames.
        threads: Threads of the segmentation.
        seed: Of everything.
        report: Receives ``{"frames": n}`` and ``{"epoch": n, "loss": x}``.

    Raises:
        DataError: Data are missing or inconsistent.
        ModelError: The backbone cannot be used.
    """
    # torch comes with these
    from vsod_models.motion_prior.torch_networks import frozen_features, stored_features, torch_feature_map
    from vsod_models.training import motion_prior_training as learning

    def frames() -> Iterator[LabelledFrame]:
        yield from clip_frames(labelled_clips(data, "train"), every, width)
        yield from photo_frames(data, photos, seed, width)

    try:
        state = rounded({k: v.numpy() for k, v in frozen_features(backbone).state_dict().items()})
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"no features in this file: {error}",
            where=backbone,
            fix="Give a .safetensors of MobileNetV2, of a model built on it, or of a prior.",
        ) from error
    net = stored_features(StoredPrior(state, ()))
    try:
        classifiers = learning.train_prior(
            frames(),
            PooledRegionFeatures(torch_feature_map(net), motion=motion),
            source=source,
            per_level=per_level,
            epochs=epochs,
            threads=threads,
            seed=seed,
            report=report,
        )
    except ValueError as error:
        raise DataError(str(error), where=data) from error
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with replacing(out) as partial:
            write_prior(StoredPrior(state, classifiers, source, motion, width), partial)
    except OSError as error:
        raise output_error(error, out) from error


def install_prior(file: Path) -> None:
    """Install trained weights of the motion prior.

    Raises:
        ModelError: The file is missing or no prior.
    """
    try:
        read_prior(file)
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(f"no trained prior to install: {error}", where=file, fix="Train first.") from error
    write_bytes(paths.weights_dir() / "prior.safetensors", file.read_bytes())


def measure_prior(
    data: Path, file: Path, *, split: str = "val", every: int = 1, threads: int = 2
) -> list[tuple[Scores, Scores]]:
    """The prior on its own and the flow's magnitude, scored alike; frames without motion count as empty.

    Args:
        data: Data folder.
        file: The prior's weights.
        split: ``"val"``, ``"train"`` or ``"all"``.
        every: Every how many frames one is scored; first and last frame are not.
        threads: Threads of the segmentation.

    Returns:
        (prior, magnitude against the camera over its peak) for every clip, then for their mean.
        Maps are scored at the masks' size.

    Raises:
        DataError: Data are missing or inconsistent.
    """
    prior = MotionPrior.load(file, threads=threads)
    width = read_prior(file).width
    rows = []
    for clip in labelled_clips(data, split):
        with clip.open() as source:
            masks = clip.masks(source.info)
            counted = masks.scored
        ours, baseline = ClipScorer(clip.name), ClipScorer(clip.name)
        for index, (rgb, flow, _) in indexed_frames(clip, every, width):
            if index not in counted:
                continue
            truth = masks[index]
            found = prior(rgb, flow)
            if found is None:
                found = np.zeros(flow.shape[:2], np.float32)
            for scorer, saliency in ((ours, found), (baseline, _magnitude(flow))):
                scorer.add(_enlarge(saliency, truth.shape), truth)
        rows.append((ours.result(), baseline.result()))
    rows.append((mean_scores([a for a, _ in rows]), mean_scores([b for _, b in rows])))
    return rows


def _magnitude(flow: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    residual = flow - dominant_motion(flow)
    speed = np.hypot(residual[..., 0], residual[..., 1])
    return np.asarray(np.clip(speed / max(robust_peak(speed), 1e-3), 0, 1), np.float32)


def _enlarge(saliency: npt.NDArray[np.float32], shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.resize(saliency, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)
