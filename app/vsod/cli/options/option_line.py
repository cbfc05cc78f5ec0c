"""Options that do not come from the command line itself: a line of a list, a shot."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from vsod.errors import UsageError


class OptionLineParser(argparse.ArgumentParser):
    """Raises where argparse would end the program.

    Args:
        fix: What to do about words that cannot be read.
        options: As for argparse.
    """

    def __init__(self, *, fix: str, **options: Any) -> None:
        super().__init__(**options)
        self._fix = fix

    def error(self, message: str) -> NoReturn:
        """Words that cannot be read."""
        raise UsageError(message, fix=self._fix)
