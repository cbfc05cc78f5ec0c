"""An image file in, its samples out: upright, 8 or 16 bits."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.size_limits import check_pixels
from vsod.errors import UnreadableMedia
from vsod.media.formats.input_limits import OPENIMAGEIO_SUFFIXES
from vsod.media.images.exr_layers import ExrLayer, choose_layer, exr_layers
from vsod.media.images.image_header import ImageHeader, read_header
from vsod.media.images.openimageio import first_line, forgetting_frames, open_image

Samples = npt.NDArray[Any]

# Colour whatever is stored, 16 bits kept, EXIF rotation applied: always upright BGR.
_READ = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
_OPENCV = frozenset(("png", "jpeg", "webp", "bmp"))  # as fast there, or faster
_CHANNELS_AT_ONCE = 8  # of so many channels a picture may have all its pixels
# what turns a stored picture upright, by the EXIF and TIFF number
_TURNS = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}

_TIFF_COLOURS = dict.fromkeys((8, 9, 10), "TIFF images in Lab colours")
_TIFF_COLOURS |= dict.fromkeys((32803, 34892), "TIFF images with a camera's raw samples")
_TIFF_COLOURS |= dict.fromkeys((32844, 32845), "TIFF images in LogLuv colours")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What the header of an image says.

    Attributes:
        size: (width, height), upright; of an EXR its display window.
        alpha: ``"straight"`` or ``"premultiplied"``; empty where there is no alpha channel.
        origin: Upper left corner of an EXR's display window.
        layers: Names of an EXR's layers.
        has_pages: A TIFF holds more pictures than the first.
    """

    size: tuple[int, int]
    alpha: str = ""
    origin: tuple[int, int] = (0, 0)
    layers: tuple[str, ...] = ()
    has_pages: bool = False


@forgetting_frames
def read_image(
    file: Path, *, alpha: bool = False, layer: str | None = None, straight: bool = False
) -> Samples | None:
    """(H, W, 3) BGR, 8 or 16 bits; None if it cannot be decoded.

    Args:
        file: The image.
        alpha: Keep an alpha channel: (H, W, 4) BGRA if there is one.
        layer: Of an EXR, see :func:`vsod.media.images.exr_layers.choose_layer`.
        straight: Divide colour that the file holds multiplied by its alpha channel.

    Raises:
        UnreadableMedia: It is too large, or an EXR without a picture.
        UsageError: An EXR's layer is not there, or to be chosen.
    """
    try:
        header = _checked(file)
        if header.kind in _OPENCV:
            return _by_opencv(file, header, alpha and header.has_alpha)
        return _by_openimageio(file, alpha, layer, straight)
    except (OSError, MemoryError, ValueError, TypeError, cv2.error) as error:
        _log.debug("%s cannot be decoded: %s", file, str(error))
        return None


@forgetting_frames
def read_image_info(file: Path, layer: str | None = None) -> ImageInfo | None:
    """What an image's header says; None if it is none. Decodes nothing, but of JPEG XL and JPEG 2000.

    Raises:
        UnreadableMedia, UsageError: As :func:`read_image`.
    """
    try:
        header = _checked(file)
        if header.kind in _OPENCV:
            size = header.size
            return None if size is None else ImageInfo(size, "straight" if header.has_alpha else "")
        with open_image(file) as image:
            chosen = _exr_layer(image, layer, file)
            spec = image.spec(chosen.part if chosen else 0, 0)
            size = spec.full_width, spec.full_height
            if spec.get_int_attribute("Orientation", 1) > 4:
                size = size[1], size[0]
            names = tuple(found.name for found in exr_layers(image)) if chosen else ()
            alpha = _alpha_kind(image, spec, chosen)
            pages = image.format_name() == "tiff" and bool(image.seek_subimage(1, 0))
            return ImageInfo(size, alpha, (spec.full_x, spec.full_y), names, pages)
    except (OSError, ValueError, TypeError) as error:
        _log.debug("%s cannot be opened: %s", file, str(error))
        return None


