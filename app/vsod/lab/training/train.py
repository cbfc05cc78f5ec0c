"""Train a model: decode the data once into a pack, then run the loop of ``vsod_models.training``."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vsod.errors import DataError, ModelError
from vsod.inference.model_registry import find_model
from vsod.inference.model_spec import ModelSpec
from vsod.lab.datasets import DataSet, LabelFolders, LabelledClip, Photo, find_data_sets
from vsod.lab.training.plan import TrainingPlan
from vsod.lab.training.variants import find_variant
from vsod.storage.atomic import commit_together, create_partial, discard, output_error
from vsod_models.training.data.pack_photos import PhotoRow, ReadPhotos, indexed_photos, pack_photos
from vsod_models.training.data.pack_videos import Clip, pack_videos
from vsod_models.training.data.packed_data import VIDEO_SIZE, finish, has_prior

_LABEL_TRUST = 0.5  # of a label beside a mask made by hand, at full confidence
_FILES = ("weights.safetensors", "checkpoint.pt", "log.jsonl", "recipe.json", "features.pt")  # of every stage

Report = Callable[[dict[str, Any]], None]


def make_pack(
    data: Sequence[Path], folder: Path, labels: Sequence[Path] = (), report: Report | None = None
) -> None:
    """Decode the photos and clips of data sets into ``folder``, with flow; of a set with splits those of ``train``.

    Args:
        data: Folders of data sets, or of folders of them.
        folder: The pack.
        labels: Folders of labels for frames without truth.
        report: Receives progress rows.

    Raises:
        DataError: Data are missing or inconsistent.
    """

    def tell(stage: str) -> Callable[[int, int], None]:
        return lambda done, total: report({"stage": stage, "done": done, "total": total}) if report else None

    sets = find_data_sets(data)
    clips = [clip for one in sets if one.kind == "clips" for clip in training_clips(one)]
    try:
        rows, read = _photos([one for one in sets if one.kind == "photos"])
        if not rows and not clips:
            raise DataError(
                "there is nothing to learn from: all of it is for tests",
                where=data[0],
                fix="Give a data set, or a part of one, that is for training.",
            )
        groups = pack_photos(rows, read, folder, progress=tell("photos"))
        total = sum(_frame_count(clip) for clip in clips)
        found = LabelFolders(labels) if labels else None
        names = pack_videos(_decoded(clips, found), total, folder, progress=tell("videos"))
    except (FileNotFoundError, ValueError) as error:
        raise DataError(str(error), where=data[0]) from error
    finish(folder, groups, names)


def training_clips(data: DataSet) -> list[LabelledClip]:
    """The clips of a set's ``train``; all of a set without splits, none of one for tests.

    Raises:
        DataError: They cannot be read.
    """
    split = data.training_split
    return [] if split is None else data.clips(split)


def _photos(sets: Sequence[DataSet]) -> tuple[list[PhotoRow], ReadPhotos]:
    """Rows and reader of all photos: ours as they are indexed, and those of downloads."""
    ours = list(dict.fromkeys(one.folder for one in sets if one.indexed))
    rows, readers = list[PhotoRow](), list[ReadPhotos]()
    for folder in ours:
        more, read = indexed_photos(folder)
        readers.append(_shifted(read, len(rows)))
        rows += more
    for one in sets:
        if one.indexed or one.training_split is None:
            continue
        photos = one.photos("")
        readers.append(_downloaded(photos, len(rows)))
        rows += [PhotoRow(one.name)] * len(photos)
    return rows, chain.from_iterable(readers)


def _shifted(read: ReadPhotos, by: int) -> ReadPhotos:
    return ((i + by, picture, mask) for i, picture, mask in read)


def _downloaded(photos: Sequence[Photo], first: int) -> ReadPhotos:
    for i, photo in enumerate(photos, first):
        picture = photo.image()
        mask = cv2.resize(photo.mask(), picture.shape[1::-1], interpolation=cv2.INTER_AREA)
        yield i, picture, np.asarray(mask, np.uint8)


def add_prior(folder: Path, report: Report | None = None, photos: int = 3000) -> None:
    """Compute the motion prior of a finished pack: all video frames, and ``photos`` well-labelled photos.

    Raises:
        ModelError: The prior is not trained.
    """
    from vsod.inference import motion_prior
    from vsod_models.training.data.pack_motion_priors import pack_priors

    compute = motion_prior.open_prior()

    def tell(done: int, total: int) -> None:
        if report:
            report({"stage": "prior", "done": done, "total": total})

    pack_priors(folder, compute, motion_prior.prior_digest(), photos, tell)


def _frame_count(clip: LabelledClip) -> int:
    with clip.open() as source:
        return source.info.frame_count


def _decoded(clips: Sequence[LabelledClip], labels: LabelFolders | None) -> Iterator[Clip]:
    for clip in clips:
        with clip.open() as source:
            truth = clip.masks(source.info)
            masks = {k: (truth[k], 1.0) for k in truth}
            for k, label in (labels.of(clip.name, source.info) if labels is not None else {}).items():
                masks.setdefault(k, (label.mask(), _LABEL_TRUST * label.confidence))
            frames = (frame.image for frame in source.frames(size=VIDEO_SIZE))
            yield clip.name, frames, masks


def train(
    model_id: str,
    data: Path | Sequence[Path],
    out: Path,
    plan: TrainingPlan,
    *,
    pack: Path | None = None,
    report: Report | None = None,
) -> Path:
    """Train a model from its start, or go on where an earlier run in ``out`` was stopped.

    Args:
        model_id: Model whose network is trained; its weights need not exist yet.
        data: Folders of data sets, or of folders of them.
        out: Run folder: ``pack/`` (``clips/`` as published), and per stage ``checkpoint.pt``, ``log.jsonl``,
            ``weights.safetensors``.
        plan: What to do.
        pack: Pack to use instead of ``out/pack``, made if missing; as published where clips lie as arrays.
        report: Receives progress rows.

    Returns:
        The weights file.

    Raises:
        DataError, ModelError: Data, model or initialisation cannot be used.
    """
    from vsod.lab.training import network_training, published_training

    model, folders = find_model(model_id), [data] if isinstance(data, Path) else list(data)
    if plan.published is not None:
        return published_training.train_published(model, folders, out, plan, pack, report)
    variant = find_variant(model, plan.variant)
    model = dataclasses.replace(model, options={**model.options, **variant.options})
    pack = pack or out / "pack"
    prior = any("prior" in stage.reads for stage in network_training.planned_stages(model, plan))
    ready = (pack / "pack.json").is_file() and (not prior or has_prior(pack))
    if not ready and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise DataError(
            "several processes cannot make a pack together",
            where=pack,
            fix="Run the command without torchrun and with --samples 16 once.",
        )
    if not (pack / "pack.json").is_file():
        make_pack(folders, pack, plan.labels if variant.data.labels else (), report)
    if prior and not has_prior(pack):
        add_prior(pack, report)
    return network_training.train_network(model, pack, out, plan, report)


def files_of(model_id: str, plan: TrainingPlan) -> list[str]:
    """The files that a run writes, as named from its folder; the pack is not among them.

    Raises:
        UnknownModel, ModelError: There is no such model, stage or recipe.
    """
    from vsod.lab.training import network_training, published_training

    model = find_model(model_id)
    if plan.published is not None:
        planned = published_training.published_plan(model, plan)
        asked = [planned.folder(Path(), stage).as_posix() for stage in planned.asked]
        return [
            name if folder == "." else f"{folder}/{name}"
            for folder in asked
            for name in published_training.FILES
        ]
    model = dataclasses.replace(model, options={**model.options, **find_variant(model, plan.variant).options})
    alone = len(network_training.stages_of(model)) == 1
    folders = [""] if alone else [f"{stage.name}/" for stage in network_training.planned_stages(model, plan)]
    return [f"{folder}{name}" for folder in folders for name in _FILES]


def install_weights(model_id: str, weights: Path) -> None:
    """Put trained weights in the model's place and note their digest in the model.

    Raises:
        ModelError: The weights file is missing.
        OutputError: The disk refuses; model and weights are what they were.
    """
    from vsod.lab.training import network_training
    from vsod.storage.digest import file_sha256

    model: ModelSpec = find_model(model_id)
    if not weights.is_file() or model.source is None or model.weights is None:
        raise ModelError("no trained weights to install", where=weights, fix="Train first.")
    text = model.source.read_text(encoding="utf-8").splitlines()
    partials: list[tuple[Path, Path]] = []
    try:
        for target in (model.weights, model.source):
            partial, file = create_partial(target)
            file.close()
            partials.append((partial, target))
        (new_weights, _), (new_spec, _) = partials
        network_training.store_weights(weights, new_weights)
        digest = file_sha256(new_weights)
        lines = [f'sha256 = "{digest}"' if line.startswith("sha256") else line for line in text]
        new_spec.write_text("\n".join(lines) + "\n", encoding="utf-8")
        # one without the other is a model that refuses its weights
        commit_together(partials)
    except OSError as error:
        raise output_error(error, model.weights) from error
    finally:
        for partial, _ in partials:
            discard(partial)
