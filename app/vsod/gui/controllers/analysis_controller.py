"""Starts and stops the analysis, and keeps the Analyse button and the progress in step with the jobs."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QObject, Qt

from vsod.core.progress import Progress
from vsod.gui.controllers.idle_analysis import IdleAnalysis
from vsod.gui.dialogs.model_details_dialog import ModelDetailsDialog
from vsod.gui.jobs.clip_jobs import QUEUE_JOB
from vsod.gui.toolkit.pipeline_interface import ModelChoice
from vsod.gui.toolkit.translation import tr
from vsod.gui.workspace.window_context import WindowContext


class AnalysisController(QObject):
    """The analysis that the user starts and cancels.

    Args:
        room: The parts of the window.
        idle_analysis: Told which models the user would analyse with.
        parent: The window.
    """

    def __init__(self, room: WindowContext, idle_analysis: IdleAnalysis, parent: QObject) -> None:
        super().__init__(parent)
        self._room, self._idle_analysis = room, idle_analysis
        self._panel, self._jobs = room.workspace.analysis, room.jobs
        room.jobs.models_listed.connect(self._on_models)
        room.jobs.timed.connect(self._on_timed)
        room.jobs.running.connect(self._on_running)
        room.jobs.progressed.connect(self._on_progress)
        room.clip_state.changed.connect(self.refresh)
        room.document.changed.connect(lambda _work: self.refresh())
        self._panel.device_changed.connect(self._on_device)
        self._panel.analyse.connect(self.analyse)
        self._panel.cancel.connect(self.cancel)
        self._panel.details_asked.connect(self._show_details)

    def analyse(self) -> None:
        """Run the network over the marked range, or the clip."""
        settings = self._room.usable_settings
        if settings is not None and self._room.clip_state.clip is not None and not self._jobs.busy:
            self._jobs.analyse(settings, self._panel.device)

    def cancel(self) -> None:
        """Stop what the user began on the current clip; files that the queue writes go on."""
        if self._jobs.busy not in ("", QUEUE_JOB):
            self._panel.set_cancelling()
            self._jobs.cancel()

    def refresh(self) -> None:
        """Word the Analyse button, and pass the settings on to the analysis while idle."""
        state, settings, panel = self._room.clip_state, self._room.usable_settings, self._panel
        self._idle_analysis.set_settings(settings, panel.device)
        within = state.coverage.exportable[state.marked.start : state.marked.stop]
        complete = state.clip is not None and len(within) > 0 and bool(within.all())
        if complete and not state.coverage.to_adapt:
            panel.set_task(tr("Analysed"), False)
            return
        if state.clip is None:
            text = tr("Analyse")
        elif complete:
            text = tr("Adapt to the clip")
        else:
            whole = len(state.marked) == state.count
            left = len(state.marked) - int(within.sum())
            if left == 1:
                text = tr("Analyse 1 frame") if whole else tr("Analyse 1 frame in range")
            else:
                text = tr("Analyse {left} frames") if whole else tr("Analyse {left} frames in range")
            text = text.format(left=left)
        panel.set_task(text, state.clip is not None and not self._jobs.busy and settings is not None)

    # ---- messages

    def _show_details(self, model: ModelChoice) -> None:
        dialog = ModelDetailsDialog(model, self._panel.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _on_models(self, models: Sequence[ModelChoice]) -> None:
        preferences, work = self._room.preferences, self._room.document.current_clip
        self._panel.set_device(preferences.get_text("device", "auto"))
        self._panel.set_models(models, work.settings.model if work else preferences.get_text("model"))
        self._room.status.show_device(self._panel.device_box.currentText())
        for (model, device), fps in preferences.speeds.items():
            self._panel.set_speed(model, device, fps)
        self.refresh()

    def _on_timed(self, model: str, device: str, fps: float) -> None:
        self._room.preferences.remember_speed(model, device, fps)
        self._panel.set_speed(model, device, fps)

    def _on_device(self, device: str) -> None:
        self._room.preferences.set_text("device", device)
        self._room.status.show_device(self._panel.device_box.currentText())

    def _on_running(self, name: str) -> None:
        mine = name not in ("", QUEUE_JOB)
        self._panel.set_running(mine)
        if mine:
            self._room.banner.clear()
        else:
            self._room.status.show_fps(0.0)
        self.refresh()

    def _on_progress(self, progress: Progress) -> None:
        if self._jobs.busy != QUEUE_JOB:
            self._panel.show_progress(progress)
        self._room.status.show_fps(progress.fps)
