"""The panel beside the picture: one tab for the matte, one for its issues, one for the clip."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QPushButton, QTabWidget, QVBoxLayout, QWidget

from vsod.gui.toolkit.dialog_size import ScrollingForm
from vsod.gui.toolkit.translation import tr

_LEAST, _USUAL, _MOST = 240, 330, 520  # points
_MARGIN, _SCROLL_BAR = 16, 10


class SidePanel(QWidget):
    """Tabs that scroll in themselves, above a button that is always in sight.

    Args:
        matte: Widgets of the first tab, from top to bottom.
        issues: The second tab.
        clip: The third one.
        export: The button.
    """

    def __init__(
        self,
        matte: Sequence[QWidget],
        issues: QWidget,
        clip: QWidget,
        export: QPushButton,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMaximumWidth(_MOST)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("sideTabs")
        self.tabs.setDocumentMode(True)
        bar = self.tabs.tabBar()
        if bar is not None:
            bar.setExpanding(True)
            bar.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._matte = _page(matte)
        self._issues = QWidget()
        inside = QVBoxLayout(self._issues)
        inside.setContentsMargins(_MARGIN, 6, _MARGIN, 0)
        inside.addWidget(issues)
        for part, name in (
            (self._matte, tr("Matte")),
            (self._issues, tr("Issues")),
            (_page([clip]), tr("Clip")),
        ):
            self.tabs.addTab(part, name)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.tabs, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(_MARGIN, 10, _MARGIN, 14)
        foot.addWidget(export)
        outer.addLayout(foot)

    def name_issues(self, title: str) -> None:
        """Name the second tab."""
        self.tabs.setTabText(1, title)

    def show_issues(self) -> None:
        """Go to the second tab."""
        self.tabs.setCurrentIndex(1)

    def sizeHint(self) -> QSize:
        """As wide as it is until somebody drags it, and no narrower than its words."""
        return QSize(max(_USUAL, self.minimumSizeHint().width()), 400)

    def minimumSizeHint(self) -> QSize:
        """Wide enough for what does not scroll sideways."""
        return QSize(min(max(_LEAST, self._matte.minimumSizeHint().width()), _MOST), 120)


def _page(widgets: Sequence[QWidget]) -> ScrollingForm:
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(_MARGIN, 0, _MARGIN - _SCROLL_BAR, 8)
    column.setSpacing(0)
    for widget in widgets:
        column.addWidget(widget)
    column.addStretch()
    scroll = ScrollingForm(body)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return scroll