@forgetting_frames
def image_layers(file: Path) -> tuple[str, ...]:
    """Names of an EXR's layers that are pictures, whichever is read; of every other image none."""
    try:
        with open_image(file) as image:
            found = exr_layers(image) if image.format_name() == "openexr" else []
    except (OSError, ValueError, TypeError) as error:
        _log.debug("%s cannot be opened: %s", file, str(error))
        return ()
    return tuple(layer.name for layer in found)


@forgetting_frames
def why_unreadable(file: Path) -> str:
    """What is wrong with an image that cannot be decoded, in a few words; empty if nobody says."""
    try:
        if read_header(file).kind in _OPENCV:
            return ""
        with open_image(file) as image:
            spec = image.spec(0, 0)
            if image.read_image(0, 0, 0, spec.nchannels, "float") is None:
                return first_line(image.geterror())
    except (OSError, ValueError, TypeError, MemoryError) as error:
        return first_line(str(error))
    return ""


def _checked(file: Path) -> ImageHeader:
    """The header of an image of a known kind or suffix.

    Raises:
        UnreadableMedia: It is too large.
        OSError: It cannot be read, or is no image.
    """
    header = read_header(file)
    header.check(file)
    if not header.kind and file.suffix.lower() not in OPENIMAGEIO_SUFFIXES:
        raise OSError("it is no image")
    return header


def _by_opencv(file: Path, header: ImageHeader, alpha: bool) -> Samples | None:
    """Reads the bytes itself because OpenCV's own reader takes no Unicode paths on Windows."""
    data = np.fromfile(file, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED if alpha else _READ) if data.size else None
    if image is not None and alpha:
        image = upright(image, header.orientation)  # OpenCV does so where it makes three channels of all
    if image is not None and image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    if image is None or image.dtype in (np.uint8, np.uint16):
        return image
    return _codes(image)


