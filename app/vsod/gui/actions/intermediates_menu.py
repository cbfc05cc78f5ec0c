"""The menu of what can be looked at inside a network: one picture at a time instead of the overlay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QAction, QActionGroup
from PyQt6.QtWidgets import QMenu, QWidget

from vsod.core.safe_text import sanitise
from vsod.gui.toolkit.plain_text import inert
from vsod.gui.toolkit.translation import tr

if TYPE_CHECKING:
    from vsod.pipeline.clip_intermediates import MapInfo


class IntermediatesMenu(QObject):
    """A row for each picture, and one for none of them; filled when it is opened.

    Args:
        parent: The window.
    """

    chosen = pyqtSignal(str)  # the picture's name, "" for none
    opened = pyqtSignal()  # it is about to be seen

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.menu = QMenu(tr("Look inside"), parent)
        self.menu.setObjectName("inside")
        self.menu.aboutToShow.connect(self.opened)
        self._group = QActionGroup(self)
        self._chosen = ""
        self.set_maps(None)

    def set_maps(self, maps: Sequence[MapInfo] | None) -> None:
        """What there is of the model in use; None = not known yet."""
        for action in self._group.actions():
            self._group.removeAction(action)
        self.menu.clear()
        self._add(tr("Off"), "")
        self.menu.addSeparator()
        for info in maps or ():
            title = tr(info.title)
            action = self._add(f"{title[:1].upper()}{title[1:]}  ({info.name})", info.name)
            action.setToolTip(inert(info.reference))
        if maps is None:
            waiting = self.menu.addAction(tr("Asking the model …"))
            if waiting is not None:
                waiting.setEnabled(False)

    def show_chosen(self, name: str) -> None:
        """Tick what is shown."""
        self._chosen = name
        for action in self._group.actions():
            action.setChecked(action.objectName() == f"inside:{name}")

    def _add(self, text: str, name: str) -> QAction:
        action = QAction(sanitise(text).replace("&", "&&"), self.menu)
        action.setObjectName(f"inside:{name}")
        action.setCheckable(True)
        action.setChecked(name == self._chosen)
        action.triggered.connect(lambda _checked=False: self.chosen.emit(name))
        self._group.addAction(action)
        self.menu.addAction(action)
        return action
