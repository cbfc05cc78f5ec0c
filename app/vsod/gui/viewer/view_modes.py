"""The view modes: what is laid over the picture, by the id of the action that shows it."""

from __future__ import annotations

from vsod.core.overlay import Overlay

VIEW_MODES: dict[str, Overlay] = {
    "show_picture": Overlay.NONE,
    "show_tint": Overlay.TINT,
    "show_heat": Overlay.HEAT,
    "show_matte": Overlay.MATTE,
    "show_cutout": Overlay.CUTOUT,
    "show_contour": Overlay.CONTOUR,
    "show_difference": Overlay.DIFFERENCE,
}
