"""Check that every command line in the documents is one that the program understands.

    python tools/check_commands.py [FILE ...]

Prints ``file:line: what is wrong`` for each that is not, and ends with exit code 1 then. Nothing is run: the words are
given to the program's own argument parser, without abbreviations and without hidden names.

* ``vsod-desktop …`` in blocks of code (lines with a prompt ``$``, where a block has one), in inline code and in
  recipes of the Makefile. ``[--option X]`` is read as if it were given; ``IN``, ``N``, ``A:B`` and other words in
  capitals stand for anything.
* Options in inline code: ``--option``, or ``command --option``.
* ``python -m vsod…`` and ``pytest tests/…``: the module or the file exists.

A block that is meant as a sketch has this line before it: ``<!-- check_commands: skip -->``
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from check_links import DOCUMENTS, HISTORY
from document_commands import Snippet, simple_commands, snippets

from vsod.cli.main import build_parser
from vsod.cli.options.shot import shot_override
from vsod.errors import UsageError
from vsod.gui.screenshots import build_parser as screenshots_parser

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = "vsod-desktop"
PLACEHOLDER = re.compile(r"[A-Z][A-Z0-9_]*(:[A-Z])?|\$\{?\w+\}?|…|\.\.\.")
# options of other programs that the documents speak of: of vsod_models.refine.bench_crf
FOREIGN = {"--threads", "--soften", "--exact", "--width", "--repeats"}

Parser = argparse.ArgumentParser


class Checker:
    """Knows what the program understands."""

    def __init__(self) -> None:
        self.parser, self.screenshots = build_parser(), screenshots_parser()
        _prepare(self.parser)
        _prepare(self.screenshots)
        self.commands = _subcommands(self.parser)
        parsers = [*_all(self.parser), self.screenshots]
        self.options = {name for parser in parsers for name in _visible(parser)} | FOREIGN

    def faults(self, file: Path) -> list[str]:
        """What is wrong in a document, ``file:line: …`` each."""
        place = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
        return [f"{place}:{at.line}: {what}" for at in snippets(file) for what in self._check(at)]

    def _check(self, snippet: Snippet) -> Iterator[str]:
        if not re.search(rf"{PROGRAM}|-m vsod|pytest|--\w", snippet.text):
            return
        try:
            found = list(simple_commands(snippet.text))
        except ValueError as error:
            if re.search(rf"(^|[\s/]){PROGRAM} ", snippet.text):
                yield f"{snippet.text}: {error}"
            return
        for words in found:
            if fault := self._command(words, snippet.inline):
                yield f"{shlex.join(words)}: {fault}"

    def _command(self, words: list[str], inline: bool) -> str:
        if not words:
            return ""
        program, rest = words[0].rpartition("/")[2], words[1:]
        if program.startswith("python") and rest[:1] == ["-m"] and len(rest) > 1:
            program, rest = rest[1], rest[2:]
            if program.partition(".")[0] in ("vsod", "vsod_models") and not _is_module(program):
                return "there is no such module"
        if program == "pytest":
            gone = [w for w in rest if w.startswith("tests/") and not (ROOT / w.partition("::")[0]).exists()]
            return f"there is no {gone[0]}" if gone else ""
        if program in (PROGRAM, "vsod"):
            return self._call(rest, inline)
        if inline and (words[0] in self.commands or words[0].startswith("--")):
            return self._mention(words)
        return ""

    def _mention(self, words: list[str]) -> str:
        """What is wrong with options that are spoken of, of one command or of any."""
        parser = self.commands.get(words[0])
        known = self.options if parser is None else {o for p in _all(parser) for o in _visible(p)}
        unknown = [
            w for w in (word.partition("=")[0] for word in words) if re.match(r"--\w", w) and w not in known
        ]
        return f"{unknown[0]} is no option" if unknown else ""

    def _call(self, words: list[str], inline: bool) -> str:
        """What is wrong with the words after the program's name."""
        if words[:1] == ["screenshots"]:
            return _parse(self.screenshots, words[1:])[1]
        if not words or (words[0] not in self.commands and re.search(r"[./\\]|^[A-Z]+$", words[0])):
            return ""  # opens the window
        chain, name = _chosen(self.parser, words)
        if inline and len(name) == len(words):
            return ""  # a command is spoken of
        hidden = [w for p in chain for w in words if w.partition("=")[0] in _hidden(p)]
        if hidden:
            return f"{hidden[0]} is a name of before, or not for people"
        args, fault = _parse(self.parser, words)
        return fault or _shots(args)


def _subcommands(parser: Parser) -> dict[str, Parser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _all(parser: Parser) -> Iterator[Parser]:
    yield parser
    for sub in _subcommands(parser).values():
        yield from _all(sub)


def _visible(parser: Parser) -> set[str]:
    return {name for a in parser._actions if a.help != argparse.SUPPRESS for name in a.option_strings}


def _hidden(parser: Parser) -> set[str]:
    """Options and commands that no help lists."""
    options = {name for a in parser._actions if a.help == argparse.SUPPRESS for name in a.option_strings}
    listed = {row.dest for a in parser._actions for row in getattr(a, "_choices_actions", ())}
    return options | (set(_subcommands(parser)) - listed)


def _chosen(parser: Parser, words: Sequence[str]) -> tuple[list[Parser], list[str]]:
    """The parsers of a command, from the program's on, and the words that name it."""
    chain, name = [parser], list[str]()
    for word in words:
        if word not in (known := _subcommands(chain[-1])):
            break
        chain.append(known[word])
        name.append(word)
    return chain, name


def _prepare(parser: Parser) -> None:
    """Let words in capitals stand for anything, and no abbreviation for an option."""
    for each in _all(parser):
        each.allow_abbrev = False
        for action in each._actions:
            if action.nargs != 0 and not isinstance(action, argparse._SubParsersAction):
                action.type, action.choices = _or_placeholder(action.type, action.choices), None


def _or_placeholder(convert: Any, choices: Any) -> Callable[[str], Any]:
    def accept(text: str) -> Any:
        if PLACEHOLDER.fullmatch(text):
            return text
        value = convert(text) if convert else text
        if choices is not None and value not in choices:
            raise argparse.ArgumentTypeError(f"'{text}' is none of {', '.join(map(str, choices))}")
        return value

    return accept


def _parse(parser: Parser, words: Sequence[str]) -> tuple[argparse.Namespace, str]:
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            return parser.parse_args(words), ""
    except SystemExit as end:
        wrong = said.getvalue().strip().splitlines()[-1:] if end.code else [""]
        return argparse.Namespace(), wrong[0].rpartition("error: ")[2]


def _shots(args: argparse.Namespace) -> str:
    """What is wrong with the texts of ``--shot``, which have options of their own."""
    for text in getattr(args, "shot", ()):
        try:
            shot_override(text)
        except UsageError as error:
            return f"--shot '{text}': {error.what}"
    return ""


def _is_module(name: str) -> bool:
    path = Path(*name.split("."))
    places = [ROOT / folder / path for folder in ("app", "models")]
    return any(p.with_suffix(".py").is_file() or (p / "__main__.py").is_file() for p in places)


def documents() -> list[Path]:
    """The documents of this repository, but for its history."""
    found = {file for pattern in (*DOCUMENTS, "Makefile") for file in ROOT.glob(pattern)}
    return sorted(file for file in found if file.name not in HISTORY)


def main(argv: Sequence[str]) -> int:
    """Check the files that are named, or all documents. Gives the exit code."""
    checker = Checker()
    files = [Path(name).absolute() for name in argv] or documents()
    faults = [fault for file in files for fault in checker.faults(file)]
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
