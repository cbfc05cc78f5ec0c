"""Folders of saliency maps and masks: ``<folder>/<clip>/<any name with the frame number>.png``.

What ``vsod-desktop run CLIP -o FOLDER/<clip>`` writes, what DAVIS and FBMS ship, and what other
programs write: the last number in a file's name is the number of its frame.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vsod import __version__
from vsod.core.arrays import Map
from vsod.core.data_parsing import reason
from vsod.core.progress import Progress, ProgressFn
from vsod.errors import DataError, UsageError
from vsod.lab.datasets.folders import frame_number
from vsod.media.images.image_selection import images_in
from vsod.storage.atomic import (
    commit_folder,
    create_partial_folder,
    discard,
    output_error,
    place_of,
    remove_stale_partials,
    write_text,
)
from vsod.storage.claims import Claims, refuse_foreign, same
from vsod.storage.ownership_marks import NAME, marked_png
from vsod.storage.partial_files import write_new
from vsod.storage.run_folders import refuse_foreign_run

Key = tuple[str, int]  # clip, frame number


class MapFolder:
    """One provider's maps, or the ground truth.

    Attributes:
        root: The folder.
        files: File of every (clip, frame number).

    Raises:
        DataError: There are no PNG files in its subfolders, or two of the same frame.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[Key, Path] = {}
        folders = sorted(p for p in root.iterdir() if p.is_dir()) if root.is_dir() else []
        for clip in (f for f in folders if not f.name.startswith(".")):
            for file in images_in(clip):
                if file.suffix.lower() == ".png":
                    self._add(clip.name, file)
        if not self.files:
            raise DataError(
                "no PNG files in subfolders",
                where=root,
                fix="Give a folder with one subfolder of numbered PNG files per clip.",
            )

    def _add(self, clip: str, file: Path) -> None:
        number = frame_number(file.name)
        if number is None:
            raise DataError("no frame number in this name", where=file, fix="Name it like 00012.png.")
        if (other := self.files.get((clip, number))) is not None:
            raise DataError(f"frame {number} is here twice, also as {other.name}", where=file)
        self.files[clip, number] = file

    def levels(self, key: Key) -> npt.NDArray[Any]:
        """A file as (H, W) uint8 or uint16 grey.

        Raises:
            DataError: It cannot be read.
        """
        file = self.files[key]
        try:
            data = np.frombuffer(file.read_bytes(), np.uint8)
            image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH) if data.size else None
        except (OSError, cv2.error) as error:
            raise DataError(f"this PNG cannot be read ({reason(error)})", where=file) from error
        if image is None or image.dtype not in (np.uint8, np.uint16):
            raise DataError("this PNG cannot be read", where=file)
        return np.asarray(image)

    def map(self, key: Key, size: tuple[int, int] | None = None) -> Map:
        """A map as (H, W) float32 0..1, resampled to ``size`` (width, height) if it has another."""
        levels = self.levels(key)
        return resized(np.asarray(levels / np.iinfo(levels.dtype).max, np.float32), size)

    def mask(self, key: Key, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """Ground truth as (H, W) bool of ``size`` (width, height): whatever is not black is the subject."""
        return np.asarray(resized((self.levels(key) > 0).astype(np.float32), size) > 0.5, np.bool_)


def resized(picture: Map, size: tuple[int, int] | None) -> Map:
    """(H, W) float32 in ``size`` (width, height): averaged when it shrinks, linear when it grows."""
    h, w = picture.shape
    if size is None or size == (w, h):
        return picture
    way = cv2.INTER_AREA if size[0] * size[1] < w * h else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=way), np.float32)


