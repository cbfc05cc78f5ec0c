"""A stage's training sets: photos as they are read, clips as arrays with what is seen of motion."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vsod.inference.motion_prior import open_prior, prior_digest
from vsod.lab.datasets import LabelFolders, LabelledClip, Photo
from vsod.lab.datasets.folders import file_stamp
from vsod.lab.training.published_data import Part
from vsod_models.flow.dis import DIS
from vsod_models.training.data.packed_data import PRIOR_ONE
from vsod_models.training.data.published_samples import ClipArrays, SampleSet

_HEIGHT = 480  # flow and prior are made at most at this height, DAVIS' own in the papers
Report = Callable[[dict[str, Any]], None]
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What clips are to hold.

    Attributes:
        side: Of the squares, pixels.
        flow: The flow to the next frame.
        prior: The motion prior, which needs the flow while it is made.
        labels: Labels where there is no truth, which count as much, as in the papers; None = none.
    """

    side: int
    flow: bool
    prior: bool
    labels: LabelFolders | None = None


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
            _write_pictures(folder, (frame.image for frame in source.frames(size=size)), count, wanted)
            label = _array(folder, "label", (count, wanted.side, wanted.side), np.uint8)
            for k in range(count):
                if k in masks:
                    label[k] = _square(masks[k], wanted.side)
                elif k in labels:
                    label[k] = _square(labels[k].mask(), wanted.side)
            label.flush()
            (folder / "done").write_text(json.dumps(known), encoding="utf-8")
    trust = np.array([k in masks or k in labels for k in range(count)], np.float32)
    return ClipArrays(
        clip.name,
        np.load(folder / "rgb.npy", mmap_mode="r"),
        np.load(folder / "label.npy", mmap_mode="r"),
        trust,
        np.load(folder / "flow.npy", mmap_mode="r") if wanted.flow else None,
        np.load(folder / "prior.npy", mmap_mode="r") if wanted.prior else None,
    )


def _write_pictures(folder: Path, pictures: Iterable[Array], count: int, wanted: Wanted) -> None:
    """Pictures and what is seen of motion; two pictures are in memory at a time, however long the clip."""
    half = max(1, wanted.side // 2)
    rgb = _array(folder, "rgb", (count, wanted.side, wanted.side, 3), np.uint8)
    motion = _MotionWriter(folder, count, half, wanted) if wanted.flow or wanted.prior else None
    before: Array | None = None
    for k, picture in enumerate(pictures):
        rgb[k] = _square(picture, wanted.side)
        if motion is not None and before is not None:
            motion.write(k - 1, before, picture)
            if k == count - 1:
                motion.write(k, picture, before, back=True)
        before = picture
    rgb.flush()


class _MotionWriter:
    """Flow and motion prior of a clip's frames, on squares of ``half`` the side."""

    def __init__(self, folder: Path, count: int, half: int, wanted: Wanted) -> None:
        self._half, self._estimate = half, DIS()
        self._compute = open_prior() if wanted.prior else None
        self._flow = _array(folder, "flow", (count, half, half, 2), np.float16)
        self._prior = _array(folder, "prior", (count, half, half), np.uint8) if wanted.prior else None
        self._flow[:] = np.nan  # of a single picture there is none
        if self._prior is not None:
            self._prior[:] = PRIOR_ONE + 1

    def write(self, k: int, picture: Array, other: Array, *, back: bool = False) -> None:
        """What is seen between a frame and its neighbour; ``back``: the one before, whose flow is negated."""
        flow = self._estimate(picture, other)
        flow = -flow if back else flow
        self._flow[k] = _square(flow, self._half)
        found = self._compute(picture, flow) if self._compute is not None else None
        if found is not None and self._prior is not None:
            small = _square(np.asarray(found, np.float32), self._half)
            self._prior[k] = np.rint(small.clip(0, 1) * PRIOR_ONE)


def _square(picture: Array, side: int) -> Array:
    smaller = max(picture.shape[:2]) > side
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (side, side), interpolation=how))


def _array(folder: Path, name: str, shape: tuple[int, ...], dtype: type) -> np.memmap[Any, Any]:
    return np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=dtype, shape=shape)
