"""Between the hand and the document: what is turned becomes an edit, what is decided is shown."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
from PyQt6.QtCore import QEvent, QObject
from PyQt6.QtGui import QAction

from vsod.core.finishing import FinishSettings
from vsod.gui.deck import Deck
from vsod.gui.document import Document
from vsod.gui.player import Player
from vsod.gui.prefs import Prefs
from vsod.gui.stage import Stage
from vsod.gui.tasks import Tasks
from vsod.gui.words import tr
from vsod.pipeline.project import ClipWork


class Editing(QObject):
    """Every change of what is decided about a clip passes here, and so can be undone.

    Args:
        document: Keeps what is decided.
        stage: Has the open clip.
        player: Shows it.
        deck: Has the panels.
        tasks: Looks up which frames a model has done.
        prefs: What a new clip begins with.
        actions: By id, see :mod:`vsod.gui.actions`.
        parent: The window.
    """

    def __init__(
        self,
        document: Document,
        stage: Stage,
        player: Player,
        deck: Deck,
        tasks: Tasks,
        prefs: Prefs,
        actions: dict[str, QAction],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._document, self._stage, self._player, self._deck = document, stage, player, deck
        self._tasks, self._prefs = tasks, prefs
        self._looked_up: tuple[Path, str, bool] | None = None
        document.changed.connect(self._show)
        deck.finish.changed.connect(self._on_finish)
        deck.finish.settled.connect(document.settle)
        deck.analysis.card_changed.connect(self._on_card)
        deck.analysis.adapt_changed.connect(lambda adapt: document.edit("Fit to the clip", adapt=adapt))
        deck.scrubber.range_dragged.connect(lambda start, stop: self.mark("Range", start, stop))
        deck.scrubber.installEventFilter(self)
        history = document.history
        for name, can, text, word in (
            ("undo", history.canUndoChanged, history.undoTextChanged, "&Undo"),
            ("redo", history.canRedoChanged, history.redoTextChanged, "&Redo"),
        ):
            action = actions[name]
            action.setEnabled(False)
            can.connect(action.setEnabled)
            text.connect(lambda what, action=action, word=word: action.setText(f"{tr(word)} {what}".strip()))

    def mark(self, text: str, start: int, stop: int) -> None:
        """Decide on a range, clipped to the clip; ``text`` is what undo calls it."""
        count = self._player.count
        if count:
            start, stop = max(start, 0), min(stop, count)
            self._document.edit(text, start=start, stop=None if stop == count else stop)

    def usual(self, path: Path) -> ClipWork:
        """What a clip begins with: what is decided about the one before, all of its frames."""
        before = self._document.work
        if before is not None:
            return ClipWork(path, before.card, before.adapt, before.finish, before.format, before.delivery)
        new = ClipWork(path, finish=self._deck.finish.settings, format=self._prefs.text("format"))
        card = self._deck.analysis.card or self._prefs.text("card") or new.card
        return replace(new, card=card, adapt=self._deck.analysis.adapt)

    def look_up(self) -> None:
        """Ask which frames of the clip on the desk are done."""
        work = self._document.work
        if work is not None and self._stage.clip is not None:
            self._looked_up = work.path, work.card, work.adapt
            self._tasks.look_up_coverage(work.card, work.adapt)

    # ---- messages

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """A drag on the timeline ends with the button."""
        if event is not None and event.type() == QEvent.Type.MouseButtonRelease:
            self._document.settle()
        return super().eventFilter(watched, event)

    def _on_finish(self, settings: FinishSettings) -> None:
        work = self._document.work
        if work is None:
            self._player.set_view(finish=settings)
            return
        titles = [
            knob.metadata["title"]
            for knob in fields(settings)
            if getattr(settings, knob.name) != getattr(work.finish, knob.name)
        ]
        levels = set(titles) <= {"Black", "White"}  # coupled: one may push the other
        text = titles[0] if len(titles) == 1 else "Matte settings"
        self._document.edit("Levels" if levels else text, finish=settings)

    def _on_card(self, card: str) -> None:
        self._prefs.set_text("card", card)
        self._document.settle()
        self._document.edit("Model", card=card)

    def _show(self, work: ClipWork) -> None:
        clip = self._stage.clip
        if clip is None or clip.info.path != work.path:
            return
        deck, count = self._deck, self._player.count
        deck.finish.set_settings(work.finish)
        deck.analysis.set_card(work.card)
        deck.analysis.set_adapt(work.adapt)
        self._player.set_view(finish=work.finish)
        self._stage.mark(work.start, count if work.stop is None else work.stop)
        if self._looked_up != (work.path, work.card, work.adapt):
            self._stage.set_covered(np.zeros(count, bool), work.card)
            self.look_up()
