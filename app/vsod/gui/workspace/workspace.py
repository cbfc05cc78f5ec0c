"""The working surface: picture, transport and timeline below each other, the panels beside them."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QShowEvent
from PyQt6.QtWidgets import QPushButton, QSplitter, QVBoxLayout, QWidget

from vsod.gui.panels.analysis_panel import AnalysisPanel
from vsod.gui.panels.clip_facts import ClipFacts
from vsod.gui.panels.matte_panel import MattePanel
from vsod.gui.panels.shot_scope_bar import ShotScopeBar
from vsod.gui.panels.side_panel import SidePanel
from vsod.gui.panels.view_bar import ViewBar
from vsod.gui.timeline import track_layout
from vsod.gui.timeline.issue_list import IssueList
from vsod.gui.timeline.timeline_widget import TimelineWidget
from vsod.gui.timeline.track_layout import METRICS
from vsod.gui.timeline.transport_bar import TransportBar
from vsod.gui.toolkit.preferences import Preferences
from vsod.gui.toolkit.translation import tr
from vsod.gui.viewer.canvas import Canvas
from vsod.gui.viewer.view_modes import VIEW_MODES
from vsod.qc.frame_metrics import Metric

_BUTTONS = (
    "mark_in",
    "",
    "first",
    "previous_frame",
    "play",
    "next_frame",
    "last",
    "",
    "mark_out",
    "",
    "loop",
    "mute",
)
_COLUMNS, _ROWS = "columns", "rows"
_LOW = 560  # points: where there is no more height, the timeline begins with one metric


class Workspace(QWidget):
    """Everything that is on screen while a clip is open; its parts are divided by bars to drag.

    Args:
        actions: By id, see :mod:`vsod.gui.actions.action_table`.
        preferences: Remember where the bars are, and whether the side panel is shown.
    """

    def __init__(
        self, actions: Mapping[str, QAction], preferences: Preferences, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        overlays = [actions[name] for name in VIEW_MODES]
        zooms = [actions["fit"], actions["one_to_one"]]
        self.view_bar = ViewBar(overlays, zooms)
        self.canvas = Canvas()
        self.canvas.addActions([*overlays, *zooms])
        self.transport = TransportBar([actions[name] if name else None for name in _BUTTONS])
        self.timeline = TimelineWidget()
        self.scope = ShotScopeBar()
        self.analysis = AnalysisPanel()
        self.matte = MattePanel()
        self.facts = ClipFacts()
        self.issues = IssueList()
        self.export_button = QPushButton(tr("Export…"))
        self.export_button.clicked.connect(actions["export"].trigger)
        actions["export"].enabledChanged.connect(self.export_button.setEnabled)
        matte = self.scope, self.analysis, self.matte
        self.side_panel = SidePanel(matte, self.issues, self.facts, self.export_button)
        self.issues.titled.connect(self.side_panel.name_issues)
        self._placed = False  # the bars are where somebody or the first look put them
        self._metrics: tuple[Metric, ...] = METRICS  # shown, when tracks are shown at all

        viewer = QWidget()
        work = QVBoxLayout(viewer)
        work.setContentsMargins(0, 0, 0, 0)
        work.setSpacing(0)
        work.addWidget(self.view_bar)
        work.addWidget(self.canvas, 1)
        work.addWidget(self.transport)
        self._rows = _divided(Qt.Orientation.Vertical, viewer, self.timeline)
        self._columns = _divided(Qt.Orientation.Horizontal, self._rows, self.side_panel)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._columns)
        self._restore(preferences)

    def showEvent(self, event: QShowEvent | None) -> None:
        """The first time, and where nobody has dragged it, a low window leaves the timeline less."""
        if not self._placed:
            self._placed = True
            if self.height() < _LOW:
                low = track_layout.least_height(len(self.timeline.shown_metrics))
                self._rows.setSizes([self.height() - low, low])
        super().showEvent(event)

    def choose_metrics(self, metrics: tuple[Metric, ...]) -> None:
        """Give these metrics a track on the timeline."""
        more = len(metrics) > len(self._metrics)
        self._metrics = metrics
        self._show_metrics(metrics)
        high = self.timeline.sizeHint().height()
        if more and self.isVisible() and self._rows.sizes()[1] < high:
            self._rows.setSizes([max(sum(self._rows.sizes()) - high, 0), high])

    def toggle_metrics(self) -> None:
        """Show the metric tracks, or hide them."""
        self._show_metrics(() if self.timeline.shown_metrics else self._metrics or METRICS)

    def toggle_side_panel(self) -> None:
        """Show the side panel, or leave its room to the picture."""
        self.side_panel.setVisible(self.side_panel.isHidden())

    def remember(self, preferences: Preferences) -> None:
        """Keep where the bars are."""
        preferences.set_layout(_COLUMNS, self._columns.saveState())
        preferences.set_layout(_ROWS, self._rows.saveState())
        preferences.set_text("side_panel", "off" if self.side_panel.isHidden() else "on")

    def _restore(self, preferences: Preferences) -> None:
        self._placed = preferences.layout(_ROWS) is not None
        for part, bars in ((_COLUMNS, self._columns), (_ROWS, self._rows)):
            state = preferences.layout(part)
            if state is not None:
                bars.restoreState(state)
        self.side_panel.setHidden(preferences.get_text("side_panel") == "off")

    def _show_metrics(self, metrics: tuple[Metric, ...]) -> None:
        hidden = not self.timeline.shown_metrics
        self.timeline.set_shown_metrics(metrics)
        if metrics and hidden:
            high = track_layout.usual_height(len(metrics))
            self._rows.setSizes([max(sum(self._rows.sizes()) - high, 0), high])


def _divided(orientation: Qt.Orientation, first: QWidget, second: QWidget) -> QSplitter:
    """Two parts with a bar between them: what more room there is the first one gets."""
    bars = QSplitter(orientation)
    bars.setChildrenCollapsible(False)
    bars.setHandleWidth(3)
    for part in (first, second):
        bars.addWidget(part)
    bars.setStretchFactor(0, 1)
    bars.setStretchFactor(1, 0)
    return bars
