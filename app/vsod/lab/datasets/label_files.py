"""Labels that a network learns from where there is no truth: the folders that ``labels coarse`` and ``weak`` write."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vsod.core.clip import ClipInfo
from vsod.errors import DataError
from vsod.lab.datasets.folders import files_in, frame_number, named
from vsod.lab.datasets.labelled_clips import frames_by_name
from vsod.lab.datasets.mask_files import MASK_SUFFIXES, Mask, any_object, read_mask

_CONFIDENCES = "confidence.csv"


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a frame.

    Attributes:
        file: Its mask.
        confidence: 0..1; 1 where the folder tells none.
    """

    file: Path
    confidence: float = 1.0

    def mask(self) -> Mask:
        """(H, W) uint8, 255 = subject.

        Raises:
            DataError: It cannot be read.
        """
        return read_mask([self.file], any_object, self.file)


class LabelFolders:
    """The labels of clips: ``FOLDER/<clip>/00012.png`` or ``FOLDER/labels/<clip>/00012.png``.

    Args:
        folders: Where two have a label of a frame the first counts.
        least: Labels of less confidence are left out.

    Raises:
        DataError: A folder is missing, or its confidences cannot be read.
    """

    def __init__(self, folders: Sequence[Path], least: float = 0.0) -> None:
        self.least = least
        for folder in folders:
            if not folder.is_dir():
                raise DataError(
                    "no such folder", where=folder, fix="Give what `labels coarse` or `labels weak` wrote."
                )
        self._folders = [(named(folder, ("labels",)) or folder, _confidences(folder)) for folder in folders]
        self.left_out = 0

    def of(self, clip: str, info: ClipInfo) -> dict[int, Label]:
        """The labels of a clip, by the ordinal of their frame.

        Args:
            clip: Its name.
            info: Of the opened clip.
        """
        frame_of, found = frames_by_name(info), dict[int, Label]()
        for root, confidences in self._folders:
            folder = named(root, (clip,))
            for file in files_in(folder, MASK_SUFFIXES) if folder is not None else []:
                frame, number = frame_of(file.name), frame_number(file.name)
                confidence = confidences.get((clip, number), 1.0) if number is not None else 1.0
                if frame is None or frame in found:
                    continue
                if confidence < self.least or confidence <= 0:
                    self.left_out += 1
                    continue
                found[frame] = Label(file, confidence)
        return found


def _confidences(folder: Path) -> dict[tuple[str, int], float]:
    file = folder / _CONFIDENCES
    if not file.is_file():
        return {}
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = csv.DictReader(stream)
            return {(row["clip"], int(row["frame"])): float(row["confidence"]) for row in rows}
    except (OSError, KeyError, ValueError) as error:
        raise DataError("the confidences of these labels cannot be read", where=file) from error
