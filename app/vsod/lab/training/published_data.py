"""What a paper trains on: its data sets among those that are there, its clips as arrays with what is seen of motion."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vsod.errors import DataError, UsageError
from vsod.inference.motion_prior import open_prior, prior_digest
from vsod.lab.datasets import DataSet, LabelFolders, LabelledClip, Photo
from vsod.lab.datasets.data_sets import DATA_KINDS, names_of
from vsod.lab.datasets.folders import file_stamp
from vsod.lab.datasets.labelled_clips import splits_of
from vsod_models.flow.dis import DIS
from vsod_models.published_recipes import PublishedStage
from vsod_models.training.data.packed_data import PRIOR_ONE
from vsod_models.training.data.published_samples import ClipArrays, SampleSet

_HEIGHT = 480  # flow and prior are made at most at this height, DAVIS' own in the papers
Report = Callable[[dict[str, Any]], None]
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A data set that a stage learns from, of those that are there.

    Attributes:
        sets: Its folders.
        split: Empty = all.
        weight: Against the others; None = as often as it has samples.
    """

    sets: tuple[DataSet, ...]
    split: str
    weight: float | None = None

    @property
    def name(self) -> str:
        """As the command line takes it."""
        return f"{self.sets[0].name}:{self.split}" if self.split else self.sets[0].name


def parse_mix(words: Sequence[str]) -> tuple[tuple[str, str, float | None], ...]:
    """``["DUTS:train=8", "VOS"]`` -> (name, split, weight) each.

    Raises:
        UsageError: A weight is no positive number.
    """
    found = []
    for word in words:
        name, _, weight = word.partition("=")
        name, _, split = name.partition(":")
        try:
            value = float(weight) if weight else None
        except ValueError:
            value = 0.0
        if not name or (value is not None and not 0 < value < float("inf")):
            raise UsageError(f"--mix {word} is no data set with a weight", fix="Write DUTS:train=2, or DUTS.")
        found.append((name, split, value))
    return tuple(found)


def parts_of(
    stage: PublishedStage, sets: Sequence[DataSet], mix: Sequence[tuple[str, str, float | None]] = ()
) -> tuple[list[Part], list[str]]:
    """What a stage learns from, and what is missing or stands in.

    Of what the paper names, what is there is taken. Where none of its photos or none of its clips are there, what is
    there of that kind and is for training stands in.

    Args:
        stage: Names the paper's sets.
        sets: Those that are there.
        mix: In place of the paper's, see :func:`parse_mix`; all of them must be there.

    Raises:
        DataError: There is nothing to learn from, or a set of ``mix`` is not there.
    """
    if mix:
        return [_asked(sets, *one) for one in mix], []
    parts, notes = list[Part](), list[str]()
    for kind in ("photos", "clips"):
        wanted = [name.partition(":")[0] for name in stage.data if DATA_KINDS[name.partition(":")[0]] == kind]
        found = {name: _for_training(_named(sets, name)) for name in wanted}
        parts += [part for there in found.values() for part in there]
        missing = [name for name, there in found.items() if not there]
        if missing:
            others = [one for one in sets if one.kind == kind]
            stand_ins = [] if len(missing) < len(wanted) else _for_training(others)
            parts += stand_ins
            instead = f": {', '.join(part.name for part in stand_ins)} in its place" if stand_ins else ""
            notes.append(f"{', '.join(missing)} not among the data{instead}")
    if not parts:
        raise DataError(
            f"nothing to learn from in stage '{stage.name}': it needs {', '.join(stage.data)}",
            fix=f"There is {names_of(sets)}: name them by --mix, or give more folders by --data.",
        )
    return parts, notes


def _named(sets: Sequence[DataSet], name: str) -> list[DataSet]:
    exact = [one for one in sets if one.name == name and one.training_split is not None]
    if exact or name != "DAVIS-2016":
        return exact
    # the clips of 2016 are among those of 2017, in splits that keep them apart
    return [one for one in sets if one.name == "DAVIS-2017"]


def _for_training(sets: Sequence[DataSet]) -> list[Part]:
    """The parts of sets that are trained on: ``train``, or all of a set without splits."""
    groups: dict[tuple[str, str], list[DataSet]] = {}
    for one in sets:
        if one.training_split is not None:
            groups.setdefault((one.name, one.training_split), []).append(one)
    return [Part(tuple(group), split) for (_, split), group in groups.items()]


def _asked(sets: Sequence[DataSet], name: str, split: str, weight: float | None) -> Part:
    there = tuple(one for one in sets if one.name.casefold() == name.casefold())
    if not there:
        raise DataError(f"there is no data set '{name}'", fix=f"There is {names_of(sets)}.")
    if not split:
        # never what is for tests, where it has splits
        split = next((s for one in there if (s := one.training_split) is not None), "")
    found = tuple(one for one in there if _has(one, split))
    if not found:
        splits = dict.fromkeys(word for one in there for word in _splits(one))
        fix = f"Use one of: {', '.join(splits)}, all." if splits else "It has no splits: leave it out."
        raise DataError(f"data set '{there[0].name}' has no split '{split}' here", fix=fix)
    return Part(found, split, weight)


