"""The menu of clips opened lately."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QMenu, QWidget

from vsod.core.safe_text import sanitise
from vsod.gui.toolkit.plain_text import inert
from vsod.gui.toolkit.preferences import Preferences
from vsod.gui.toolkit.translation import tr


class RecentMenu(QMenu):
    """Filled anew each time it is opened."""

    picked = pyqtSignal(object)  # Path

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(tr("Open recen&t"), parent)
        self._preferences = preferences
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """List the clips, newest first."""
        self.clear()
        for path in self._preferences.recent:
            action = self.addAction(sanitise(path.name).replace("&", "&&"))
            if action is not None:
                action.setToolTip(inert(str(path)))
                action.triggered.connect(partial(self._pick, path))
        if self.isEmpty():
            empty = self.addAction("Nothing yet")
            if empty is not None:
                empty.setEnabled(False)

    def _pick(self, path: Path, _checked: bool = False) -> None:
        self.picked.emit(path)
