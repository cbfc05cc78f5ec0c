"""The commands that a document names: in blocks of code, in inline code and in recipes of a Makefile."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SKIP = "<!-- check_commands: skip -->"
INLINE = re.compile(r"`((?:[^`\n]|\n(?!\s*\n))+)`")
OPTIONAL = re.compile(r"(?<!\S)\[(?=\S)([^\[\]]*)\](?!\S)")
# words before a command
WRAPPERS = {"time", "/usr/bin/time", "nice", "env", "then", "else", "do", "{", "!"}


@dataclass(frozen=True)
class Snippet:
    """Text that may hold commands.

    Attributes:
        line: Its number in the file, from 1.
        text: It, in one line.
        inline: It stands in a sentence, where the name of a command may stand alone.
    """

    line: int
    text: str
    inline: bool = False


def snippets(file: Path) -> Iterator[Snippet]:
    """The lines of blocks and recipes, joined where they are continued, and the inline code of a document."""
    text = file.read_text(encoding="utf-8")
    if file.name == "Makefile":
        yield from joined(
            [(n, line.replace("$$", "$")) for n, line in numbered(text) if line.startswith("\t")]
        )
        return
    prose: list[str] = []
    block: list[tuple[int, str]] | None = None
    skipped, indent = False, ""
    for number, line in numbered(text):
        fence = line.lstrip().startswith("```")
        if fence:
            if block is None:
                block, indent = [], line[: len(line) - len(line.lstrip())]
            else:
                yield from () if skipped else joined(commands_of(block))
                block, skipped = None, False
        elif block is not None:
            block.append((number, line.removeprefix(indent)))
        elif line.strip():
            skipped = line.strip() == SKIP
        prose.append("" if fence or block is not None else line)
    whole = "\n".join(prose)
    for found in INLINE.finditer(whole):
        yield Snippet(whole.count("\n", 0, found.start()) + 1, " ".join(found[1].split()), inline=True)


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, from 1."""
    return enumerate(text.splitlines(), 1)


def commands_of(block: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The lines of a block that are typed: those with a prompt and what continues them, or all if none has one."""
    if not any(line.startswith("$ ") for _, line in block):
        return block
    typed, goes_on = list[tuple[int, str]](), False
    for number, line in block:
        if goes_on or line.startswith("$ "):
            typed.append((number, line.removeprefix("$ ")))
            goes_on = line.endswith("\\")
    return typed


def joined(lines: Sequence[tuple[int, str]]) -> Iterator[Snippet]:
    """Lines, with those that end in a backslash joined to the next; shell variables are put in."""
    text, first, variables = "", 0, dict[str, str]()
    for number, line in lines:
        text, first = text + line.strip().removesuffix("\\"), first or number
        if line.endswith("\\"):
            continue
        for name, value in re.findall(r'(?:^|\s)([A-Z]+)="([^"$]*)"', text):
            variables[name] = value
        yield Snippet(first, re.sub(r"(?<![\"\w])\$([A-Z]+)\b", lambda m: variables.get(m[1], m[0]), text))
        text, first = "", 0


def simple_commands(text: str) -> Iterator[list[str]]:
    """The words of each single command in a line of shell, without what stands before its name.

    Raises:
        ValueError: A quotation has no end.
    """
    text = re.sub(r"\$\([^()]*\)", "WORD", text)
    while OPTIONAL.search(text):
        text = OPTIONAL.sub(lambda m: "" if m[1] == "options" else m[1].split("|")[0], text)
    lexer = shlex.shlex(re.sub(r"(?<=\s)\d(?=[<>])", "", text), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words, redirected = list[str](), False
    for word in [*lexer, ";"]:
        if redirected:
            redirected = False
        elif set(word) <= set("<>&") and set(word) & set("<>"):
            redirected = True
        elif word and set(word) <= set("();|&"):
            yield named(words)
            words = []
        else:
            words.append(word)


def named(words: list[str]) -> list[str]:
    """A command from its name on: variables, prefixes of make and programs that start it are left out."""
    words = [words[0].removeprefix("@"), *words[1:]] if words else []
    while words and (words[0] in WRAPPERS or not words[0] or re.match(r"\w+=", words[0])):
        wrapped = words[0] in WRAPPERS
        words = words[1:]
        while wrapped and words and words[0].startswith("-"):
            words = words[1:]
    return words