def _by_openimageio(file: Path, alpha: bool, layer: str | None, straight: bool) -> Samples | None:
    with open_image(file) as image:
        chosen = _exr_layer(image, layer, file)
        part = chosen.part if chosen else 0
        spec = image.spec(part, 0)
        names = chosen.channels if chosen else _components(spec.channelnames, spec.alpha_channel)
        first, last = min(names.values()), max(names.values()) + 1
        for width, height in ((spec.full_width, spec.full_height), (spec.width, spec.height)):
            check_pixels(width, height * max(1, -(-(last - first) // _CHANNELS_AT_ONCE)), file)
        _check_layout(spec, file)
        content = str(spec.format)
        content = content if content in ("uint8", "uint16") else "float" if _is_float(content) else "uint16"
        samples = image.read_image(part, 0, first, last, content)
        if samples is None:
            raise OSError(first_line(image.geterror()))
        turn = spec.get_int_attribute("Orientation", 1)
        inverted = spec.get_int_attribute("tiff:PhotometricInterpretation", 1) == 0 and spec.format != "uint8"
        premultiplied = _alpha_kind(image, spec, chosen) == "premultiplied"
        place, size = (spec.x - spec.full_x, spec.y - spec.full_y), (spec.full_width, spec.full_height)
    samples = _in_display_window(samples.reshape(samples.shape[0], samples.shape[1], -1), place, size)
    if inverted:  # OpenImageIO turns 8 bits alone
        samples = 1 - samples if content == "float" else np.iinfo(samples.dtype).max - samples
    gray = names.get("Y", names.get("A"))
    order = [names.get(name, gray) for name in "BGR"]
    if "A" in names and (alpha or (straight and premultiplied)) and names.keys() != {"A"}:
        order.append(names["A"])
    if any(place is None for place in order):
        return None
    samples = np.ascontiguousarray(samples[..., [int(place) - first for place in order if place is not None]])
    if straight and premultiplied and len(order) == 4:
        samples = _divided(samples)
    codes = _codes(samples) if content == "float" else samples
    return upright(codes[..., : 4 if alpha else 3], turn)


def _check_layout(spec: Any, file: Path) -> None:
    """Refuse what would come out wrong, by its name.

    Raises:
        UnreadableMedia: Names the layout.
    """
    colour = spec.get_int_attribute("tiff:PhotometricInterpretation", 0)
    what = "deep or three-dimensional pixels" if spec.deep or spec.depth > 1 else _TIFF_COLOURS.get(colour)
    if what is not None:
        raise UnreadableMedia(f"{what} are not read", where=file, fix="Save it as RGB.")


def _exr_layer(image: Any, layer: str | None, file: Path) -> ExrLayer | None:
    if image.format_name() != "openexr":
        return None
    return choose_layer(exr_layers(image), layer, file)


def _components(names: list[str], alpha: int) -> dict[str, int]:
    """The channels of an image without layers, by what they are; without a name the first are the colour."""
    known = {name: number for number, name in enumerate(names) if name in ("R", "G", "B", "Y")}
    if not known:
        plain = [number for number in range(len(names)) if number != alpha]
        known = dict(zip("RGB", plain, strict=False)) if len(plain) >= 3 else {"Y": plain[0] if plain else 0}
    return known | ({"A": alpha} if alpha >= 0 else {})


def _alpha_kind(image: Any, spec: Any, chosen: ExrLayer | None) -> str:
    """``"straight"``, ``"premultiplied"``, or empty for none; EXR is premultiplied by its specification."""
    if chosen is not None:
        return "premultiplied" if "A" in chosen.channels and chosen.channels.keys() != {"A"} else ""
    if spec.alpha_channel < 0 or spec.nchannels == 1:
        return ""
    said = spec.get_int_attribute("oiio:UnassociatedAlpha", 0)
    if image.format_name() == "tiff":
        return "straight" if said else "premultiplied"
    return "premultiplied" if spec.get_int_attribute("targa:alpha_type", 0) == 4 else "straight"


def _is_float(content: str) -> bool:
    return content in ("half", "float", "double")


def _in_display_window(samples: Samples, place: tuple[int, int], size: tuple[int, int]) -> Samples:
    """The pixels that are shown: black where nothing is stored, without what lies beyond the edge.

    Args:
        samples: (h, w, channels) of the data window.
        place: (x, y) of that in the display window.
        size: (width, height) of the display window.
    """
    (h, w), (left, top), (width, height) = samples.shape[:2], place, size
    if (left, top, w, h) == (0, 0, width, height):
        return samples
    shown = np.zeros((height, width, samples.shape[2]), samples.dtype)
    x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + w), min(height, top + h)
    if x0 < x1 and y0 < y1:
        shown[y0:y1, x0:x1] = samples[y0 - top : y1 - top, x0 - left : x1 - left]
    return shown


def _divided(samples: Samples) -> Samples:
    """BGRA whose colour was multiplied by its alpha, as straight colour; where alpha is 0 it stays."""
    whole = samples.astype(np.float32) if samples.dtype.kind == "f" else _unit(samples)
    alpha = whole[..., 3:]
    with np.errstate(all="ignore"):
        colour = np.where((alpha > 0) & (alpha < 1), whole[..., :3] / alpha, whole[..., :3])
    whole[..., :3] = colour
    return whole if samples.dtype.kind == "f" else _codes(whole, samples.dtype)


def _unit(samples: Samples) -> npt.NDArray[np.float32]:
    return samples.astype(np.float32) / np.float32(np.iinfo(samples.dtype).max)


def _codes(samples: Samples, kind: Any = np.uint16) -> Samples:
    """Floating point 0..1 as whole codes; what is no number is black, what is infinite black or white."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        finite = np.nan_to_num(np.asarray(samples, np.float32), nan=0.0, posinf=1.0, neginf=0.0)
        codes: Samples = np.rint(np.clip(finite, 0, 1) * np.float32(np.iinfo(kind).max)).astype(kind)
        return codes


def upright(image: Samples, orientation: int) -> Samples:
    """A stored picture as it is to be seen, by the orientation number of EXIF and TIFF."""
    if orientation in (2, 4, 5, 7):
        image = cv2.flip(image, 1)
        orientation = {2: 1, 4: 3, 5: 8, 7: 6}[orientation]
    turn = _TURNS.get(orientation)
    return image if turn is None else np.asarray(cv2.rotate(image, turn))
