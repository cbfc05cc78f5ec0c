"""Pack the still photos of a data folder (see its README for the layout)."""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.flow.dis import DIS
from vsod_models.flow.motion import split
from vsod_models.train.pack import CANVAS, KINDS, create
from vsod_models.train.synth import synthetic_flow


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


def pack_photos(
    data: Path, folder: Path, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> list[str]:
    """Decode every photo of ``data`` into the pack ``folder``, with synthetic motion.

    Returns:
        The names of the photo sets, in the order of the ``group`` index.

    Raises:
        FileNotFoundError: ``data`` holds no ``index.csv``.
    """
    with (data / "index.csv").open(newline="") as f:
        rows = list(csv.DictReader(f))
    number = {row["id"]: i for i, row in enumerate(rows)}
    groups = sorted({row["id"].split("/")[0] for row in rows})
    n = len(rows)
    rgb = create(folder, "photo_rgb", (n, CANVAS, CANVAS, 3), np.uint8)
    mask = create(folder, "photo_mask", (n, CANVAS, CANVAS), np.uint8)
    flow = create(folder, "photo_flow", (n, CANVAS // 2, CANVAS // 2, 4), np.float16)
    size = create(folder, "photo_size", (n, 2), np.int32)
    kind = create(folder, "photo_kind", (n,), np.int32)
    group = create(folder, "photo_group", (n,), np.int32)
    val = create(folder, "photo_val", (n,), np.bool_)
    for i, row in enumerate(rows):
        kind[i] = KINDS.index(row["label"])
        group[i] = groups.index(row["id"].split("/")[0])
        val[i] = row["split"] == "val"
    for name, blob in _members(data):
        part, _, rest = name.partition("/")
        i = number.get(rest.rsplit(".", 1)[0], -1)
        if i < 0:
            continue
        if part == "image":
            image = np.asarray(cv2.cvtColor(_decode(blob, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)
            scale = CANVAS / max(image.shape[:2])
            h, w = (max(1, round(s * scale)) for s in image.shape[:2])
            size[i] = h, w
            rgb[i] = _fit(image, h, w)
        elif part in ("mask", "weak"):
            label = _decode(blob, cv2.IMREAD_GRAYSCALE)
            full = (int(rows[i]["height"]), int(rows[i]["width"]))
            scale = CANVAS / max(full)
            h, w = (max(1, round(s * scale)) for s in full)
            mask[i] = _fit(label, h, w)

    def move(i: int) -> None:
        h, w = (int(s) for s in size[i])
        h, w = h // 2 * 2, w // 2 * 2
        picture, label = np.asarray(rgb[i, :h, :w], np.uint8), np.asarray(mask[i, :h, :w], np.uint8)
        seen = synthetic_flow(picture, label, DIS(), np.random.default_rng((seed, i)))
        parts = split(seen)
        ph, pw = parts.shape[:2]
        flow[i] = cv2.copyMakeBorder(
            parts, 0, CANVAS // 2 - ph, 0, CANVAS // 2 - pw, cv2.BORDER_REPLICATE
        ).astype(np.float16)

    with ThreadPoolExecutor(2) as pool:
        for done, _ in enumerate(pool.map(move, range(n)), 1):
            if progress and done % 100 == 0:
                progress(done, n)
    return groups
