"""How far models believe the motion, as tracks of the timeline: measured when that is asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal

from vsod.core.clip_settings import ClipSettings
from vsod.core.progress import AnalysisCoverage
from vsod.errors import Cancelled
from vsod.gui.jobs.clip_jobs import TRUST_JOB
from vsod.gui.toolkit.translation import tr
from vsod.gui.workspace.window_context import WindowContext
from vsod.qc.motion_trust import TrustValues, trust_curves


class MotionTrustController(QObject):
    """Measures the marked range, and shows what is known of the models in use.

    Args:
        room: The parts of the window.
        parent: The window.
    """

    measured = pyqtSignal()  # there is something to show that was asked for

    def __init__(self, room: WindowContext, parent: QObject) -> None:
        super().__init__(parent)
        self._room, self._jobs, self._timeline = room, room.jobs, room.workspace.timeline
        self._models: ClipSettings | None = None  # whose values are shown
        room.jobs.covered.connect(self._on_covered)
        room.jobs.failed.connect(self._on_failed)
        room.clip_state.opened.connect(lambda _clip: self._forget())
        room.clip_state.closed.connect(self._forget)

    def measure(self) -> None:
        """Measure what is not known of the marked range, or the clip."""
        settings = self._room.usable_settings
        if settings is None or self._jobs.busy:
            return
        frames, device = self._room.clip_state.marked, self._room.workspace.analysis.device

        def done(values: TrustValues) -> None:
            self._show(settings, values)
            if np.isnan(values[frames.start : frames.stop, 0]).all():
                self._room.banner.show_note(
                    tr("This model does not say how far it believes the motion"),
                    tr("DS-Net, Swift and Studio weigh picture and motion against each other, and say how."),
                )
            else:
                self.measured.emit()

        self._jobs.measure_motion_trust(settings, frames, device, done)

    # ---- messages

    def _on_covered(self, settings: ClipSettings, _coverage: AnalysisCoverage) -> None:
        """Another clip or other models: what was measured of them before is shown."""
        if settings.model_assignment != self._models:
            self._read(settings, lambda values: self._show(settings, values))

    def _on_failed(self, name: str, error: Exception) -> None:
        settings = self._room.usable_settings
        if name == TRUST_JOB and isinstance(error, Cancelled) and settings is not None:
            self._read(settings, lambda values: self._show(settings, values, told=True))

    def _read(self, settings: ClipSettings, done: Callable[[TrustValues], object]) -> None:
        self._models = settings.model_assignment
        self._jobs.read_motion_trust(settings, done)

    def _show(self, settings: ClipSettings, values: TrustValues, told: bool = False) -> None:
        self._models = settings.model_assignment
        curves = trust_curves(values)
        self._timeline.set_trust(curves)
        if told and curves:
            self.measured.emit()

    def _forget(self) -> None:
        self._models = None
        self._timeline.set_trust({})
