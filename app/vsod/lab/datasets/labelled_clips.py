"""Clips with masks, in the layouts that data sets of video are downloaded in.

======================  =========================================================================================
ours                    ``davis16/<clip>.mp4`` with ``davis16-masks.tar``
DAVIS-2016 and -2017    ``JPEGImages/480p/<clip>``, ``Annotations/480p/<clip>``, lists in ``ImageSets``
FBMS-59                 ``Trainingset`` and ``Testset``, each ``<clip>/`` with ``<clip>/GroundTruth``
DAVSOD                  ``DAVSOD-TrainingSet`` …, ``Difficult-20``: ``<clip>/Imgs`` and ``<clip>/GT_object_level``
SegTrackV2              ``JPEGImages/<clip>`` and ``GroundTruth/<clip>``, there also a folder an object
VOS, ViSal and others   ``<clip>/Imgs`` and ``<clip>/ground-truth``, or ``Imgs/<clip>`` and ``GT/<clip>``, under one of
                        the names in :data:`PICTURES` and :data:`MASKS`
======================  =========================================================================================

Truth may be sparse: a mask belongs to the frame of its name, or of the same number in its name.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vsod.core.clip import ClipInfo
from vsod.core.source_settings import SourceSettings
from vsod.errors import DataError
from vsod.lab.datasets.folders import file_stamp, files_in, frame_number, named, subfolders
from vsod.lab.datasets.mask_files import (
    MASK_SUFFIXES,
    Decode,
    Mask,
    all_but_background,
    any_object,
    read_mask,
)
from vsod.media.formats.input_limits import IMAGE_SUFFIXES
from vsod.media.sources.opening import open_source
from vsod.media.sources.source import Source
from vsod_models.metrics.protocols import scored_frames

VAL_CLIPS = ("dance-jump", "dog-agility", "mallard-water", "motorbike", "tennis")
PICTURES = ("Imgs", "imgs", "images", "JPEGImages", "frames", "Frame", "rgb")
MASKS = (
    "GT_object_level",
    "GroundTruth",
    "ground-truth",
    "ground_truth",
    "GT",
    "masks",
    "mask",
    "Annotations",
)
SPLIT_FOLDERS = {
    "Trainingset": "train",
    "Testset": "test",
    "DAVSOD-TrainingSet": "train",
    "DAVSOD-ValidationSet": "val",
    "Easy-35": "easy",
    "Normal-25": "normal",
    "Difficult-20": "difficult",
    "train": "train",
    "val": "val",
    "test": "test",
}
"""Folders that hold a split, and its name."""

_SPLITS = {name.casefold(): split for name, split in SPLIT_FOLDERS.items()}
_TEST = ("easy", "normal", "difficult")  # parts of DAVSOD's test set


class FrameMasks(Mapping[int, Mask]):
    """The masks of a clip by the ordinal of their frame, read when they are asked for.

    Args:
        files: Of each frame that has truth.
        decode: What a file's subject is.
        where: Named in errors.
    """

    def __init__(self, files: Mapping[int, tuple[Path | bytes, ...]], decode: Decode, where: Path) -> None:
        self._files, self._decode, self._where = dict(sorted(files.items())), decode, where

    def __getitem__(self, index: int) -> Mask:
        """(H, W) uint8, 255 = subject."""
        return read_mask(self._files[index], self._decode, self._where)

    def __iter__(self) -> Iterator[int]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the first."""
        height, width = self[next(iter(self))].shape
        return width, height

    @property
    def scored(self) -> frozenset[int]:
        """The frames that are scored: those with truth, but for the first and the last of them."""
        frames = list(self)
        return frozenset(frames[k] for k in scored_frames(len(frames)))

    def require_all(self, count: int) -> list[Mask]:
        """The masks of all ``count`` frames, in order.

        Raises:
            DataError: There are fewer, or more.
        """
        if list(self) != list(range(count)):
            raise DataError(f"{count} frames but {len(self)} masks", where=self._where)
        return list(self.values())


