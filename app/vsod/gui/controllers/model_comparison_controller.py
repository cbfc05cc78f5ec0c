"""The comparison of models in the window: its dialog, its job, its outcome."""

from __future__ import annotations

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtWidgets import QWidget

from vsod.errors import Cancelled
from vsod.gui.controllers.shot_scope import ShotScope
from vsod.gui.dialogs.model_comparison_dialog import ModelComparisonDialog
from vsod.gui.toolkit.pipeline_interface import ModelChoice
from vsod.gui.workspace.window_context import WindowContext

COMPARE_JOB = "compare"


class ModelComparisonController(QObject):
    """Opens the dialog and does what it asks for.

    Args:
        room: The parts of the window.
        scope: Whether the model is for a shot, and which.
        window: Parent of the dialog.
    """

    def __init__(self, room: WindowContext, scope: ShotScope, window: QWidget) -> None:
        super().__init__(window)
        self._scope = scope
        self._within: range | None = None
        self._state, self._jobs, self._analysis = room.clip_state, room.jobs, room.workspace.analysis
        self._document, self._window = room.document, window
        self._models: list[ModelChoice] = []
        self.dialog: ModelComparisonDialog | None = None
        room.jobs.models_listed.connect(self._on_models)
        room.jobs.progressed.connect(self._on_progress)
        room.jobs.failed.connect(self._on_failed)

    def ask(self) -> None:
        """Show the dialog."""
        clip, model = self._state.clip, self._analysis.model
        if clip is None or model is None or self._jobs.busy or len(self._models) < 2:
            return
        self._within = self._scope.frames
        self.dialog = dialog = ModelComparisonDialog(
            clip.info, self._models, model, self._window, self._within
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(lambda _code: self._forget())
        dialog.wanted.connect(self._run)
        dialog.stopped.connect(self._stop)
        dialog.chosen.connect(self._choose)
        dialog.open()

    def _run(self, models: list[str], count: int) -> None:
        work = self._document.current_clip
        if work is not None:
            self._jobs.compare_models(
                models, count, work.settings, self._analysis.device, self._show, self._within
            )

    def _show(self, tasting: object) -> None:
        if self.dialog is not None:
            self.dialog.show_comparison(tasting)  # type: ignore[arg-type]

    def _choose(self, model: str) -> None:
        box = self._analysis.model_box
        box.setCurrentIndex(box.findData(model))

    def _stop(self) -> None:
        if self._jobs.busy == COMPARE_JOB:
            self._jobs.cancel()

    def _forget(self) -> None:
        self.dialog = None

    def _on_models(self, models: list[ModelChoice]) -> None:
        self._models = [model for model in models if not model.problem]

    def _on_progress(self, progress: object) -> None:
        if self.dialog is not None and self._jobs.busy == COMPARE_JOB:
            self.dialog.show_progress(progress)  # type: ignore[arg-type]

    def _on_failed(self, name: str, error: Exception) -> None:
        if name != COMPARE_JOB or self.dialog is None:
            return
        if isinstance(error, Cancelled):
            self.dialog.show_stopped()
        else:
            self.dialog.show_failure(str(error))
