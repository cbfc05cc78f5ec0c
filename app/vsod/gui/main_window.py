"""The main window: puts the parts together and passes messages between them."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QMainWindow,
    QMessageBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from vsod.gui.actions import action_table
from vsod.gui.actions.action_handlers import deeds
from vsod.gui.actions.submenus import Submenus
from vsod.gui.controllers.analysis_controller import Running
from vsod.gui.controllers.export_controller import Exporting
from vsod.gui.controllers.idle_analysis import Ahead
from vsod.gui.controllers.metrics_controller import Overview
from vsod.gui.controllers.metrics_export import Reports
from vsod.gui.controllers.model_comparison_controller import BakeOff
from vsod.gui.controllers.open_controller import Opening
from vsod.gui.controllers.outcome_messages import Messages
from vsod.gui.controllers.project_controller import Projects
from vsod.gui.controllers.queue_dock import QueueRoom
from vsod.gui.controllers.settings_controller import Editing
from vsod.gui.controllers.shot_scope import Scope
from vsod.gui.controllers.source_watch import SourceWatch
from vsod.gui.controllers.viewer_controller import Stage
from vsod.gui.dialogs.export_dialog import ExportDialog
from vsod.gui.jobs.clip_jobs import Tasks
from vsod.gui.panels.banner import Banner
from vsod.gui.panels.status_bar import StatusLine
from vsod.gui.playback.audio_player import Sound
from vsod.gui.playback.player import Player
from vsod.gui.playback.scrub_cache import MEGABYTES
from vsod.gui.state.project_document import Document
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.pipeline_interface import Backend, Card, Clip, Format, Pipeline
from vsod.gui.toolkit.preferences import Prefs
from vsod.gui.toolkit.translation import tr
from vsod.gui.viewer.welcome import Welcome
from vsod.gui.workspace.window_context import Workroom
from vsod.gui.workspace.workspace import Deck


class MainWindow(QMainWindow):
    """One clip at a time.

    Args:
        backend: Where clips and models come from; tests pass a stand-in.
        prefs: What is remembered between runs.
    """

    def __init__(self, backend: Backend | None = None, prefs: Prefs | None = None) -> None:
        super().__init__()
        self.prefs = prefs or Prefs()
        self.player = Player(self)
        self.player.drafts.set_room(self.prefs.number("draft_mb", MEGABYTES))
        self.tasks = Tasks(backend or Pipeline(), self)
        self.document = Document(self)
        self._closed = False
        self.actions_by_id = action_table.build(self, deeds(self), self.prefs.keys)
        self._build()
        self.stage = Stage(self.player, self.deck, self.status, self.actions_by_id, self)
        self.overview = Overview(self.player, self.scrubber, self)
        self.ahead = Ahead(self.player, self.tasks, self)
        self.ahead.enabled = self.prefs.text("ahead", "on") == "on"
        self.messages = Messages(self.banner, self.status)
        room = Workroom(self.document, self.stage, self.player, self.deck, self.tasks, self.prefs)
        self.sound = Sound(self.player, self)
        self.sound.muted = self.prefs.text("sound", "on") == "off"
        self.scope = Scope(room, self.overview, self.deck.scope, self)
        self.bake_off = BakeOff(self.stage, self.tasks, self.analysis, self.scope, self)
        self.editing = Editing(room, self.scope, self.actions_by_id, self)
        self.exporting = Exporting(room, self)
        self.reports = Reports(room, self.overview, self.banner, self)
        self.projects = Projects(
            self.document, self.banner, self.prefs, self.tasks, self.open_path, self.close_clip, self
        )
        self.queue_room = QueueRoom(
            self.document, self.editing, self.analysis, self.tasks, self.banner, self.prefs, self
        )
        self.opening = Opening(self)
        self.running = Running(self)
        self.source_watch = SourceWatch(self.banner, self.open_path, self)
        self._connect()
        self.stage.show_overlay(self.player.view.overlay)
        self.running.refresh()
        self.resize(1280, 800)
        if self.prefs.geometry is not None:
            self.restoreGeometry(self.prefs.geometry)
        # after the first paint: the window is there before anything is looked for
        QTimer.singleShot(0, self._begin)

    @property
    def clip(self) -> Clip | None:
        """The open clip."""
        return self.stage.clip

    @property
    def dialog(self) -> ExportDialog | None:
        """The export dialog shown last."""
        return self.exporting.dialog

    # ---- construction

    def _build(self) -> None:
        self.setWindowIcon(theme.app_icon())
        self.banner = Banner()
        self.welcome = Welcome()
        self.deck = Deck(self.actions_by_id)
        self.canvas, self.scrubber, self.transport = self.deck.canvas, self.deck.scrubber, self.deck.transport
        self.analysis, self.finish = self.deck.analysis, self.deck.finish
        self.status = StatusLine()
        self.setStatusBar(self.status)
        self.menus = Submenus(self, self.actions_by_id, self.deck.looks, self.prefs, self.document)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.welcome)
        self._pages.addWidget(self.deck)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self._pages, 1)
        self.setCentralWidget(body)

    def _connect(self) -> None:
        tasks = self.tasks
        self.player.failed.connect(self.banner.show_error)
        tasks.catalogued.connect(self._on_catalogue)
        tasks.opening.connect(self._on_opening)
        tasks.opened.connect(self._on_opened)
        tasks.covered.connect(lambda casting, covered: self.stage.set_covered(covered, casting.card))
        tasks.analysed.connect(self.player.refresh)
        tasks.fitted.connect(self.messages.fitted)
        tasks.exported.connect(self.messages.exported)
        tasks.covered.connect(self.overview.set_covered)
        tasks.running.connect(self.overview.set_running)
        tasks.running.connect(lambda name: self.player.set_busy(bool(name)))
        self.overview.found.connect(self.deck.flags.set_flags)
        self.menus.looks.chosen.connect(lambda changes: self.player.set_view(**changes))
        self.deck.flags.picked.connect(self.player.seek)
        self.exporting.queued.connect(self.queue_room.add)

    # ---- deeds

    def open_path(self, path: Path) -> None:
        """Open a video file, a folder of frames, or a project."""
        self.opening.open(path)

    def close_clip(self) -> None:
        """Leave the desk empty."""
        if self.clip is not None:
            self.tasks.forget_clip()
            self.ahead.set_clip(None)
            self.overview.set_clip(None)
            self.deck.flags.set_clip(None)
            self.sound.set_clip(None)
            self.source_watch.set_clip(None)
            self.stage.clear()
            self._pages.setCurrentWidget(self.welcome)

    def analyse(self) -> None:
        """Run the network over the marked range, or the clip."""
        self.running.analyse()

    def cancel(self) -> None:
        """Stop the running job; the queue pauses."""
        self.running.cancel()

    def allow_ahead(self, allowed: bool) -> None:
        """Let the analysis run ahead while nothing else is asked for, or not."""
        self.prefs.set_text("ahead", "on" if allowed else "off")
        self.ahead.enable(allowed)
        self.status.show_text(tr("Analyses while idle") if allowed else tr("Does not analyse while idle"))

    def mute(self, muted: bool) -> None:
        """Sound off, or on."""
        self.prefs.set_text("sound", "off" if muted else "on")
        self.sound.mute(muted)
        self.status.show_text(tr("Sound off") if muted else tr("Sound on"))

    # ---- messages

    def _begin(self) -> None:
        self.tasks.catalogue()
        session = self.projects.offer()
        self.actions_by_id["reopen"].setEnabled(session is not None)
        if session is None or session.ended:
            self.queue_room.offer()

    def _on_catalogue(self, cards: list[Card], formats: list[Format]) -> None:
        self.menus.looks.set_cards([card.id for card in cards if not card.problem])
        self.analysis.set_device(self.prefs.text("device", "auto"))
        work = self.document.work
        self.analysis.set_cards(cards, work.card if work else self.prefs.text("card"))
        self.status.show_device(self.analysis.device_box.currentText())
        for (card, device), fps in self.prefs.speeds.items():
            self.analysis.set_speed(card, device, fps)
        self.running.refresh()

    def _on_opening(self, name: str) -> None:
        self.welcome.set_busy(name)
        self.status.show_text(tr("Opening {name} …").format(name=name) if name else "")

    def _on_opened(self, clip: Clip) -> None:
        info = clip.info
        self.prefs.remember_clip(info.path)
        self._pages.setCurrentWidget(self.deck)
        self.stage.set_clip(clip)
        self.deck.flags.set_clip(info)
        self.overview.set_clip(clip)
        self.ahead.set_clip(clip)
        self.sound.set_clip(clip)
        self.source_watch.set_clip(info)
        self.messages.opened(info)
        self.document.show_clip(self.editing.usual(info.path))
        self.running.refresh()

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
            self.opening.aim(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent | None) -> None:
        """Changed their mind."""
        self.welcome.set_aimed(False)

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped; of several clips the first, and queue them all."""
        if event is not None:
            self.opening.drop(event)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Cancel, join, remember."""
        if event is None or self._closed:
            return
        if (self.tasks.busy == "export" and not self._sure()) or not self.projects.may_leave(closing=True):
            event.ignore()
            return
        self._closed = True
        self.projects.autosave.finish()
        self.prefs.geometry = self.saveGeometry()
        self.prefs.sync()
        self.hide()  # a network takes a moment to stop; nobody has to watch
        self.stage.stop()
        self.ahead.stop()
        self.sound.stop()
        self.tasks.stop()
        self.queue_room.control.close()
        self.overview.stop()
        self.player.stop()
        event.accept()

    def _sure(self) -> bool:
        answer = QMessageBox.question(
            self,
            tr("Stop the export?"),
            tr("A matte is being written. Stop and quit? Nothing half-written is left behind."),
        )
        return answer == QMessageBox.StandardButton.Yes
