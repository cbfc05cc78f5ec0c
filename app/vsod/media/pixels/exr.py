"""OpenEXR: the optional package, and an image's channels as arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vsod.core.size_limits import check_pixels
from vsod.errors import UsageError

_EXR_CHANNELS = 8  # so many of an image count as one picture: all of them are decoded


def import_openexr() -> Any:
    """The OpenEXR package.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import OpenEXR
    except ImportError:
        raise UsageError(
            "OpenEXR images need the OpenEXR package", fix="Install it: pip install 'vsod-desktop[exr]'."
        ) from None
    return OpenEXR


def read_exr(file: Path) -> dict[str, npt.NDArray[np.float32]]:
    """The channels of an EXR image by name, (H, W) float32 each.

    Raises:
        UsageError: The OpenEXR package is not installed.
        UnreadableMedia: It is too large.
        OSError: It cannot be read.
    """
    exr = import_openexr()
    try:
        with exr.File(str(file), separate_channels=True, header_only=True) as image:
            low, high = image.header()["dataWindow"]
            width, height = (int(size) for size in np.subtract(high, low) + 1)
            check_pixels(width, height * max(1, -(-len(image.header()["channels"]) // _EXR_CHANNELS)), file)
        with exr.File(str(file), separate_channels=True) as image:
            return {name: np.array(c.pixels, np.float32) for name, c in image.channels().items()}
    except (RuntimeError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise OSError(str(error)) from error
