"""Opens and closes clips and projects: picked, dropped, or from a list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QFileDialog, QWidget

from vsod.core.safe_text import sanitise
from vsod.core.source_settings import SourceSettings
from vsod.gui.panels.queue_panel import local_paths
from vsod.gui.toolkit.file_filters import file_filters
from vsod.gui.toolkit.pipeline_interface import OpenClip
from vsod.gui.toolkit.translation import tr
from vsod.gui.viewer.welcome import Welcome
from vsod.gui.workspace.window_context import WindowContext
from vsod.pipeline.find_clips import DEEPER, FoundClips
from vsod.project.project import PROJECT_SUFFIX as PROJECT


class OpenController(QObject):
    """Takes what is to be opened.

    Args:
        room: The parts of the window.
        welcome: Shown while no clip is open.
        window: Parent of the dialogs.
    """

    project_picked = pyqtSignal(object)  # Path of a project's file
    several_picked = pyqtSignal(object)  # list of Path: more than one clip at once, for the project

    def __init__(self, room: WindowContext, welcome: Welcome, window: QWidget) -> None:
        super().__init__(window)
        self._room, self._welcome, self._window = room, welcome, window
        welcome.open_file.connect(self.ask_for_file)
        welcome.open_folder.connect(self.ask_for_folder)
        room.jobs.opening.connect(self._on_opening)
        room.jobs.opened.connect(self._on_opened)

    def open(self, path: Path, source_settings: SourceSettings | None = None) -> None:
        """Open a video file, a folder of frames, or a project.

        Args:
            path: What is opened.
            source_settings: How a clip is read; None as decided for it in the project, or as is usual.
        """
        self._room.banner.clear()
        if path.suffix == PROJECT:
            self.project_picked.emit(path)
        else:
            path, project = path.absolute(), self._room.document.project
            if source_settings is None:
                known = project.find(path)
                source_settings = (
                    project.clips[known].settings.source_settings
                    if known >= 0
                    else self._room.preferences.source_settings(path)
                )
            self._room.jobs.open(path, source_settings)

    def open_all(self, paths: Sequence[Path], *, recursive: bool = False) -> None:
        """Open what was given: one clip or project, or several clips, of which the first is shown.

        Folders of clips become clips; a folder of images is one, or one for each of several sequences; several images
        of a sequence are that sequence.

        Args:
            paths: Files and folders.
            recursive: Look into folders in folders, too.
        """
        paths = [path.absolute() for path in paths]
        if any(path.is_dir() for path in paths) or len(paths) > 1:
            self._room.jobs.find_clips(
                paths, recursive=recursive, done=lambda found: self._open_found(paths, found)
            )
        else:
            self._open_clips(paths)

    def _open_found(self, paths: Sequence[Path], found: FoundClips) -> None:
        deeper = [entry.path for entry in found.passed_over if entry.reason == DEEPER]
        others = [entry for entry in found.passed_over if entry.reason != DEEPER]
        if not found.clips and not deeper:
            # a folder that is opened as a clip says best what is wrong with it
            self.open(paths[0])
            return
        self._open_clips(found.clips)
        if deeper:
            self._room.banner.show_offer(
                tr("There are clips in folders further down"),
                sanitise(", ".join(path.name for path in deeper[:3])),
                tr("Open them too"),
                lambda: self.open_all(paths, recursive=True),
            )
        elif others and len(found.clips) > 1:
            told = FoundClips(passed_over=others).told()
            self._room.banner.show_note(
                tr("{count} clips").format(count=len(found.clips)), sanitise("; ".join(told))
            )

    def _open_clips(self, paths: Sequence[Path]) -> None:
        if len(paths) > 1:
            self.several_picked.emit([path for path in paths if path.suffix != PROJECT])
        if paths:
            self.open(paths[0])

    def close_clip(self) -> None:
        """Have no clip open any more."""
        if self._room.clip_state.clip is not None:
            self._room.jobs.forget_clip()
            self._room.clip_state.close()

    def ask_for_file(self) -> None:
        """Let the user pick videos, images or a project."""
        folder = str(self._room.preferences.last_folder)
        names, _ = QFileDialog.getOpenFileNames(self._window, tr("Open video"), folder, file_filters())
        self._picked(*names)

    def ask_for_folder(self) -> None:
        """Let the user pick a folder of frames."""
        folder = str(self._room.preferences.last_folder)
        self._picked(QFileDialog.getExistingDirectory(self._window, tr("Open folder of frames"), folder))

    def accept_drag(self, event: QDropEvent) -> None:
        """Take local files and folders that hover over the window."""
        if local_paths(event):
            self._welcome.set_drag_hover(True)
            event.acceptProposedAction()

    def drop(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        self._welcome.set_drag_hover(False)
        if paths := local_paths(event):
            event.acceptProposedAction()
            self.open_all(paths)

    def _picked(self, *names: str) -> None:
        if paths := [Path(name) for name in names if name]:
            self.open_all(paths)

    def _on_opening(self, name: str) -> None:
        self._welcome.set_busy(name)
        self._room.status.show_text(tr("Opening {name} …").format(name=name) if name else "")

    def _on_opened(self, clip: OpenClip) -> None:
        self._room.preferences.remember_clip(clip.info.path)
        self._room.preferences.set_text("last_size", "x".join(map(str, clip.info.display_size)))
        self._room.clip_state.open(clip)
