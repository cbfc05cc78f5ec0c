"""What the actions work on, and the conditions under which they make sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMainWindow

from vsod.gui.controllers.analysis_controller import Running
from vsod.gui.controllers.export_controller import Exporting
from vsod.gui.controllers.idle_analysis import Ahead
from vsod.gui.controllers.metrics_controller import Overview
from vsod.gui.controllers.metrics_export import Reports
from vsod.gui.controllers.model_comparison_controller import BakeOff
from vsod.gui.controllers.open_controller import Opening
from vsod.gui.controllers.project_controller import Projects
from vsod.gui.controllers.queue_dock import QueueRoom
from vsod.gui.controllers.settings_controller import Editing
from vsod.gui.controllers.shot_scope import Scope
from vsod.gui.controllers.viewer_controller import Stage
from vsod.gui.jobs.clip_jobs import QUEUE
from vsod.gui.playback.audio_player import Sound
from vsod.gui.playback.player import Player
from vsod.gui.workspace.window_context import Workroom
from vsod.gui.workspace.workspace import Deck


@dataclass(frozen=True, eq=False)
class ActionContext:
    """The controllers, by what they are for.

    Attributes:
        window: Parent of dialogs; nothing else is asked of it but to close and to fill the screen.
        shared: What the controllers share.
        actions: By id.
    """

    window: QMainWindow
    shared: Workroom
    actions: Mapping[str, QAction]
    clips: Opening
    projects: Projects
    settings: Editing
    shot_scope: Scope
    analysis: Running
    idle_analysis: Ahead
    model_comparison: BakeOff
    export: Exporting
    queue: QueueRoom
    metrics: Overview
    metrics_export: Reports
    viewer: Stage
    audio: Sound

    @property
    def player(self) -> Player:
        """The playhead."""
        return self.shared.player

    @property
    def workspace(self) -> Deck:
        """The panels."""
        return self.shared.deck


def always(_context: ActionContext) -> bool:
    """Whatever is open or runs."""
    return True


def has_clip(context: ActionContext) -> bool:
    """A clip is open."""
    return context.shared.clip_state.clip is not None


def job_runs(context: ActionContext) -> bool:
    """A job runs, of the clip or of the queue."""
    return bool(context.shared.tasks.busy)


def can_analyse(context: ActionContext) -> bool:
    """A clip is open, its models can be used, and nothing runs."""
    return has_clip(context) and not job_runs(context) and context.shared.usable_models is not None


def can_export(context: ActionContext) -> bool:
    """As for an analysis, but the queue may be at work; formats are known."""
    tasks = context.shared.tasks
    free = tasks.busy in ("", QUEUE)
    return has_clip(context) and free and context.shared.usable_models is not None and bool(tasks.formats)
