"""The menu of the project's clips: going back to one brings back what was decided about it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QMenu, QWidget

from vsod.core.safe_text import sanitise
from vsod.gui.state.project_document import ProjectDocument
from vsod.gui.toolkit.plain_text import inert
from vsod.gui.toolkit.translation import tr


class ProjectClipsMenu(QMenu):
    """Filled anew each time it is opened.

    Args:
        document: Has the project.
        parent: The window.
    """

    picked = pyqtSignal(object)  # Path

    def __init__(self, document: ProjectDocument, parent: QWidget | None = None) -> None:
        super().__init__(tr("C&lips of the project"), parent)
        self._document = document
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """List the project's clips in order, the current one ticked."""
        self.clear()
        project = self._document.project
        for place, work in enumerate(project.clips):
            action = self.addAction(sanitise(work.path.name).replace("&", "&&"))
            if action is not None:
                action.setCheckable(True)
                action.setChecked(place == project.current)
                action.setToolTip(inert(str(work.path)))
                action.triggered.connect(partial(self._pick, work.path))
        if self.isEmpty():
            empty = self.addAction(tr("None yet"))
            if empty is not None:
                empty.setEnabled(False)

    def _pick(self, path: Path, _checked: bool = False) -> None:
        self.picked.emit(path)
