"""SCNN's weak labels from folders of maps: Algorithm 1 with files around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vsod.core.progress import ProgressFn
from vsod.errors import DataError
from vsod.inference.model_registry import find_model
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
from vsod.storage.atomic import output_error, write_bytes
from vsod.storage.partial_files import replacing
from vsod.storage.run_folders import begin_run
from vsod_models.labels.otsu import to_levels
from vsod_models.labels.scnn_weak_labels import Learner, Round, WeakLabelling, WeakLabelSettings

NET_AREA = 82944  # pixels of the raster a learner trains on, about 384x216


MakeLearner = Callable[[Mapping[str, npt.NDArray[np.uint8]]], Learner]


def make_scnn_learner(
    model: str, init: Path | None, device: str, rate: float | None, seed: int
) -> MakeLearner:
    """The learner of :func:`write_weak_labels`: a model's network, see :mod:`vsod.lab.labels.scnn_learner`.

    Args:
        model: Model whose network is taught.
        init: Weights to start from; None = the model's.
        device: As for ``run``.
        rate: Learning rate of new layers; None = the recipe's.
        seed: Of order and mirroring.

    Raises:
        UnknownModel, ModelError: There is no such model, or nothing to start from; said before hours
            of decoding.
    """
    described = find_model(model)
    if init is None:
        described.verified_weights()

    def make(frames: Mapping[str, npt.NDArray[np.uint8]]) -> Learner:
        from vsod.lab.labels.scnn_learner import LearnerSettings, ScnnLearner

        teaching = LearnerSettings(seed=seed) if rate is None else LearnerSettings(seed=seed, rate=rate)
        return ScnnLearner.from_model(model, frames, init=init, device=device, teaching=teaching)

    return make


def write_weak_labels(
    maps: Sequence[Path],
    clips: Path,
    truth: Path,
    out: Path,
    make_learner: MakeLearner,
    *,
    settings: WeakLabelSettings | None = None,
    prior: LabelPrior = residual_motion,
    reads: Sequence[tuple[Path, str]] = (),
    overwrite: bool = True,
    on_progress: ProgressFn | None = None,
    on_round: Callable[[Round], None] | None = None,
) -> dict[str, Any]:
    """Algorithm 1 on folders: weak labels of the frames without ground truth.

    Writes ``out/labels/<clip>/00012.png`` (labels fit to train on), ``out/rounds.json`` and the net;
    ``out/state`` holds the last whole round with the net, ``out/frames`` what the net reads.
    Called again after a stop, or with more rounds, it goes on.

    Args:
        maps: Providers' folders.
        clips: Folder of video files or frame folders.
        truth: Masks of some of the frames.
        out: Result folder.
        make_learner: Given the frames, ``"<clip>/<00012>"`` -> (H, W, 4) uint8 RGB and prior with H and
            W multiples of 32, makes the net to be taught.
        settings: The loop's numbers.
        prior: What moves, the net's fourth channel; white where nothing does.
        reads: What else is read, and what it is: not to be written over.
        overwrite: Replace also what others wrote into ``out``.
        on_progress: Receives progress.
        on_round: Called after every round.

    Raises:
        DataError, MediaError, OutputError, UsageError: Inputs or ``out`` cannot be used.
    """
    providers, manual = MapProviders(maps), open_truth(truth)
    keys = {f"{clip}/{number:05d}": (clip, number) for clip, number in providers.keys}
    labelled = {name for name, key in keys.items() if key in manual.files}
    if not labelled:
        raise no_common_truth(manual)
    if len(labelled) == len(keys):
        raise DataError(
            "every frame has ground truth already", where=truth, fix="Weak labels are for the others."
        )
    files = ["rounds.json", "weights.safetensors", "state", "frames"]
    folders = [f"labels/{clip}" for clip in providers.clips()]
    claim_labels(out, files, folders, [*maps, clips, truth], reads, overwrite=overwrite)
    try:
        begin_run(out)
        _pack(providers, clips, out / "frames", prior, on_progress)
        loop = _open_loop(out, providers, manual, keys, make_learner, settings, on_progress)
        for done in loop.run():
            if on_round:
                on_round(done)
        usable = set(loop.usable())
        for clip, frames in providers.clips().items():
            named = [(n, f"{clip}/{n:05d}") for _, n in frames]
            if all(name in labelled for _, name in named):
                continue
            wanted = ((n, loop.label(name)) for n, name in named if name in usable)
            write_clip(out / "labels" / clip, ((n, mask.astype(np.uint8) * 255) for n, mask in wanted))
        if (net := loop.folder / "weights.safetensors").is_file():
            write_bytes(out / net.name, net.read_bytes())
    except OSError as error:
        raise output_error(error, out) from error
    rounds = [asdict(r) for r in loop.history]
    write_json(out / "rounds.json", rounds)
    return {
        "rounds": len(rounds) - 1,
        "weights": rounds[-1]["weights"],
        "labels": len(usable),
        "dropped": len(keys) - len(labelled) - len(usable),
        "agreement": rounds[-1]["agreement"],
        "left_out": providers.left_out,
    }


def _open_loop(
    out: Path,
    providers: MapProviders,
    truth: MapFolder,
    keys: Mapping[str, Key],
    make_learner: MakeLearner,
    settings: WeakLabelSettings | None,
    on_progress: ProgressFn | None,
) -> WeakLabelling:
    try:
        return WeakLabelling(
            out / "state",
            [name for name, key in keys.items() if key in truth.files],
            [name for name, key in keys.items() if key not in truth.files],
            lambda name: providers.maps(keys[name]),
            lambda name: truth.mask(keys[name], providers.size(keys[name])),
            make_learner(_Frames(out / "frames", sorted(keys))),
            settings,
            lambda what, done, total: report_progress(on_progress, what, done, total),
        )
    except ValueError as error:
        raise DataError(str(error), where=out, fix="Give another --out.") from error


class _Frames(Mapping[str, npt.NDArray[np.uint8]]):
    """What a learner reads of every frame, from the disk."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._files = {name: folder / f"{name}.npy" for name in names}

    def __getitem__(self, name: str) -> npt.NDArray[np.uint8]:
        return np.asarray(np.load(self._files[name]), np.uint8)

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def _pack(
    providers: MapProviders, clips: Path, folder: Path, prior: LabelPrior, on_progress: ProgressFn | None
) -> None:
    """Decode the frames a learner reads, once: (H, W, 4) uint8, RGB and motion prior."""
    done = 0
    for clip, keys in providers.clips().items():
        files = {n: folder / clip / f"{n:05d}.npy" for _, n in keys}
        if not all(file.is_file() for file in files.values()):
            (folder / clip).mkdir(parents=True, exist_ok=True)
            with open_clip(clips, clip) as source:
                for frame in frames_with_motion(source, list(files), _net_size(*source.info.display_size)):
                    still = np.ones(frame.image.shape[:2], np.float32)
                    motion = None if frame.flow is None else prior(frame.image, frame.flow)
                    rgbp = np.dstack((frame.image, to_levels(still if motion is None else motion)))
                    _save(files[frame.number], rgbp)
        done += len(keys)
        report_progress(on_progress, "decode", done, len(providers.keys))


def _net_size(width: int, height: int) -> tuple[int, int]:
    """(width, height) in multiples of 32, of about ``NET_AREA`` pixels and nearly the aspect given."""
    scale = float(np.sqrt(NET_AREA / (width * height)))
    return max(round(width * scale / 32), 1) * 32, max(round(height * scale / 32), 1) * 32


def _save(file: Path, array: npt.NDArray[np.uint8]) -> None:
    """Whole or not at all: a file that is there is not made again."""
    with replacing(file) as partial, partial.open("wb") as stream:
        np.save(stream, array)
