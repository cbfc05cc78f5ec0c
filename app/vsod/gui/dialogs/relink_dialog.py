"""Clips of a project that are not where they were."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vsod.core.safe_text import sanitise
from vsod.gui.toolkit.buttons import plain_button
from vsod.gui.toolkit.dialog_size import resize_within_screen
from vsod.gui.toolkit.plain_text import PlainLabel, inert
from vsod.gui.toolkit.translation import tr
from vsod.project.project import Project, relink_siblings, same_clip


class RelinkDialog(QDialog):
    """Lists missing clips; when one is found, the others are searched for beside it.

    Args:
        project: As read.
        parent: The window.
    """

    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Clips were moved"))
        resize_within_screen(self, 560, 300)
        self.project = project
        head = PlainLabel(
            tr("These clips of the project are not where they were. Show where one of them is now.")
        )
        head.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Missing clips"))
        self.list.itemDoubleClicked.connect(lambda: self._locate())
        self.remark = PlainLabel()
        self.remark.setObjectName("warning")
        self.remark.setWordWrap(True)
        self.locate_button = QPushButton(tr("Locate…"))
        self.locate_button.setObjectName("primary")
        self.locate_button.clicked.connect(self._locate)
        self.done_button = plain_button(tr("Continue without them"), self.accept)
        cancel = plain_button(tr("Cancel"), self.reject)
        foot = QHBoxLayout()
        foot.setSpacing(10)
        foot.addWidget(self.remark, 1)
        for button in (cancel, self.done_button, self.locate_button):
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(14)
        column.addWidget(head)
        column.addWidget(self.list, 1)
        column.addLayout(foot)
        self._fill()

    def relink(self, old: Path, new: Path) -> None:
        """Replace the path ``old`` by ``new``, and search for the other missing clips beside it."""
        place = self.project.find(old)
        if self.project.find(new) >= 0:
            self.remark.setText(tr("{name} is another clip of this project.").format(name=new.name))
            return
        try:
            same = same_clip(self.project.clips[place], new)
        except OSError as error:
            self.remark.setText(
                tr("{name} cannot be read: {strerror}.").format(name=new.name, strerror=error.strerror)
            )
            return
        self.project = relink_siblings(self.project, old, new)
        self.remark.setText(
            tr("{name} is not the clip that was worked on; it will be analysed anew.").format(name=new.name)
            if same is False
            else ""
        )
        self._fill()
        if not self.project.missing and same is not False:
            self.accept()

    def _fill(self) -> None:
        self.list.clear()
        for path in self.project.missing:
            item = QListWidgetItem(sanitise(f"{path.name}    {path.parent}"))
            item.setData(Qt.ItemDataRole.UserRole, path)
            item.setToolTip(inert(str(path)))
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        left = self.list.count() > 0
        self.locate_button.setEnabled(left)
        self.done_button.setText(tr("Continue without them") if left else tr("Continue"))

    def _locate(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        old: Path = item.data(Qt.ItemDataRole.UserRole)
        if old.suffix:
            wanted = f"{old.name} ({old.name});;*{old.suffix} (*{old.suffix});;All (*)"
            picked, _ = QFileDialog.getOpenFileName(
                self, tr("Where is {name}?").format(name=sanitise(old.name)), str(old.parent), wanted
            )
        else:
            picked = QFileDialog.getExistingDirectory(
                self, tr("Where is {name}?").format(name=sanitise(old.name)), str(old.parent)
            )
        if picked:
            self.relink(old, Path(picked))