def _has(one: DataSet, split: str) -> bool:
    own = _splits(one)
    # a year before it: "2017/train"; DAVSOD's test has parts
    return (
        split in ("", "all", *own) or split.rpartition("/")[2] in own or (split == "test" and "easy" in own)
    )


def _splits(one: DataSet) -> tuple[str, ...]:
    return splits_of(one.folder) if one.kind == "clips" else (one.part,) if one.part else ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What clips are to hold.

    Attributes:
        side: Of the squares, pixels.
        flow: The flow to the next frame.
        prior: The motion prior, which needs the flow while it is made.
        labels: Labels where there is no truth; None = none.
        trust: Labels count as much as they are believed; else as much as truth, as in the papers.
    """

    side: int
    flow: bool
    prior: bool
    labels: LabelFolders | None = None
    trust: bool = False


def sample_sets(
    parts: Iterable[Part], wanted: Wanted, cache: Path, report: Report | None = None
) -> list[SampleSet]:
    """The training sets of a stage, clips as arrays in ``cache``, where a later stage or run finds them.

    Raises:
        DataError: They cannot be read.
    """
    found = []
    for part in parts:
        photos, clips = list[Photo](), list[ClipArrays]()
        for one in part.sets:
            if one.kind == "photos":
                photos += one.photos("")
                continue
            listed = one.clips(part.split)
            for done, clip in enumerate(listed, 1):
                clips.append(_arrays(clip, cache / one.name, wanted))
                if report:
                    report({"stage": f"clips of {part.name}", "done": done, "total": len(listed)})
        readers = [_reader(photo) for photo in photos]
        found.append(SampleSet(part.name, readers, [clip for clip in clips if clip.trust.any()], part.weight))
    return found


def _reader(photo: Photo) -> Callable[[], tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]]:
    def read() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        picture, mask = photo.image(), photo.mask()
        if picture.shape[:2] != mask.shape:
            picture = np.asarray(
                cv2.resize(picture, mask.shape[::-1], interpolation=cv2.INTER_AREA), np.uint8
            )
        return picture, mask

    return read


def _arrays(clip: LabelledClip, cache: Path, wanted: Wanted) -> ClipArrays:
    """A clip's arrays, made once: mapped from files."""
    with clip.open() as source:
        count, (width, height) = source.info.frame_count, source.info.display_size
        masks = clip.masks(source.info)
        labels = wanted.labels.of(clip.name, source.info) if wanted.labels is not None else {}
        known = {
            "files": clip.stamp(),
            "side": wanted.side,
            "flow": wanted.flow or wanted.prior,
            "prior": prior_digest() if wanted.prior else "",
            "frames": count,
            "truth": sorted(masks),
            "labels": [(k, file_stamp([label.file])) for k, label in sorted(labels.items())],
        }
        key = hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]
        folder = cache / f"{clip.name}-{key}"
        if not (folder / "done").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            scale = min(1.0, _HEIGHT / height)
            size = max(2, round(width * scale)), max(2, round(height * scale))
            pictures = [frame.image for frame in source.frames(size=size)]
            _write(folder, "rgb", np.stack([_square(picture, wanted.side) for picture in pictures]))
            if wanted.flow or wanted.prior:
                _write_motion(folder, pictures, wanted)
            label = np.zeros((count, wanted.side, wanted.side), np.uint8)
            for k in range(count):
                if k in masks:
                    label[k] = _square(masks[k], wanted.side)
                elif k in labels:
                    label[k] = _square(labels[k].mask(), wanted.side)
            _write(folder, "label", label)
            (folder / "done").write_text(json.dumps(known), encoding="utf-8")
        trust = np.array(
            [
                1.0 if k in masks else (labels[k].confidence if wanted.trust else 1.0) if k in labels else 0.0
                for k in range(count)
            ],
            np.float32,
        )
    return ClipArrays(
        clip.name,
        np.load(folder / "rgb.npy", mmap_mode="r"),
        np.load(folder / "label.npy", mmap_mode="r"),
        trust,
        np.load(folder / "flow.npy", mmap_mode="r") if wanted.flow else None,
        np.load(folder / "prior.npy", mmap_mode="r") if wanted.prior else None,
    )


def _write_motion(folder: Path, pictures: Sequence[Array], wanted: Wanted) -> None:
    estimate, half = DIS(), max(1, wanted.side // 2)
    compute = open_prior() if wanted.prior else None
    flows = np.full((len(pictures), half, half, 2), np.nan, np.float16)  # of a single picture: none
    priors = np.full((len(pictures), half, half), 255, np.uint8)
    for k, picture in enumerate(pictures):
        if len(pictures) == 1:
            break
        # the last frame has the flow back, negated
        last = k + 1 == len(pictures)
        flow = -estimate(picture, pictures[k - 1]) if last else estimate(picture, pictures[k + 1])
        flows[k] = _square(flow, half)
        found = compute(picture, flow) if compute is not None else None
        if found is not None:
            priors[k] = np.rint(_square(np.asarray(found, np.float32), half).clip(0, 1) * PRIOR_ONE)
    _write(folder, "flow", flows)
    if wanted.prior:
        _write(folder, "prior", priors)


def _square(picture: Array, side: int) -> Array:
    smaller = max(picture.shape[:2]) > side
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (side, side), interpolation=how))


def _write(folder: Path, name: str, values: Array) -> None:
    np.save(folder / f"{name}.npy", values)
