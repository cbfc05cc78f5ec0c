"""Menus of the viewer that are no simple deeds: what lies behind a cut-out, and what is compared."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QAction, QActionGroup
from PyQt6.QtWidgets import QColorDialog, QFileDialog, QMenu, QWidget

from vsod.core.safe_text import sanitise
from vsod.gui.playback.frame_renderer import BLUR, CHECKER, RAW_MAP, SOURCE
from vsod.gui.toolkit.pipeline_interface import ModelChoice
from vsod.gui.toolkit.preferences import Preferences
from vsod.gui.toolkit.translation import tr
from vsod.gui.viewer.comparison import compare_title

_GROUNDS = {
    CHECKER: "Checkerboard",
    "000000": "Black",
    "FFFFFF": "White",
    "757575": "18 % grey",
    "00B140": "Green",
    BLUR: "Blurred surroundings",
}
_READINGS = {
    "right": "Correct",
    "as premultiplied": "Straight file read as premultiplied",
    "as straight": "Premultiplied file read as straight",
}


class ViewMenus(QObject):
    """Two menus; a choice is told as fields of the :class:`vsod.gui.playback.frame_renderer.ViewState`."""

    chosen = pyqtSignal(dict)

    def __init__(self, preferences: Preferences, parent: QWidget) -> None:
        super().__init__(parent)
        self._window, self._preferences = parent, preferences
        self.background = QMenu(tr("&Background of the cutout"), parent)
        self.background.setObjectName("background")
        self._grounds = QActionGroup(self)
        for value, title in _GROUNDS.items():
            self._add(self.background, self._grounds, tr(title), "background", value, value == CHECKER)
        self._colour = self.background.addAction(tr("Colour…"))
        self._still = self.background.addAction(tr("Still image…"))
        for action, ask in ((self._colour, self._ask_colour), (self._still, self._ask_still)):
            if action is not None:
                action.triggered.connect(ask)
        self.background.addSeparator()
        head = self.background.addAction(
            tr("Alpha interpretation")
        )  # a section's text is not shown by the style
        if head is not None:
            head.setEnabled(False)
        readings = QActionGroup(self)
        for value, title in _READINGS.items():
            self._add(self.background, readings, tr(title), "alpha_interpretation", value, value == "right")
        self.against = QMenu(tr("Compare with"), parent)
        self.against.setObjectName("against")
        self._published = QMenu(tr("Published systems"), parent)
        self._others = QActionGroup(self)
        self.set_models([])

    def set_models(self, models: Iterable[ModelChoice]) -> None:
        """The models that can be compared with; published systems have a menu of their own."""
        for action in self._others.actions():
            self._others.removeAction(action)
        self.against.clear()
        self._published.clear()
        for value in (RAW_MAP, SOURCE):
            title = compare_title(value)
            self._add_other(self.against, title[:1].upper() + title[1:], value)
        for model in models:
            menu = self._published if model.published else self.against
            self._add_other(menu, sanitise(model.title).replace("&", "&&"), model.id)
        if not self._published.isEmpty():
            self.against.addMenu(self._published)

    def _add_other(self, menu: QMenu, title: str, value: str) -> None:
        self._add(menu, self._others, title, "compare_with", value, value == RAW_MAP)

    def _add(
        self, menu: QMenu, group: QActionGroup, title: str, field: str, value: str, checked: bool
    ) -> None:
        action = QAction(title, menu)
        action.setCheckable(True)
        action.setChecked(checked)
        action.setObjectName(f"{field}:{value}")
        action.triggered.connect(lambda _checked=False: self.chosen.emit({field: value}))
        group.addAction(action)
        menu.addAction(action)

    def _ask_colour(self) -> None:
        colour = QColorDialog.getColor(parent=self._window, title=tr("Background colour of the cutout"))
        if colour.isValid():
            self.chosen.emit({"background": colour.name()[1:].upper()})

    def _ask_still(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self._window,
            tr("Background image of the cutout"),
            str(self._preferences.folder("still")),
            tr("Pictures (*.png *.jpg *.jpeg *.bmp *.webp)"),
        )
        if name and Path(name).is_file():
            self._preferences.remember_folder("still", Path(name).parent)
            self.chosen.emit({"background": name})
