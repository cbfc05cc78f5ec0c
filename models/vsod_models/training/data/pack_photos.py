"""Pack the still photos of a data folder (see its README for the layout)."""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.flow.dis import DIS
from vsod_models.flow.motion_encoding import split_camera_motion
from vsod_models.training.data.composites import composite, is_whole
from vsod_models.training.data.packed_data import CANVAS, KINDS, create
from vsod_models.training.data.synthetic_motion import synthetic_flow

COMPOSITES = "composites"


def _decode(blob: bytes, flags: int) -> npt.NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(blob, np.uint8), flags)
    if image is None:
        raise ValueError("a picture of the training data cannot be decoded")
    return np.asarray(image, np.uint8)


def _members(data: Path) -> Iterator[tuple[str, bytes]]:
    for tar in sorted(data.glob("images-*.tar")):
        with tarfile.open(tar) as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isfile() else None
                if stream is not None:
                    yield member.name.removeprefix("./"), stream.read()


def _fit(image: npt.NDArray[np.uint8], h: int, w: int) -> npt.NDArray[np.uint8]:
    small = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.copyMakeBorder(small, 0, CANVAS - h, 0, CANVAS - w, cv2.BORDER_REPLICATE), np.uint8)


@dataclass
class _Arrays:
    """The photo half of a pack, mapped for writing; see :class:`vsod_models.training.data.packed_data.Photos`."""

    rgb: npt.NDArray[Any]
    mask: npt.NDArray[Any]
    flow: npt.NDArray[Any]
    size: npt.NDArray[Any]
    kind: npt.NDArray[Any]
    group: npt.NDArray[Any]
    val: npt.NDArray[Any]

    @classmethod
    def create(cls, folder: Path, n: int) -> _Arrays:
        half = CANVAS // 2
        return cls(
            create(folder, "photo_rgb", (n, CANVAS, CANVAS, 3), np.uint8),
            create(folder, "photo_mask", (n, CANVAS, CANVAS), np.uint8),
            create(folder, "photo_flow", (n, half, half, 4), np.float16),
            create(folder, "photo_size", (n, 2), np.int32),
            create(folder, "photo_kind", (n,), np.int32),
            create(folder, "photo_group", (n,), np.int32),
            create(folder, "photo_val", (n,), np.bool_),
        )

    def picture(self, i: int) -> npt.NDArray[np.uint8]:
        """Photo ``i`` without its canvas, (h, w, 3)."""
        h, w = self.size[i]
        return np.asarray(self.rgb[i, :h, :w])

    def label(self, i: int) -> npt.NDArray[np.uint8]:
        """Its mask, (h, w)."""
        h, w = self.size[i]
        return np.asarray(self.mask[i, :h, :w])


@dataclass(frozen=True)
class PhotoRow:
    """What is known of a photo before it is read.

    Attributes:
        group: Its set.
        kind: One of :data:`~vsod_models.training.data.packed_data.KINDS`.
        val: It is never trained on.
        size: Height and width of the picture, to which the mask is brought; None = the mask has them.
    """

    group: str
    kind: str = "mask"
    val: bool = False
    size: tuple[int, int] | None = None


ReadPhotos = Iterator[tuple[int, npt.NDArray[np.uint8] | None, npt.NDArray[np.uint8] | None]]
"""(number of the row, picture (H, W, 3) uint8 RGB or None, mask (H, W) uint8 or None), in any order."""


