"""What the controllers of the window share."""

from __future__ import annotations

from dataclasses import dataclass

from vsod.core.clip_settings import ClipSettings
from vsod.gui.jobs.clip_jobs import ClipJobs
from vsod.gui.panels.banner import Banner
from vsod.gui.panels.status_bar import StatusBar
from vsod.gui.playback.player import Player
from vsod.gui.state.clip_state import ClipState
from vsod.gui.state.project_document import ProjectDocument
from vsod.gui.toolkit.preferences import Preferences
from vsod.gui.workspace.workspace import Workspace


@dataclass(frozen=True, eq=False)
class WindowContext:
    """The parts of the window that most controllers need; never the window itself.

    Attributes:
        document: Keeps what is decided about the clip.
        clip_state: The open clip, its coverage and its marked range.
        player: Shows it.
        workspace: Has the panels.
        jobs: Does the jobs.
        preferences: What is remembered between runs.
        banner: Says above the picture what went well or wrong.
        status: Says at the bottom what is small.
    """

    document: ProjectDocument
    clip_state: ClipState
    player: Player
    workspace: Workspace
    jobs: ClipJobs
    preferences: Preferences
    banner: Banner
    status: StatusBar

    @property
    def usable_settings(self) -> ClipSettings | None:
        """What is chosen for the clip, of its range what is inside it; None while one of its models cannot be used."""
        work = self.document.current_clip
        if work is None or not all(
            model in self.workspace.analysis.usable for model in work.settings.model_ids
        ):
            return None
        return self.clip_state.clipped(work.settings)
