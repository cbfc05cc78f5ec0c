"""Everything the window can do: the rows of all menus, and the Qt actions that are made of them.

A new menu entry is one row in the module of its menu, and its translation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtGui import QAction, QActionGroup, QKeySequence
from PyQt6.QtWidgets import QMainWindow

from vsod.gui.actions import action_handlers as do
from vsod.gui.actions.action import Action
from vsod.gui.actions.action_context import ActionContext, always
from vsod.gui.actions.clip_actions import CLIP
from vsod.gui.actions.file_and_edit_actions import EDIT, FILE
from vsod.gui.actions.playback_actions import PLAYBACK
from vsod.gui.actions.view_actions import VIEW
from vsod.gui.dialogs.shortcuts_dialog import ShortcutsDialog
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.translation import tr
from vsod.gui.viewer.view_modes import VIEW_MODES

_NATIVE = QKeySequence.SequenceFormat.NativeText


def _show_shortcuts(c: ActionContext) -> None:
    ShortcutsDialog(c.actions, MENUS, set_shortcuts, c.shared.preferences, c.window).open()


_HELP: tuple[Action | None, ...] = (
    Action("shortcuts", "&Keyboard shortcuts", ("F1",), run=_show_shortcuts, enabled=always),
    Action("log", "&Log", tip="What happened so far, for a bug report", run=do.show_log, enabled=always),
    Action("about", "&About", run=do.show_about, enabled=always),
)

# By the title of the menu; a None is a line between two rows.
MENUS: dict[str, tuple[Action | None, ...]] = {
    "&File": FILE,
    "&Edit": EDIT,
    "&Clip": CLIP,
    "&Playback": PLAYBACK,
    "&View": VIEW,
    "&Help": _HELP,
}


def build_actions(window: QMainWindow, keys: Mapping[str, Sequence[str]] | None = None) -> dict[str, QAction]:
    """Create every action and the menu bar. :class:`vsod.gui.actions.action_state.ActionState` makes them run.

    Args:
        window: Gets the menus.
        keys: Shortcuts that are not those of the table.

    Returns:
        The actions, by id.
    """
    chosen = keys or {}
    taken = {QKeySequence(key) for some in chosen.values() for key in some}
    actions: dict[str, QAction] = {}
    view_modes = QActionGroup(window)
    bar = window.menuBar()
    for title, rows in MENUS.items():
        menu = bar.addMenu(tr(title)) if bar is not None else None
        if menu is not None:
            menu.setObjectName(title.replace("&", "").lower())
        for entry in rows:
            if entry is None:
                if menu is not None:
                    menu.addSeparator()
                continue
            # a key the user has given away stays given away, also to what is new in the table
            free = [key for key in entry.keys if QKeySequence(key) not in taken]
            action = actions[entry.id] = _made(entry, chosen.get(entry.id, free), window)
            if entry.id in VIEW_MODES:
                view_modes.addAction(action)
            window.addAction(action)
            if menu is not None:
                menu.addAction(action)
    return actions


def _made(entry: Action, keys: Sequence[str], window: QMainWindow) -> QAction:
    action = QAction(tr(entry.text), window)
    action.setObjectName(entry.id)
    set_shortcuts(action, entry, keys)
    action.setAutoRepeat(entry.repeats)
    action.setCheckable(entry.checked is not None)
    if entry.icon:
        theme.set_themed_icon(action, entry.icon)
        action.setIconVisibleInMenu(False)
    return action


def set_shortcuts(action: QAction, entry: Action, keys: Sequence[str]) -> None:
    """Give an action its shortcuts, and say the first in its tool tip."""
    action.setShortcuts([QKeySequence(key) for key in keys])
    tip = tr(entry.tip or entry.text).replace("&", "").rstrip("…")
    action.setToolTip(f"{tip}  ({QKeySequence(keys[0]).toString(_NATIVE)})" if keys else tip)


def action_row(id: str) -> Action:
    """The row of the table with this id."""
    return next(entry for rows in MENUS.values() for entry in rows if entry is not None and entry.id == id)
