"""A decoded frame becomes the image the canvas paints. Runs in the frame server's thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PyQt6.QtGui import QImage

from vsod.core import overlay as ov
from vsod.core.finishing import FinishSettings
from vsod.core.frame import Frame
from vsod.core.overlay import Overlay
from vsod.gui.backend import Clip


@dataclass(frozen=True)
class View:
    """How frames are to be shown.

    Attributes:
        overlay: What is laid over the picture.
        card: Whose maps to use, None = no maps.
        finish: How a map becomes a matte.
        size: Raster to work at, (width, height); None = every source pixel.
    """

    overlay: Overlay = Overlay.TINT
    card: str | None = None
    finish: FinishSettings = field(default_factory=FinishSettings)
    size: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Shown:
    """A frame ready to paint.

    Attributes:
        index: Which frame.
        image: What to paint.
        rgb: (H, W, 3) picture below the overlay.
        alpha: (H, W) matte, None where the frame has none.
        held: True if the source frame could not be decoded.
        view: How it was to be shown.
    """

    index: int
    image: QImage
    rgb: npt.NDArray[np.uint8]
    alpha: npt.NDArray[np.uint8] | None
    held: bool = False
    view: View = field(default_factory=View)


def render(clip: Clip, frame: Frame, view: View) -> Shown:
    """Lay the matte over ``frame`` as ``view`` says."""
    rgb = frame.image if frame.image.ndim == 3 else ov.matte(frame.image)
    alpha = None
    if view.card is not None and view.overlay is not Overlay.NONE:
        soft = clip.matte(view.card, frame.index, rgb, view.finish)
        alpha = None if soft is None else ov.to_u8(soft)
    image = to_qimage(ov.compose(view.overlay, rgb, alpha))
    return Shown(frame.index, image, rgb, alpha, frame.held, view)


def to_qimage(rgb: npt.NDArray[np.uint8]) -> QImage:
    """A QImage that owns its pixels, in the layout Qt paints fastest."""
    rgb = np.ascontiguousarray(rgb)
    height, width = rgb.shape[:2]
    pixels: Any = rgb.data  # PyQt takes any buffer; its stubs know bytes only
    borrowed = QImage(pixels, width, height, 3 * width, QImage.Format.Format_RGB888)
    return borrowed.convertToFormat(QImage.Format.Format_RGB32)
