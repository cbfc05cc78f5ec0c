"""Runs actions when they are triggered, and keeps them enabled and ticked as the window's state wants."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject

from vsod.gui.actions.action import Action
from vsod.gui.actions.action_context import ActionContext
from vsod.gui.actions.action_table import action_row
from vsod.gui.toolkit.translation import tr


class ActionState(QObject):
    """Joins the rows of the table to the window's actions.

    Args:
        context: What the rows are asked about, with the actions.
        parent: The window.
    """

    def __init__(self, context: ActionContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._rows = [(action, action_row(id)) for id, action in context.actions.items()]
        for action, row in self._rows:
            # the checked state a signal brings along is no argument of what the row runs
            action.triggered.connect(lambda _checked=False, row=row: self._run(row))
        shared = context.shared
        shared.clip_state.changed.connect(self.refresh)
        shared.document.changed.connect(lambda _work: self.refresh())
        shared.jobs.models_listed.connect(lambda _models: self.refresh())
        shared.jobs.formats_listed.connect(self.refresh)
        shared.jobs.running.connect(lambda _name: self.refresh())
        shared.player.view_changed.connect(self._tick)
        shared.player.loop_changed.connect(self._tick)
        context.audio.mute_changed.connect(self._tick)
        context.idle_analysis.enabled_changed.connect(self._tick)
        context.shot_scope.changed.connect(self._tick)
        context.queue.visibilityChanged.connect(self._tick)
        context.clip_list.visibilityChanged.connect(self._tick)
        context.viewer.clean_feed.changed.connect(self._tick)
        context.window.installEventFilter(self)
        self._name_edits()
        self.refresh()

    def refresh(self) -> None:
        """Enable what makes sense now."""
        for action, row in self._rows:
            action.setEnabled(row.enabled(self._context))
        self._tick()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Full screen can be left without an action, by the desktop."""
        if event is not None and event.type() == QEvent.Type.WindowStateChange:
            self._tick()
        return False

    def _run(self, row: Action) -> None:
        row.run(self._context)
        self._tick()  # Qt has ticked it already, whatever came of it

    def _tick(self) -> None:
        for action, row in self._rows:
            if row.checked is not None:
                action.setChecked(row.checked(self._context))

    def _name_edits(self) -> None:
        """Undo and Redo say what they undo and redo."""
        history = self._context.shared.document.history
        for id, can, text, word in (
            ("undo", history.canUndoChanged, history.undoTextChanged, "&Undo"),
            ("redo", history.canRedoChanged, history.redoTextChanged, "&Redo"),
        ):
            action = self._context.actions[id]
            can.connect(action.setEnabled)
            text.connect(lambda what, action=action, word=word: action.setText(f"{tr(word)} {what}".strip()))
