"""Regions of labels, and the record of what a person erased, step by step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from vsod.errors import DataError, UsageError
from vsod.lab.datasets.mask_files import any_object

Levels = npt.NDArray[Any]
Kind = Literal["box", "polygon", "component"]
_LEAST_NUMBERS: Mapping[Kind, int] = {"box": 4, "polygon": 6, "component": 2}


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a label, in pixels of the label from its upper left corner.

    Attributes:
        kind: ``box``: x, y, width, height; ``polygon``: x, y of each corner; ``component``: x, y of a pixel, whose
            connected region of the subject is meant, in each frame anew.
        numbers: Those.

    Raises:
        ValueError: The numbers make no such region.
    """

    kind: Kind
    numbers: tuple[int, ...]

    def __post_init__(self) -> None:
        least = _LEAST_NUMBERS.get(self.kind)
        if least is None:
            raise ValueError(f"there is no region '{self.kind}'")
        count = len(self.numbers)
        if count < least or (self.kind != "polygon" and count != least) or count % 2:
            raise ValueError(f"{count} numbers make no {self.kind}")
        if self.kind == "box" and min(self.numbers[2:]) < 1:
            raise ValueError("a box is one pixel wide and high at least")

    def covers(self, subject: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which pixels of a label (H, W) lie in it; outside of the label there are none."""
        h, w = subject.shape
        found = np.zeros((h, w), np.uint8)
        if self.kind == "polygon":
            cv2.fillPoly(found, [np.array(self.numbers, np.int32).reshape(-1, 1, 2)], 1)
            return found > 0
        x, y = self.numbers[:2]
        if self.kind == "box":
            wide, high = self.numbers[2:]
            found[max(y, 0) : max(y + high, 0), max(x, 0) : max(x + wide, 0)] = 1
        elif 0 <= x < w and 0 <= y < h and subject[y, x]:
            _, numbered = cv2.connectedComponents(subject.astype(np.uint8), connectivity=8)
            return np.asarray(numbered == numbered[y, x], np.bool_)
        return found > 0


@dataclass(frozen=True, slots=True)
class Step:
    """One call: the regions that are erased from a clip's frames ``start`` to ``stop``, which is excluded.

    Frames are meant by their numbers; ``stop`` None is the end.
    """

    clip: str
    start: int
    stop: int | None
    regions: tuple[Region, ...]

    def meets(self, number: int) -> bool:
        """Whether it is about a frame."""
        return number >= self.start and (self.stop is None or number < self.stop)


def erased(label: Levels, number: int, steps: Sequence[Step]) -> Levels:
    """A label, (H, W) or (H, W, channels), of a frame without what the steps erase from it."""
    left = label.copy()
    for step in steps:
        if step.meets(number):
            subject = any_object(left)
            for region in step.regions:
                left[region.covers(subject)] = 0
    return left


def read_record(file: Path) -> list[Step]:
    """The steps of a record; none where there is no such file.

    Raises:
        DataError: It cannot be read.
    """
    if not file.is_file():
        return []
    try:
        steps = json.loads(file.read_text(encoding="utf-8"))["steps"]
        return [
            Step(
                str(step["clip"]),
                int(step["start"]),
                None if step["stop"] is None else int(step["stop"]),
                tuple(Region(r["kind"], tuple(int(n) for n in r["numbers"])) for r in step["regions"]),
            )
            for step in steps
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError("the record of what was erased cannot be read", where=file) from error


def parse_region(kind: Kind, words: Sequence[str]) -> Region:
    """A region from ``"x,y"`` or ``"x,y,w,h"``, whole numbers.

    Raises:
        UsageError: It is none.
    """
    try:
        if kind == "polygon" and any(word.count(",") != 1 for word in words):
            raise ValueError(words)
        return Region(kind, tuple(int(part) for word in words for part in word.split(",")))
    except ValueError as error:
        form = {"box": "x,y,w,h", "polygon": "x,y x,y x,y …", "component": "x,y"}[kind]
        raise UsageError(
            f"'{' '.join(words)}' is no {kind}", fix=f"--{kind} {form}, whole pixels of the label."
        ) from error
