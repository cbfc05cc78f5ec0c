"""The menu of the metric tracks: which ones the timeline shows, remembered."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu, QWidget

from vsod.gui.timeline.track_layout import METRICS
from vsod.gui.toolkit.preferences import Preferences
from vsod.gui.toolkit.translation import tr
from vsod.qc.frame_metrics import Metric
from vsod.qc.motion_trust import TRUST_METRICS


class MetricsMenu(QObject):
    """A tick for each metric; those of the trust of motion have tracks where it was measured.

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
        self.menu.addSeparator()
        shown = preferences.get_text("trust_tracks").split(",")
        self._trust = {
            "mean": (tr("Trust of motion"), TRUST_METRICS[:1]),
            "scales": (tr("Trust of motion, each scale"), TRUST_METRICS[1:]),
        }
        self._ticks: dict[str, QAction] = {}
        for name, (title, _) in self._trust.items():
            action = self._ticks[name] = QAction(title, self.menu)
            action.setObjectName(f"trust_{name}")
            action.setCheckable(True)
            action.setChecked(name in shown)
            action.triggered.connect(self._choose)
            self.menu.addAction(action)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Those that are ticked, from top to bottom."""
        usual = tuple(metric for metric, action in self._actions.items() if action.isChecked())
        trust = [self._trust[name][1] for name, action in self._ticks.items() if action.isChecked()]
        return usual + tuple(metric for metrics in trust for metric in metrics)

    def show_trust(self) -> None:
        """Show the trust of motion, that was just measured, if nobody has chosen how."""
        if not any(action.isChecked() for action in self._ticks.values()):
            self._ticks["mean"].trigger()

    def _choose(self) -> None:
        hidden = [metric.id for metric, action in self._actions.items() if not action.isChecked()]
        self._preferences.set_text("hidden_metrics", ",".join(hidden))
        trust = [name for name, action in self._ticks.items() if action.isChecked()]
        self._preferences.set_text("trust_tracks", ",".join(trust))
        self.chosen.emit(self.metrics)
