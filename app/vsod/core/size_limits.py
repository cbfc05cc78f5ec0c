"""How large a picture may be: what is beyond is refused before memory is taken for it."""

from __future__ import annotations

from os import PathLike, fspath

LARGEST = (16384, 8640)
"""(width, height) of the largest picture there is; any shape of that many pixels will do."""

MAX_PIXELS = LARGEST[0] * LARGEST[1]

TOO_LARGE = f"more than {LARGEST[0]} x {LARGEST[1]} = {MAX_PIXELS / 1e6:.0f} million pixels"


def check_pixels(width: int, height: int, where: PathLike[str]) -> None:
    """Refuse a picture that is too large, before memory is taken for it.

    Raises:
        UnreadableMedia: Names the limit.
    """
    if width * height > MAX_PIXELS:
        from vsod.errors import UnreadableMedia  # import vsod reads this file, and nothing else

        raise UnreadableMedia(
            f"its pictures are {width}x{height}, {TOO_LARGE}",
            where=fspath(where),
            fix="Make it smaller elsewhere.",
        )
