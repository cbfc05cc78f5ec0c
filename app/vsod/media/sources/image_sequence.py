"""A folder of images read as a clip: one file is one frame, in natural order of the names."""

from __future__ import annotations

import logging
import re
from collections.abc import Generator
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
from vsod.errors import NoVideo, UnreadableMedia
from vsod.media.formats.input_limits import IMAGE_SUFFIXES
from vsod.media.pixels.conversion import PixelFormat, black, make_frame
from vsod.media.pixels.exr import read_exr
from vsod.media.pixels.picture_hash import NO_PICTURE, image_hash
from vsod.media.sources.image_header import check_image, read_image_size
from vsod.media.sources.source import Source
from vsod.storage.digest import file_state

NOMINAL_RATE = Fraction(24)
# Colour whatever is stored, 16 bits kept, EXIF rotation applied: always upright BGR.
_READ = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH


_log = logging.getLogger(__name__)


class ImageSequenceSource(Source):
    """A folder of images. See :class:`vsod.media.sources.source.Source`.

    Raises:
        NoVideo: The folder holds no images, or none can be decoded.
        UnreadableMedia: An image has another size than the first; names it.
    """

    def __init__(self, folder: Path, settings: SourceSettings = DEFAULT_SOURCE_SETTINGS) -> None:
        self._settings = settings
        self.notes = ()  # images of several sizes are refused
        self._files = images_in(folder)
        if not self._files:
            raise NoVideo(
                "no images in this folder",
                where=folder,
                fix=f"Choose a folder with {', '.join(s[1:] for s in IMAGE_SUFFIXES)} files, or a video file.",
            )
        self.info = self._probe(folder)

    def _probe(self, folder: Path) -> ClipInfo:
        # before anything is read: images that change meanwhile are other images
        state = file_state(folder, [file.name for file in self._files])
        first = None
        for file in self._files:
            first = read_image(file)
            if first is not None:
                break
        if first is None:
            raise UnreadableMedia(
                "none of its images can be decoded",
                where=folder,
                fix="Copy the folder again from its origin.",
            )
        self._check_sizes()
        deep, name = first.dtype == np.uint16, self._files[0].suffix.lower().lstrip(".")
        return ClipInfo(
            path=folder,
            kind="sequence",
            codec={"jpg": "jpeg", "tif": "tiff"}.get(name, name),
            pix_fmt="rgb48" if deep else "rgb24",
            bit_depth=16 if deep else 8,
            width=first.shape[1],
            height=first.shape[0],
            rate=NOMINAL_RATE,
            time_base=1 / NOMINAL_RATE,
            pts=np.arange(len(self._files), dtype=np.int64),
            last_ticks=1,
            color=ColorTags(primaries=1, transfer=13, matrix=0, full_range=True),
            names=tuple(file.name for file in self._files),
            state=state,
            source_settings=self._settings,
        )

    def _check_sizes(self) -> None:
        """Refuse mixed sizes before hours of work, where the headers tell them cheaply."""
        expected: tuple[int, int] | None = None
        for file in self._files:
            size = read_image_size(file)
            if size is not None and expected is not None and size != expected:
                _refuse_size(file, size, expected)
            expected = expected or size

    def _frames(
        self, wanted: range, size: tuple[int, int] | None, pixels: PixelFormat
    ) -> Generator[Frame, None, None]:
        last: tuple[Colours, bytes] | None = None
        for index in wanted:
            stored = self._stored(index)
            if stored is not None:
                last = self._shaped(stored, size, pixels), image_hash(stored)
            elif last is None:
                last = self._before(index, size, pixels)
            yield make_frame(index, index, last[0], stored is None, last[1])

    def _picture_hashes(self, wanted: range) -> Generator[tuple[int, bytes], None, None]:
        last: bytes | None = None
        for index in wanted:
            stored = self._stored(index)
            if stored is not None:
                last = image_hash(stored)
            elif last is None:
                last = self._before(index, None, "luma")[1]
            yield index, last

    def _frame_at(self, index: int, size: tuple[int, int] | None, pixels: PixelFormat) -> Frame:
        stored = self._stored(index)
        if stored is None:
            return make_frame(index, index, self._before(index, size, pixels)[0], True)
        return make_frame(index, index, self._shaped(stored, size, pixels), False)

    def _before(self, index: int, size: tuple[int, int] | None, pixels: PixelFormat) -> tuple[Colours, bytes]:
        """The last good image before ``index``, else black; and its hash."""
        for earlier in range(index - 1, -1, -1):
            stored = self._stored(earlier)
            if stored is not None:
                return self._shaped(stored, size, pixels), image_hash(stored)
        return black(size or self.info.upright_size, pixels), NO_PICTURE

    def _stored(self, index: int) -> npt.NDArray[Any] | None:
        """The image as it is in its file; None if it cannot be decoded."""
        stored = read_image(self._files[index])
        expected = (self.info.width, self.info.height)
        if stored is not None and stored.shape[1::-1] != expected:
            _refuse_size(self._files[index], (stored.shape[1], stored.shape[0]), expected)
        return stored

    def _shaped(self, image: npt.NDArray[Any], size: tuple[int, int] | None, pixels: PixelFormat) -> Colours:
        expected = (self.info.width, self.info.height)
        if size is not None and size != expected:
            shrinks = size[0] * size[1] < expected[0] * expected[1]
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        image = to_16bit(image) if pixels == "rgb48" else to_8bit(image)
        code = cv2.COLOR_BGR2GRAY if pixels == "luma" else cv2.COLOR_BGR2RGB
        converted: npt.NDArray[Any] = np.asarray(cv2.cvtColor(image, code))
        return converted


