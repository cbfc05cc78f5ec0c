"""The queue in the window: its dock, its dialogs, and what it says about itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QDockWidget, QFileDialog, QMainWindow

from vsod.core.clip import ClipInfo
from vsod.core.job import JobSpec
from vsod.core.safe_text import sanitise
from vsod.errors import DataError, VsodError
from vsod.gui.controllers.outcome_messages import OutcomeMessages
from vsod.gui.controllers.queue_controller import QueueController
from vsod.gui.controllers.settings_controller import SettingsController
from vsod.gui.dialogs import queue_questions
from vsod.gui.dialogs.export_dialog import ExportDialog
from vsod.gui.jobs.clip_jobs import QUEUE_JOB
from vsod.gui.panels.queue_panel import QueuePanel, progress_words
from vsod.gui.toolkit.file_filters import file_filters
from vsod.gui.toolkit.translation import tr
from vsod.gui.workspace.window_context import WindowContext
from vsod.pipeline.job_queue import FINISHED_STATES, QueuedJob
from vsod.project.project import ProjectClip

_HEIGHT = 210  # points to begin with
_OWN_WINDOW = 760, 320
_LOW = 900  # points: a window that is lower has no room for a queue below the timeline


class QueueDock(QDockWidget):
    """A dock below the timeline; a window of its own where there is no room for it, or where it is dragged.

    Args:
        room: The parts of the window.
        editing: Knows what a clip begins with.
        messages: Tell the end of an export.
        window: Gets the dock.
    """

    opened = pyqtSignal(object)  # QueuedJob whose clip is to be opened, with its settings
    finished_first = pyqtSignal()  # what was to be finished before quitting is

    def __init__(
        self, room: WindowContext, editing: SettingsController, messages: OutcomeMessages, window: QMainWindow
    ) -> None:
        super().__init__(tr("Queue"), window)
        self.setObjectName("queueDock")
        self._document, self._editing, self._jobs = room.document, editing, room.jobs
        self._state, self._window, self._messages = room.clip_state, window, messages
        self._banner, self._preferences, self._status = room.banner, room.preferences, room.status
        self.control = QueueController(room.jobs, self._decided, lambda: room.workspace.analysis.device, self)
        self.queue = self.control.model
        speeds = room.preferences.speeds
        room.jobs.timed.connect(lambda model, device, fps: speeds.update({(model, device): fps}))
        self.queue.speed = lambda spec: speeds.get((spec.settings.model, spec.device), 0.0)
        self.panel = QueuePanel(self.queue)
        self.setWidget(self.panel)
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetClosable
            | QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetFloatable
        )
        window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self)
        window.resizeDocks([self], [_HEIGHT], Qt.Orientation.Vertical)
        self.hide()
        self.dialog: ExportDialog | None = None
        self._shown_when_done: set[str] = set()  # jobs whose end is told above the picture
        self._quitting = False
        self.panel.run_asked.connect(self._run)
        self.panel.add_asked.connect(self._ask_for_clips)
        self.panel.dropped.connect(self.add_clips)
        self.panel.opened.connect(self.opened)
        self.panel.settings_asked.connect(self._ask_for_settings)
        self.panel.use_asked.connect(self._use)
        self.queue.refused.connect(room.banner.show_error)
        self.control.finished.connect(self._on_finished)
        self.control.rested.connect(self._on_rested)
        self.queue.changed.connect(self._tell_status)
        self.queue.progressed.connect(lambda _progress: self._tell_status())

    def setVisible(self, visible: bool) -> None:
        """Show it below the timeline, or in a window of its own where the main window is low."""
        if visible and self.isHidden() and not self.isFloating() and self._window.height() < _LOW:
            self.setFloating(True)
            self.resize(QSize(*_OWN_WINDOW).boundedTo(self._window.size()))
            middle = self._window.frameGeometry().center()
            self.move(middle - self.rect().center())
        super().setVisible(visible)

    def add(self, spec: JobSpec, frames: int) -> None:
        """Put a job last and show the list."""
        if self.queue.add(spec, frames) is not None:
            self.show()

    def export_now(self, spec: JobSpec, frames: int) -> None:
        """Do a job before all that wait; its end is told above the picture."""
        item = self.queue.add(spec, frames)
        if item is None:
            return
        if not self.queue.owned:
            self.show()
            self._banner.show_note(
                tr("Another window works on the queue"),
                tr("It writes {name} when its turn comes.").format(name=sanitise(spec.output.name)),
            )
            return
        self._shown_when_done.add(item.id)
        self.control.run_now(item.id)

    def may_quit(self) -> bool:
        """Ask what becomes of the job that runs; True if the window may close now."""
        if self._jobs.busy != QUEUE_JOB:
            return True
        answer = queue_questions.ask_how_to_quit(self._window, len(self.queue.waiting_jobs))
        self._quitting = answer == "finish"
        if self._quitting:
            self._status.show_text(tr("Closes when the queue is done"))
        return answer == "stop"

    def add_clips(self, paths: Sequence[Path]) -> None:
        """Append clips to the queue, each with its own settings or the defaults, and show the queue."""
        self.show()
        self.control.add_clips([path.absolute() for path in paths])

    def offer(self) -> None:
        """Say that jobs of an earlier run still wait."""
        if self.queue.jobs.problem:
            self._banner.show_error(DataError(self.queue.jobs.problem, fix=self._kept()))
            return
        left = len(self.queue.waiting_jobs)
        if left and not self.queue.owned:
            self.show()
        elif left:
            self.show()
            words = tr("1 job waits in the queue") if left == 1 else tr("{left} jobs wait in the queue")
            self._banner.show_offer(
                words.format(left=left),
                tr("They resume where they stopped."),
                tr("Continue"),
                self.control.start,
            )

    # ---- inside

    def _run(self, at_work: bool) -> None:
        if at_work:
            self.control.start()
        elif self._jobs.busy != QUEUE_JOB:
            self.control.pause()
        elif (answer := queue_questions.ask_how_to_pause(self._window)) != "no":
            self.control.pause(after_job=answer == "after")

    def _tell_status(self) -> None:
        running = next((item for item in self.queue.jobs if item.state == "running"), None)
        if running is None or not self.queue.owned:
            self._status.show_queue("", None)
            return
        over = sum(item.state in FINISHED_STATES for item in self.queue.jobs)
        total = over + 1 + len(self.queue.waiting_jobs)
        name = sanitise(running.spec.output.name)
        if total > 1:
            name = tr("Job {number} of {total}: {name}").format(number=over + 1, total=total, name=name)
        words = [name]
        progress = self.queue.progress
        if progress is not None:
            words += progress_words(progress)
        self._status.show_queue("  ·  ".join(words), progress)

    def _on_rested(self) -> None:
        if self._quitting:
            self._quitting = False
            self.finished_first.emit()

    def _kept(self) -> str:
        moved = self.queue.jobs.moved
        return tr("It is kept as {name}; the queue begins empty.").format(name=moved.name) if moved else ""

    def _decided(self, path: Path) -> ProjectClip:
        project = self._document.project
        place = project.find(path)
        return project.clips[place] if place >= 0 else self._editing.default_settings(path)

    def _ask_for_clips(self) -> None:
        folder = str(self._preferences.folder("queue"))
        names, _ = QFileDialog.getOpenFileNames(self, tr("Add clips"), folder, file_filters())
        if names:
            self._preferences.remember_folder("queue", Path(names[0]).parent)
            self.add_clips([Path(name) for name in names])

    def _ask_for_settings(self, id: str) -> None:
        item = self.queue.jobs[id]

        def found(info: ClipInfo | VsodError) -> None:
            if isinstance(info, VsodError):
                self._banner.show_error(info)
            elif self.queue.jobs[id].state != "running":
                self._set_up(id, info)

        self._jobs.probe(item.spec.source, found, item.spec.settings.source_settings)

    def _set_up(self, id: str, info: ClipInfo) -> None:
        before = self.queue.jobs[id].spec
        dialog = self.dialog = ExportDialog(
            info, self._jobs.formats, before, before.output.parent, self, for_queue=True
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def take(spec: JobSpec) -> None:
            frames = len(spec.frames(info.frame_count))
            self.queue.change(id, spec, frames)

        dialog.queued.connect(take)
        dialog.open()

    def _use(self, ids: Sequence[str]) -> None:
        work = self._document.current_clip
        if work is not None:
            self.queue.apply_settings(ids, work)

    def _on_finished(self, item: QueuedJob) -> None:
        if item.id in self._shown_when_done:
            self._shown_when_done.discard(item.id)
            self._messages.exported(item)
        work = self._document.current_clip
        if work is not None and work.path == item.spec.source:
            self._jobs.reload_maps(self._state.clipped(work.settings))
