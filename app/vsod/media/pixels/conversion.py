"""From a decoded frame to the array the rest of the program works on."""

from __future__ import annotations

from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from vsod.core.clip import ClipInfo
from vsod.core.compositing import to_8bit, to_16bit
from vsod.core.frame import Frame
from vsod.core.output_frame import Colours
from vsod.media.pixels.alpha import Codes, alpha_codes
from vsod.media.pixels.orientation import to_upright
from vsod.media.pixels.planes import plane_view
from vsod.media.pixels.yuv import BT709, KNOWN_MATRICES, default_matrix, from_yuv

PixelFormat = Literal["rgb", "rgb48", "luma"]

_UNSPECIFIED = 2


class FrameConverter:
    """Converts decoded frames to upright RGB or luma of one size.

    Keeps its scaler between frames, so use one per iteration and per thread.

    Args:
        info: The clip the frames come from.
        size: (width, height) of the upright result; None for ``info.upright_size``.
        pixels: ``"rgb"`` for (H, W, 3) uint8, ``"rgb48"`` for (H, W, 3) uint16, ``"luma"`` for
            (H, W) uint8 full-range luma.
        notes: Gets a sentence if a picture has another raster than the clip, once.
    """

    def __init__(
        self,
        info: ClipInfo,
        size: tuple[int, int] | None,
        pixels: PixelFormat,
        notes: list[str] | None = None,
    ) -> None:
        self._info, self._pixels = info, pixels
        self._notes = [] if notes is None else notes
        self.size = size or info.upright_size
        w, h = self.size
        self._stored_size = (h, w) if info.rotation in (90, 270) else (w, h)
        # Area averaging when shrinking: bicubic would skip over detail and alias.
        shrinks = w * h < info.width * info.height
        self._interpolation = Interpolation.AREA if shrinks else Interpolation.BICUBIC
        self._scaler = VideoReformatter()
        self._has_alpha = bool(info.alpha) and info.source_settings.alpha == "multiply"

    def black(self) -> Colours:
        """What stands in for a frame that was never seen."""
        return black(self.size, self._pixels)

    def __call__(self, frame: VideoFrame) -> Colours:
        """(H, W, 3) or (H, W), upright, C-contiguous, not shared with the decoder."""
        image: npt.NDArray[Any]
        if (frame.width, frame.height) != (self._info.width, self._info.height) and not self._notes:
            self._notes.append(
                f"the picture changes from {self._info.width}x{self._info.height} to {frame.width}x{frame.height} "
                f"inside the clip; it is scaled to the first"
            )
        if self._pixels == "luma":
            image = self._luma(frame)
        else:
            image = self._converted(frame, "rgb24", 3) if self._pixels == "rgb" else self._deep(frame)
        return to_upright(image, self._info.rotation, self._info.mirrored)

    def alpha(self, frame: VideoFrame) -> Codes | None:
        """(H, W) the alpha channel, as :attr:`vsod.core.frame.Frame.alpha`."""
        if not self._has_alpha:
            return None
        codes = alpha_codes(frame)
        if int(codes.min()) == np.iinfo(codes.dtype).max:
            return None
        if (frame.width, frame.height) != self._stored_size:
            codes = cv2.resize(np.ascontiguousarray(codes), self._stored_size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        return np.array(to_upright(codes, self._info.rotation, self._info.mirrored))  # type: ignore[no-any-return]

    def _deep(self, frame: VideoFrame) -> npt.NDArray[Any]:
        """Full-range RGB at 16 bits from the stored samples, white as 65535."""
        image = rgb_16bit(frame, self._info)
        if image is None:
            return to_16bit(self._converted(frame, "rgb24", 3))
        if (frame.width, frame.height) != self._stored_size:
            return cv2.resize(image, self._stored_size, interpolation=cv2.INTER_AREA)
        return image

    def _converted(self, frame: VideoFrame, content: str, channels: int) -> npt.NDArray[Any]:
        width, height = self._stored_size
        source_matrix = None
        if int(frame.colorspace) not in KNOWN_MATRICES and not frame.format.is_rgb:
            source_matrix = default_matrix(self._info)
        out = self._scaler.reformat(
            frame,
            width=width,
            height=height,
            format=content,
            interpolation=self._interpolation,
            src_colorspace=source_matrix,
            dst_color_range=ColorRange.JPEG,
            # The decoder's threads already fill the machine.
            threads=1,
        )
        image = np.array(plane_view(out, 0), order="C")
        return image.reshape(height, width, channels) if channels > 1 else image

    def _luma(self, frame: VideoFrame) -> npt.NDArray[np.uint8]:
        direct = _luma_plane(frame)
        if direct is None:
            return self._converted(frame, "gray", 1)
        codes, bits = direct
        if (frame.width, frame.height) != self._stored_size:
            shrinks = self._stored_size[0] * self._stored_size[1] < frame.width * frame.height
            codes = cv2.resize(
                codes, self._stored_size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
            )
        if is_full_range(frame):
            scale, black = 255 / ((1 << bits) - 1), 0
        else:
            scale, black = 255 / (219 << (bits - 8)), 16 << (bits - 8)
        if codes.dtype == np.uint8 and not black:
            return np.array(codes, order="C")
        return np.asarray(
            cv2.convertScaleAbs(np.maximum(codes, black), alpha=scale, beta=-black * scale), np.uint8
        )


def black(size: tuple[int, int], pixels: PixelFormat) -> Colours:
    """A black picture of ``size`` (width, height)."""
    shape = (size[1], size[0]) if pixels == "luma" else (size[1], size[0], 3)
    return np.zeros(shape, np.uint16) if pixels == "rgb48" else np.zeros(shape, np.uint8)


def make_frame(
    index: int,
    pts: int,
    image: Colours,
    held: bool,
    picture_hash: bytes = b"",
    alpha: npt.NDArray[Any] | None = None,
) -> Frame:
    """A frame; of a 16-bit picture both depths."""
    if image.dtype == np.uint8:
        return Frame(index, pts, image, held, None, picture_hash, alpha)  # type: ignore[arg-type]
    return Frame(index, pts, to_8bit(image), held, image, picture_hash, alpha)  # type: ignore[arg-type]


def is_full_range(frame: VideoFrame) -> bool:
    """Whether a decoded frame stores its luma on all codes rather than on video levels."""
    name = frame.format.name
    if name.startswith("yuvj"):
        return True
    said = int(frame.color_range)
    # Untagged gray is full range by FFmpeg's convention, untagged YUV is video range.
    return said == ColorRange.JPEG or (said == ColorRange.UNSPECIFIED and name.startswith("gray"))


def rgb_16bit(frame: VideoFrame, info: ClipInfo) -> npt.NDArray[np.uint16] | None:
    """(H, W, 3) uint16 of a planar YUV or RGB frame as it is stored; None for other layouts."""
    name, bits = frame.format.name, frame.format.components[0].bits
    if name.endswith("be") or "f16" in name or "f32" in name:
        return None
    if name.startswith("gbr"):
        scale = 65535 / ((1 << bits) - 1)
        planes = [np.rint(plane_view(frame, number) * scale) for number in (2, 0, 1)]
        return np.dstack(planes).astype(np.uint16)
    if not name.startswith(("yuv4", "yuvj4", "yuva4")):
        return None
    matrix = int(frame.colorspace)
    matrix = matrix if matrix not in (0, _UNSPECIFIED, 3) else default_matrix(info)
    samples = [plane_view(frame, number) for number in range(3)]
    return from_yuv(samples, matrix if matrix in KNOWN_MATRICES else BT709, bits, is_full_range(frame))


def _luma_plane(frame: VideoFrame) -> tuple[npt.NDArray[Any], int] | None:
    """The (H, W) luma plane as a view and its bit depth; None if luma has no plane of its own."""
    content = frame.format
    name = content.name
    planar = name.startswith(("yuv4", "yuvj", "yuva", "nv12", "nv21", "nv16", "nv24", "gray"))
    if not planar or name.endswith("be") or "f16" in name or "f32" in name or name == "gray8a":
        return None
    bits = content.components[0].bits
    return plane_view(frame, 0), bits
