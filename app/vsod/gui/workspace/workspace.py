"""The working surface: picture, transport and timeline below each other, the panels beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from vsod.gui.panels.analysis_panel import AnalysisPanel
from vsod.gui.panels.clip_facts import ClipFacts
from vsod.gui.panels.matte_panel import MattePanel
from vsod.gui.panels.shot_scope_bar import ShotScopeBar
from vsod.gui.panels.view_bar import ViewBar
from vsod.gui.timeline.issue_list import IssueList
from vsod.gui.timeline.timeline_widget import TimelineWidget
from vsod.gui.timeline.transport_bar import TransportBar
from vsod.gui.toolkit.translation import tr
from vsod.gui.viewer.canvas import Canvas
from vsod.gui.viewer.view_modes import VIEW_MODES

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
_SIDE_WIDTH = 320
_Box = TypeVar("_Box", QVBoxLayout, QHBoxLayout)


class Workspace(QWidget):
    """Everything that is on screen while a clip is open.

    Args:
        actions: By id, see :mod:`vsod.gui.actions.action_table`.
    """

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
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

        work, outer = _bare(QVBoxLayout()), _bare(QHBoxLayout())
        work.addWidget(self.view_bar)
        work.addWidget(self.canvas, 1)
        work.addWidget(self.transport)
        work.addWidget(self.timeline)
        outer.addLayout(work, 1)
        outer.addWidget(self._side())
        self.setLayout(outer)

    def _side(self) -> QWidget:
        body = QWidget()
        body.setObjectName("sideBody")
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 0, 16, 8)
        column.setSpacing(0)
        for panel in (self.scope, self.analysis, self.matte, self.issues, self.facts):
            column.addWidget(panel)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setObjectName("sideScroll")
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        side = QWidget()
        side.setObjectName("side")
        side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        side.setFixedWidth(_SIDE_WIDTH)
        outer = _bare(QVBoxLayout(side))
        outer.addWidget(scroll, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(16, 10, 16, 14)
        foot.addWidget(self.export_button)
        outer.addLayout(foot)
        return side


def _bare(layout: _Box) -> _Box:
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    return layout
