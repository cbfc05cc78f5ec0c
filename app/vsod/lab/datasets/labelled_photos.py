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

from dataclasses import dataclass
from pathlib import Path

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
_SPLITS = {"DUTS-TR": "train", "DUTS-TE": "test"}
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

    def mask(self) -> Mask:
        """(H, W) uint8, 255 = subject.

        Raises:
            DataError: It cannot be read.
        """
        return read_mask([self.truth], any_object, self.truth)


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
        part = _SPLITS.get(root.name)
        if split == "all" or part == split or (part is None and root is not data and not _has_splits(data)):
            found += _in_folder(root)
    if not found:
        raise DataError(
            f"no photos with masks here, of split '{split}'",
            where=data,
            fix="Known are the folders of DUTS, MSRA10K, DUT-OMRON, ECSSD, HKU-IS and PASCAL-S as downloaded.",
        )
    return found


def _has_splits(data: Path) -> bool:
    return any(path.name in _SPLITS for path in subfolders(data))


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
