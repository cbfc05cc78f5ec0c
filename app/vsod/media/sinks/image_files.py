"""Single images of a sequence, as bytes."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from av.codec.context import CodecContext
from av.video.frame import VideoFrame

from vsod.core.compositing import to_8bit, to_16bit
from vsod.core.output_frame import OutputFrame
from vsod.media.formats.table import Coding
from vsod.media.images.openimageio import first_line, forgetting_frames, import_openimageio
from vsod.media.pixels.levels import to_codes
from vsod.media.pixels.planes import plane_view
from vsod.storage.ownership_marks import NAME, marked_png, marked_tiff

# Level 1 halves the time of the default and costs a few per cent of size on a matte.
_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1]
_TIFF = [cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_ADOBE_DEFLATE]


def encode_image(
    picture: OutputFrame, coding: Coding, compression: str, origin: tuple[int, int] = (0, 0)
) -> bytes:
    """One image file, marked as ours.

    Args:
        picture: What it shows, upright.
        coding: PNG, TIFF or EXR of some depth.
        compression: Of an EXR, see :data:`vsod.core.export_settings.EXR_COMPRESSION`.
        origin: Upper left corner of an EXR's display window.

    Raises:
        OSError: It cannot be encoded.
    """
    if coding.codec == "exr":
        return _exr(picture, coding.pix_fmt, compression, origin)
    if coding.pix_fmt == "rgba64le":
        return marked_tiff(_tiff_with_alpha(picture))
    samples = _samples(picture, coding.bit_depth)
    suffix, options = (".png", _PNG) if coding.codec == "png" else (".tif", _TIFF)
    ok, data = cv2.imencode(suffix, samples, options)
    if not ok:
        raise OSError("the image could not be encoded")
    return marked_png(data.tobytes()) if coding.codec == "png" else marked_tiff(data.tobytes())


def _samples(picture: OutputFrame, bits: int) -> npt.NDArray[Any]:
    """(H, W) gray, (H, W, 3) BGR or (H, W, 4) BGRA codes of ``bits``."""
    alpha = None if picture.alpha is None else to_codes(picture.alpha, "full", bits)
    if picture.rgb is None:
        assert alpha is not None
        return alpha
    red, green, blue = cv2.split(to_16bit(picture.rgb) if bits > 8 else to_8bit(picture.rgb))
    return cv2.merge([blue, green, red] + ([] if alpha is None else [alpha]))


def _tiff_with_alpha(picture: OutputFrame) -> bytes:
    """FFmpeg's TIFF, which marks the fourth channel as straight alpha where OpenCV's marks nothing."""
    assert picture.rgb is not None and picture.alpha is not None
    width, height = picture.size
    context = CodecContext.create("tiff", "w")
    context.width, context.height, context.pix_fmt = width, height, "rgba64le"
    context.time_base = Fraction(1, 24)
    context.options = {"compression_algo": "deflate"}
    samples = cv2.merge([*cv2.split(to_16bit(picture.rgb)), to_codes(picture.alpha, "full", 16)])
    frame = VideoFrame(width, height, "rgba64le")
    plane_view(frame, 0)[:] = samples.reshape(height, width * 4)
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


@forgetting_frames
def _exr(picture: OutputFrame, matte_channel: str, compression: str, origin: tuple[int, int]) -> bytes:
    oiio = import_openimageio()
    channels: dict[str, npt.NDArray[np.float16]] = {}
    if picture.rgb is not None:
        top = np.float32(np.iinfo(picture.rgb.dtype).max)
        for number, name in enumerate("RGB"):
            channels[name] = (picture.rgb[..., number] / top).astype(np.float16)
    if picture.alpha is not None:
        alpha = picture.alpha
        scale = 255 if alpha.dtype == np.uint8 else 1
        name = "Y" if picture.rgb is None and matte_channel != "a" else "A"
        channels[name] = (alpha / np.float32(scale)).astype(np.float16)
    width, height = picture.size
    spec = oiio.ImageSpec(width, height, len(channels), "half")
    spec.channelnames = tuple(channels)
    spec.x, spec.y = spec.full_x, spec.full_y = origin
    spec.attribute("compression", compression)
    spec.attribute("software", NAME)
    spec.attribute("DateTime", "")  # else the time of now: the same pictures are the same bytes
    with tempfile.TemporaryDirectory() as folder:
        # The package writes to paths only.
        path = Path(folder) / "image.exr"
        output = oiio.ImageOutput.create(str(path))
        samples = np.dstack(list(channels.values()))
        if not (output.open(str(path), spec) and output.write_image(samples) and output.close()):
            raise OSError(first_line(output.geterror()))
        return path.read_bytes()
