"""From the picture of an export to the frame an encoder takes: the one place that fills planes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from vsod.core.clip import ClipInfo, ColorTags
from vsod.core.compositing import to_8bit, to_16bit
from vsod.core.output_frame import FileContent, OutputFrame
from vsod.media.formats.table import Coding
from vsod.media.pixels.levels import to_codes
from vsod.media.pixels.orientation import to_stored
from vsod.media.pixels.planes import packed_view, plane_view
from vsod.media.pixels.yuv import default_matrix, to_yuv

_VIDEO_RANGE, _FULL_RANGE = 1, 2


@dataclass(frozen=True, slots=True)
class FrameBuilder:
    """Makes the frames of one file.

    Attributes:
        coding: How they are coded.
        pix_fmt: The pixel format really used; odd sides may need another than the coding's.
        info: The source: raster, orientation, colour.
        content: What the frames hold.
    """

    coding: Coding
    pix_fmt: str
    info: ClipInfo
    content: FileContent

    @property
    def tags(self) -> ColorTags:
        """How the file is tagged: as its source, so that both go through the same transform.

        RGB sources have no matrix a video could carry; their matte is tagged BT.709. RGB files
        have none either.
        """
        source, full = self.info.color, self.coding.levels == "full"
        if self.content == "matte":
            if source.matrix == 0:
                return ColorTags(1, 1, 1, full)
            matrix = source.matrix
        elif self.pix_fmt.startswith("yuv"):
            matrix = default_matrix(self.info) if source.matrix != 2 else 2
        else:
            matrix = 0
        return ColorTags(source.primaries or 2, source.transfer or 2, matrix, full)

    def __call__(self, picture: OutputFrame) -> VideoFrame:
        """The frame of an upright ``picture`` of ``info.upright_size``, without a time."""
        info, coding = self.info, self.coding
        if picture.content != self.content or picture.size != info.upright_size:
            raise ValueError(
                f"a {picture.content} of {picture.size} where a {self.content} of {info.upright_size} is due"
            )
        frame = VideoFrame(info.width, info.height, self.pix_fmt)
        alpha = None
        if picture.alpha is not None:
            levels = coding.levels if self.content == "matte" else "full"
            alpha = to_stored(to_codes(picture.alpha, levels, coding.bit_depth), info.rotation, info.mirrored)
        if picture.rgb is None:
            self._fill_matte(frame, alpha)
        else:
            self._fill_colour(frame, to_stored(picture.rgb, info.rotation, info.mirrored), alpha)
        tags = self.tags
        # ProRes writes the frame's tags, whatever its context says.
        frame.color_primaries, frame.color_trc, frame.colorspace = tags.primaries, tags.transfer, tags.matrix
        frame.color_range = _FULL_RANGE if tags.full_range else _VIDEO_RANGE
        return frame

    def _fill_matte(self, frame: VideoFrame, codes: Any) -> None:
        """``codes`` as luma and no colour at all."""
        if self.pix_fmt.startswith(("gray", "yuv")):
            plane_view(frame, 0)[:] = codes
            for chroma in range(1, len(frame.planes)):
                plane_view(frame, chroma)[:] = 1 << (self.coding.bit_depth - 1)
        else:
            self._fill_rgb(frame, codes, codes, codes, None)

    def _fill_colour(self, frame: VideoFrame, rgb: npt.NDArray[Any], alpha: Any) -> None:
        if self.pix_fmt.startswith("yuv"):
            planes = [plane_view(frame, number) for number in range(3)]
            to_yuv(rgb, planes, default_matrix(self.info), self.coding.bit_depth)
            if alpha is not None:
                plane_view(frame, 3)[:] = alpha
            return
        deep = self.coding.bit_depth > 8
        red, green, blue = cv2.split(to_16bit(rgb) if deep else to_8bit(rgb))
        self._fill_rgb(frame, red, green, blue, alpha)

    def _fill_rgb(self, frame: VideoFrame, red: Any, green: Any, blue: Any, alpha: Any) -> None:
        if self.pix_fmt.startswith("gbr"):
            for number, samples in enumerate((green, blue, red, alpha)[: len(frame.planes)]):
                plane_view(frame, number)[:] = samples
            return
        order = self.pix_fmt.removesuffix("24")
        if alpha is None:
            alpha = np.full_like(red, 255)
        channels = {"r": red, "g": green, "b": blue, "a": alpha, "0": alpha}
        target = packed_view(frame, len(order))
        target[:] = cv2.merge([channels[c] for c in order]).reshape(target.shape)
