"""Video data with masks for training and measuring.

Two layouts are known: ours (``davis16/<clip>.mp4`` with ``davis16-masks.tar``,
photos in ``images-*.tar`` with ``index.csv``) and that of the DAVIS download
(``JPEGImages/480p/<clip>``, ``Annotations/480p/<clip>``).
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vsod.errors import DataError

VAL_CLIPS = ("dance-jump", "dog-agility", "mallard-water", "motorbike", "tennis")


@dataclass(frozen=True)
class LabelledClip:
    """A clip and where its masks are."""

    name: str
    source: Path
    archive: Path | None
    folder: Path | None

    def masks(self) -> list[npt.NDArray[np.uint8]]:
        """Masks of all frames in order, (H, W) uint8, 255 = subject.

        Raises:
            DataError: There are none, or one cannot be read.
        """
        if self.folder is not None:
            blobs = [p.read_bytes() for p in sorted(self.folder.glob("*.png"))]
        else:
            blobs = _from_tar(self.archive, f"mask/davis16/{self.name}/")
        if not blobs:
            raise DataError("no masks for this clip", where=self.source, fix="Check the data folder.")
        out = []
        for blob in blobs:
            mask = cv2.imdecode(np.frombuffer(blob, np.uint8), cv2.IMREAD_GRAYSCALE)
            if mask is None:
                raise DataError("a mask cannot be read", where=self.source)
            out.append(np.where(mask > 0, 255, 0).astype(np.uint8))
        return out


def _from_tar(archive: Path | None, prefix: str) -> list[bytes]:
    if archive is None:
        return []
    found: dict[str, bytes] = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.removeprefix("./")
            if name.startswith(prefix) and (stream := tar.extractfile(member)) is not None:
                found[name] = stream.read()
    return [found[name] for name in sorted(found)]


def labelled_clips(data: Path, split: str = "val") -> list[LabelledClip]:
    """The clips of a split: ``"val"``, ``"train"`` or ``"all"``.

    A DAVIS download has no split of ours: there all clips of
    ``ImageSets/480p/<split>.txt``, or all, are taken.

    Raises:
        DataError: No such layout, or an empty split.
    """
    if (data / "davis16").is_dir():
        clips = [
            LabelledClip(p.stem, p, data / "davis16-masks.tar", None)
            for p in sorted((data / "davis16").glob("*.mp4"))
            if split == "all" or (p.stem in VAL_CLIPS) == (split == "val")
        ]
    elif (data / "JPEGImages" / "480p").is_dir():
        clips = [
            LabelledClip(p.name, p, None, data / "Annotations" / "480p" / p.name)
            for p in sorted((data / "JPEGImages" / "480p").iterdir())
            if p.is_dir() and (split == "all" or p.name in _listed(data, split, p.name))
        ]
    else:
        raise DataError(
            "no video data here",
            where=data,
            fix="Give a folder with davis16/ and davis16-masks.tar, or a DAVIS download with JPEGImages/480p.",
        )
    if not clips:
        raise DataError(f"split '{split}' has no clips", where=data, fix="Use val, train or all.")
    return clips


def _listed(data: Path, split: str, default: str) -> set[str]:
    listing = data / "ImageSets" / "480p" / f"{split}.txt"
    if not listing.is_file():
        return {default}
    text = listing.read_text(encoding="utf-8", errors="surrogateescape")
    return {Path(line.split()[0]).parent.name for line in text.splitlines() if line.strip()}
