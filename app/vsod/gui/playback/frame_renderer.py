"""A decoded frame becomes the image the canvas paints. Runs in the frame server's thread."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QImage, QPainterPath

from vsod.core import overlay as ov
from vsod.core.arrays import Image
from vsod.core.clip_settings import DEFAULT_CLIP_SETTINGS, ClipSettings
from vsod.core.frame import Frame
from vsod.core.matte_settings import MatteSettings
from vsod.core.overlay import AlphaInterpretation, Overlay
from vsod.gui.playback.outline import outline_path
from vsod.gui.toolkit.pipeline_interface import OpenClip

CHECKER, BLUR = "checker", "blur"
SOURCE, RAW_MAP = "picture", "unfinished"
Compare = Literal["off", "wipe", "side"]


@dataclass(frozen=True)
class ViewState:
    """How frames are to be shown.

    Attributes:
        overlay: What is laid over the picture.
        settings: Which model's maps to use, and how they become mattes, see :attr:`ClipSettings.for_preview`.
        mapped: There are maps to show.
        size: Raster to work at, (width, height); None = every source pixel.
        background: Behind a cut-out: :data:`CHECKER`, :data:`BLUR`, ``"RRGGBB"`` or the path of a still.
        alpha_interpretation: How a program takes the cut-out's colour.
        compare: Whether two versions are shown, and how.
        compare_with: The other version: :data:`SOURCE`, :data:`RAW_MAP` (the map as it is), or a model.
        tint_color: Of the tint.
        tint_strength: 0..1, how much of it.
        intermediate: What of the network is shown instead of the overlay, by its name; "" for nothing.
    """

    overlay: Overlay = Overlay.TINT
    settings: ClipSettings = DEFAULT_CLIP_SETTINGS
    mapped: bool = False
    size: tuple[int, int] | None = None
    background: str = CHECKER
    alpha_interpretation: AlphaInterpretation = "right"
    compare: Compare = "off"
    compare_with: str = RAW_MAP
    tint_color: ov.RGB = ov.TINT_COLOR
    tint_strength: float = ov.TINT_STRENGTH
    intermediate: str = ""

    def at(self, index: int) -> tuple[str | None, MatteSettings]:
        """Model and matte settings of a frame; no model while there are no maps."""
        model, matte = self.settings.at(index)
        return (model if self.mapped else None), matte

    def quick(self) -> ViewState:
        """The same without what needs other frames or a slow engine, at the raster of what is drawn."""
        chosen = self.settings
        shots = tuple(replace(shot, matte=shot.matte and _quick(shot.matte)) for shot in chosen.shots)
        return replace(self, size=None, settings=replace(chosen, matte=_quick(chosen.matte), shots=shots))


def _quick(matte: MatteSettings) -> MatteSettings:
    return replace(matte, temporal_smoothing=0.0, crf="off")


@dataclass(frozen=True, eq=False)
class RenderedFrame:
    """A frame ready to paint.

    Attributes:
        index: Which frame.
        image: What to paint.
        rgb: (H, W, 3) picture below the overlay.
        alpha: (H, W) matte, None where the frame has none.
        held: True if the source frame could not be decoded.
        view: How it was to be shown.
        other: What to paint beside it, None if nothing is compared.
        other_alpha: (H, W) matte of that, None where it has none.
        outline: Line round the subject to draw over the image, in pixels of ``rgb``; None for none.
        other_outline: The same for ``other``.
        from_cache: True for a small stand-in while the picture itself is on its way.
        lacks_intermediate: What of the network is to be shown is not computed; the picture is shown.
    """

    index: int
    image: QImage
    rgb: Image
    alpha: Image | None
    held: bool = False
    view: ViewState = field(default_factory=ViewState)
    other: QImage | None = None
    other_alpha: Image | None = None
    outline: QPainterPath | None = None
    other_outline: QPainterPath | None = None
    from_cache: bool = False
    lacks_intermediate: bool = False


def render_frame(clip: OpenClip, frame: Frame, view: ViewState) -> RenderedFrame:
    """Lay the matte over ``frame`` as ``view`` says."""
    rgb = frame.image if frame.image.ndim == 3 else ov.matte(frame.image)
    alpha = other = None
    model, matte = view.at(frame.index)
    if model is not None and view.overlay is not Overlay.NONE:
        soft = clip.matte(model, frame.index, rgb, matte, alpha=frame.alpha)
        alpha = None if soft is None else ov.to_u8(soft)
    if view.overlay is Overlay.DIFFERENCE or view.compare != "off":
        other = _other(clip, frame, rgb, view)
    inner = _intermediate(clip, frame.index, view)
    shown = rgb if view.intermediate else _drawn(view, rgb, alpha, other)
    beside = None
    if view.compare != "off":
        picture = rgb if view.compare_with == SOURCE else _beside(view, rgb, other)
        beside = to_qimage(picture)
    outline = other_outline = None
    if view.overlay is Overlay.CONTOUR and not view.intermediate:
        outline = None if alpha is None else outline_path(alpha)
        if other is not None and view.compare_with != SOURCE:
            other_outline = outline_path(other)
    image = to_qimage(shown) if inner is None else _enlarged(to_qimage(inner), rgb)
    return RenderedFrame(
        frame.index,
        image,
        rgb,
        alpha,
        frame.held,
        view,
        beside,
        other,
        outline,
        other_outline,
        lacks_intermediate=bool(view.intermediate) and inner is None,
    )


def _intermediate(clip: OpenClip, index: int, view: ViewState) -> Image | None:
    """What of the network is to be shown of a frame, (h, w, 3); None for nothing, or before it is computed."""
    if not view.intermediate:
        return None
    found = clip.intermediate(view.settings.at(index)[0], index, view.intermediate)
    return found if found is None or found.ndim == 3 else ov.matte(found)


def _enlarged(image: QImage, rgb: Image) -> QImage:
    """As large as the picture: magnified, it would be shown in hard pixels."""
    size = QSize(rgb.shape[1], rgb.shape[0])
    return image.scaled(size, transformMode=Qt.TransformationMode.SmoothTransformation)


def _other(clip: OpenClip, frame: Frame, rgb: Image, view: ViewState) -> Image | None:
    """The matte that is compared with."""
    index = frame.index
    model, matte = view.at(index)
    if view.overlay is Overlay.NONE:
        return None
    if view.compare_with in (SOURCE, RAW_MAP):
        soft = None if model is None else clip.raw_map(model, index, (rgb.shape[1], rgb.shape[0]))
    else:  # another model may have maps where the one in use has none
        soft = clip.matte(view.compare_with, index, rgb, matte, alpha=frame.alpha)
    return None if soft is None else ov.to_u8(soft)


def _beside(view: ViewState, rgb: Image, alpha: Image | None) -> Image:
    return rgb if view.overlay is Overlay.DIFFERENCE else _drawn(view, rgb, alpha)


def _drawn(view: ViewState, rgb: Image, alpha: Image | None, other: Image | None = None) -> Image:
    """The picture under what is laid over it; a contour is drawn by the viewer, as thin at any zoom."""
    if view.overlay is Overlay.CONTOUR:
        return rgb
    background = None if alpha is None else _background(view, rgb, alpha)
    return ov.draw_overlay(
        view.overlay,
        rgb,
        alpha,
        background=background,
        reading=view.alpha_interpretation,
        other=other,
        tint_color=view.tint_color,
        tint_strength=view.tint_strength,
    )


def _background(view: ViewState, rgb: Image, alpha: Image) -> Image | None:
    """(H, W, 3) behind the cut-out; None for the checker, or if there is no cut-out."""
    if view.overlay is not Overlay.CUTOUT or view.background == CHECKER:
        return None
    height, width = alpha.shape
    if view.background == BLUR:
        from vsod.core.compositing import blurred_background  # OpenCV: not before it is needed

        return np.asarray(blurred_background(rgb, alpha.astype(np.float32) / np.float32(255)), np.uint8)
    return _still(view.background, width, height)


@lru_cache(maxsize=4)
def _still(background: str, width: int, height: int) -> Image | None:
    """A colour or a picture as a ground; None if the file cannot be read."""
    if len(background) == 6 and not Path(background).exists():
        colour = [int(background[k : k + 2], 16) for k in (0, 2, 4)]
        return np.full((height, width, 3), colour, np.uint8)
    image = QImage(background)
    if image.isNull():
        return None
    from vsod.core.compositing import resize_to_cover  # OpenCV: not before it is needed

    return np.asarray(resize_to_cover(from_qimage(image), (width, height)), np.uint8)


def to_qimage(rgb: Image) -> QImage:
    """A QImage that owns its pixels, in the layout Qt paints fastest."""
    rgb = np.ascontiguousarray(rgb)
    height, width = rgb.shape[:2]
    pixels: Any = rgb.data  # PyQt takes any buffer; its stubs know bytes only
    borrowed = QImage(pixels, width, height, 3 * width, QImage.Format.Format_RGB888)
    return borrowed.convertToFormat(QImage.Format.Format_RGB32)


def from_qimage(image: QImage) -> Image:
    """(H, W, 3) uint8 of any QImage."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    bits: Any = plain.constBits()
    lines = np.frombuffer(bits.asarray(plain.sizeInBytes()), np.uint8).reshape(plain.height(), -1)
    rgb: Image = lines[:, : 3 * plain.width()].reshape(plain.height(), plain.width(), 3).copy()
    return rgb
