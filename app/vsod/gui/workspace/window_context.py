"""What those who do something with the open clip share."""

from __future__ import annotations

from dataclasses import dataclass

from vsod.gui.deck import Deck
from vsod.gui.document import Document
from vsod.gui.player import Player
from vsod.gui.prefs import Prefs
from vsod.gui.stage import Stage
from vsod.gui.tasks import Tasks


@dataclass(frozen=True, eq=False)
class Workroom:
    """The parts of the window.

    Attributes:
        document: Keeps what is decided about the clip.
        stage: Has the clip.
        player: Shows it.
        deck: Has the panels.
        tasks: Does the jobs.
        prefs: What is remembered between runs.
    """

    document: Document
    stage: Stage
    player: Player
    deck: Deck
    tasks: Tasks
    prefs: Prefs
