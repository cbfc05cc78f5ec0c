"""``--range A:B``."""

from __future__ import annotations

import argparse


def frame_range(text: str) -> tuple[int, int | None]:
    """``"A:B"`` with either end optional -> (start, stop), end excluded.

    Raises:
        argparse.ArgumentTypeError: It is not of that form.
    """
    first, colon, last = text.partition(":")
    try:
        if not colon:
            raise ValueError(text)
        start, stop = int(first or 0), int(last) if last else None
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not A:B (frame numbers, end excluded)") from None
    if start < 0 or (stop is not None and stop <= start):
        raise argparse.ArgumentTypeError(f"'{text}' is empty: the end must be greater than the start")
    return start, stop