class MapProviders:
    """Several providers' maps of the same frames.

    Attributes:
        folders: One per provider.
        keys: (clip, frame number) of every frame that all of them have, in order.
        left_out: How many frames only some of them have.

    Raises:
        DataError: A folder holds no maps, or they have no frame in common.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self.folders = [MapFolder(root) for root in roots]
        sets = [set(folder.files) for folder in self.folders]
        shared = set.intersection(*sets)
        if not shared:
            raise DataError(
                "these folders have no frame in common",
                where=", ".join(str(r) for r in roots),
                fix="Give the subfolders the same clip names and the files the same frame numbers.",
            )
        self.keys: list[Key] = sorted(shared)
        self.left_out = len(set.union(*sets) - shared)

    def size(self, key: Key) -> tuple[int, int]:
        """(width, height) in which a frame is fused: that of the first provider."""
        h, w = self.folders[0].levels(key).shape
        return w, h

    def maps(self, key: Key) -> npt.NDArray[np.float32]:
        """(N, H, W) float32 0..1 in the first provider's size."""
        first = self.folders[0].map(key)
        size = (first.shape[1], first.shape[0])
        return np.stack([first, *(folder.map(key, size) for folder in self.folders[1:])])

    def clips(self) -> dict[str, list[Key]]:
        """The frames of every clip, in order."""
        out: dict[str, list[Key]] = {}
        for key in self.keys:
            out.setdefault(key[0], []).append(key)
        return out


def write_clip(folder: Path, pictures: Iterable[tuple[int, npt.NDArray[np.uint8]]]) -> None:
    """Write (frame number, (H, W) uint8) pairs as ``<folder>/00012.png``, all or none.

    They take the place of those that an earlier call wrote; files of others in the folder stay.

    Raises:
        OutputError: The folder cannot be written.
    """
    place = place_of(folder)
    remove_stale_partials(place)
    partial = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = create_partial_folder(place)
        for number, picture in pictures:
            image = marked_png(cv2.imencode(".png", picture)[1].tobytes())
            write_new(partial / f"{number:05d}.png", image)
        commit_folder(partial, place)
    except OSError as error:
        raise output_error(error, folder) from error
    finally:
        if partial is not None:
            discard(partial)


def no_common_truth(truth: MapFolder) -> DataError:
    """The error to raise where ground truth and maps do not meet."""
    return DataError(
        "none of these masks belongs to a frame that has maps",
        where=truth.root,
        fix="Clip names and frame numbers must be those of the maps.",
    )


def claim_labels(
    out: Path,
    files: Sequence[str],
    folders: Iterable[str],
    inputs: Sequence[Path],
    reads: Iterable[tuple[Path, str]] = (),
    *,
    overwrite: bool = True,
) -> None:
    """Refuse to write labels over what is read or, if asked, over what others wrote.

    Args:
        out: Where the labels go.
        files: Names of the files in it that are written.
        folders: Names of the folders of labels in it that are written.
        inputs: Folders that are read with all that is in them.
        reads: Single files that are read, and what they are.
        overwrite: Replace also what others wrote.

    Raises:
        UsageError: Names what would be lost.
    """
    folders = list(folders)
    claims = Claims()
    for folder in inputs:
        if same(out, folder):
            raise UsageError("this folder is read from", where=out, fix="Give another --out.")
        claims.read_tree(folder, "what is read")
    for path, what in reads:
        claims.read(path, what)
    for name in files:
        claims.write(out / name, f"'{name}'")
    for name in folders:
        claims.write_folder(out / name, f"the labels '{name}'")
    claims.check()
    if not overwrite:
        refuse_foreign_run(out, files)
        for name in folders:
            refuse_foreign(out / name, "labels", folder=True)


def report_progress(on_progress: ProgressFn | None, stage: str, done: int, total: int) -> None:
    """Report progress to whoever wants it."""
    if on_progress:
        on_progress(Progress(stage, done, total))


def write_json(path: Path, data: object) -> None:
    """Write ``data`` as indented JSON, an object marked as ours; see :func:`vsod.storage.atomic.write_text`."""
    if isinstance(data, dict):
        data = {NAME: __version__, **data}
    write_text(path, json.dumps(data, indent=1) + "\n")
