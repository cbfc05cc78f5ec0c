"""The main window: makes the parts and connects them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from vsod.gui.actions import action_table
from vsod.gui.actions.action_context import ActionContext
from vsod.gui.actions.action_handlers import set_idle_analysis
from vsod.gui.actions.action_state import ActionState
from vsod.gui.actions.submenus import Submenus
from vsod.gui.controllers.analysis_controller import AnalysisController
from vsod.gui.controllers.clean_feed_controller import CleanFeedController
from vsod.gui.controllers.clip_list_dock import ClipListDock
from vsod.gui.controllers.comparison_controller import ComparisonController
from vsod.gui.controllers.export_controller import ExportController
from vsod.gui.controllers.idle_analysis import IdleAnalysis
from vsod.gui.controllers.intermediates_controller import IntermediatesController
from vsod.gui.controllers.issue_remedies import IssueRemedies
from vsod.gui.controllers.metrics_controller import MetricsController
from vsod.gui.controllers.metrics_export import MetricsExport
from vsod.gui.controllers.model_comparison_controller import ModelComparisonController
from vsod.gui.controllers.motion_trust_controller import MotionTrustController
from vsod.gui.controllers.open_controller import OpenController
from vsod.gui.controllers.outcome_messages import OutcomeMessages
from vsod.gui.controllers.project_controller import ProjectController
from vsod.gui.controllers.queue_dock import QueueDock
from vsod.gui.controllers.settings_controller import SettingsController
from vsod.gui.controllers.shot_scope import ShotScope
from vsod.gui.controllers.source_settings_controller import SourceSettingsController
from vsod.gui.controllers.source_watch import SourceWatch
from vsod.gui.controllers.viewer_controller import ViewerController
from vsod.gui.dialogs.export_dialog import ExportDialog
from vsod.gui.jobs.clip_jobs import ClipJobs
from vsod.gui.panels.banner import Banner
from vsod.gui.panels.status_bar import StatusBar
from vsod.gui.playback.audio_player import AudioPlayer
from vsod.gui.playback.player import Player
from vsod.gui.playback.scrub_cache import DEFAULT_MEGABYTES
from vsod.gui.state.clip_state import ClipState
from vsod.gui.state.project_document import ProjectDocument
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.control_keys import ControlKeys
from vsod.gui.toolkit.pipeline_interface import LocalPipeline, ModelChoice, OpenClip, PipelineInterface
from vsod.gui.toolkit.preferences import Preferences
from vsod.gui.viewer.welcome import Welcome
from vsod.gui.workspace.window_context import WindowContext
from vsod.gui.workspace.workspace import Workspace

_FIRST_SIZE = 1280, 800  # points, where a screen has room for more
_ROOMY = 1440, 900  # points from which on a first window does not fill the screen


class MainWindow(QMainWindow):
    """One clip at a time.

    Args:
        backend: Where clips and models come from; tests pass a stand-in.
        preferences: What is remembered between runs.
    """

    def __init__(
        self, backend: PipelineInterface | None = None, preferences: Preferences | None = None
    ) -> None:
        super().__init__()
        self.preferences = preferences or Preferences()
        self.player = Player(self)
        self.player.scrub_cache.set_size_limit(self.preferences.number("scrub_cache_mb", DEFAULT_MEGABYTES))
        self.jobs = ClipJobs(backend or LocalPipeline(), self)
        self.document = ProjectDocument(self)
        self.clip_state = ClipState(self)
        self._closed = self._unasked = False
        self._opening_clip = self._formats_asked = False
        self.actions_by_id = action_table.build_actions(self, self.preferences.keys)
        self._build()
        parts = self.document, self.clip_state, self.player, self.workspace, self.jobs, self.preferences
        room = WindowContext(*parts, self.banner, self.status)
        self._control(room)
        self._action_context = self._context(room)
        self.action_state = ActionState(self._action_context, self)
        self._connect()
        self._follow_clip()
        self.running.refresh()
        self._place()
        # after the first paint: the window is there before anything is looked for
        QTimer.singleShot(0, self._begin)

    @property
    def clip(self) -> OpenClip | None:
        """The open clip."""
        return self.clip_state.clip

    @property
    def dialog(self) -> ExportDialog | None:
        """The export dialog shown last."""
        return self.exporting.dialog

    # ---- construction

    def _place(self) -> None:
        """Size and place: as they were, else what the screen has room for; never beyond a screen."""
        self.resize(*_FIRST_SIZE)
        geometry, layout = self.preferences.layout("window"), self.preferences.layout("docks")
        if geometry is not None:
            self.restoreGeometry(geometry)
        if layout is not None:
            self.restoreState(layout)
            for dock in (self.queue_room, self.clip_list):
                dock.hide()  # each is shown when there is something in it
        screen = self.screen()
        if screen is None or self.isMaximized() or self.isFullScreen():
            return
        free = screen.availableGeometry()
        if geometry is None and (free.width() < _ROOMY[0] or free.height() < _ROOMY[1]):
            self.setWindowState(Qt.WindowState.WindowMaximized)
        elif not free.contains(self.frameGeometry()):
            # the screen it was on is gone, or another scale holds
            size = self.size().boundedTo(free.size())
            self.resize(size)
            left = max(free.left(), min(self.x(), free.right() + 1 - size.width()))
            self.move(left, max(free.top(), min(self.y(), free.bottom() + 1 - size.height())))

    def _build(self) -> None:
        """The widgets."""
        self.setWindowIcon(theme.app_icon())
        self.setAcceptDrops(True)
        self.banner = Banner()
        self.welcome = Welcome()
        self.workspace = Workspace(self.actions_by_id, self.preferences)
        self.canvas, self.timeline, self.transport = (
            self.workspace.canvas,
            self.workspace.timeline,
            self.workspace.transport,
        )
        self.analysis, self.matte = self.workspace.analysis, self.workspace.matte
        self.control_keys = ControlKeys(self, self.canvas)
        self.status = StatusBar()
        self.setStatusBar(self.status)
        self.menus = Submenus(
            self, self.actions_by_id, self.workspace.view_bar, self.preferences, self.document
        )
        self._pages = QStackedWidget()
        self._pages.addWidget(self.welcome)
        self._pages.addWidget(self.workspace)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self._pages, 1)
        self.setCentralWidget(body)

    def _control(self, room: WindowContext) -> None:
        """The controllers."""
        clean_feed = CleanFeedController(room, self)
        self.menus.add_clean_feed(clean_feed.menu)
        self.stage = ViewerController(room, self.actions_by_id, clean_feed, self)
        self.comparing = ComparisonController(room, self.stage, self)
        self.inside = IntermediatesController(room, self)
        self.overview = MetricsController(self.player, self.timeline, self)
        self.trust = MotionTrustController(room, self)
        self.idle_analysis = IdleAnalysis(self.player, self.jobs, self)
        self.idle_analysis.enabled = self.preferences.get_text("idle_analysis", "on") == "on"
        self.messages = OutcomeMessages(self.banner, self.status)
        self.audio = AudioPlayer(self.player, self)
        self.audio.muted = self.preferences.get_text("audio", "on") == "off"
        self.scope = ShotScope(room, self.overview, self.workspace.scope, self)
        self.bake_off = ModelComparisonController(room, self.scope, self)
        self.remedies = IssueRemedies(room, self.bake_off, self)
        self.editing = SettingsController(room, self.scope, self)
        self.exporting = ExportController(room, self)
        self.reports = MetricsExport(room, self.overview, self)
        self.opening = OpenController(room, self.welcome, self)
        self.source_settings = SourceSettingsController(room, self)
        self.projects = ProjectController(room, self.opening.open, self.opening.close_clip, self)
        self.queue_room = QueueDock(room, self.editing, self.messages, self)
        self.clip_list = ClipListDock(room, self.queue_room.queue, self)
        self.running = AnalysisController(room, self.idle_analysis, self)
        self.source_watch = SourceWatch(self.banner, self.opening.open, self)

    def _context(self, room: WindowContext) -> ActionContext:
        return ActionContext(
            window=self,
            shared=room,
            actions=self.actions_by_id,
            clips=self.opening,
            source_settings=self.source_settings,
            projects=self.projects,
            settings=self.editing,
            shot_scope=self.scope,
            analysis=self.running,
            idle_analysis=self.idle_analysis,
            model_comparison=self.bake_off,
            export=self.exporting,
            queue=self.queue_room,
            clip_list=self.clip_list,
            metrics=self.overview,
            metrics_export=self.reports,
            motion_trust=self.trust,
            viewer=self.stage,
            audio=self.audio,
        )

    def _connect(self) -> None:
        jobs = self.jobs
        self.player.failed.connect(self.banner.show_error)
        jobs.models_listed.connect(self._on_models)
        jobs.opening.connect(self._note_opening)
        jobs.covered.connect(lambda _settings, coverage: self.clip_state.set_coverage(coverage))
        jobs.analysed.connect(self.player.refresh)
        jobs.adapted.connect(self.messages.adapted)
        jobs.failed.connect(self.messages.failed)
        jobs.failed.connect(self.source_settings.offer_after_failure)
        self.workspace.facts.rate_chosen.connect(self.source_settings.set_rate)
        self.workspace.facts.settings_asked.connect(self.source_settings.ask)
        for part in (self.player.scrub_cache, self.audio, self.overview, self.idle_analysis):
            part.failed.connect(self.messages.background_failed)
        jobs.covered.connect(self.overview.set_covered)
        jobs.running.connect(self.overview.set_running)
        self.idle_analysis.progressed.connect(self.status.show_activity)
        self.idle_analysis.working.connect(self.status.show_working)
        self.idle_analysis.first_map_awaited.connect(self.overview.wait_for_first_map)
        self.idle_analysis.first_map_awaited.connect(self.player.set_yielding)
        self.idle_analysis.first_map_awaited.connect(lambda _awaited: self._list_formats())
        jobs.running.connect(lambda name: self.player.set_busy(bool(name)))
        self.document.changed.connect(lambda work: self.overview.set_settings(work.path, work.settings))
        self.overview.found.connect(self.workspace.issues.set_issues)
        self.overview.outdated.connect(self.workspace.issues.set_outdated)
        self.menus.view_menus.chosen.connect(self.comparing.choose)
        self.menus.inside.opened.connect(self.inside.list_maps)
        self.menus.inside.chosen.connect(self.inside.choose)
        self.inside.listed.connect(self.menus.inside.set_maps)
        self.player.view_changed.connect(lambda: self.menus.inside.show_chosen(self.player.view.intermediate))
        self.menus.tint.chosen.connect(lambda changes: self.player.set_view(**changes))
        self.player.set_view(**self.menus.tint.values)
        self.menus.metrics.chosen.connect(self.workspace.choose_metrics)
        self.trust.measured.connect(self.menus.metrics.show_trust)
        self.workspace.choose_metrics(self.menus.metrics.metrics)
        self.workspace.issues.picked.connect(self.player.seek)
        self.exporting.wanted_now.connect(self.queue_room.export_now)
        self.exporting.queued.connect(self.queue_room.add)
        self.opening.project_picked.connect(self.projects.open)
        self.opening.several_picked.connect(self._add_clips)
        self.clip_list.panel.add_asked.connect(self.opening.ask_for_file)
        self.clip_list.panel.queue_asked.connect(self.queue_room.add_clips)
        self.overview.found.connect(self.clip_list.set_issues)
        self.queue_room.opened.connect(self.editing.open_job)
        self.queue_room.control.finished.connect(self.exporting.remember)
        self.queue_room.finished_first.connect(lambda: QTimer.singleShot(0, self.close))
        lists = self.menus.recent.picked, self.menus.clips.picked, self.clip_list.opened
        for picked in (*lists, self.editing.clip_wanted, self.source_settings.wanted):
            picked.connect(self.opening.open)

    def _follow_clip(self) -> None:
        """Connect what follows the current clip, in this order: the viewer takes it first and releases it last."""
        opened, closed = self.clip_state.opened, self.clip_state.closed
        opened.connect(lambda _clip: self._pages.setCurrentWidget(self.workspace))
        opened.connect(self.stage.set_clip)
        opened.connect(lambda clip: self.workspace.issues.set_clip(clip.info))
        closed.connect(lambda: self.workspace.issues.set_clip(None))
        for part in (self.overview, self.idle_analysis, self.audio):
            opened.connect(part.set_clip)
            closed.connect(partial(part.set_clip, None))
        opened.connect(lambda clip: self.source_watch.set_clip(clip.info))
        closed.connect(lambda: self.source_watch.set_clip(None))
        opened.connect(self.editing.show_clip)
        opened.connect(lambda clip: self.source_settings.tell(clip.info))
        closed.connect(self.stage.clear)
        closed.connect(lambda: self._pages.setCurrentWidget(self.welcome))

    # ---- for the program and its tests

    def open_path(self, path: Path) -> None:
        """Open a video file, a folder of frames, or a project."""
        self.opening.open(path)

    def analyse(self) -> None:
        """Run the network over the marked range, or the clip."""
        self.running.analyse()

    def cancel(self) -> None:
        """Stop the analysis."""
        self.running.cancel()

    def set_idle_analysis(self, allowed: bool) -> None:
        """Let the analysis run ahead while nothing else is asked for, or not."""
        set_idle_analysis(self._action_context, allowed)

    def end(self) -> None:
        """Close without a question: nobody is there to answer. What is not saved is kept for *Restore last session*."""
        self._unasked = True
        self.close()

    def keep_session(self) -> None:
        """The desktop's session may end now: if the program is ended with it, that is no accident."""
        self.projects.autosave.write(ended=True)

    # ---- messages

    def _begin(self) -> None:
        self.jobs.list_models()
        session = self.projects.offer_recovery()
        self.action_state.refresh()
        if session is None or not session.lost:
            self.queue_room.offer()

    def _list_formats(self) -> None:
        """Once, when nothing is opened and no first map is on its way: nobody exports before that."""
        if not (self._formats_asked or self._opening_clip or self.idle_analysis.awaits_first_map):
            self._formats_asked = True
            self.jobs.list_formats()

    def _note_opening(self, name: str) -> None:
        self._opening_clip = bool(name)
        if name:
            self.idle_analysis.load_ahead(self.preferences)
        else:
            QTimer.singleShot(0, self._list_formats)  # the clip, if it is one, is taken over first

    def _add_clips(self, paths: list[Path]) -> None:
        self.document.add_clips([self.editing.default_settings(path.absolute()) for path in paths])
        self.clip_list.show_for_several()

    def _on_models(self, models: list[ModelChoice]) -> None:
        self._list_formats()
        self.menus.view_menus.set_models([model for model in models if not model.problem])

    # ---- events

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Enter presses the focused button: the space bar is for playing."""
        focus = self.focusWidget()
        if (
            event is not None
            and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and isinstance(focus, QAbstractButton)
        ):
            focus.click()
            return
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take local files and folders."""
        if event is not None:
            self.opening.accept_drag(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent | None) -> None:
        """Changed their mind."""
        self.welcome.set_drag_hover(False)

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped; of several clips the first, and queue them all."""
        if event is not None:
            self.opening.drop(event)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Cancel, join, remember."""
        if event is None or self._closed:
            return
        may_close = self._unasked or (
            self.queue_room.may_quit() and self.projects.confirm_leave(closing=True)
        )
        if not may_close:
            event.ignore()
            return
        self._closed = True
        self.projects.autosave.finish()
        self.preferences.set_layout("window", self.saveGeometry())
        self.preferences.set_layout("docks", self.saveState())
        self.workspace.remember(self.preferences)
        self.preferences.sync()
        self.hide()  # a network takes a moment to stop; nobody has to watch
        self.stage.stop()
        self.idle_analysis.stop()
        self.audio.stop()
        self.jobs.stop()
        self.queue_room.control.close()
        self.overview.stop()
        self.player.stop()
        event.accept()
