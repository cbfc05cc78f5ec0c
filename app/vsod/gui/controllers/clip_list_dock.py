"""The list of the project's clips beside the picture: in step with the project, with pictures and states."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QDockWidget, QMainWindow

from vsod.core.arrays import Image
from vsod.gui.jobs.clip_jobs import ClipJobs
from vsod.gui.panels.clip_list import THUMBNAIL, ClipListPanel, ClipRow
from vsod.gui.playback.frame_renderer import to_qimage
from vsod.gui.state.queue_model import QueueModel
from vsod.gui.toolkit.translation import tr
from vsod.gui.workspace.window_context import WindowContext
from vsod.qc.issues import Issue

_WIDTH = 200


class ClipListDock(QDockWidget):
    """A dock left of the picture; it shows itself when a project has a second clip.

    Args:
        room: The parts of the window.
        queue: Tells which clips are exported.
        window: Gets the dock.
    """

    opened = pyqtSignal(object)  # Path of a clip to open

    def __init__(self, room: WindowContext, queue: QueueModel, window: QMainWindow) -> None:
        super().__init__(tr("Clips"), window)
        self.setObjectName("clipsDock")
        self._document, self._state, self._queue = room.document, room.clip_state, queue
        self._jobs: ClipJobs = room.jobs
        self._states: dict[Path, str] = {}
        self._asked: set[Path] = set()
        self._loading = False
        self.panel = ClipListPanel()
        self.setWidget(self.panel)
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetClosable | QDockWidget.DockWidgetFeature.DockWidgetMovable
        )
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self)
        window.resizeDocks([self], [_WIDTH], Qt.Orientation.Horizontal)
        self.hide()
        self.panel.picked.connect(self._pick)
        self.panel.remove_asked.connect(self._remove)
        room.document.retitled.connect(self.refresh)
        room.clip_state.changed.connect(self._note_state)
        room.jobs.running.connect(lambda _name: self._load_next())
        queue.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Show the project's clips as they are now."""
        project = self._document.project
        exported = {
            item.spec.source for item in self._queue.jobs if item.state in ("done", "warnings", "skipped")
        }
        rows = []
        for work in project.clips:
            words = [self._states.get(work.path, ""), tr("exported") if work.path in exported else ""]
            rows.append(ClipRow(work.path, ", ".join(word for word in words if word)))
        current = project.current_clip
        self.panel.set_rows(rows, current.path if current else None)
        self._load_next()

    def show_for_several(self) -> None:
        """Show the list, if there is more than one clip to go to."""
        if len(self._document.project.clips) > 1:
            self.show()

    def step(self, way: int) -> None:
        """Open the next (1) or the previous (-1) clip."""
        project = self._document.project
        place = project.current + way
        if 0 <= place < len(project.clips):
            self.opened.emit(project.clips[place].path)

    def set_issues(self, issues: list[Issue], measured: bool) -> None:
        """How many issues the current clip has."""
        if measured:
            self._note_state(len(issues))

    def _note_state(self, issues: int | None = None) -> None:
        clip, state = self._state.clip, self._state.coverage
        if clip is None or not len(state.exportable):
            return
        share = round(100 * float(state.exportable.mean()))
        words = (
            tr("analysed") if share == 100 else tr("{share} % analysed").format(share=share) if share else ""
        )
        known = self._states.get(clip.info.path, "")
        if issues is not None:
            words += ", " + (tr("1 issue") if issues == 1 else tr("{count} issues").format(count=issues))
        elif ", " in known and share == 100:
            words += ", " + known.split(", ", 1)[1]
        if words != known:
            self._states[clip.info.path] = words
            self.refresh()

    def _pick(self, path: Path) -> None:
        current = self._document.current_clip
        if current is None or current.path != path:
            self.opened.emit(path)

    def _remove(self, paths: list[Path]) -> None:
        current = self._document.current_clip
        self._document.remove_clips([path for path in paths if current is None or path != current.path])

    def _load_next(self) -> None:
        """Load the picture of one clip that has none, while nothing else is to be done."""
        if self._loading or self._jobs.busy or self.isHidden():
            return
        path = next(
            (work.path for work in self._document.project.clips if work.path not in self._asked), None
        )
        if path is None:
            return
        self._loading = True
        self._asked.add(path)
        self._jobs.thumbnail(path, THUMBNAIL, lambda picture: self._show(path, picture))

    def _show(self, path: Path, picture: Image | None) -> None:
        self._loading = False
        if picture is not None:
            self.panel.set_thumbnail(path, to_qimage(picture))
        self._load_next()
