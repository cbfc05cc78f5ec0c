"""The actions of the menus File and Edit; a None is a line between two."""

from __future__ import annotations

from vsod.gui.actions import action_handlers as do
from vsod.gui.actions.action import Action
from vsod.gui.actions.action_context import always, can_export

FILE: tuple[Action | None, ...] = (
    Action("open", "&Open video…", ("Ctrl+O",), run=lambda c: c.clips.ask_for_file(), enabled=always),
    Action(
        "open_folder",
        "Open &folder of frames…",
        ("Ctrl+Shift+O",),
        run=lambda c: c.clips.ask_for_folder(),
        enabled=always,
    ),
    None,
    Action("new_project", "&New project", ("Ctrl+N",), run=lambda c: c.projects.new(), enabled=always),
    Action(
        "open_project",
        "Open &project…",
        ("Ctrl+Alt+O",),
        run=lambda c: c.projects.ask_for_project(),
        enabled=always,
    ),
    Action("save", "&Save project", ("Ctrl+S",), run=lambda c: c.projects.save(), enabled=always),
    Action(
        "save_as",
        "Save project &as…",
        ("Ctrl+Shift+S",),
        run=lambda c: c.projects.save_as(),
        enabled=always,
    ),
    Action(
        "restore_session",
        "&Restore last session",
        run=lambda c: c.projects.restore_session(),
        enabled=lambda c: c.projects.recoverable,
    ),
    None,
    Action("export", "&Export…", ("Ctrl+E",), run=lambda c: c.export.ask(), enabled=can_export),
    Action(
        "save_metrics",
        "Save frame metr&ics…",
        (),
        "Metrics of every frame as CSV or JSON",
        run=lambda c: c.metrics_export.ask_for_table(),
    ),
    Action(
        "save_markers",
        "Save &markers…",
        (),
        "Issues as markers, for Resolve or as a table",
        run=lambda c: c.metrics_export.ask_for_markers(),
    ),
    None,
    Action("preferences", "Preferen&ces…", ("Ctrl+,",), run=do.show_preferences, enabled=always),
    Action("quit", "&Quit", ("Ctrl+Q",), run=lambda c: c.window.close(), enabled=always),
)

EDIT: tuple[Action | None, ...] = (
    Action(
        "undo",
        "&Undo",
        ("Ctrl+Z",),
        run=lambda c: c.shared.document.history.undo(),
        enabled=lambda c: c.shared.document.history.canUndo(),
    ),
    Action(
        "redo",
        "&Redo",
        ("Ctrl+Shift+Z", "Ctrl+Y"),
        run=lambda c: c.shared.document.history.redo(),
        enabled=lambda c: c.shared.document.history.canRedo(),
    ),
    None,
    Action("reset_matte", "Reset &matte settings", ("Ctrl+Alt+R",), run=lambda c: c.workspace.matte.reset()),
)
