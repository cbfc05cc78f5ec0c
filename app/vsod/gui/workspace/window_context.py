"""What those who do something with the open clip share."""

from __future__ import annotations

from dataclasses import dataclass

from vsod.gui.controllers.viewer_controller import Stage
from vsod.gui.jobs.clip_jobs import Tasks
from vsod.gui.playback.player import Player
from vsod.gui.state.project_document import Document
from vsod.gui.toolkit.preferences import Prefs
from vsod.gui.workspace.workspace import Deck


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
