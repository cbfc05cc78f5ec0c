"""Overlays that show a matte on its picture. 8 bits in, 8 bits out.

Everything is integer arithmetic on bands of rows that fit the processor's cache:
a 1080p picture takes about 10 ms on one core, which leaves room to play at 25 fps.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from vsod.core.arrays import Image

RGB = tuple[int, int, int]

TINT_COLOR: RGB = (255, 64, 129)
"""Magenta: rare in nature. Without red or green cones it is close to skin and leaves: others can be chosen."""

TINT_STRENGTH = 0.6
"""How much dye where the matte is full."""

OUTLINE_COLOR: RGB = (255, 221, 51)
"""Yellow, between two lines of black: stands out on light and on dark."""

MORE_COLOR: RGB = (245, 130, 32)
LESS_COLOR: RGB = (60, 140, 255)
"""Orange and blue, told apart by every kind of colour vision."""

AlphaInterpretation = Literal["right", "as premultiplied", "as straight"]

_BAND = 16  # rows per step; measured best between 8 and 32 at 1080p and 4K
_CHECKER: tuple[int, int] = (92, 128)

# 0..256 parts by alpha 0..255
_SHARES = np.arange(256, dtype=np.uint16) + (np.arange(256, dtype=np.uint16) >> 7)

# Dark violet to pale yellow in steps of even lightness (after inferno); lightness alone carries
# the order, so it reads the same in grey and without red or green cones.
_HEAT_ANCHORS: tuple[RGB, ...] = (
    (0, 0, 4),
    (40, 11, 84),
    (101, 21, 110),
    (159, 42, 99),
    (212, 72, 66),
    (245, 125, 21),
    (250, 193, 39),
    (252, 255, 164),
)


class Overlay(enum.Enum):
    """What the viewer shows."""

    NONE = "none"
    TINT = "tint"
    HEAT = "heat"
    MATTE = "matte"
    CUTOUT = "cutout"
    CONTOUR = "contour"
    DIFFERENCE = "difference"


def draw_overlay(
    overlay: Overlay,
    rgb: Image,
    alpha: Image | None,
    *,
    background: Image | None = None,
    reading: AlphaInterpretation = "right",
    other: Image | None = None,
    tint_color: RGB = TINT_COLOR,
    tint_strength: float = TINT_STRENGTH,
) -> Image:
    """Show ``alpha`` over ``rgb`` the way ``overlay`` says.

    Args:
        overlay: The view.
        rgb: (H, W, 3) picture.
        alpha: (H, W) matte, 255 = subject; None where there is no matte yet.
        background: (H, W, 3) behind a cut-out; None for grey squares.
        reading: How a program takes the cut-out's colour, see :func:`as_misread_alpha`.
        other: (H, W) matte to compare with, for the difference.
        tint_color: The tint's dye.
        tint_strength: 0..1, how much of it.

    Returns:
        (H, W, 3). ``rgb`` itself, not a copy, if there is nothing to lay over it.
    """
    if alpha is None or overlay is Overlay.NONE:
        return rgb
    if overlay is Overlay.TINT:
        return tint(rgb, alpha, tint_color, tint_strength)
    if overlay is Overlay.HEAT:
        return heat_map(rgb, alpha)
    if overlay is Overlay.MATTE:
        return matte(alpha)
    if overlay is Overlay.CONTOUR:
        return contour(rgb, alpha)
    if overlay is Overlay.DIFFERENCE:
        return rgb if other is None else difference(rgb, alpha, other)
    if reading != "right":
        return as_misread_alpha(
            rgb,
            alpha,
            checkerboard(rgb.shape[0], rgb.shape[1]) if background is None else background,
            reading,
        )
    return cutout(rgb, alpha) if background is None else over(rgb, alpha, background)


def to_u8(alpha: npt.NDArray[np.float32]) -> Image:
    """An alpha of 0..1 (values outside are clipped) as 0..255, rounded to nearest."""
    scaled = alpha * np.float32(255)
    scaled += np.float32(0.5)
    np.clip(scaled, 0, 255, out=scaled)
    return scaled.astype(np.uint8)


def tint(rgb: Image, alpha: Image, color: RGB = TINT_COLOR, strength: float = TINT_STRENGTH) -> Image:
    """The picture with the subject dyed.

    Args:
        rgb: (H, W, 3) picture.
        alpha: (H, W) matte.
        color: The dye.
        strength: 0..1, how much dye where alpha is 255.
    """
    weight = np.rint(np.arange(256) * (strength * 256 / 255)).astype(np.uint16)
    # the dye takes part with its weight, the picture with the rest
    return _mix(rgb, alpha, (256 - weight).astype(np.uint16), _plain(color, rgb.shape[1]))


def heat_map(rgb: Image, alpha: Image) -> Image:
    """A colour map of the matte, three parts over one part picture."""
    shade = (heat_map_colours().astype(np.uint16) * 3 // 4).astype(np.uint8)
    out = np.take(shade, alpha, axis=0)
    out += rgb >> 2
    return out


def matte(alpha: Image) -> Image:
    """The matte itself, white on black, as (H, W, 3)."""
    return np.repeat(alpha, 3, axis=1).reshape(*alpha.shape, 3)


def cutout(rgb: Image, alpha: Image, checker: int = 16) -> Image:
    """The subject on the grey squares that mean "transparent".

    Args:
        rgb: (H, W, 3) picture.
        alpha: (H, W) matte.
        checker: Side of a square in pixels.
    """
    return over(rgb, alpha, checkerboard(rgb.shape[0], rgb.shape[1], checker))


@lru_cache(maxsize=2)
def checkerboard(height: int, width: int, side: int = 16) -> Image:
    """(height, width, 3) grey squares of ``side`` pixels; read-only."""
    dark, light = _CHECKER
    odd = np.arange(width) // side % 2 ^ (np.arange(height) // side % 2)[:, None]
    picture = matte(np.where(odd, dark, light).astype(np.uint8))
    picture.flags.writeable = False
    return picture


def over(rgb: Image, alpha: Image, background: Image) -> Image:
    """The subject on a ground.

    Args:
        rgb: (H, W, 3) picture.
        alpha: (H, W) matte.
        background: (H, W, 3).
    """
    flat = background.reshape(len(background), -1)
    return _mix(rgb, alpha, _SHARES, lambda top, rows: flat[top : top + rows].astype(np.uint16))


def as_misread_alpha(rgb: Image, alpha: Image, background: Image, reading: AlphaInterpretation) -> Image:
    """A cut-out over a ground in a program that takes its alpha for the other kind.

    Args:
        rgb: (H, W, 3) picture.
        alpha: (H, W) matte.
        background: (H, W, 3).
        reading: ``"as premultiplied"``: the file is straight, its colour is added whole, edges glow;
            ``"as straight"``: the file is premultiplied, its colour is multiplied once more, edges are dark.
    """
    import cv2  # not before a picture is there: the window is on screen first

    weight = matte(alpha)
    behind = cv2.multiply(background, 255 - weight, scale=1 / 255)
    front = rgb
    if reading == "as straight":
        front = cv2.multiply(cv2.multiply(rgb, weight, scale=1 / 255), weight, scale=1 / 255)  # type: ignore[assignment]
    return np.asarray(cv2.add(front, behind), np.uint8)


def contour(rgb: Image, alpha: Image, color: RGB = OUTLINE_COLOR) -> Image:
    """The picture with a line round the subject, where alpha is a half.

    Args:
        rgb: (H, W, 3) picture.
        alpha: (H, W) matte.
        color: Of the line.
    """
    import cv2  # not before a picture is there: the window is on screen first

    inside = (alpha >= 128).astype(np.uint8)
    wide = max(1, round(len(alpha) / 540))
    line = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, np.ones((2 * wide + 1,) * 2, np.uint8))
    border = cv2.dilate(line, np.ones((2 * wide + 1,) * 2, np.uint8))
    out = rgb.copy()
    out[border > 0] = 0
    out[line > 0] = color
    return out


def difference(rgb: Image, alpha: Image, other: Image) -> Image:
    """Where two mattes differ: orange where the first has more, blue where it has less, on the picture dimmed.

    Args:
        rgb: (H, W, 3) picture.
        alpha: (H, W) matte.
        other: (H, W) matte it is compared with.
    """
    import cv2  # not before a picture is there: the window is on screen first

    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8) // 3
    out = matte(grey)
    for color, extra in ((MORE_COLOR, cv2.subtract(alpha, other)), (LESS_COLOR, cv2.subtract(other, alpha))):
        out = _mix(
            out,
            np.asarray(extra, np.uint8),
            256 - _SHARES,
            _plain(color, rgb.shape[1]),
        )
    return out


def heat_map_colours() -> Image:
    """(256, 3) colours of :func:`heat_map`, from nothing to certain."""
    anchors = np.array(_HEAT_ANCHORS, np.float64)
    at = np.linspace(0, 255, len(anchors))
    steps = np.arange(256)
    return np.stack([np.rint(np.interp(steps, at, anchors[:, c])) for c in range(3)], axis=1).astype(np.uint8)


def _plain(color: RGB, width: int) -> Callable[[int, int], npt.NDArray[np.uint16]]:
    """A backdrop of one colour."""
    line = np.tile(np.array(color, np.uint16), width)
    return lambda _top, _rows: line


def _mix(
    rgb: Image,
    alpha: Image,
    weight: npt.NDArray[np.uint16],
    backdrop: Callable[[int, int], npt.NDArray[np.uint16]],
) -> Image:
    """``rgb * w + backdrop * (256 - w)`` over 256, rounded, with ``w = weight[alpha]``.

    Args:
        rgb: (H, W, 3) picture.
        alpha: (H, W) matte.
        weight: (256,) share of the picture, 0..256, by alpha.
        backdrop: Gives (rows, 3 W) or (3 W,) colours from the top row and number of rows.
    """
    height, width = alpha.shape
    out = np.empty_like(rgb)
    flat_in, flat_out = rgb.reshape(height, width * 3), out.reshape(height, width * 3)
    for top in range(0, height, _BAND):
        band = slice(top, top + _BAND)
        w = np.repeat(np.take(weight, alpha[band]), 3, axis=1)
        mixed = flat_in[band] * w  # at most 255 * 256: fits 16 bits, and so does the rounding half
        np.subtract(256, w, out=w)
        w *= backdrop(top, len(w))
        mixed += w
        mixed += 128
        mixed >>= 8
        flat_out[band] = mixed
    return out
