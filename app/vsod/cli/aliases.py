"""Words of the command line that changed: the old ones go on working for one release and say what they are now.

The one table of them. No help shows an old word. Gone with 0.2.0.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

COMMANDS = {
    "cards": ("models",),
    "lanes": ("metrics", "--old-keys"),
    "calibrate": ("tune-threshold",),
    "survey": ("evaluate", "--all"),
}
OPTIONS = {
    "--card": "--model",
    "--what": "--kind",
    "--stabilise": "--temporal-smoothing",
    "--again": "--redo",
    "--anyway": "--ignore-changes",
    "--quiet": "--settle",
}
_said = set[str]()


def new_command(argv: Sequence[str]) -> list[str]:
    """The words of a command line, its first one as the command is called now."""
    words = list(argv)
    if not words or words[0] not in COMMANDS:
        return words
    new = COMMANDS[words[0]]
    _say(words[0], " ".join(word for word in new if word != "--old-keys"))
    return [*new, *words[1:]]


def add_old_names(parser: argparse.ArgumentParser) -> None:
    """Let a parser take the old name of each of its options that has one."""
    actions = {name: action for action in parser._actions for name in action.option_strings}
    for old, new in OPTIONS.items():
        if new in actions and old not in actions:
            parser._add_action(_OldOption(old, new, actions[new]))


class _OldOption(argparse.Action):
    """Does what the option does that took its place."""

    def __init__(self, old: str, new: str, action: argparse.Action) -> None:
        super().__init__(
            [old],
            action.dest,
            nargs=action.nargs,
            const=action.const,
            default=argparse.SUPPRESS,
            type=action.type,  # type: ignore[arg-type]  # a name of the registry is not used here
            choices=action.choices,
            metavar=action.metavar,
            help=argparse.SUPPRESS,
        )
        self._old, self._new, self._action = old, new, action

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        _say(self._old, self._new)
        self._action(parser, namespace, values, option_string)


def _say(old: str, new: str) -> None:
    """Once in a run, on stderr: stdout belongs to results."""
    if old not in _said:
        _said.add(old)
        print(f"vsod-desktop: {old} is now {new}", file=sys.stderr)
