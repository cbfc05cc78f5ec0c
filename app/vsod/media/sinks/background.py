"""What a subject is laid over: a colour, its own blurred surroundings, another clip or a still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vsod.core.compositing import blurred_background, resize_to_cover
from vsod.core.export_settings import ExportSettings
from vsod.core.frame import Frame
from vsod.core.output_frame import Colours
from vsod.errors import MediaNotFound, UnreadableMedia
from vsod.media.formats.input_limits import IMAGE_SUFFIXES
from vsod.media.images.image_reader import read_image
from vsod.media.sources.opening import open_source
from vsod.media.sources.source import Source


class Background(Protocol):
    """Gives the ground of every frame."""

    def __call__(self, index: int, seen: Colours, alpha: npt.NDArray[np.float32]) -> Colours:
        """(H, W, 3) of 8 or 16 bits, for the frame that shows ``seen``; called in order."""

    def close(self) -> None:
        """Release what it reads."""


def open_background(export_settings: ExportSettings, size: tuple[int, int]) -> Background:
    """The background a delivery asks for.

    Args:
        export_settings: Says which.
        size: (width, height) of the frames.

    Raises:
        MediaNotFound, UnreadableMedia: The clip or still is not there or unreadable.
    """
    if export_settings.colour is not None:
        return StillBackground(np.full((size[1], size[0], 3), export_settings.colour, np.uint8))
    if export_settings.background == "blur":
        return BlurredBackground()
    path = Path(export_settings.background)
    if not path.exists():
        raise MediaNotFound(
            "no such background", where=path, fix="Give a colour (RRGGBB), 'blur', a clip or a still."
        )
    if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file():
        image = read_image(path)
        if image is None:
            raise UnreadableMedia("the background cannot be decoded", where=path, fix="Choose another still.")
        return StillBackground(resize_to_cover(np.ascontiguousarray(image[..., ::-1]), size))
    return ClipBackground(open_source(path), size)


class StillBackground:
    """The same picture under every frame.

    Args:
        picture: (H, W, 3), of the frames' size.
    """

    def __init__(self, picture: Colours) -> None:
        self._picture = picture

    def __call__(self, index: int, seen: Colours, alpha: npt.NDArray[np.float32]) -> Colours:
        """See :class:`Background`."""
        return self._picture

    def close(self) -> None:
        """Nothing is held."""


class BlurredBackground:
    """The frame itself, blurred; the subject is left out, so that it casts no halo."""

    def __call__(self, index: int, seen: Colours, alpha: npt.NDArray[np.float32]) -> Colours:
        """See :class:`Background`."""
        return blurred_background(seen, alpha)

    def close(self) -> None:
        """Nothing is held."""


class ClipBackground:
    """Another clip, frame by frame in step from its beginning; its last frame stays.

    Args:
        source: The clip; closed with this.
        size: (width, height) of the frames.
    """

    def __init__(self, source: Source, size: tuple[int, int]) -> None:
        self._source, self._size = source, size
        self._frames: Iterator[Frame] = source.frames(pixels="rgb48")
        self._last: Colours | None = None

    def __call__(self, index: int, seen: Colours, alpha: npt.NDArray[np.float32]) -> Colours:
        """See :class:`Background`."""
        frame = next(self._frames, None)
        if frame is not None:
            image: Colours = frame.image if frame.image_16bit is None else frame.image_16bit
            self._last = resize_to_cover(image, self._size)
        assert self._last is not None
        return self._last

    def close(self) -> None:
        """Release the clip."""
        close = getattr(self._frames, "close", None)
        if close is not None:
            close()
        self._source.close()