@dataclass(frozen=True)
class LabelledClip:
    """A clip and where its masks are.

    Attributes:
        name: Of the clip.
        source: Video file, or folder of frames.
        truth: Folder of masks, one file a frame, or one folder an object.
        archive: Tar file of them, in place of a folder.
        decode: What a file's subject is.
    """

    name: str
    source: Path
    truth: Path | None = None
    archive: Path | None = None
    decode: Decode = field(default=any_object, compare=False)

    def stamp(self) -> str:
        """Changes whenever a file of the clip or of its truth does, or another is read."""
        places = [self.source, *((self.truth,) if self.truth is not None else ())]
        files = [file for place in places for file in (place, *(place.rglob("*") if place.is_dir() else ()))]
        return file_stamp([*files, *((self.archive,) if self.archive is not None else ())])

    def open(self) -> Source:
        """The clip's frames; numbers that are missing among images are no frames.

        Raises:
            VsodError: It cannot be opened.
        """
        return open_source(self.source, SourceSettings(gaps="close"))

    def masks(self, info: ClipInfo) -> FrameMasks:
        """Its masks.

        Args:
            info: Of the opened clip.

        Raises:
            DataError: There are none, or one belongs to no frame.
        """
        frame_of = frames_by_name(info)
        found: dict[int, tuple[Path | bytes, ...]] = {}
        for name, file in self._files():
            index = frame_of(name)
            if index is None:
                raise DataError(
                    f"the mask {name} belongs to no frame", where=self.source, fix="Check the data folder."
                )
            found[index] = (*found.get(index, ()), file)
        if not found:
            raise DataError("no masks for this clip", where=self.source, fix="Check the data folder.")
        return FrameMasks(found, self.decode, self.source)

    def _files(self) -> Iterator[tuple[str, Path | bytes]]:
        if self.archive is not None:
            yield from _from_tar(self.archive, f"mask/davis16/{self.name}/")
        elif self.truth is not None and self.truth.is_dir():
            files = files_in(self.truth, MASK_SUFFIXES)
            pictures = {file.suffix.lower() for file in files} - {".jpg", ".jpeg"}
            for file in files:
                # FBMS has probabilities beside its truth; a clip's own frames may lie in the same folder
                if not file.name.startswith("PROB") and (file.suffix.lower() in pictures or not pictures):
                    yield file.name, file
            if not files:
                for each in subfolders(self.truth):
                    yield from ((file.name, file) for file in files_in(each, MASK_SUFFIXES))


def frames_by_name(info: ClipInfo) -> Callable[[str], int | None]:
    """The frame that a file beside a clip belongs to: of the same name or number; of a video, its ordinal.

    Args:
        info: Of the opened clip.

    Returns:
        From a file's name to the frame's ordinal; None if it belongs to no frame.
    """
    names = info.frame_names if info.names else []
    numbers = [frame_number(name) for name in names] if names else list(range(info.frame_count))
    places: dict[int | str | None, int] = {n: k for k, n in enumerate(numbers) if n is not None}
    places |= {Path(name).stem: k for k, name in enumerate(names)}

    def frame_of(name: str) -> int | None:
        return places.get(Path(name).stem.removesuffix("_gt"), places.get(frame_number(name)))

    return frame_of


def splits_of(data: Path) -> tuple[str, ...]:
    """The names of a set's splits, whether or not its lists are there; none if it has none."""
    if (data / "davis16").is_dir() or _davis_pictures(data) is not None:
        return "train", "val"
    own = split_of_folder(data)
    found = tuple(split for path in subfolders(data) if (split := split_of_folder(path)) is not None)
    return found or ((own,) if own is not None else ())


def split_of_folder(folder: Path) -> str | None:
    """The split that a folder of this name holds, upper and lower case being one; None if it holds none."""
    return _SPLITS.get(folder.resolve().name.casefold())


def labelled_clips(data: Path, split: str = "val") -> list[LabelledClip]:
    """The clips of a split.

    Args:
        data: Folder of one data set, see the module.
        split: ``"all"``, or what the set has: ``val`` and ``train`` of ours and of DAVIS (``2017/val`` where it has
            lists of both years; without a year those of 2016), ``train`` and ``test`` of FBMS-59, ``train``,
            ``val`` and ``test`` (or ``easy``, ``normal``, ``difficult``) of DAVSOD. A set without splits has
            ``all`` alone.

    Raises:
        DataError: No such layout, no such split, or a list is missing; says what is there.
    """
    if not data.is_dir():
        raise DataError("no such folder", where=data, fix="Give the folder of a data set.")
    if (data / "davis16").is_dir():
        found = _ours(data, split)
    elif (davis := _davis_pictures(data)) is not None:
        found = _davis(data, davis, split)
    else:
        found = _by_folders(data, split)
    if not found:
        raise DataError(f"split '{split}' has no clips", where=data, fix="Use --split all.")
    return found


