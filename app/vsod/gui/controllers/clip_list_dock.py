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

_WIDTH = 230  # points
_WIDE = 1200  # points: a narrower window has the clips in a menu beside the name


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
        self._window, self._view_bar = window, room.workspace.view_bar
        self._document, self._state, self._queue = room.document, room.clip_state, queue
        self._jobs: ClipJobs = room.jobs
        self._analysed: dict[Path, int] = {}  # per cent
        self._issues: dict[Path, int] = {}
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
        self.visibilityChanged.connect(lambda _visible: self._follow_visibility())

    def refresh(self) -> None:
        """Show the project's clips as they are now."""
        project = self._document.project
        exported = {
            item.spec.source for item in self._queue.jobs if item.state in ("done", "warnings", "skipped")
        }
        rows = []
        for work in project.clips:
            words = [*self._words(work.path), tr("exported") if work.path in exported else ""]
            rows.append(ClipRow(work.path, ", ".join(word for word in words if word)))
        current = project.current_clip
        self.panel.set_rows(rows, current.path if current else None)
        self._offer_menu()
        self._load_next()

    def show_for_several(self) -> None:
        """Show the list, if there is more than one clip to go to and room for it."""
        if len(self._document.project.clips) > 1 and self._window.width() >= _WIDE:
            self.show()

    def _follow_visibility(self) -> None:
        self._offer_menu()
        self._load_next()

    def _offer_menu(self) -> None:
        """Where the list is not shown, a menu beside the clip's name has the clips."""
        self._view_bar.clips.setVisible(self.isHidden() and len(self._document.project.clips) > 1)

    def step(self, way: int) -> None:
        """Open the next (1) or the previous (-1) clip."""
        project = self._document.project
        place = project.current + way
        if 0 <= place < len(project.clips):
            self.opened.emit(project.clips[place].path)

    def set_issues(self, issues: list[Issue], measured: bool) -> None:
        """How many issues the current clip has."""
        clip = self._state.clip
        if measured and clip is not None and self._issues.get(clip.info.path) != len(issues):
            self._issues[clip.info.path] = len(issues)
            self.refresh()

    def _note_state(self) -> None:
        clip, exportable = self._state.clip, self._state.coverage.exportable
        if clip is None or not len(exportable):
            return
        path, share = clip.info.path, round(100 * float(exportable.mean()))
        if share < 100:
            self._issues.pop(path, None)  # those of an earlier analysis
        if self._analysed.get(path) != share:
            self._analysed[path] = share
            self.refresh()

    def _words(self, path: Path) -> list[str]:
        """How far a clip is analysed, and how many issues it has."""
        share, issues = self._analysed.get(path, 0), self._issues.get(path)
        analysed = (
            tr("analysed") if share == 100 else tr("{share} % analysed").format(share=share) if share else ""
        )
        if issues is None:
            return [analysed]
        return [analysed, tr("1 issue") if issues == 1 else tr("{count} issues").format(count=issues)]

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
        project = self._document.project
        how = project.clips[project.find(path)].settings.source_settings
        self._jobs.thumbnail(path, how, THUMBNAIL, lambda picture: self._show(path, picture))

    def _show(self, path: Path, picture: Image | None) -> None:
        self._loading = False
        if picture is not None:
            self.panel.set_thumbnail(path, to_qimage(picture))
        self._load_next()
