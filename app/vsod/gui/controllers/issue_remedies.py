"""Does what the advice on an issue says, as one step of undo."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from PyQt6.QtCore import QObject

from vsod.core.matte_settings import MatteSettings
from vsod.gui.controllers.model_comparison_controller import ModelComparisonController
from vsod.gui.panels.setting_words import choice_title
from vsod.gui.toolkit.translation import tr
from vsod.gui.workspace.window_context import WindowContext
from vsod.qc.advice import asks_for_comparison, remedy
from vsod.qc.issues import Issue


class IssueRemedies(QObject):
    """Names the button below the list of issues, and answers it.

    Args:
        room: The parts of the window.
        comparison: Compares models.
        parent: The window.
    """

    def __init__(self, room: WindowContext, comparison: ModelComparisonController, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._player, self._comparison = room.document, room.player, comparison
        self._list = room.workspace.issues
        self._list.name_remedy = self._name
        self._list.remedy_asked.connect(self._do)

    def _name(self, issue: Issue) -> str:
        if asks_for_comparison(issue.advice):
            return tr("Compare models here…")
        before, after = self._settings(issue)
        changed = [f for f in fields(MatteSettings) if getattr(before, f.name) != getattr(after, f.name)]
        return ", ".join(f"{tr(f.metadata['title'])}: {_value(getattr(after, f.name))}" for f in changed)

    def _do(self, issue: Issue) -> None:
        self._player.seek(issue.worst)
        if asks_for_comparison(issue.advice):
            self._comparison.ask()
            return
        work, name = self._document.current_clip, self._name(issue)
        _, after = self._settings(issue)
        if work is None or not name:
            return
        shot = work.settings.shot_at(issue.worst)
        self._document.end_edit()
        if shot is None or shot.matte is None:
            self._document.edit(name, matte=after)
        else:
            own = work.settings.with_shot_override(range(shot.start, shot.stop), matte=after)
            self._document.edit(name, shots=own)
        self._document.end_edit()

    def _settings(self, issue: Issue) -> tuple[MatteSettings, MatteSettings]:
        """The matte settings of its worst frame, as they are and as its advice would have them."""
        work = self._document.current_clip
        before = work.settings.at(issue.worst)[1] if work is not None else MatteSettings()
        return before, remedy(issue.advice, before)


def _value(value: Any) -> str:
    if value is None:
        return tr("off")
    return tr(choice_title(value)) if isinstance(value, str) else f"{value:g}"
