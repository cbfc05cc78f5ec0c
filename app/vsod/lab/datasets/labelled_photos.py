"""Photos with masks, in the layouts that data sets of salient objects are downloaded in.

=========  ==========================================================================
DUTS       ``DUTS-TR/DUTS-TR-Image``, ``DUTS-TR/DUTS-TR-Mask``; ``DUTS-TE`` likewise
MSRA10K    ``MSRA10K_Imgs_GT/Imgs``: photos ``.jpg`` and masks ``.png`` in one folder
DUT-OMRON  ``DUT-OMRON-image``, ``pixelwiseGT-new-PNG``
ECSSD      ``images``, ``ground_truth_mask``
HKU-IS     ``imgs``, ``gt``
PASCAL-S   two folders under such names; soft masks are cut at one half
=========  ==========================================================================
"""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.arrays import Image
from vsod.errors import DataError
from vsod.lab.datasets.folders import files_in, named, subfolders
from vsod.lab.datasets.mask_files import MASK_SUFFIXES, Mask, any_object, read_mask

_PAIRS = (
    ("DUTS-TR-Image", "DUTS-TR-Mask"),
    ("DUTS-TE-Image", "DUTS-TE-Mask"),
    ("DUT-OMRON-image", "pixelwiseGT-new-PNG"),
    ("images", "ground_truth_mask"),
    ("imgs", "gt"),
    ("images", "masks"),
    ("image", "mask"),
    ("Imgs", "GT"),
)
SPLITS = {"DUTS-TR": "train", "DUTS-TE": "test"}
"""Folders that hold a split, and its name."""

