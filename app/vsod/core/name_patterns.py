"""Name patterns of users: a few tokens, read by a regular expression, so that a pattern is never a program."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from vsod.errors import UsageError

_MAX_DIGITS = 12
_MAX_LENGTH = 1000  # characters of a pattern: longer than any name
_FRAMES = re.compile(r"%(?:0?(?P<printf>[0-9]{1,2}))?d|(?P<marks>#+|@+)|\$F(?P<houdini>[0-9]?)")
_TOKEN = re.compile(r"\{\{|\}\}|\{([a-z]+)(?::0([0-9]{1,20}))?\}|[{}]")


def check_template(pattern: str, option: str, tokens: Collection[str]) -> None:
    """Refuse a pattern that cannot be filled.

    Args:
        pattern: Text with tokens ``{stem}``, ``{kind}``, ``{frame}``, ``{frame:04}``; ``{{`` is a brace.
        option: Names the pattern in the error.
        tokens: Those that may be used; ``frame`` alone may have a width.

    Raises:
        UsageError: A token is not among ``tokens``, a brace stands alone, a width is above 12.
    """
    fill(pattern, option, dict.fromkeys(tokens, "1"))


def fill(pattern: str, option: str, values: Mapping[str, str | int]) -> str:
    """The name that a pattern makes of ``values``; see :func:`check_template`.

    Raises:
        UsageError: The pattern cannot be read.
    """
    usable = ", ".join("{frame:04}" if token == "frame" else f"{{{token}}}" for token in values)

    def refuse(why: str) -> UsageError:
        shown = pattern if len(pattern) <= 80 else f"{pattern[:77]}…"
        return UsageError(f"{option} '{shown}' cannot be read: {why}", fix=f"Use {usable}.")

    def exchange(found: re.Match[str]) -> str:
        text, token, width = found[0], found[1], found[2]
        if text in ("{{", "}}"):
            return text[0]
        if token is None:
            raise refuse(f"'{text}' stands alone")
        if token not in values:
            raise refuse(f"there is no {{{token}}}")
        if width is None:
            return str(values[token])
        if token != "frame" or not 1 <= int(width) <= _MAX_DIGITS:
            raise refuse(f"a width is 01 to 0{_MAX_DIGITS}, and of {{frame}} alone")
        return f"{int(values[token]):0{int(width)}d}"

    if len(pattern) > _MAX_LENGTH:
        raise refuse("it is too long for a name")
    return _TOKEN.sub(exchange, pattern)


@dataclass(frozen=True, slots=True)
class FramePattern:
    """The files of an image sequence as compositing programs write them: ``shot.####.png``, ``shot.%04d.png``.

    Attributes:
        folder: Where they lie.
        before, after: Their names before and after the number.
        digits: Digits of a number at least.
    """

    folder: Path
    before: str
    after: str
    digits: int

    @property
    def stem(self) -> str:
        """What exports of the sequence are named after."""
        return self.before.rstrip("._- ") or self.folder.absolute().name

    def number(self, name: str) -> int | None:
        """The number in a file's name; None if it is not one of these."""
        end = len(name) - len(self.after)
        if not (name.startswith(self.before) and name.endswith(self.after)) or end <= len(self.before):
            return None
        text = name[len(self.before) : end]
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= _MAX_DIGITS):
            return None
        # a longer number is one that needs the digits; a negative one has its sign among them, or not
        padded = len(text) == self.digits or len(digits) == self.digits
        fits = padded or (len(digits) > self.digits and not digits.startswith("0"))
        return int(text) if fits else None

    def names(self) -> list[str]:
        """The files there are, in the order of their numbers.

        Raises:
            OSError: The folder cannot be read.
        """
        numbers = {path.name: self.number(path.name) for path in self.folder.iterdir()}
        return sorted(
            (n for n, number in numbers.items() if number is not None), key=lambda n: (numbers[n], n)
        )


def frame_pattern(path: Path) -> FramePattern | None:
    """What a path with ``####``, ``%04d``, ``@@@@`` or ``$F4`` in its name stands for; None if it has none of them."""
    found = list(_FRAMES.finditer(path.name))
    if not found:
        return None
    last = found[-1]
    width = last["printf"] or last["houdini"]
    digits = int(width) if width else max(1, len(last["marks"] or ""))
    before, after = path.name[: last.start()], path.name[last.end() :]
    return FramePattern(path.parent, before.replace("%%", "%"), after.replace("%%", "%"), digits)


def clip_exists(path: Path) -> bool:
    """Whether a clip is there: a file, a folder, or images that fit a pattern."""
    pattern = None if path.exists() else frame_pattern(path)
    return path.exists() if pattern is None else pattern.folder.is_dir() and bool(pattern.names())
