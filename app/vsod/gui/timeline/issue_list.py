"""The issues of the clip as a list."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGroupBox, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from vsod.core.clip import ClipInfo
from vsod.gui.timeline.descriptions import issue_text
from vsod.gui.toolkit.plain_text import PlainLabel, inert
from vsod.gui.toolkit.time_text import position_text
from vsod.gui.toolkit.translation import tr
from vsod.qc.issues import Issue

_ROWS = 7  # in sight without scrolling
_MOST = 500  # lines; a clip with more trouble has one trouble


class IssueList(QGroupBox):
    """One line per flag; a click or Enter goes to its worst frame."""

    picked = pyqtSignal(int)  # go to this frame

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Issues"), parent)
        self._info: ClipInfo | None = None
        self.empty = PlainLabel()
        self.empty.setObjectName("summary")
        self.empty.setWordWrap(True)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(tr("Issues"))
        self.tree.setColumnCount(3)
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(0)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.itemClicked.connect(self._on_picked)
        self.tree.itemActivated.connect(self._on_picked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.addWidget(self.empty)
        column.addWidget(self.tree)
        self.set_issues([], False)

    def set_clip(self, info: ClipInfo | None) -> None:
        """Whose frames they are."""
        self._info = info
        self.set_issues([], False)

    def set_issues(self, issues: Sequence[Issue], measured: bool) -> None:
        """List ``issues``; ``measured`` tells nothing found from nothing known."""
        self.tree.clear()
        self.empty.setText(tr("No issues found.") if measured else tr("Analyse the clip to find out."))
        self.empty.setVisible(not issues)
        self.tree.setVisible(bool(issues))
        info = self._info
        if info is None:
            return
        self.setTitle(tr("Issues ({count})").format(count=len(issues)) if issues else tr("Issues"))
        for issue in issues[:_MOST]:
            length = tr("{count} fr").format(count=len(issue.frames)) if len(issue.frames) > 1 else ""
            item = QTreeWidgetItem([position_text(info, issue.worst), tr(issue.type.title), length])
            item.setData(0, Qt.ItemDataRole.UserRole, issue.worst)
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for part in range(3):
                item.setToolTip(part, inert(f"{issue_text(issue)}\n{tr(issue.type.advice)}"))
            self.tree.addTopLevelItem(item)
        for part in (0, 1):
            self.tree.resizeColumnToContents(part)
        line = max(self.tree.sizeHintForRow(0), 18) if issues else 18
        self.tree.setFixedHeight(line * min(max(len(issues), 1), _ROWS) + 6)

    def _on_picked(self, item: QTreeWidgetItem) -> None:
        self.picked.emit(int(item.data(0, Qt.ItemDataRole.UserRole)))