def _ours(data: Path, split: str) -> list[LabelledClip]:
    if split not in ("val", "train", "all"):
        raise DataError(f"there is no split '{split}' here", where=data, fix="Use val, train or all.")
    return [
        LabelledClip(path.stem, path, archive=data / "davis16-masks.tar")
        for path in sorted((data / "davis16").glob("*.mp4"))
        if split == "all" or (path.stem in VAL_CLIPS) == (split == "val")
    ]


def _from_tar(archive: Path, prefix: str) -> Iterator[tuple[str, bytes]]:
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                if name.startswith(prefix) and (stream := tar.extractfile(member)) is not None:
                    found[name] = stream.read()
    except (OSError, tarfile.TarError) as error:
        raise DataError("the masks cannot be read", where=archive) from error
    for name in sorted(found):
        yield Path(name).name, found[name]


# ---- DAVIS


def is_davis(data: Path) -> bool:
    """Whether a folder has the pictures of DAVIS, under a resolution."""
    return _davis_pictures(data) is not None


def _davis_pictures(data: Path) -> Path | None:
    root = named(data, ("JPEGImages",))
    return named(root, ("480p", "Full-Resolution", "1080p")) if root is not None else None


def _davis(data: Path, pictures: Path, split: str) -> list[LabelledClip]:
    listed = None if split == "all" else _davis_list(data, split)
    truth = data / "Annotations" / pictures.name
    return [
        LabelledClip(path.name, path, truth / path.name)
        for path in subfolders(pictures)
        if listed is None or path.name in listed
    ]


def _davis_list(data: Path, split: str) -> set[str]:
    """The names in a split's list: lines of paths in ``ImageSets/480p``, bare names in those of a year."""
    year, _, name = split.rpartition("/")
    folders = [year] if year else ["480p", "1080p", "2016", "2017"]
    lists = [data / "ImageSets" / folder / f"{name}.txt" for folder in folders]
    there = next((path for path in lists if path.is_file()), None)
    if there is None:
        raise DataError(
            f"the list of split '{split}' is missing: {lists[0].relative_to(data)}"
            + (f" (nor is there one in {', '.join(folders[1:])})" if len(folders) > 1 else ""),
            where=data,
            fix="Take the folder ImageSets of the download, too, or use --split all.",
        )
    lines = there.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    # "/JPEGImages/480p/bear/00000.jpg /Annotations/480p/bear/00000.png", or a bare name; names may have spaces
    paths = [Path(re.split(r"\s+/?Annotations/", line.strip())[0]) for line in lines if line.strip()]
    return {path.parent.name if len(path.parts) > 1 else path.name for path in paths}


# ---- folders of clips


def _by_folders(data: Path, split: str) -> list[LabelledClip]:
    parts = {part: path for path in subfolders(data) if (part := split_of_folder(path)) is not None}
    if not parts:
        if split not in ("all", split_of_folder(data)):
            raise DataError(
                f"this data set has no split '{split}'", where=data, fix="It has no splits: use --split all."
            )
        found = _clips_in(data)
        if not found:
            raise DataError(_what_is_known(data), where=data, fix="See the layouts in docs/training.md.")
        return found
    wanted = [split] if split in parts else [part for part in _TEST if split == "test" and part in parts]
    if split == "all":
        wanted = list(parts)
    if not wanted:
        raise DataError(
            f"there is no split '{split}' here", where=data, fix=f"Use one of: {', '.join(parts)}, all."
        )
    return [clip for part in wanted for clip in _clips_in(parts[part])]


def _clips_in(root: Path) -> list[LabelledClip]:
    """Clips with a folder of masks of their own, else those of two folders beside each other."""
    found = []
    for folder in subfolders(root):
        truth = named(folder, MASKS)
        if truth is not None:
            pictures = named(folder, PICTURES) or folder
            decode = all_but_background if pictures is folder else any_object
            if files_in(pictures, sorted(IMAGE_SUFFIXES)):
                found.append(LabelledClip(folder.name, pictures, truth, decode=decode))
    if found:
        return found
    truths = named(root, MASKS)
    pictures_root = named(root, PICTURES) or root
    if truths is None:
        return []
    clips = [path for path in subfolders(pictures_root) if path != truths]
    return [
        LabelledClip(path.name, path, truth)
        for path in clips
        if (truth := named(truths, (path.name,))) is not None
    ]


def _what_is_known(data: Path) -> str:
    here = ", ".join(path.name for path in subfolders(data)[:6]) or "no folders"
    return (
        f"no video data set that is known: here are {here}. Known are davis16, JPEGImages with Annotations (DAVIS), "
        "Trainingset and Testset (FBMS-59), folders of DAVSOD, and clips with Imgs and ground-truth"
    )
