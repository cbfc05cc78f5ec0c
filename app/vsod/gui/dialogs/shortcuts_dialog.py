"""The keys: made from the table of actions, searched by word, and changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from vsod.gui.toolkit.buttons import plain_button
from vsod.gui.toolkit.dialog_size import resize_within_screen
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.preferences import Preferences
from vsod.gui.toolkit.translation import tr

_ID = Qt.ItemDataRole.UserRole
_PORTABLE, _NATIVE = QKeySequence.SequenceFormat.PortableText, QKeySequence.SequenceFormat.NativeText


class ShortcutRow(Protocol):
    """What the dialog reads of an action."""

    @property
    def id(self) -> str:
        """Keys are stored by it."""

    @property
    def text(self) -> str:
        """Name in the menu, in English."""

    @property
    def keys(self) -> Sequence[str]:
        """The default shortcuts."""


_Row = TypeVar("_Row", bound=ShortcutRow)


class ShortcutsDialog(QDialog):
    """A list of actions with their keys, and a field to give the selected one another.

    Args:
        actions: By id.
        menus: The rows of the table of actions, by the title of their menu; None is a line between two.
        set_shortcuts: Gives an action of a row its keys.
        preferences: Where chosen keys are kept.
        parent: The window.
    """

    def __init__(
        self,
        actions: Mapping[str, QAction],
        menus: Mapping[str, Sequence[_Row | None]],
        set_shortcuts: Callable[[QAction, _Row, Sequence[str]], object],
        preferences: Preferences,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        rows = {row.id: row for menu in menus.values() for row in menu if row is not None}
        self._table: Mapping[str, ShortcutRow] = rows
        self._set_shortcuts: Callable[[str, Sequence[str]], object] = lambda id, keys: set_shortcuts(
            actions[id], rows[id], keys
        )
        self.setWindowTitle(tr("Keyboard shortcuts"))
        resize_within_screen(self, 640, 620)
        self._actions, self._preferences = actions, preferences
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search for a word or a key"))
        self.search.setAccessibleName(tr("Search"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._sift)
        self.list = QTreeWidget()
        self.list.setAccessibleName(tr("Keyboard shortcuts"))
        self.list.setHeaderLabels([tr("Action"), tr("Keys")])
        self.list.setRootIsDecorated(False)
        self.list.setIndentation(12)
        header = self.list.header()
        if header is not None:
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            header.setStretchLastSection(False)
            self.list.setColumnWidth(1, 180)
        self.list.currentItemChanged.connect(self._picked)
        self.edit = QKeySequenceEdit()
        self.edit.setMaximumSequenceLength(1)
        self.edit.setMinimumWidth(130)
        self.edit.setAccessibleName(tr("New key"))
        self.edit.keySequenceChanged.connect(self._weigh)
        self.set_button = plain_button(tr("Set"), self._set)
        self.none_button = plain_button(tr("No key"), lambda: self._give([]))
        self.reset_button = plain_button(tr("Reset"), lambda: self._give(None))
        self.reset_all_button = plain_button(tr("Reset all"), self._reset_all)
        self.remark = PlainLabel()
        self.remark.setObjectName("warning")
        mouse = PlainLabel(
            tr(
                "Wheel: zoom to the cursor.  Middle button, or space and left button: pan.\n"
                "Enter presses the button that has the focus. "
                "Space plays, but in check boxes and lists; Esc leaves them."
            )
        )
        mouse.setObjectName("faint")
        mouse.setWordWrap(True)
        tools = QHBoxLayout()
        tools.addWidget(self.edit, 1)
        for button in (self.set_button, self.none_button, self.reset_button, self.reset_all_button):
            tools.addWidget(button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 24, 20)
        outer.setSpacing(10)
        for part in (self.search, self.list):
            outer.addWidget(part)
        outer.addLayout(tools)
        outer.addWidget(self.remark)
        outer.addWidget(mouse)
        self._rows: dict[str, QTreeWidgetItem] = {}
        self._fill(menus)
        self.list.setCurrentItem(next(iter(self._rows.values())))

    def select(self, id: str) -> None:
        """Go to an action's row."""
        self.list.setCurrentItem(self._rows[id])

    # ---- inside

    def _fill(self, menus: Mapping[str, Sequence[ShortcutRow | None]]) -> None:
        for title, entries in menus.items():
            head = QTreeWidgetItem([tr(title).replace("&", "")])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            bold = head.font(0)
            bold.setBold(True)
            head.setFont(0, bold)
            self.list.addTopLevelItem(head)
            for entry in entries:
                if entry is not None:
                    row = QTreeWidgetItem([_name(entry)])
                    row.setData(0, _ID, entry.id)
                    head.addChild(row)
                    self._rows[entry.id] = row
                    self._show_keys(entry.id)
        self.list.expandAll()

    def _show_keys(self, id: str) -> None:
        shown = [key.toString(_NATIVE) for key in self._actions[id].shortcuts()]
        row = self._rows[id]
        row.setText(1, "   ".join(shown))
        font = row.font(1)
        font.setBold(id in self._preferences.keys)
        row.setFont(1, font)

    def _sift(self, text: str) -> None:
        wanted = text.casefold().strip()
        for row in self._rows.values():
            row.setHidden(wanted not in f"{row.text(0)} {row.text(1)}".casefold())
        for place in range(self.list.topLevelItemCount()):
            head = self.list.topLevelItem(place)
            if head is not None:
                below = (head.child(row) for row in range(head.childCount()))
                head.setHidden(all(item is None or item.isHidden() for item in below))

    @property
    def _current(self) -> str:
        item = self.list.currentItem()
        return str(item.data(0, _ID) or "") if item is not None else ""

    def _picked(self) -> None:
        self.edit.clear()
        self._weigh()

    def _owner(self, key: QKeySequence) -> str:
        """Action that has a key now, "" if none."""
        return next((id for id, action in self._actions.items() if key in action.shortcuts()), "")

    def _weigh(self) -> None:
        key, id = self.edit.keySequence(), self._current
        for button in (self.none_button, self.reset_button):
            button.setEnabled(bool(id))
        self.set_button.setEnabled(bool(id) and not key.isEmpty())
        owner = "" if key.isEmpty() else self._owner(key)
        taken = owner and owner != id
        self.remark.setText(
            tr("{key} is taken from “{action}”.").format(
                key=key.toString(_NATIVE), action=_name(self._table[owner])
            )
            if taken
            else ""
        )

    def _set(self) -> None:
        key = self.edit.keySequence()
        owner = self._owner(key)
        if owner and owner != self._current:
            left = [k for k in self._actions[owner].shortcuts() if k != key]
            self._give([k.toString(_PORTABLE) for k in left], owner)
        self._give([key.toString(_PORTABLE)])

    def _give(self, keys: list[str] | None, id: str = "") -> None:
        """Give an action keys, None = those of the table, less what others have."""
        id = id or self._current
        entry = self._table[id]
        self._preferences.set_keys(id, keys)
        if keys is None:
            keys = [key for key in entry.keys if self._owner(QKeySequence(key)) in ("", id)]
            if keys != list(entry.keys):
                self._preferences.set_keys(id, keys)
        self._set_shortcuts(id, keys)
        self._show_keys(id)
        self.edit.clear()

    def _reset_all(self) -> None:
        for id in self._actions:
            self._preferences.set_keys(id, None)
            self._set_shortcuts(id, self._table[id].keys)
            self._show_keys(id)
        self.edit.clear()


def _name(entry: ShortcutRow) -> str:
    return tr(entry.text).replace("&", "").rstrip("…")
