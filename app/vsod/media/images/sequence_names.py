"""Names of images in a folder: which numbers count frames, which images are one sequence, what is missing.

The rule. A name is text and whole numbers; a minus sign after ``.``, ``_`` or a space, or at the beginning, belongs
to its number. Names that differ in one number only are a sequence, counted by that number; where several numbers
differ, by the last. Dates and times of day count nothing.

A sequence is told from a heap of photos by its numbers: at least three, and of their span at least half are there;
of names as cameras give them (``IMG_1234.JPG``), at least ten and nine of ten. Two such sequences in one folder are
two clips. Anything else is one clip in the order of the names, one image after the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePath

_NUMBER = re.compile(r"(?:(?<![^._ ])-)?[0-9]{1,18}")
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])"
    r"(?:(?:[-_ T]|[-_ ]+at[-_ ]+)(?:[01]\d|2[0-3])([-.:_]?)[0-5]\d\2[0-5]\d(?:\d{3})?)?(?!\d)"
)
# design rule for camera file systems: four characters, four digits
_CAMERA = re.compile(r"[A-Z0-9_]{4}[0-9]{4}\.(?:jpe?g|tiff?)", re.IGNORECASE)
_SUFFIXES = {".jpeg": ".jpg", ".tiff": ".tif"}
_HELD_MOST = 4, 1000  # a sequence may become so many times as long by holding images, and so many frames more


@dataclass(frozen=True, slots=True)
class NumberedImages:
    """Images that differ in one number.

    Attributes:
        names: By rising number.
        numbers: The number of each.
        before, after: The names before and after it, of the first image.
        digits: Digits that every number is filled to with zeros.
        sign_counts: A minus sign takes the place of one of them, as in C's ``%04d``.
    """

    names: tuple[str, ...]
    numbers: tuple[int, ...]
    before: str
    after: str
    digits: int
    sign_counts: bool = False

    @property
    def pattern(self) -> str:
        """As compositing programs write it: ``shot.####.png``."""
        return f"{self.before}{'#' * self.digits}{self.after}"

    @property
    def title(self) -> str:
        """For people: ``shot_0001-0030``."""
        first, last = (self.name(n)[len(self.before) :].removesuffix(self.after) for n in self.ends)
        return (
            f"{self.before}{first}-{last}{self.after.removesuffix(PurePath(self.after).suffix or self.after)}"
        )

    @property
    def ends(self) -> tuple[int, int]:
        """The first and the last number."""
        return self.numbers[0], self.numbers[-1]

    @property
    def span(self) -> int:
        """Frames from the first to the last."""
        return self.numbers[-1] - self.numbers[0] + 1

    @property
    def missing(self) -> list[range]:
        """Numbers between the first and the last that no image has."""
        pairs = zip(self.numbers, self.numbers[1:], strict=False)
        return [range(a + 1, b) for a, b in pairs if b > a + 1]

    @property
    def is_camera(self) -> bool:
        """Whether they are called as a camera calls its photos."""
        return all(_CAMERA.fullmatch(name) for name in self.names)

    @property
    def is_clear(self) -> bool:
        """Whether this is a sequence, and not some pictures whose names end in numbers."""
        count = len(self.names)
        return count >= 10 and count >= 0.9 * self.span if self.is_camera else 3 <= count >= self.span / 2

    @property
    def counts_time(self) -> bool:
        """Whether missing numbers are missing frames: not where hardly any number of the span is there."""
        if self.is_camera:
            return len(self.names) >= self.span / 2
        times, more = _HELD_MOST
        return self.span <= times * len(self.names) + more

    def name(self, number: int) -> str:
        """What the image of a number is called, or would be."""
        width = self.digits + (number < 0 and not self.sign_counts)
        return f"{self.before}{number:0{width}d}{self.after}"


@dataclass(frozen=True, slots=True)
class _Name:
    """A name cut into its text and its numbers: ``parts`` has one more element than ``numbers``."""

    name: str
    parts: tuple[str, ...]
    numbers: tuple[str, ...]
    dated: tuple[bool, ...]


