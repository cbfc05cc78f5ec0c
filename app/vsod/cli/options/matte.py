"""The options of finishing, made from the table of its settings."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any

from vsod.core.matte_settings import FinishSettings, option_name


def add_finish_options(parser: argparse.ArgumentParser) -> None:
    """Give a command every option of :class:`FinishSettings`."""
    group = parser.add_argument_group("finishing, in this order (see docs/finishing.md)")
    for knob in fields(FinishSettings):
        about = knob.metadata
        words: dict[str, Any] = {"help": about["help"], "default": None}
        if knob.default is False:
            words["action"] = "store_true"
        elif about["choices"]:
            words["choices"] = about["choices"]
            if about["implied"]:
                words |= {"nargs": "?", "const": about["implied"]}
        else:
            words |= {"type": int if isinstance(knob.default, int) else float, "metavar": about["unit"]}
        group.add_argument(option_name(knob.name), **words)


def finish_settings(args: argparse.Namespace) -> FinishSettings:
    """The settings a command line asks for.

    Raises:
        UsageError: A value is out of range.
    """
    return FinishSettings.from_options(vars(args))
