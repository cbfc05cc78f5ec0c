"""Images read as a clip: one file is one frame, in the order of their numbers or names."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.clip import ClipInfo, ColorTags
from vsod.core.compositing import to_8bit, to_16bit
from vsod.core.frame import Frame
from vsod.core.output_frame import Colours
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceSettings
from vsod.errors import UnreadableMedia
from vsod.media.images.image_reader import ImageInfo, read_image, read_image_info, why_unreadable
from vsod.media.images.image_selection import ImageSelection, select_images
from vsod.media.pixels.conversion import PixelFormat, black, make_frame
from vsod.media.pixels.picture_hash import NO_PICTURE, image_hash
from vsod.media.sources.source import Source
from vsod.storage.digest import file_state

NOMINAL_RATE = Fraction(24)

_log = logging.getLogger(__name__)


class ImageSequenceSource(Source):
    """A folder of images, a pattern, or one image. See :class:`vsod.media.sources.source.Source`.

    Raises:
        NoVideo: The folder holds no images, or none can be decoded.
        UnreadableMedia: An image has another size than the first; names it.
        UsageError: What is to be read must be chosen: see :func:`vsod.media.images.image_selection.select_images`
            and :func:`vsod.media.images.exr_layers.choose_layer`.
    """

    def __init__(
        self, path: Path, settings: SourceSettings = DEFAULT_SOURCE_SETTINGS, names: Sequence[str] = ()
    ) -> None:
        self.notes = ()  # images of several sizes are refused
        self._settings = settings
        chosen = tuple(names)
        self._images = (
            ImageSelection(path, chosen, chosen, chosen) if chosen else select_images(path, settings)
        )
        self._straight = settings.alpha == "multiply"
        self.info = self._probe(path)

    def _probe(self, path: Path) -> ClipInfo:
        names = self._images.names
        # before anything is read: images that change meanwhile are other images
        state = file_state(path, names)
        first, header = self._first()
        alpha = self._check_headers(header)
        deep, name = first.dtype == np.uint16, Path(names[0]).suffix.lower().lstrip(".")
        rate = self._settings.frame_rate or NOMINAL_RATE
        pages = ["a TIFF holds more than one picture: the first is read"] if header.has_pages else []
        return ClipInfo(
            path=path,
            kind="sequence",
            codec={"jpg": "jpeg", "tif": "tiff"}.get(name, name),
            pix_fmt=("rgba64" if deep else "rgba") if alpha else ("rgb48" if deep else "rgb24"),
            bit_depth=16 if deep else 8,
            width=first.shape[1],
            height=first.shape[0],
            rate=rate,
            time_base=1 / rate,
            pts=np.arange(len(self._images.frames), dtype=np.int64),
            last_ticks=1,
            color=ColorTags(primaries=1, transfer=13, matrix=0, full_range=True),
            names=names,
            frame_names=self._images.frame_names,
            alpha=alpha,
            origin=header.origin,
            state=state,
            layers=header.layers,
            warnings=(*self._images.warnings, *pages),
            source_settings=self._settings,
            missing_numbers=self._images.missing,
        )

    def _first(self) -> tuple[npt.NDArray[Any], ImageInfo]:
        """The first image that can be decoded, and what its header says."""
        folder, names = self._images.folder, self._images.names
        for name in names:
            first = read_image(folder / name, layer=self._settings.layer)
            if first is not None:
                header = read_image_info(folder / name, self._settings.layer)
                return first, header or ImageInfo((first.shape[1], first.shape[0]))
        why = why_unreadable(folder / names[0])
        raise UnreadableMedia(
            ("none of its images can be decoded" if len(names) > 1 else "it cannot be decoded")
            + (f" ({why})" if why else ""),
            where=folder if len(names) > 1 else folder / names[0],
            fix="Save them as plain RGB." if "not supported" in why else "Copy them again from their origin.",
        )

    def _check_headers(self, first: ImageInfo) -> str:
        """The kind of alpha any image has; refuses mixed sizes before hours of work.

        Both where the headers tell it cheaply.
        """
        alpha = first.alpha
        if Path(self._images.names[0]).suffix.lower() in (".jxl", ".jp2", ".j2k", ".j2c"):
            return alpha  # opening one decodes it
        for name in self._images.names:
            file = self._images.folder / name
            try:
                header = read_image_info(file, self._settings.layer)
            except UnreadableMedia as error:
                _log.debug("%s", error)  # it is held, or named when it is reached
                continue
            if header is not None and header.size != first.size:
                _refuse_size(file, header.size, first.size)
            alpha = alpha or (header.alpha if header is not None else "")
        return alpha

    def _frames(
        self, wanted: range, size: tuple[int, int] | None, pixels: PixelFormat
    ) -> Generator[Frame, None, None]:
        last: npt.NDArray[Any] | None = None
        for index in wanted:
            stored = self._stored(index)
            if stored is not None:
                last = stored
            elif last is None:
                last = self._before(index)
            yield self._frame(index, last, size, pixels, stored is None, hashed=True)

    def _picture_hashes(self, wanted: range) -> Generator[tuple[int, bytes], None, None]:
        last: bytes | None = None
        for index in wanted:
            stored = self._stored(index)
            if stored is not None:
                last = _hash(stored)
            elif last is None:
                last = _hash(self._before(index))
            yield index, last

    def _frame_at(self, index: int, size: tuple[int, int] | None, pixels: PixelFormat) -> Frame:
        stored = self._stored(index)
        shown = self._before(index) if stored is None else stored
        return self._frame(index, shown, size, pixels, stored is None)

    def _before(self, index: int) -> npt.NDArray[Any] | None:
        """The last good image before ``index``; None if there is none."""
        for earlier in range(index - 1, -1, -1):
            stored = self._stored(earlier)
            if stored is not None:
                return stored
        return None

    def _stored(self, index: int) -> npt.NDArray[Any] | None:
        """The image as it is in its file, BGR or BGRA; None if it is missing or cannot be decoded."""
        name = self._images.frames[index]
        if name is None:
            return None
        file = self._images.folder / name
        has_alpha = self._straight and bool(self.info.alpha)
        stored = read_image(file, alpha=has_alpha, layer=self._settings.layer, straight=has_alpha)
        expected = (self.info.width, self.info.height)
        if stored is not None and stored.shape[1::-1] != expected:
            _refuse_size(file, (stored.shape[1], stored.shape[0]), expected)
        return stored

    def _frame(
        self,
        index: int,
        stored: npt.NDArray[Any] | None,
        size: tuple[int, int] | None,
        pixels: PixelFormat,
        held: bool,
        *,
        hashed: bool = False,
    ) -> Frame:
        """The frame that shows a stored image; without one it is black."""
        pts, picture_hash = int(self.info.pts[index]), _hash(stored) if hashed else b""
        if stored is None:
            return make_frame(index, pts, black(size or self.info.upright_size, pixels), held, picture_hash)
        stored = self._scaled(stored, size)
        alpha = stored[..., 3] if stored.shape[2] == 4 else None
        if alpha is not None and int(alpha.min()) == np.iinfo(alpha.dtype).max:
            alpha = None
        shown = _shaped(stored[..., :3], pixels)
        alpha = None if alpha is None else np.ascontiguousarray(alpha)
        return make_frame(index, pts, shown, held, picture_hash, alpha)

    def _scaled(self, image: npt.NDArray[Any], size: tuple[int, int] | None) -> npt.NDArray[Any]:
        expected = (self.info.width, self.info.height)
        if size is None or size == expected:
            return image
        shrinks = size[0] * size[1] < expected[0] * expected[1]
        return np.asarray(
            cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        )


def _shaped(image: npt.NDArray[Any], pixels: PixelFormat) -> Colours:
    image = to_16bit(image) if pixels == "rgb48" else to_8bit(image)
    code = cv2.COLOR_BGR2GRAY if pixels == "luma" else cv2.COLOR_BGR2RGB
    converted: npt.NDArray[Any] = np.asarray(cv2.cvtColor(np.ascontiguousarray(image), code))
    return converted


def _hash(stored: npt.NDArray[Any] | None) -> bytes:
    """Of the colour alone: maps are made of that."""
    return NO_PICTURE if stored is None else image_hash(stored[..., :3])


def _refuse_size(file: Path, size: tuple[int, int], expected: tuple[int, int]) -> None:
    raise UnreadableMedia(
        f"this image is {size[0]}x{size[1]}, the first one {expected[0]}x{expected[1]}",
        where=file,
        fix="Keep only images of one size in the folder.",
    )