def pack_photos(
    rows: Sequence[PhotoRow],
    read: ReadPhotos,
    folder: Path,
    seed: int = 0,
    composites: float = 1 / 3,
    progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """Write photos into the pack ``folder``, with synthetic motion.

    Behind them stand composites, see :mod:`vsod_models.training.data.composites`.

    Args:
        rows: The photos.
        read: Their pictures and masks; a background photo has no mask.
        folder: The pack.
        seed: Of motion and composites.
        composites: How many of them for each photo with a mask.
        progress: Called with photos done and their number.

    Returns:
        The names of the photo sets, in the order of the ``group`` index.
    """
    groups = sorted({row.group for row in rows})
    whole = [i for i, row in enumerate(rows) if row.kind == "mask" and not row.val]
    n = len(rows) + round(composites * len(whole))
    arrays = _Arrays.create(folder, n)
    for i, row in enumerate(rows):
        arrays.kind[i] = KINDS.index(row.kind)
        arrays.group[i] = groups.index(row.group)
        arrays.val[i] = row.val
    for i, image, label in read:
        if image is not None:
            arrays.size[i] = _on_canvas(*image.shape[:2])
            arrays.rgb[i] = _fit(image, *arrays.size[i])
        if label is not None:
            arrays.mask[i] = _fit(label, *_on_canvas(*(rows[i].size or label.shape[:2])))
    with ThreadPoolExecutor(2) as pool:
        if n > len(rows):
            groups.append(COMPOSITES)
            whole = [i for i in whole if is_whole(arrays.label(i))] or whole
            arrays.kind[len(rows) :] = KINDS.index("mask")
            arrays.group[len(rows) :] = len(groups) - 1
            list(pool.map(partial(_compose, arrays, whole, seed), range(len(rows), n)))
        for done, _ in enumerate(pool.map(partial(_move, arrays, seed), range(n)), 1):
            if progress and done % 100 == 0:
                progress(done, n)
    return groups


def indexed_photos(data: Path) -> tuple[list[PhotoRow], ReadPhotos]:
    """The photos of our layout, see ``docs/training.md``.

    Raises:
        FileNotFoundError: ``data`` holds no ``index.csv``.
    """
    with (data / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for more in sorted(data.glob("index-*.csv")):
        with more.open(newline="") as file:
            rows += [row for row in csv.DictReader(file) if row.get("kind") != "clip"]
    photos = [
        PhotoRow(
            row["id"].split("/")[0],
            row["label"],
            row["split"] == "val",
            (int(row["height"]), int(row["width"])),
        )
        for row in rows
    ]
    return photos, _read_indexed(data, rows)


def _read_indexed(data: Path, rows: Sequence[dict[str, str]]) -> ReadPhotos:
    number = {row["id"]: i for i, row in enumerate(rows)}
    for name, blob in _members(data):
        part, _, rest = name.partition("/")
        i = number.get(rest.rsplit(".", 1)[0], -1)
        if i >= 0 and part == "image":
            yield (
                i,
                np.asarray(cv2.cvtColor(_decode(blob, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8),
                None,
            )
        elif i >= 0 and part in ("mask", "weak"):
            yield i, None, _decode(blob, cv2.IMREAD_GRAYSCALE)


def _on_canvas(height: int, width: int) -> tuple[int, int]:
    scale = CANVAS / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def _compose(arrays: _Arrays, whole: Sequence[int], seed: int, i: int) -> None:
    rng = np.random.default_rng((seed, 1, i))
    subject, ground = (int(k) for k in rng.choice(whole, 2))
    new, gone = ((arrays.picture(k), arrays.label(k)) for k in (subject, ground))
    picture, label = composite(*new, *gone, rng)
    arrays.size[i] = label.shape
    arrays.rgb[i], arrays.mask[i] = _fit(picture, *label.shape), _fit(label, *label.shape)


def _move(arrays: _Arrays, seed: int, i: int) -> None:
    h, w = (int(s) // 2 * 2 for s in arrays.size[i])
    picture, label = arrays.picture(i)[:h, :w], arrays.label(i)[:h, :w]
    parts = split_camera_motion(synthetic_flow(picture, label, DIS(), np.random.default_rng((seed, i))))
    ph, pw = parts.shape[:2]
    arrays.flow[i] = cv2.copyMakeBorder(
        parts, 0, CANVAS // 2 - ph, 0, CANVAS // 2 - pw, cv2.BORDER_REPLICATE
    ).astype(np.float16)
