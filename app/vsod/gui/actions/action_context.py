"""What the actions work on, and the conditions under which they make sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMainWindow

from vsod.gui.controllers.analysis_controller import AnalysisController
from vsod.gui.controllers.clip_list_dock import ClipListDock
from vsod.gui.controllers.export_controller import ExportController
from vsod.gui.controllers.idle_analysis import IdleAnalysis
from vsod.gui.controllers.metrics_controller import MetricsController
from vsod.gui.controllers.metrics_export import MetricsExport
from vsod.gui.controllers.model_comparison_controller import ModelComparisonController
from vsod.gui.controllers.motion_trust_controller import MotionTrustController
from vsod.gui.controllers.open_controller import OpenController
from vsod.gui.controllers.project_controller import ProjectController
from vsod.gui.controllers.queue_dock import QueueDock
from vsod.gui.controllers.settings_controller import SettingsController
from vsod.gui.controllers.shot_scope import ShotScope
from vsod.gui.controllers.source_settings_controller import SourceSettingsController
from vsod.gui.controllers.viewer_controller import ViewerController
from vsod.gui.jobs.clip_jobs import QUEUE_JOB
from vsod.gui.playback.audio_player import AudioPlayer
from vsod.gui.playback.player import Player
from vsod.gui.workspace.window_context import WindowContext
from vsod.gui.workspace.workspace import Workspace


@dataclass(frozen=True, eq=False)
class ActionContext:
    """The controllers, by what they are for.

    Attributes:
        window: Parent of dialogs; nothing else is asked of it but to close and to fill the screen.
        shared: What the controllers share.
        actions: By id.
    """

    window: QMainWindow
    shared: WindowContext
    actions: Mapping[str, QAction]
    clips: OpenController
    source_settings: SourceSettingsController
    projects: ProjectController
    settings: SettingsController
    shot_scope: ShotScope
    analysis: AnalysisController
    idle_analysis: IdleAnalysis
    model_comparison: ModelComparisonController
    export: ExportController
    queue: QueueDock
    clip_list: ClipListDock
    metrics: MetricsController
    metrics_export: MetricsExport
    motion_trust: MotionTrustController
    viewer: ViewerController
    audio: AudioPlayer

    @property
    def player(self) -> Player:
        """The playhead."""
        return self.shared.player

    @property
    def workspace(self) -> Workspace:
        """The panels."""
        return self.shared.workspace


def always(_context: ActionContext) -> bool:
    """Whatever is open or runs."""
    return True


def has_clip(context: ActionContext) -> bool:
    """A clip is open."""
    return context.shared.clip_state.clip is not None


def job_runs(context: ActionContext) -> bool:
    """A job runs, of the clip or of the queue."""
    return bool(context.shared.jobs.busy)


def can_cancel(context: ActionContext) -> bool:
    """A job of the clip runs; those of the queue are stopped there."""
    return context.shared.jobs.busy not in ("", QUEUE_JOB)


def can_analyse(context: ActionContext) -> bool:
    """A clip is open, its models can be used, and nothing runs."""
    return has_clip(context) and not job_runs(context) and context.shared.usable_settings is not None


def can_export(context: ActionContext) -> bool:
    """A clip is open, its models can be used, and the formats are known; whatever runs, the job waits for its turn."""
    return (
        has_clip(context) and context.shared.usable_settings is not None and bool(context.shared.jobs.formats)
    )
