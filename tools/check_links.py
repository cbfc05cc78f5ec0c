"""Check that what the documents refer to is there.

    python tools/check_links.py [FILE ...]

Prints ``file:line: what is wrong`` for each reference that leads nowhere, and ends with exit code 1 then:

* links ``[text](page.md#heading)`` in documents: the file exists, and the heading, spelt as GitHub does;
* ``docs/page.md`` in documents and in Python files: the page exists;
* names of Python files in inline code, ``folder/module.py``: a file of this repository ends so.

Links to other hosts are not followed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("*.md", "docs/**/*.md", "models/**/*.md", "plugins/**/*.md", "examples/**/*.md")
CODE = (
    "app/**/*.py",
    "models/**/*.py",
    "tests/**/*.py",
    "tools/**/*.py",
    "plugins/**/*.py",
    "examples/**/*.py",
)
HISTORY = {"CHANGELOG.md"}  # it names what was
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
PAGE = re.compile(r"(?<![\w./-])docs/[\w/-]+\.md")
MODULE = re.compile(r"`([\w./-]+\.py)(?:::\w+)?`")
HEADING = re.compile(r"#+ +(.*)")


def faults(file: Path, root: Path = ROOT) -> list[str]:
    """References of a document or a Python file that lead nowhere, ``file:line: …`` each.

    Args:
        file: The file.
        root: The repository: pages and modules are looked up in it.
    """
    place = file.relative_to(root) if file.is_relative_to(root) else file
    is_document = file.suffix == ".md"
    found = []
    for number, line in _lines(file, is_document):
        wrong = list(_pages(line, root))
        if is_document:
            wrong += _links(line, file)
            wrong += _modules(line, root) if file.name not in HISTORY else ()
        found += [f"{place}:{number}: {what}" for what in wrong]
    return found


def _lines(file: Path, is_document: bool) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; of a document, those outside of blocks of code."""
    in_block = False
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if is_document and line.lstrip().startswith("```"):
            in_block = not in_block
        elif not in_block:
            yield number, line


def _links(line: str, file: Path) -> Iterator[str]:
    for target in LINK.findall(line):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        page = file.parent / name if name else file
        if not page.exists():
            yield f"{target}: there is no {name}"
        elif heading and heading not in headings(page):
            yield f"{target}: there is no such heading"


def _pages(line: str, root: Path) -> Iterator[str]:
    yield from (f"there is no {page}" for page in PAGE.findall(line) if not (root / page).exists())


def _modules(line: str, root: Path) -> Iterator[str]:
    for name in MODULE.findall(line):
        if not any(f"/{file}".endswith(f"/{name}") for file in _python_files(root)):
            yield f"there is no {name}"


@cache
def _python_files(root: Path) -> frozenset[str]:
    return frozenset(file.relative_to(root).as_posix() for pattern in CODE for file in root.glob(pattern))


def headings(page: Path) -> set[str]:
    """Headings of a document as its links spell them: lower case, hyphens for spaces, no punctuation."""
    found = (HEADING.fullmatch(line) for _, line in _lines(page, True))
    return {re.sub(r"[^\w -]", "", match[1].lower()).strip().replace(" ", "-") for match in found if match}


def files() -> list[Path]:
    """Documents and Python files of this repository, this one and its test left out: they name what is not there."""
    found = {file for pattern in (*DOCUMENTS, *CODE) for file in ROOT.glob(pattern)}
    return sorted(file for file in found if "_links" not in file.name)


def main(argv: Sequence[str]) -> int:
    """Check the files that are named, or all. Gives the exit code."""
    found = [fault for file in [Path(name).absolute() for name in argv] or files() for fault in faults(file)]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
