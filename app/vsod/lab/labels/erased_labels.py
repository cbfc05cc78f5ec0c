"""Regions of labels that a person erases: MSST's and STAN's "manually erase the error detection regions" (3.3).

A label is what the folder held when it was first touched, less every step of the record, in order. So a step can be
taken back, and all of them repeated once ``labels coarse`` or ``labels weak`` has written the folder anew.

=========================  ==================================================================
``FOLDER/erased.json``     the record: the steps of every clip, in order
``FOLDER/erased/<clip>/``  the labels as they were, of the frames that any step has changed
=========================  ==================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from vsod.errors import DataError
from vsod.lab.datasets.folders import files_in, frame_number, named
from vsod.lab.datasets.mask_files import any_object, read_picture
from vsod.lab.labels import RECORD
from vsod.lab.labels.label_regions import Levels, Region, Step, erased, read_record
from vsod.lab.labels.map_folders import write_json
from vsod.storage.atomic import write_bytes
from vsod.storage.claims import refuse_foreign
from vsod.storage.ownership_marks import marked_png


@dataclass(frozen=True, slots=True)
class Erasure:
    """What a call changed.

    Attributes:
        frames: Labels that were written anew.
        pixels: Of the subject that these have lost, or won back (below 0).
        steps: How many the clip's record has now.
    """

    frames: int
    pixels: int
    steps: int


class ErasedLabels:
    """A clip of a folder of labels, its record, and its labels as they were.

    Args:
        folder: What ``labels coarse``, ``weak`` or ``fuse`` wrote: ``<clip>/00012.png``, or the same in ``labels/``.
        clip: Its name.

    Raises:
        DataError: There are no labels of this clip, two of a frame, or the record cannot be read.
    """

    def __init__(self, folder: Path, clip: str) -> None:
        self.folder, self.clip = folder, clip
        root = named(folder, ("labels",)) or folder if folder.is_dir() else None
        place = root and named(root, (clip,))
        self._files: dict[int, Path] = {}
        for file in files_in(place, (".png",)) if place else []:
            number = frame_number(file.name)
            if number in self._files:
                raise DataError(
                    f"frame {number} is here twice, also as {self._files[number].name}", where=file
                )
            if number is not None:
                self._files[number] = file
        if not self._files:
            raise DataError(
                f"no labels of '{clip}' here",
                where=folder,
                fix="Give a folder of labels and the name of a clip in it.",
            )
        self._originals = folder / "erased" / clip
        self.record = read_record(folder / RECORD)

    @property
    def steps(self) -> list[Step]:
        """The clip's steps, in order."""
        return [step for step in self.record if step.clip == self.clip]

    def erase(
        self, regions: Sequence[Region], start: int = 0, stop: int | None = None, *, overwrite: bool = True
    ) -> Erasure:
        """Erase regions from the frames of a range.

        Args:
            regions: One or more.
            start: Number of the first frame.
            stop: One past the last; None = the end.
            overwrite: Change also labels that others wrote. How they were is kept in any case.

        Raises:
            DataError: The range has no labels, nothing of the subject lies there, or the labels were written anew.
            UsageError: Others wrote a label.
        """
        step = Step(self.clip, start, stop, tuple(regions))
        numbers = [number for number in self._files if step.meets(number)]
        if not numbers:
            raise DataError(
                f"no label of '{self.clip}' has a number in this range",
                where=self.folder,
                fix=f"It has {min(self._files)} to {max(self._files)}.",
            )
        return self._write(numbers, [*self.record, step], self._base, overwrite)

    def undo(self) -> Erasure:
        """Take the clip's last step back.

        Raises:
            DataError: There is none, or the labels were written anew.
        """
        last = max((i for i, step in enumerate(self.record) if step.clip == self.clip), default=None)
        if last is None:
            raise DataError(f"nothing was erased from '{self.clip}'", where=self.folder)
        numbers = [number for number in self._files if self.record[last].meets(number)]
        return self._write(numbers, self.record[:last] + self.record[last + 1 :], self._base, True)

    def repeat(self) -> Erasure:
        """Erase again what the record says, from labels that were written anew.

        Raises:
            DataError: Nothing was erased from the clip.
        """
        if not self.steps:
            raise DataError(f"nothing was erased from '{self.clip}'", where=self.folder)
        numbers = [n for n in self._files if any(step.meets(n) for step in self.steps)]
        return self._write(numbers, self.record, self._new_base, True)

    def _write(
        self, numbers: Sequence[int], record: list[Step], base_of: Callable[[int], Levels], overwrite: bool
    ) -> Erasure:
        """Write what the record leaves of labels: their originals first, then the record, then the labels."""
        steps = [step for step in record if step.clip == self.clip]
        changed: dict[int, tuple[Levels, Levels]] = {}
        pixels = 0
        for number in numbers:
            base, now = base_of(number), self._levels(number)
            left = erased(base, number, steps)
            if not np.array_equal(left, now):
                changed[number] = base, left
                pixels += int(any_object(now).sum()) - int(any_object(left).sum())
        if not changed and len(record) > len(self.record):
            raise DataError(
                f"nothing of the subject of '{self.clip}' lies there",
                where=self.folder,
                fix="Check the numbers.",
            )
        if not overwrite:
            for number in changed:
                refuse_foreign(self._files[number], "the label")
        for number, (base, _) in changed.items():
            self._originals.mkdir(parents=True, exist_ok=True)
            write_bytes(self._originals / f"{number:05d}.png", _png(base))
        write_json(self.folder / RECORD, {"steps": [asdict(step) for step in record]})
        for number, (_, left) in changed.items():
            write_bytes(self._files[number], _png(left))
        self.record = record
        return Erasure(len(changed), pixels, len(steps))

    def _levels(self, number: int) -> Levels:
        return read_picture(self._files[number], self._files[number], "this label")

    def _original(self, number: int) -> Levels | None:
        file = self._originals / f"{number:05d}.png"
        return read_picture(file, file, "this label") if file.is_file() else None

    def _base(self, number: int) -> Levels:
        """A label as it was before any step; it must be what the record leaves of it now."""
        original, now = self._original(number), self._levels(number)
        if original is None or not any(step.meets(number) for step in self.steps):
            return now
        if self._left_by(original, now, number):
            return original
        raise DataError(
            "this label was written anew since something was erased from it",
            where=self._files[number],
            fix="Repeat that first: labels erase FOLDER CLIP --repeat.",
        )

    def _new_base(self, number: int) -> Levels:
        """The same; a label that was written anew is its own original now."""
        original, now = self._original(number), self._levels(number)
        return original if original is not None and self._left_by(original, now, number) else now

    def _left_by(self, original: Levels, now: Levels, number: int) -> bool:
        """Whether a label is what the steps leave of its original: all, or those before a call that was cut short."""
        steps = self.steps
        return any(
            np.array_equal(erased(original, number, steps[:n]), now) for n in range(len(steps), -1, -1)
        )


def _png(levels: Levels) -> bytes:
    return marked_png(cv2.imencode(".png", levels)[1].tobytes())
