"""Which data sets lie in a folder: by the layouts of their downloads, under the names that the papers use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from vsod.errors import DataError
from vsod.lab.datasets.folders import files_in, frame_number, named, subfolders
from vsod.lab.datasets.labelled_clips import (
    SPLIT_FOLDERS,
    LabelledClip,
    is_davis,
    labelled_clips,
    split_of_folder,
    splits_of,
)
from vsod.lab.datasets.labelled_photos import SPLITS, Photo, archived_photos, has_photos, labelled_photos
from vsod.media.formats.input_limits import IMAGE_SUFFIXES

Kind = Literal["clips", "photos"]
DATA_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "MSRA10K": "photos",
        "DUTS": "photos",
        "DUT-OMRON": "photos",
        "HKU-IS": "photos",
        "ECSSD": "photos",
        "PASCAL-S": "photos",
        "DAVIS-2016": "clips",
        "DAVIS-2017": "clips",
        "FBMS-59": "clips",
        "SegTrackV2": "clips",
        "VOS": "clips",
        "ViSal": "clips",
        "DAVSOD": "clips",
    }
)
"""The data sets by the names that the papers and the command line use."""
TEST_SETS = ("ECSSD", "PASCAL-S", "ViSal")
"""Sets without splits that papers test on: they are trained on only where they are named."""
_OUR_DUTS = "duts_tr"  # photos of ours whose names begin so are of DUTS-TR
_DEPTH = 2  # folders below the one that was given
_BY_FOLDER = {
    "segtrack": "SegTrackV2",
    "visal": "ViSal",
    "davsod": "DAVSOD",
    "vos": "VOS",
    "fbms": "FBMS-59",
    "davis2017": "DAVIS-2017",
    "davis-2017": "DAVIS-2017",
    "davis": "DAVIS-2016",
    "msra10k": "MSRA10K",
    "msra": "MSRA10K",
    "omron": "DUT-OMRON",
    "duts": "DUTS",
    "ecssd": "ECSSD",
    "hku": "HKU-IS",
    "pascal": "PASCAL-S",
}
"""What is in a folder's name -> the data set; the first that fits."""
_INSIDE = {"JPEGImages", "Annotations", "ImageSets", "GroundTruth", "davis16", *SPLIT_FOLDERS}
"""Folders of a data set that are none themselves."""
_FBMS = ("trainingset", "testset")
_DAVSOD = ("davsod-trainingset", "davsod-validationset", "easy-35", "normal-25", "difficult-20")
_PARTS = {name: name for name in ("train", "val", "test")}  # of sets of photos, too


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set on the disk.

    Attributes:
        name: As papers and command line call it.
        kind: Whether it has clips or photos.
        folder: What its reader is given.
        part: The split that the folder is, of sets whose splits are folders; of clips where it was given alone.
    """

    name: str
    kind: Kind
    folder: Path
    part: str = ""

    @property
    def indexed(self) -> bool:
        """Its photos are in our layout."""
        return self.kind == "photos" and _has_index(self.folder)

    @property
    def training_split(self) -> str | None:
        """The split that is trained on; empty = all of it, None = it is for tests, or the rest for tests is."""
        if self.kind == "photos":
            splits: tuple[str, ...] = (self.part,) if self.part else ()
        else:
            splits = splits_of(self.folder)
        if splits:
            return "train" if "train" in splits else None
        return None if self.name in TEST_SETS else ""

    def clips(self, split: str) -> list[LabelledClip]:
        """The clips of a split; empty = all.

        Raises:
            DataError: There is no such split, or it cannot be read.
        """
        return labelled_clips(self.folder, split or "all")

    def photos(self, split: str) -> list[Photo]:
        """The photos of a split; empty = all of this folder.

        Raises:
            DataError: They cannot be read.
        """
        if self.indexed:
            ours = archived_photos(self.folder)
            return [photo for photo in ours if photo.name.startswith(_OUR_DUTS) == (self.name == "DUTS")]
        return list(labelled_photos(self.folder, split or "all"))


def find_data_sets(folders: Iterable[Path]) -> list[DataSet]:
    """The data sets in folders, each a data set or a folder of them; in order.

    Raises:
        DataError: A folder is missing, or there is no data set in any.
    """
    given, found = list(folders), list[DataSet]()
    for folder in given:
        if not folder.is_dir():
            raise DataError("no such folder", where=folder, fix="Give the folder of a data set.")
        found += _given(folder) or _in(folder, _DEPTH)
    if not found:
        raise DataError(
            "no data set that is known",
            where=given[0] if given else None,
            fix="See the layouts in docs/training.md.",
        )
    # a folder may be given twice, or beside one that it is in
    return list({(one.name, one.kind, one.folder.resolve()): one for one in reversed(found)}.values())[::-1]


def _given(folder: Path) -> list[DataSet]:
    """The part of a set that a folder is, which is read as one only where it is given itself."""
    folder = folder.resolve()  # "." has no name
    part = split_of_folder(folder)
    if part is None:
        return []
    try:
        clips = labelled_clips(folder, "all")
    except DataError:
        return []
    if any(not _is_clip(clip) for clip in clips):
        return []
    return [DataSet(_set_of_parts([folder]) or _set_name(folder), "clips", folder, part)]


def _set_of_parts(folders: Iterable[Path]) -> str | None:
    """The set that has folders of these names for its splits."""
    names = {folder.name.casefold() for folder in folders}
    return "FBMS-59" if names.intersection(_FBMS) else "DAVSOD" if names.intersection(_DAVSOD) else None


def _in(folder: Path, depth: int) -> list[DataSet]:
    found = list[DataSet]()
    if (name := _clip_set(folder)) is not None:
        found.append(DataSet(name, "clips", folder))
    if _has_index(folder):
        found.append(DataSet("photos", "photos", folder, "train"))
        if (folder / "index-2.csv").is_file():
            found.append(DataSet("DUTS", "photos", folder, "train"))
    if has_photos(folder):
        part = SPLITS.get(folder.name) or _PARTS.get(folder.name, "")
        name = "DUTS" if folder.name in SPLITS else _photo_set(folder)
        found.append(DataSet(name, "photos", folder, part))
    clips = {clip.source.parent for one in found if one.kind == "clips" for clip in one.clips("")}
    if depth:
        inside = _INSIDE if found else set()
        for below in subfolders(folder):
            # nor is a clip of a set another set
            if below.name not in inside and below not in clips:
                found += _in(below, depth - 1)
    return found


def _has_index(folder: Path) -> bool:
    return (folder / "index.csv").is_file()


def _clip_set(folder: Path) -> str | None:
    """The name of the set of clips that a folder is, or None."""
    if (folder / "davis16").is_dir():
        return "DAVIS-2016"
    pictures = named(folder, ("JPEGImages",))
    if is_davis(folder) and named(folder, ("Annotations",)) is not None:
        lists = named(folder, ("ImageSets",))
        only_2017 = lists is not None and [path.name for path in subfolders(lists)] == ["2017"]
        return "DAVIS-2017" if only_2017 else "DAVIS-2016"
    if (name := _set_of_parts(subfolders(folder))) is not None:
        return name
    if split_of_folder(folder) is not None:
        return None  # a part of a set, which is read as a whole
    if pictures is not None and named(folder, ("GroundTruth",)) is not None:
        return "SegTrackV2"
    try:
        clips = labelled_clips(folder, "all")
    except DataError:
        return None
    # a set of photos in a folder looks like a clip in a folder
    if any(has_photos(clip.source.parent) and not _is_clip(clip) for clip in clips):
        return None
    return _set_name(folder)


def _is_clip(clip: LabelledClip) -> bool:
    """Whether what lies like a clip is none of the known sets of photos, and its pictures have numbers."""
    if _known(clip.source.parent, "photos") is not None:
        return False
    return all(frame_number(file.name) is not None for file in files_in(clip.source, sorted(IMAGE_SUFFIXES)))


def _photo_set(folder: Path) -> str:
    if named(folder, ("DUT-OMRON-image",)) is not None:
        return "DUT-OMRON"
    folder = folder.resolve()
    # a set's own folder may lie in another of its name: MSRA10K_Imgs_GT/Imgs
    own = folder.parent if folder.name in _PARTS else folder
    return _known(folder, "photos") or _known(folder.parent, "photos") or own.name


def _set_name(folder: Path) -> str:
    """Of a set of clips: by its folder; a part's is the one that it lies in."""
    folder = folder.resolve()
    own = folder.parent if split_of_folder(folder) is not None else folder
    return _known(folder, "clips") or _known(own, "clips") or own.name


def _known(folder: Path, kind: Kind) -> str | None:
    name = folder.name.casefold()
    return next(
        (known for part, known in _BY_FOLDER.items() if part in name and DATA_KINDS[known] == kind), None
    )


def names_of(sets: Sequence[DataSet]) -> str:
    """The names of data sets, for a message."""
    return ", ".join(dict.fromkeys(one.name for one in sets))
