"""The clips of the project: a picture, a name and the state of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QPoint, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QIcon, QImage, QKeySequence, QPixmap, QShortcut
from PyQt6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QMenu, QVBoxLayout, QWidget

from vsod.core.safe_text import sanitise
from vsod.gui.toolkit.buttons import plain_button
from vsod.gui.toolkit.plain_text import PlainLabel, inert
from vsod.gui.toolkit.translation import tr

THUMBNAIL = 80, 45  # points
_PATH = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class ClipRow:
    """A clip as the list shows it.

    Attributes:
        path: File or folder.
        state: How far it is, in words; may be empty.
        missing: It is not where it was.
    """

    path: Path
    state: str = ""
    missing: bool = False


class ClipListPanel(QWidget):
    """Go from clip to clip, put them into the queue, take them out of the project."""

    picked = pyqtSignal(object)  # Path of the clip to open
    add_asked = pyqtSignal()  # pick clips to add
    queue_asked = pyqtSignal(object)  # list of Path: clips to be exported
    remove_asked = pyqtSignal(object)  # list of Path: clips to be taken out of the project

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QListWidget()
        self.list.setObjectName("clips")
        self.list.setAccessibleName(tr("Clips of the project"))
        self.list.setIconSize(QSize(*THUMBNAIL))
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setUniformItemSizes(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.list.itemActivated.connect(lambda item: self.picked.emit(item.data(_PATH)))
        self.list.itemClicked.connect(self._clicked)
        delete = QShortcut(QKeySequence.StandardKey.Delete, self.list)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(lambda: self.remove_asked.emit(self.selected))
        self.add_button = plain_button(tr("Add clips…"), self.add_asked.emit)
        self.queue_button = plain_button(tr("Add all to queue"), lambda: self.queue_asked.emit(self.paths))
        self.empty = PlainLabel(tr("Drop clips or folders here."))
        self.empty.setObjectName("faint")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.empty)
        column.addWidget(self.list, 1)
        column.addWidget(self.add_button)
        column.addWidget(self.queue_button)
        self.set_rows([], None)

    @property
    def paths(self) -> list[Path]:
        """All clips, in order."""
        return [self._item(row).data(_PATH) for row in range(self.list.count())]

    @property
    def selected(self) -> list[Path]:
        """The selected clips, in order."""
        return [path for row, path in enumerate(self.paths) if self._item(row).isSelected()]

    def set_rows(self, rows: Sequence[ClipRow], current: Path | None) -> None:
        """Show these clips; pictures of those that stay are kept."""
        icons = {self._item(row).data(_PATH): self._item(row).icon() for row in range(self.list.count())}
        chosen = set(self.selected)
        self.list.blockSignals(True)
        self.list.clear()
        for row in rows:
            words = [sanitise(row.path.name), tr("not found") if row.missing else row.state]
            item = QListWidgetItem(icons.get(row.path, QIcon()), "\n".join(word for word in words if word))
            item.setData(_PATH, row.path)
            item.setToolTip(inert(str(row.path)))
            font = item.font()
            font.setBold(row.path == current)
            item.setFont(font)
            self.list.addItem(item)
            item.setSelected(row.path in chosen)
            if row.path == current:
                self.list.scrollToItem(item)
        self.list.blockSignals(False)
        self.empty.setVisible(not rows)
        self.list.setVisible(bool(rows))
        self.queue_button.setEnabled(bool(rows))

    def set_thumbnail(self, path: Path, picture: QImage) -> None:
        """Show a clip's picture."""
        for row in range(self.list.count()):
            if self._item(row).data(_PATH) == path:
                self._item(row).setIcon(QIcon(QPixmap.fromImage(picture)))

    def _item(self, row: int) -> QListWidgetItem:
        item = self.list.item(row)
        assert item is not None
        return item

    def _clicked(self, item: QListWidgetItem) -> None:
        if len(self.selected) == 1:  # not while several are being selected
            self.picked.emit(item.data(_PATH))

    def _show_menu(self, at: QPoint) -> None:
        chosen = self.selected
        viewport = self.list.viewport()
        if not chosen or viewport is None:
            return
        menu = QMenu(self)
        menu.addAction(tr("Open"), lambda: self.picked.emit(chosen[0]))
        menu.addAction(tr("Add to queue"), lambda: self.queue_asked.emit(chosen))
        menu.addAction(tr("Remove from project"), lambda: self.remove_asked.emit(chosen))
        menu.exec(viewport.mapToGlobal(at))
