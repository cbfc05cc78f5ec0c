"""OpenImageIO, which reads the formats of film and compositing: loaded when it is needed, within limits."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from vsod.core.size_limits import MAX_PIXELS

P = ParamSpec("P")
T = TypeVar("T")

_PACKAGE = "OpenImageIO"
_EXR_ERROR = re.compile(r"^EXR Error \(.*?\): (?:EXR_ERR_[A-Z_]+ )?")
_MOST_CHANNELS = 1024
_SAMPLE_BYTES = 16  # of a pixel: four channels of 32 bits


def import_openimageio() -> Any:
    """The package, told how large a picture may be. Not to be kept, see :func:`forgetting_frames`."""
    first = _PACKAGE not in sys.modules
    import OpenImageIO

    if first:
        OpenImageIO.attribute("limits:imagesize_MB", MAX_PIXELS * _SAMPLE_BYTES >> 20)
        OpenImageIO.attribute("limits:channels", _MOST_CHANNELS)
    return OpenImageIO


def forgetting_frames(work: Callable[P, T]) -> Callable[P, T]:
    """``work``, whose errors do not hold the frames it ran in, and with them the package.

    What is left of the package when Python ends is listed on stderr as leaked.
    """

    @wraps(work)
    def worked(*args: P.args, **named: P.kwargs) -> T:
        try:
            return work(*args, **named)
        except Exception as error:
            error.__context__ = None
            raise error.with_traceback(None) from None

    return worked


@contextmanager
def open_image(file: Path) -> Iterator[Any]:
    """An ``OpenImageIO.ImageInput`` on a file, colours as they are stored: not multiplied by the alpha channel.

    Raises:
        OSError: It cannot be opened; says why. Errors inside are its caller's to ask for.
    """
    oiio = import_openimageio()
    hints = oiio.ImageSpec()
    hints.attribute("oiio:UnassociatedAlpha", 1)
    with _utf8_name(file) as name:
        found = oiio.ImageInput.open(name, hints)
        said = oiio.geterror()  # what nobody asks for is written to stderr in the end
        if found is None:
            raise OSError(first_line(said) or "it is no image")
        try:
            yield found
        finally:
            found.close()
            found.geterror()


def first_line(said: str) -> str:
    """What OpenImageIO says of an error, in one line without a name of a file."""
    line = _EXR_ERROR.sub("", said.strip().split("\n", 1)[0])
    return line.removesuffix(".")[:200]


@contextmanager
def _utf8_name(file: Path) -> Iterator[str]:
    """A name of the file that is UTF-8, which the package asks for: its own, or that of a link to it."""
    name = str(file.absolute())
    try:
        name.encode()
    except UnicodeEncodeError:
        with tempfile.TemporaryDirectory(prefix="vsod-") as folder:
            link = Path(folder) / f"image{file.suffix}"
            link.symlink_to(name)
            yield str(link)
    else:
        yield name
