"""The options of finishing, made from the table of its settings."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any

from vsod.core.matte_settings import MatteSettings, option_name


def add_matte_options(parser: argparse.ArgumentParser) -> None:
    """Give a command every option of :class:`MatteSettings`."""
    group = parser.add_argument_group("matte settings, in this order (see docs/matte-settings.md)")
    for setting in fields(MatteSettings):
        about = setting.metadata
        words: dict[str, Any] = {"help": about["help"], "default": None}
        if setting.default is False:
            words["action"] = "store_true"
        elif about["choices"]:
            words["choices"] = about["choices"]
            if about["implied"]:
                words |= {"nargs": "?", "const": about["implied"]}
        else:
            words |= {"type": int if isinstance(setting.default, int) else float, "metavar": about["unit"]}
        group.add_argument(option_name(setting.name), **words)


def matte_settings(args: argparse.Namespace) -> MatteSettings:
    """The settings a command line asks for.

    Raises:
        UsageError: A value is out of range.
    """
    return MatteSettings.from_options(vars(args))
