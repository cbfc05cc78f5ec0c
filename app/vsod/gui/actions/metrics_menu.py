"""The menu of the metric tracks: which ones the timeline shows, remembered."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu, QWidget

from vsod.gui.timeline.track_layout import METRICS
from vsod.gui.toolkit.preferences import Preferences
from vsod.gui.toolkit.translation import tr
from vsod.qc.frame_metrics import Metric


class MetricsMenu(QObject):
    """A tick for each metric.

    Args:
        preferences: Remember the choice.
        parent: The window.
    """

    chosen = pyqtSignal(object)  # tuple of Metric: those to be shown, from top to bottom

    def __init__(self, preferences: Preferences, parent: QWidget) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.menu = QMenu(tr("Metric trac&ks"), parent)
        self.menu.setObjectName("metrics")
        hidden = preferences.get_text("hidden_metrics").split(",")
        self._actions: dict[Metric, QAction] = {}
        for metric in METRICS:
            action = self._actions[metric] = QAction(tr(metric.title), self.menu)
            action.setObjectName(metric.id)
            action.setCheckable(True)
            action.setChecked(metric.id not in hidden)
            action.triggered.connect(self._choose)
            self.menu.addAction(action)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Those that are ticked, from top to bottom."""
        return tuple(metric for metric, action in self._actions.items() if action.isChecked())

    def _choose(self) -> None:
        hidden = [metric.id for metric, action in self._actions.items() if not action.isChecked()]
        self._preferences.set_text("hidden_metrics", ",".join(hidden))
        self.chosen.emit(self.metrics)