def natural_key(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A sort key that puts ``frame9`` before ``frame10``; equal numbers fall back to the text."""
    cut = _cut(name.casefold())
    key: list[tuple[int, int, str]] = []
    for text, number in zip(cut.parts, (*cut.numbers, ""), strict=True):
        key += [(0, 0, text)] + ([(1, int(number), "")] if number else [])
    return key, name


def number_images(names: Iterable[str]) -> list[NumberedImages]:
    """The images by what counts them, the largest group first; images without a number are in none."""
    alike: dict[tuple[str, ...], list[_Name]] = {}
    for name in names:
        cut = _cut(name)
        suffix = PurePath(name).suffix.casefold()
        last = cut.parts[-1].casefold().removesuffix(suffix) + _SUFFIXES.get(suffix, suffix)
        alike.setdefault((*(part.casefold() for part in cut.parts[:-1]), last), []).append(cut)
    found = [images for cuts in alike.values() for images in _counted(cuts)]
    return sorted(found, key=lambda images: (-len(images.names), images.names))


def _cut(name: str) -> _Name:
    stem_end = len(name) - len(PurePath(name).suffix)  # the 2 of .jp2 counts nothing
    dates = [found.span() for found in _DATE.finditer(name)]
    parts, numbers, dated, place = [], [], [], 0
    for found in _NUMBER.finditer(name, 0, stem_end):
        parts.append(name[place : found.start()])
        numbers.append(found[0])
        dated.append(any(a <= found.start() and found.end() <= b for a, b in dates))
        place = found.end()
    return _Name(name, (*parts, name[place:]), tuple(numbers), tuple(dated))


def _counted(cuts: Sequence[_Name]) -> list[NumberedImages]:
    """Names of one text, by the numbers that do not count."""
    columns = list(zip(*(cut.numbers for cut in cuts), strict=True))
    undated = [k for k in range(len(columns)) if not any(cut.dated[k] for cut in cuts)]
    differing = [k for k in undated if len(set(columns[k])) > 1] or undated
    if not differing:
        return []
    count = differing[-1]

    def rest(cut: _Name) -> tuple[str, ...]:
        return tuple(number for k, number in enumerate(cut.numbers) if k != count)

    found = []
    for _, group in groupby(sorted(cuts, key=lambda cut: (rest(cut), cut.name)), rest):
        images = list(group)
        if len({int(cut.numbers[count]) for cut in images}) < len(images):  # 1 and 001 are two
            by_width = sorted(images, key=lambda cut: len(cut.numbers[count]))
            found += [
                _images(list(same), count) for _, same in groupby(by_width, lambda c: len(c.numbers[count]))
            ]
        else:
            found.append(_images(images, count))
    return found


def _images(cuts: Sequence[_Name], count: int) -> NumberedImages:
    ordered = sorted(cuts, key=lambda cut: int(cut.numbers[count]))
    texts = [cut.numbers[count] for cut in ordered]
    digits = [text for text in texts if text[0] != "-"] or [text[1:] for text in texts]
    padded = any(text.startswith("0") and len(text) > 1 for text in digits) or len({*map(len, digits)}) == 1
    width = min(map(len, digits)) if padded else 1
    first = ordered[0]
    before = "".join(a + b for a, b in zip(first.parts[:count], first.numbers[:count], strict=True))
    tail = "".join(a + b for a, b in zip(first.numbers[count + 1 :], first.parts[count + 2 :], strict=True))
    return NumberedImages(
        tuple(cut.name for cut in ordered),
        tuple(int(cut.numbers[count]) for cut in ordered),
        before + first.parts[count],
        first.parts[count + 1] + tail,
        width,
        width > 1 and any(text[0] == "-" and len(text) == width for text in texts),
    )


def listed(numbers: Sequence[range], most: int = 8) -> str:
    """Ranges of numbers for people: ``1011-1013, 1020``."""
    said = [f"{r.start}" if len(r) == 1 else f"{r.start}-{r.stop - 1}" for r in numbers[:most]]
    return ", ".join(said) + (f" and {len(numbers) - most} more gaps" if len(numbers) > most else "")
