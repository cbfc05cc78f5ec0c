"""The issues of the clip as a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from vsod.core.clip import ClipInfo
from vsod.gui.timeline.descriptions import issue_text
from vsod.gui.toolkit.buttons import plain_button
from vsod.gui.toolkit.plain_text import PlainLabel, inert
from vsod.gui.toolkit.time_text import position_text, span_text
from vsod.gui.toolkit.translation import tr
from vsod.qc.issues import Issue, by_weight

_MOST = 500  # lines; a clip with more trouble has one trouble
_ISSUE, _PLACE, _LENGTH = range(3)
_OF_ROW = Qt.ItemDataRole.UserRole + 1


class IssueList(QWidget):
    """One line per issue; a click or Enter goes to its worst frame.

    The heaviest comes first. A click on the head *First – last* sorts by time, on another by weight again.
    """

    picked = pyqtSignal(int)  # go to this frame
    remedy_asked = pyqtSignal(object)  # Issue: do what its advice says
    titled = pyqtSignal(str)  # its name, with the number of issues

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._info: ClipInfo | None = None
        self._issues: Sequence[Issue] = ()
        self._measured = self._outdated = False
        self._by_time = False
        self.empty = PlainLabel()
        self.empty.setObjectName("summary")
        self.empty.setWordWrap(True)
        self.tree = self._make_tree()
        self.name_remedy: Callable[[Issue], str] = lambda _issue: (
            ""
        )  # what the button is called; empty = none
        self.advice = PlainLabel()
        self.advice.setWordWrap(True)
        self.remedy_button = plain_button("", self._on_remedy)
        self.tree.currentItemChanged.connect(lambda _now, _before: self.show_advice())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.addWidget(self.empty)
        column.addWidget(self.tree, 1)
        column.addWidget(self.advice)
        column.addWidget(self.remedy_button)
        column.addStretch()
        self._fill()

    def _make_tree(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setAccessibleName(tr("Issues"))
        tree.setHeaderLabels([tr("Issue"), tr("First – last"), tr("Frames")])
        tree.setRootIsDecorated(False)
        tree.setUniformRowHeights(True)
        tree.setIndentation(0)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        # a side panel is narrow: three columns need the room between them
        tree.setStyleSheet("QHeaderView::section { padding: 3px 4px; } QTreeView::item { padding: 1px 2px; }")
        tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        tree.itemClicked.connect(self._on_picked)
        tree.itemActivated.connect(self._on_picked)
        header = tree.header()
        if header is not None:
            header.setStretchLastSection(False)
            header.setMinimumSectionSize(20)
            header.setSectionsClickable(True)
            header.setSectionResizeMode(_ISSUE, QHeaderView.ResizeMode.Stretch)
            for part in (_PLACE, _LENGTH):
                header.setSectionResizeMode(part, QHeaderView.ResizeMode.ResizeToContents)
            header.setToolTip(tr("First – last sorts by time, Issue and Frames by weight"))
            header.sectionClicked.connect(lambda part: self.sort(by_time=part == _PLACE))
        return tree

    def set_clip(self, info: ClipInfo | None) -> None:
        """Whose frames they are."""
        self._info = info
        self._outdated = False
        self.set_issues([], False)

    def set_issues(self, issues: Sequence[Issue], measured: bool) -> None:
        """List ``issues``; ``measured`` tells nothing found from nothing known."""
        self._issues, self._measured = issues, measured
        self._fill()

    def set_outdated(self, outdated: bool) -> None:
        """Settings changed: the mattes are measured again, and what was of the old ones is not listed."""
        self._outdated = outdated
        self._fill()

    def sort(self, *, by_time: bool) -> None:
        """List the issues in order of time, or the heaviest first."""
        self._by_time = by_time
        self._fill()

    def _fill(self) -> None:
        issues, info, tree = self._issues, self._info, self.tree
        tree.clear()
        self.empty.setText(self._words())
        self.empty.setVisible(self._outdated or not issues)
        tree.setVisible(bool(issues))
        self.titled.emit(tr("Issues ({count})").format(count=len(issues)) if issues else tr("Issues"))
        if info is None:
            self.show_advice()
            return
        listed = by_weight(issues)[:_MOST]
        if self._by_time:
            listed.sort(key=lambda issue: issue.frames.start)
        tree.addTopLevelItems([self._row(info, issue) for issue in listed])
        self.show_advice()

    @property
    def current(self) -> Issue | None:
        """The issue whose line is the current one."""
        item = self.tree.currentItem()
        return item.data(_ISSUE, _OF_ROW) if item is not None else None

    def show_advice(self) -> None:
        """Say below the list what can be done about the current issue, with a button that does it."""
        issue = self.current
        self.advice.setText(tr(issue.advice) if issue is not None and issue.advice else "")
        self.advice.setVisible(bool(self.advice.text()))
        name = self.name_remedy(issue) if issue is not None and issue.advice else ""
        self.remedy_button.setText(name)
        self.remedy_button.setAccessibleName(name)
        self.remedy_button.setVisible(bool(name))

    def _on_remedy(self) -> None:
        if self.current is not None:
            self.remedy_asked.emit(self.current)

    def _words(self) -> str:
        if self._outdated:
            return tr("The settings changed: the mattes are measured again …")
        return tr("No issues found.") if self._measured else tr("Analyse the clip to find out.")

    def _row(self, info: ClipInfo, issue: Issue) -> QTreeWidgetItem:
        first, last = issue.frames.start, issue.frames.stop - 1
        words = [tr(issue.type.title), span_text(info, first, last), str(len(issue.frames))]
        item = QTreeWidgetItem(words)
        item.setData(_ISSUE, Qt.ItemDataRole.UserRole, issue.worst)
        item.setData(_ISSUE, _OF_ROW, issue)
        item.setTextAlignment(_LENGTH, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        told = [
            f"{position_text(info, first)} – {position_text(info, last)}",
            issue_text(issue),
            tr("Worst at {position}.").format(position=position_text(info, issue.worst)),
            tr(issue.advice) if issue.advice else "",
        ]
        for part in range(3):
            item.setToolTip(part, inert("\n".join(line for line in told if line)))
        item.setData(0, Qt.ItemDataRole.AccessibleDescriptionRole, " ".join(line for line in told if line))
        return item

    def _on_picked(self, item: QTreeWidgetItem) -> None:
        self.picked.emit(int(item.data(0, Qt.ItemDataRole.UserRole)))
