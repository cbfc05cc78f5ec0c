"""The menu of the tint: its colour and its strength, remembered."""

from __future__ import annotations

import re
from collections.abc import Mapping

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QAction, QActionGroup, QColor
from PyQt6.QtWidgets import QColorDialog, QMenu, QWidget

from vsod.core.overlay import RGB, TINT_COLOR, TINT_STRENGTH
from vsod.gui.toolkit.preferences import Preferences
from vsod.gui.toolkit.translation import tr


def _hex(color: RGB) -> str:
    return bytes(color).hex().upper()


COLOURS = {
    _hex(TINT_COLOR): "Magenta",
    "FFD800": "Yellow",
    "00C8FF": "Cyan",
    "2060FF": "Blue",
    "00D060": "Green",
    "FFFFFF": "White",
}
_STRENGTHS = (0.3, 0.45, TINT_STRENGTH, 0.75, 0.9)


class TintMenu(QObject):
    """A colour and a strength to choose; told as fields of the :class:`vsod.gui.playback.frame_renderer.ViewState`.

    Args:
        preferences: Remember both.
        parent: The window.
    """

    chosen = pyqtSignal(dict)

    def __init__(self, preferences: Preferences, parent: QWidget) -> None:
        super().__init__(parent)
        self._window, self._preferences = parent, preferences
        self.menu = QMenu(tr("Tint colour"), parent)
        self.menu.setObjectName("tint")
        self._colours = self._group({f"tint:{value}": tr(title) for value, title in COLOURS.items()})
        self._own = self.menu.addAction(tr("Colour…"))
        if self._own is not None:
            self._own.setCheckable(True)
            self._own.triggered.connect(self._ask)
        self.menu.addSeparator()
        self._strengths = self._group({f"strength:{share:g}": f"{share:.0%}" for share in _STRENGTHS})
        self._tick()

    @property
    def values(self) -> dict[str, object]:
        """What is chosen."""
        return {"tint_color": self.color, "tint_strength": self.strength}

    @property
    def color(self) -> RGB:
        """Of the tint; a remembered word that is no colour counts as none."""
        text = self._preferences.get_text("tint_color")
        if not re.fullmatch("[0-9A-Fa-f]{6}", text):
            return TINT_COLOR
        red, green, blue = bytes.fromhex(text)
        return red, green, blue

    @property
    def strength(self) -> float:
        """0..1, how much dye where the matte is full."""
        return min(self._preferences.number("tint_strength", f"{TINT_STRENGTH:g}"), 1.0)

    def _group(self, titles: Mapping[str, str]) -> dict[str, QAction]:
        group, actions = QActionGroup(self), {}
        for name, title in titles.items():
            kind, _, value = name.partition(":")
            action = actions[value] = QAction(title, self.menu)
            action.setObjectName(name)
            action.setCheckable(True)
            key = "tint_color" if kind == "tint" else "tint_strength"
            action.triggered.connect(lambda _checked=False, key=key, value=value: self._choose(key, value))
            group.addAction(action)
            self.menu.addAction(action)
        # a colour of one's own ticks none of them
        group.setExclusionPolicy(QActionGroup.ExclusionPolicy.ExclusiveOptional)
        return actions

    def _choose(self, key: str, value: str) -> None:
        self._preferences.set_text(key, value)
        self._tick()
        self.chosen.emit(self.values)

    def _ask(self) -> None:
        now = QColor(*self.color)
        colour = QColorDialog.getColor(now, self._window, tr("Colour of the tint"))
        if colour.isValid():
            self._choose("tint_color", colour.name()[1:].upper())
        self._tick()

    def _tick(self) -> None:
        colour = _hex(self.color)
        for value, action in self._colours.items():
            action.setChecked(value == colour)
        if self._own is not None:
            self._own.setChecked(colour not in self._colours)
        for value, action in self._strengths.items():
            action.setChecked(float(value) == self.strength)
