"""How large a picture may be: what is beyond is refused before memory is taken for it."""

from __future__ import annotations

LARGEST = (16384, 8640)
"""(width, height) of the largest picture there is; any shape of that many pixels will do."""

MAX_PIXELS = LARGEST[0] * LARGEST[1]

TOO_LARGE = f"more than {LARGEST[0]} x {LARGEST[1]} = {MAX_PIXELS / 1e6:.0f} million pixels"