_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".avif", ".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photo and its mask.

    Attributes:
        name: The file's name without its suffix.
        picture: The photo.
        truth: Its mask.
    """

    name: str
    picture: Path
    truth: Path

    def image(self) -> Image:
        """(H, W, 3) uint8 RGB.

        Raises:
            DataError: It cannot be read.
        """
        return decode_photo(self.picture, self.picture, self.mask)

    def mask(self) -> Mask:
        """(H, W) uint8, 255 = subject.

        Raises:
            DataError: It cannot be read.
        """
        return read_mask([self.truth], any_object, self.truth)


@dataclass(frozen=True, slots=True)
class ArchivedPhoto:
    """A photo and its mask out of our tar files.

    Attributes:
        name: Of the photo, ``set/name``.
        archive: The tar file, named in errors.
        picture, truth: The files in it.
    """

    name: str
    archive: Path
    picture: bytes = field(repr=False)
    truth: bytes = field(repr=False)

    def image(self) -> Image:
        """See :meth:`LabelledPhoto.image`."""
        return decode_photo(self.picture, self.archive, self.mask)

    def mask(self) -> Mask:
        """See :meth:`LabelledPhoto.mask`."""
        return read_mask([self.truth], any_object, self.archive)


Photo = LabelledPhoto | ArchivedPhoto


def decode_photo(file: Path | bytes, where: Path, mask: Callable[[], Mask]) -> Image:
    """(H, W, 3) uint8 RGB, upright; as it is stored where its mask has that form.

    Cameras store photos lying on their side with a note how to turn them, and masks have been painted on both.

    Args:
        file: Its path, or what stands in it.
        where: Named in errors.
        mask: Reads its mask.

    Raises:
        DataError: It cannot be read.
    """
    try:
        blob = file.read_bytes() if isinstance(file, Path) else file
        picture = _decoded(blob, cv2.IMREAD_COLOR)
        if picture is not None and (b"Exif" in blob or b"eXIf" in blob):
            stored = _decoded(blob, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
            if stored is not None and stored.shape != picture.shape and stored.shape[:2] == mask().shape:
                picture = stored
    except (OSError, cv2.error) as error:
        raise DataError("a photo cannot be read", where=where) from error
    if picture is None:
        raise DataError("a photo cannot be read", where=where)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def _decoded(blob: bytes, flags: int) -> npt.NDArray[Any] | None:
    return cv2.imdecode(np.frombuffer(blob, np.uint8), flags) if blob else None


def archived_photos(data: Path) -> list[ArchivedPhoto]:
    """The photos with hand-made masks in our layout, ``index*.csv`` and ``images-*.tar``, less those of ``val``.

    Raises:
        DataError: They cannot be read, or one is missing.
    """
    wanted: list[str] = []
    files: dict[tuple[str, str], tuple[Path, bytes]] = {}
    try:
        for index in sorted(data.glob("index*.csv")):
            with index.open(encoding="utf-8", newline="") as stream:
                for row in csv.DictReader(stream):
                    if row["label"] == "mask" and row["split"] != "val" and row.get("kind") != "clip":
                        wanted.append(row["id"])
        for tar in sorted(data.glob("images-*.tar")):
            with tarfile.open(tar) as archive:
                for member in archive:
                    part, _, rest = member.name.removeprefix("./").partition("/")
                    stream_of = archive.extractfile(member) if member.isfile() else None
                    if stream_of is not None and part in ("image", "mask"):
                        files[part, rest.rsplit(".", 1)[0]] = tar, stream_of.read()
    except (OSError, EOFError, KeyError, tarfile.TarError) as error:
        raise DataError("the photos cannot be read", where=data) from error
    found = []
    for name in wanted:
        picture, truth = files.get(("image", name)), files.get(("mask", name))
        if picture is None or truth is None:
            raise DataError(f"photo '{name}' of the index is in no archive", where=data)
        found.append(ArchivedPhoto(name, picture[0], picture[1], truth[1]))
    return found


def labelled_photos(data: Path, split: str = "all") -> list[LabelledPhoto]:
    """The photos of a data set, by name.

    Args:
        data: Its folder, or the one it was unpacked into.
        split: ``"train"`` or ``"test"`` of DUTS; ``"all"``.

    Raises:
        DataError: No such layout, no such split, or photos without masks; says what is missing.
    """
    roots = [data, *(subfolders(data) if data.is_dir() else [])]
    found: list[LabelledPhoto] = []
    for root in roots:
        part = SPLITS.get(root.name)
        if split == "all" or part == split or (part is None and root is not data and not _has_splits(data)):
            found += _in_folder(root)
    if not found:
        raise DataError(
            f"no photos with masks here, of split '{split}'",
            where=data,
            fix="Known are the folders of DUTS, MSRA10K, DUT-OMRON, ECSSD, HKU-IS and PASCAL-S as downloaded.",
        )
    return found


def has_photos(folder: Path) -> bool:
    """Whether a folder itself has photos and masks side by side, in one of the known layouts."""
    if any(
        named(folder, (pictures,)) is not None and named(folder, (masks,)) is not None
        for pictures, masks in _PAIRS
    ):
        return not _holds_folders(folder)
    together = named(folder, ("Imgs",))
    return together is not None and bool(files_in(together, (".jpg",)) and files_in(together, (".png",)))


def _holds_folders(folder: Path) -> bool:
    """Whether its pictures are folders of frames: clips."""
    for pictures, _ in _PAIRS:
        place = named(folder, (pictures,))
        if place is not None and subfolders(place):
            return True
    return False


def _has_splits(data: Path) -> bool:
    return any(path.name in SPLITS for path in subfolders(data))


def _in_folder(root: Path) -> list[LabelledPhoto]:
    for pictures_name, truth_name in _PAIRS:
        pictures, truth = named(root, (pictures_name,)), named(root, (truth_name,))
        if pictures is not None and truth is not None:
            return _pairs(pictures, truth)
    together = named(root, ("Imgs",))
    if together is not None and files_in(together, (".jpg",)) and files_in(together, (".png",)):
        return _pairs(together, together)
    return []


def _pairs(pictures: Path, truth: Path) -> list[LabelledPhoto]:
    suffixes = (".jpg", ".jpeg") if pictures == truth else _SUFFIXES
    masks = {
        file.stem: file
        for file in files_in(truth, MASK_SUFFIXES)
        if pictures != truth or file.suffix.lower() == ".png"
    }
    photos = files_in(pictures, suffixes)
    missing = [photo.name for photo in photos if photo.stem not in masks]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(photos)} photos have no mask, the first is {missing[0]}", where=truth
        )
    return [LabelledPhoto(photo.stem, photo, masks[photo.stem]) for photo in photos]
