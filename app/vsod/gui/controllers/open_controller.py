"""How clips and projects come in: picked, dropped, or from a list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QFileDialog

from vsod.gui.panels.queue_panel import local_paths
from vsod.gui.toolkit.translation import tr
from vsod.project.project import SUFFIX as PROJECT

if TYPE_CHECKING:
    from vsod.gui.main_window import MainWindow


class Opening(QObject):
    """Takes what is to be opened.

    Args:
        window: With its parts.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.welcome.open_file.connect(self.ask_for_file)
        window.welcome.open_folder.connect(self.ask_for_folder)
        window.menus.recent.picked.connect(self.open)
        window.menus.clips.picked.connect(self.open)
        window.queue_room.opened.connect(self.open)
        window.setAcceptDrops(True)

    def open(self, path: Path) -> None:
        """Open a video file, a folder of frames, or a project."""
        self._window.banner.hide()
        if path.suffix == PROJECT:
            self._window.projects.open(path)
        else:
            self._window.tasks.open(path.absolute())

    def open_all(self, paths: Sequence[Path]) -> None:
        """Open the first of some clips; if there are several, put all of them into the queue."""
        self.open(paths[0])
        if len(paths) > 1:
            self._window.queue_room.add_clips(paths)

    def ask_for_file(self) -> None:
        """Let the user pick a video."""
        folder = str(self._window.prefs.last_folder)
        name, _ = QFileDialog.getOpenFileName(self._window, tr("Open video"), folder)
        self._picked(name)

    def ask_for_folder(self) -> None:
        """Let the user pick a folder of frames."""
        folder = str(self._window.prefs.last_folder)
        self._picked(QFileDialog.getExistingDirectory(self._window, tr("Open folder of frames"), folder))

    def aim(self, event: QDropEvent) -> None:
        """Take local files and folders that hover over the window."""
        if local_paths(event):
            self._window.welcome.set_aimed(True)
            event.acceptProposedAction()

    def drop(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        self._window.welcome.set_aimed(False)
        if paths := local_paths(event):
            event.acceptProposedAction()
            self.open_all(paths)

    def _picked(self, name: str) -> None:
        if name:
            self.open(Path(name))
