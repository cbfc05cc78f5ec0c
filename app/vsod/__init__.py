"""vsod-desktop: video salient object detection and mattes for editors.

    >>> from vsod import extract_matte, open_clip, verify
    >>> result = extract_matte("clip.mp4", "matte.mov")  # doctest: +SKIP

The functions are in :mod:`vsod.api` (docs/api.md). They are imported when they are first used:
``import vsod`` loads no numpy, torch, PyAV or Qt.
"""

import importlib
import os

from vsod.core.size_limits import MAX_PIXELS

__all__ = [
    "ClipSettings",
    "ExportSettings",
    "MatteSettings",
    "SourceSettings",
    "__version__",
    "extract_matte",
    "open_clip",
    "verify",
]

__version__ = "0.1.0"

# OpenCV reads these once, when it is loaded; its own lines on stderr would say twice what we say once
os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(MAX_PIXELS)
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module("vsod.api"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
