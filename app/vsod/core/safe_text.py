"""Text that came from elsewhere (names, tags, models, reports), made safe to show and to keep.

A file name may hold escape sequences that a terminal obeys, marks that turn the reading direction, or bytes
that are not UTF-8 (which Python holds as lone surrogates). Shown, they become visible text; kept as JSON,
they become JSON's own escapes, so that reading gives back the very same name.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from typing import Any

# C0, DEL, C1, line and paragraph separator, direction marks and overrides, lone surrogates
_ACTS = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_ODD = re.compile(f"[{_ACTS}]")
_ODD_BUT_NEWLINE = re.compile(f"[{_ACTS}]".replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))


def sanitise(text: str, *, lines: bool = False) -> str:
    r"""``text`` with everything that acts instead of showing as ``\x1b``, ``\u202e``, ``\udce9``.

    Args:
        text: Anything.
        lines: Keep line feeds: the text is several lines of ours, not a name.
    """
    return (_ODD_BUT_NEWLINE if lines else _ODD).sub(_as_text, text)


def json_text(value: Any, indent: int | None = None, **options: Any) -> str:
    """JSON of any text in it, readable where it can be and always encodable; the same value when read again.

    Args:
        value: JSON-ready.
        indent: As for :func:`json.dumps`.
        **options: The other options of :func:`json.dumps`.
    """
    # outside strings JSON has line feeds alone, so what else is odd stands in a string
    text = json.dumps(value, indent=indent, ensure_ascii=False, **options)
    return _ODD_BUT_NEWLINE.sub(lambda odd: f"\\u{ord(odd[0]):04x}", text)


def shell_words(words: list[str]) -> str:
    """One line for a shell; words with odd characters are written as bash and zsh read them back."""
    return " ".join(_ansi_quoted(word) if _ODD.search(word) else shlex.quote(word) for word in words)


def _ansi_quoted(word: str) -> str:
    return "$'" + "".join(map(_ansi_character, word)) + "'"


def _ansi_character(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if not _ODD.match(character):
        return character
    try:
        data = os.fsencode(character)
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        data = character.encode("utf-8", "surrogatepass")
    # three octal digits: a hexadecimal escape would take following digits along
    return "".join(f"\\{byte:03o}" for byte in data)


def _as_text(odd: re.Match[str]) -> str:
    code = ord(odd[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
