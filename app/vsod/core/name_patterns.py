"""Name patterns of users: a few tokens, read by a regular expression, so that a pattern is never a program."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from vsod.errors import UsageError

_MAX_DIGITS = 12
_MAX_LENGTH = 1000  # characters of a pattern: longer than any name
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