def images_in(folder: Path) -> list[Path]:
    """The images of a folder in natural order of their names; hidden files are not images."""
    files = (p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith("."))
    return sorted((p for p in files if p.is_file()), key=lambda p: natural_key(p.name))


def natural_key(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A sort key that puts ``frame9`` before ``frame10``; equal numbers fall back to the text."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(1, int(p), "") if p.isdecimal() and p.isascii() else (0, 0, p) for p in parts], name


def read_image(file: Path, *, alpha: bool = False) -> npt.NDArray[Any] | None:
    """(H, W, 3) BGR, 8 or 16 bits; None if it cannot be decoded.

    Reads the bytes itself because OpenCV's own reader takes no Unicode paths on Windows.

    Args:
        file: The image.
        alpha: Keep an alpha channel: (H, W, 4) BGRA if there is one.

    Raises:
        UnreadableMedia: It is too large.
    """
    check_image(file)
    if file.suffix.lower() == ".exr":
        return _read_exr(file, alpha)
    try:
        data = np.fromfile(file, np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED if alpha else _READ) if data.size else None
    except (OSError, MemoryError, cv2.error) as error:
        _log.debug("%s cannot be decoded: %s", file, error)
        return None
    if image is None:
        return None
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    if image.dtype not in (np.uint8, np.uint16):
        image = np.clip(_finite(image) * 255.0, 0, 255).astype(np.uint8)
    return image


def _read_exr(file: Path, alpha: bool) -> npt.NDArray[np.uint16] | None:
    """An EXR's coded values 0..1 at 16 bits; its matte as gray if it has no colour."""
    try:
        channels = read_exr(file)
    except OSError as error:
        _log.debug("%s cannot be decoded: %s", file, error)
        return None
    gray = channels.get("Y", channels.get("A"))
    wanted = [channels.get(name, gray) for name in "BGR"]
    if alpha and "A" in channels and "R" in channels:
        wanted.append(channels["A"])
    if any(c is None for c in wanted):
        return None
    stacked = _finite(np.dstack(wanted))  # type: ignore[arg-type]
    codes: npt.NDArray[np.uint16] = np.rint(np.clip(stacked, 0, 1) * np.float32(65535)).astype(np.uint16)
    return codes


def _finite(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What is no number is black, what is infinite black or white."""
    if not np.issubdtype(image.dtype, np.floating):
        return image
    numbers: npt.NDArray[Any] = np.nan_to_num(image, nan=0.0, posinf=1.0, neginf=0.0)
    return numbers


def _refuse_size(file: Path, size: tuple[int, int], expected: tuple[int, int]) -> None:
    raise UnreadableMedia(
        f"this image is {size[0]}x{size[1]}, the first one {expected[0]}x{expected[1]}",
        where=file,
        fix="Keep only images of one size in the folder.",
    )
