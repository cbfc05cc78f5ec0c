"""From the open clip to an export: the dialog, the job, what is remembered for the next."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt, pyqtBoundSignal, pyqtSignal
from PyQt6.QtWidgets import QWidget

from vsod.core.job import JobSpec
from vsod.errors import UsageError, VsodError
from vsod.gui.dialogs.export_dialog import ExportDialog
from vsod.gui.jobs.job_thread import JobThread
from vsod.gui.toolkit.translation import tr
from vsod.gui.workspace.window_context import WindowContext
from vsod.pipeline.job_queue import QueuedJob

if TYPE_CHECKING:
    from vsod.pipeline.job_estimate import JobEstimate


_log = logging.getLogger(__name__)


class ExportController(QObject):
    """Asks what to write and hands it to the queue, to be done next or in turn.

    Args:
        room: The parts of the window.
        parent: The window.
    """

    wanted_now = pyqtSignal(object, int)  # JobSpec, frames: a job that is done next
    queued = pyqtSignal(object, int)  # JobSpec, frames: a job that waits its turn

    def __init__(self, room: WindowContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._document, self._state, self._player = room.document, room.clip_state, room.player
        self._workspace, self._jobs, self._preferences, self._window = (
            room.workspace,
            room.jobs,
            room.preferences,
            parent,
        )
        self.dialog: ExportDialog | None = None
        self._sent: set[Path] = set()  # outputs of jobs that were set up here
        self._estimating: JobThread | None = None
        self._asked: object = None  # the question whose answer is wanted

    def ask(self) -> None:
        """Show the export dialog."""
        clip, work = self._state.clip, self._document.current_clip
        if clip is None or work is None or not self._jobs.formats:
            return
        self._player.pause()
        self.dialog = ExportDialog(
            clip.info,
            self._jobs.formats,
            work.job(clip.info.path, self._workspace.analysis.device),
            self._preferences.output_folder("export"),
            self._window,
        )
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.exported.connect(self.export)
        self.dialog.queued.connect(self._queue)
        self.dialog.estimate_asked.connect(self._estimate)
        self.dialog.finished.connect(self._stop_estimate)
        self.dialog.closed.connect(self._keep)
        self.dialog.open()

    def export(self, spec: JobSpec) -> None:
        """Write it, before all that waits in the queue; an analysis that runs comes to its end first."""
        self._send(spec, self.wanted_now)

    def _queue(self, spec: JobSpec) -> None:
        self._send(spec, self.queued)

    def _send(self, spec: JobSpec, signal: pyqtBoundSignal) -> None:
        clip = self._state.clip
        if clip is not None:
            self._preferences.set_text("format", spec.settings.format or "")
            self._sent.add(spec.output)
            signal.emit(spec, len(spec.frames(clip.info.frame_count)))

    def _estimate(self, spec: JobSpec) -> None:
        self._stop_estimate()
        dialog, asked = self.dialog, object()
        self._asked = asked

        def done(cost: JobEstimate | VsodError) -> None:
            if self._asked is asked and dialog is not None and spec == _known(dialog):
                dialog.cost.show_cost(cost)

        self._estimating = self._jobs.estimate(spec, done)

    def _stop_estimate(self) -> None:
        if self._estimating is not None:
            self._estimating.cancel.set()
            self._estimating = self._asked = None

    def remember(self, item: QueuedJob) -> None:
        """A job is over: the next export goes to the folder of one that was set up here and went well."""
        if item.spec.output in self._sent and item.state != "failed":
            self._preferences.remember_output("export", item.spec.output.parent, item.spec.source)
        self._sent.discard(item.spec.output)

    def _keep(self, spec: JobSpec | None) -> None:
        if spec is not None:
            self._document.end_edit()
            self._document.edit(
                tr("Export settings"), format=spec.settings.format, export=spec.settings.export
            )


def _known(dialog: ExportDialog) -> JobSpec | None:
    """The job as set in the dialog now, None if it cannot be done."""
    try:
        return dialog.spec
    except UsageError as error:
        _log.debug("no job yet: %s", error)
        return None
