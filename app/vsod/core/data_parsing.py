"""JSON and TOML that came from elsewhere: read within limits, and refused in one way."""

from __future__ import annotations

import json
import math
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from vsod.errors import DataError, VsodError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MAX_BYTES = 8 << 20
MAX_DEPTH = 32
MAX_DIGITS = 18  # of a whole number: more than any frame, byte or tick has
MAX_TOML = 256 << 10  # bytes: a spec has two thousand, and the parser is slow by design
# an unfinished string ends with the text, so that looking for the next one takes no second pass
_JSON_STRINGS = re.compile(r'"(?:[^"\\]+|\\.)*+"?', re.DOTALL)
_TOML_STRINGS = re.compile(
    r""""{3}(?:\\.|[^\\])*?(?:"{3}|\Z)|'{3}.*?(?:'{3}|\Z)|"(?:\\.|[^"\\\n])*+"?|'[^'\n]*'?|#[^\n]*""",
    re.DOTALL,
)
_TOML_DOTS = re.compile(rf"(?:\.[^.,\n=\]]*){{{MAX_DEPTH}}}")


_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
    "None": (type(None),),
}


class Unreadable(ValueError):
    """A text breaks the limits; says which."""


def parse_json(text: str, most: int = MAX_BYTES) -> Any:
    """The value of a JSON text of at most ``most`` bytes, 32 levels and numbers that are finite and not huge.

    Raises:
        ValueError: It is none, or breaks a limit.
    """
    if len(text) > most:
        raise Unreadable(f"it is larger than {most >> 20} MB")
    _check_depth(_JSON_STRINGS.sub("", text))
    try:
        return json.loads(text, parse_int=_whole, parse_float=_finite, parse_constant=_no_number)
    except RecursionError as error:  # cannot happen below the depth allowed, and must not end the program
        raise Unreadable("it is nested too deeply") from error


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text of at most 256 KiB, else within the limits of :func:`parse_json`.

    Raises:
        ValueError: It is none, or breaks a limit.
    """
    if len(text) > MAX_TOML:
        raise Unreadable(f"it is larger than {MAX_TOML >> 10} kB")
    bare = _TOML_STRINGS.sub("", text)
    _check_depth(bare)
    if _TOML_DOTS.search(bare):
        raise Unreadable(f"it is nested more than {MAX_DEPTH} levels deep")
    try:
        found = tomllib.loads(text, parse_float=_finite)
    except RecursionError as error:
        raise Unreadable("it is nested too deeply") from error
    _check_values(found, MAX_DEPTH)
    return found


def read_text(path: Path, most: int = MAX_BYTES) -> str:
    """A text file of at most ``most`` bytes; more is not read.

    Raises:
        OSError: It cannot be read.
        ValueError: It is larger, not UTF-8, or no file: a pipe would be waited for.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise Unreadable("it is a pipe or a device; write it to a file first")
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise Unreadable(f"it is larger than {most >> 20} MB")
    return data.decode("utf-8-sig")


def read_json(path: Path, most: int = MAX_BYTES) -> Any:
    """:func:`parse_json` of a file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no JSON, or breaks a limit.
    """
    return parse_json(read_text(path, most), most)


@contextmanager
def refusing(what: str, where: Path | None = None, fix: str = "") -> Iterator[None]:
    """Whatever reading a text from elsewhere raises in here is one DataError.

    The one place that knows what parsers, conversions and look-ups raise on a hostile text.

    Args:
        what: What went wrong, for example ``"this is not the report of a job"``; the reason is added.
        where: The file.
        fix: What to do.

    Raises:
        DataError: Anything but a missing file; see below.
        FileNotFoundError: There is no such file, for callers to which that is nothing bad.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except (
        *(VsodError, OSError, ValueError, KeyError, IndexError, TypeError, AttributeError),
        *(ArithmeticError, RecursionError, MemoryError, AssertionError),
    ) as error:
        raise DataError(f"{what} ({reason(error)})", where=where, fix=fix) from error


def check_kinds(made: type[DataclassInstance], values: Mapping[str, Any]) -> None:
    """Refuse texts where numbers are meant, and so on, before a dataclass is made of JSON.

    Args:
        made: The dataclass; its fields of other than plain kinds are not looked at.
        values: By the names of its fields.

    Raises:
        ValueError: Names the field.
    """
    for f in fields(made):
        kinds = str(f.type).split(" | ")
        if f.name not in values or not set(kinds) <= set(_KINDS):
            continue
        value = values[f.name]
        fitting = [k for k in kinds if isinstance(value, _KINDS[k])]
        if not fitting or (isinstance(value, bool) and "bool" not in kinds):
            raise Unreadable(f"{f.name} is a {type(value).__name__}, not {f.type}")


def reason(error: BaseException) -> str:
    """What an exception says, in one short line."""
    if isinstance(error, KeyError):
        text = f"{error} is missing"
    elif isinstance(error, VsodError):
        text = error.what
    else:
        text = str(error) or type(error).__name__
    text = " ".join(text.split())
    return text if len(text) <= 200 else f"{text[:197]}…"


def _check_depth(bare: str) -> None:
    """Refuse deep nesting, in a text without its strings, before a recursive parser meets it."""
    depth = 0
    for bracket in re.finditer(r"[\[\]{}]", bare):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > MAX_DEPTH:
            raise Unreadable(f"it is nested more than {MAX_DEPTH} levels deep")


def _check_values(value: Any, depth: int) -> None:
    if depth < 0:
        raise Unreadable(f"it is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            _check_values(one, depth - 1)
    elif isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
        raise Unreadable("a number is too large")


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise Unreadable(f"a number of {len(digits)} digits is too large")
    return int(digits)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise Unreadable(f"'{text[:20]}' is no finite number")
    return value


def _no_number(text: str) -> NoReturn:
    raise Unreadable(f"'{text}' is no finite number")
