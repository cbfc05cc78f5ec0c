"""The main window: puts the parts together and passes messages between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import Qt, QTimer, QUrl
from PyQt6.QtGui import QCloseEvent, QDesktopServices, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QFileDialog,
    QMainWindow,
    QMenu,
    QMessageBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from vsod.core.overlay import Overlay
from vsod.core.progress import Progress
from vsod.errors import Cancelled
from vsod.gui import actions, theme
from vsod.gui.backend import Backend, Card, Clip, Format, Pipeline
from vsod.gui.deck import Deck
from vsod.gui.dialogs.about import about_box
from vsod.gui.dialogs.export import ExportDialog
from vsod.gui.dialogs.shortcuts import ShortcutsDialog
from vsod.gui.panels.banner import Banner
from vsod.gui.player import Player
from vsod.gui.prefs import Prefs
from vsod.gui.recent import RecentMenu
from vsod.gui.render import Shown
from vsod.gui.statusline import StatusLine
from vsod.gui.tasks import Tasks
from vsod.gui.viewer.welcome import Welcome
from vsod.pipeline.job import JobReport, JobSpec

_SETTLE_MS = 60  # a window being resized asks for new pictures after this rest, not at every step


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
        self.tasks = Tasks(backend or Pipeline(), self)
        self.clip: Clip | None = None
        self.dialog: ExportDialog | None = None
        self._covered: npt.NDArray[np.bool_] = np.zeros(0, bool)
        self._closed = False
        self.actions_by_id = actions.build(self, self._deeds())
        self._build()
        self._connect()
        self._show_overlay(self.player.view.overlay)
        self._refresh()
        self.setAcceptDrops(True)
        self.resize(1280, 800)
        if self.prefs.geometry is not None:
            self.restoreGeometry(self.prefs.geometry)
        # after the first paint: the window is there before anything is looked for
        QTimer.singleShot(0, self.tasks.catalogue)

    # ---- construction

    def _deeds(self) -> dict[str, Callable[[], object]]:
        player = self.player
        return {
            "open": self.ask_for_file,
            "open_folder": self.ask_for_folder,
            "export": self.ask_for_export,
            "quit": self.close,
            "analyse": self.analyse,
            "cancel": self.cancel,
            "mark_in": lambda: self._mark(player.index, max(player.marked.stop, player.index + 1)),
            "mark_out": lambda: self._mark(min(player.marked.start, player.index), player.index + 1),
            "clear_marks": lambda: self._mark(0, player.count),
            "to_in": lambda: player.seek(player.marked.start),
            "to_out": lambda: player.seek(player.marked.stop - 1),
            "play": player.toggle,
            "reverse": lambda: player.shuttle(-1),
            "pause": player.pause,
            "forward": lambda: player.shuttle(1),
            "back": lambda: player.step(-1),
            "ahead": lambda: player.step(1),
            "back10": lambda: player.step(-10),
            "ahead10": lambda: player.step(10),
            "first": lambda: player.seek(0),
            "last": lambda: player.seek(player.count - 1),
            **{name: partial(self._show_overlay, look) for name, look in actions.OVERLAYS.items()},
            "fit": lambda: self.canvas.fit(),
            "one_to_one": lambda: self.canvas.one_to_one(),
            "zoom_in": lambda: self.canvas.zoom_by(1.25),
            "zoom_out": lambda: self.canvas.zoom_by(0.8),
            "full_screen": lambda: self.showNormal() if self.isFullScreen() else self.showFullScreen(),
            "shortcuts": lambda: ShortcutsDialog(self).open(),
            "about": lambda: about_box(self).open(),
        }

    def _build(self) -> None:
        self.setWindowIcon(theme.app_icon())
        self.banner = Banner()
        self.welcome = Welcome()
        self.deck = Deck(self.actions_by_id)
        self.canvas, self.scrubber, self.transport = self.deck.canvas, self.deck.scrubber, self.deck.transport
        self.analysis, self.finish = self.deck.analysis, self.deck.finish
        self.status = StatusLine()
        self.setStatusBar(self.status)
        self.recent = RecentMenu(self.prefs, self)
        file_menu = self.findChild(QMenu, "file")
        if file_menu is not None:
            file_menu.insertMenu(self.actions_by_id["export"], self.recent)
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
        player, tasks = self.player, self.tasks
        player.shown.connect(self._on_shown)
        player.moved.connect(self._on_moved)
        player.speed_changed.connect(self._on_speed)
        player.failed.connect(self.banner.show_error)
        tasks.catalogued.connect(self._on_catalogue)
        tasks.opening.connect(self._on_opening)
        tasks.opened.connect(self._on_opened)
        tasks.covered.connect(self._on_covered)
        tasks.analysed.connect(self.player.refresh)
        tasks.exported.connect(self._on_exported)
        tasks.running.connect(self._on_running)
        tasks.progressed.connect(self._on_progress)
        tasks.failed.connect(self._on_failed)
        self.scrubber.scrubbed.connect(player.seek)
        self.scrubber.range_dragged.connect(self._mark)
        self.canvas.zoomed.connect(self.deck.looks.show_zoom)
        self.canvas.probed.connect(self.status.show_pixel)
        self.canvas.space_dragged.connect(player.toggle)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(lambda: player.set_view(size=self.canvas.wanted_size()))
        self.canvas.raster_changed.connect(self._settle.start)
        self.analysis.card_changed.connect(self._on_card)
        self.analysis.device_changed.connect(self._on_device)
        self.analysis.analyse.connect(self.analyse)
        self.analysis.cancel.connect(self.cancel)
        self.finish.changed.connect(lambda settings: player.set_view(finish=settings))
        self.welcome.open_file.connect(self.ask_for_file)
        self.welcome.open_folder.connect(self.ask_for_folder)
        self.recent.picked.connect(self.open_path)

    # ---- deeds

    def open_path(self, path: Path) -> None:
        """Open a video file or a folder of frames."""
        self.banner.hide()
        self.tasks.open(path)

    def ask_for_file(self) -> None:
        """Let the user pick a video."""
        name, _ = QFileDialog.getOpenFileName(self, "Open video", str(self.prefs.last_folder))
        if name:
            self.open_path(Path(name))

    def ask_for_folder(self) -> None:
        """Let the user pick a folder of frames."""
        name = QFileDialog.getExistingDirectory(self, "Open folder of frames", str(self.prefs.last_folder))
        if name:
            self.open_path(Path(name))

    def ask_for_export(self) -> None:
        """Show the export dialog."""
        if self.clip is None or self.analysis.card is None or not self.tasks.formats or self.tasks.busy:
            return
        self.player.pause()
        info = self.clip.info
        draft = JobSpec(
            source=info.path,
            output=info.path,
            card=self.analysis.card,
            device=self.analysis.device,
            finish=self.finish.settings,
        )
        chosen, folder = self.prefs.text("format"), self.prefs.text("export_folder")
        self.dialog = ExportDialog(
            info,
            self.tasks.formats,
            draft,
            self.player.marked,
            chosen,
            Path(folder) if folder else None,
            self,
        )
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.exported.connect(self.export)
        self.dialog.open()

    def export(self, spec: JobSpec) -> None:
        """Write a matte."""
        self.prefs.set_text("format", spec.format or "")
        if self.clip is not None and spec.output.parent != self.clip.info.path.parent:
            self.prefs.set_text("export_folder", str(spec.output.parent))
        self.banner.hide()
        self.tasks.export(spec)

    def analyse(self) -> None:
        """Run the network over the marked range, or the clip."""
        card = self.analysis.card
        if card is None or self.clip is None or self.tasks.busy:
            return
        self.banner.hide()
        marked = self.player.marked
        self.tasks.analyse(card, None if len(marked) == self.player.count else marked, self.analysis.device)

    def cancel(self) -> None:
        """Stop the running job."""
        if self.tasks.busy:
            self.analysis.set_cancelling()
            self.tasks.cancel()

    def _mark(self, start: int, stop: int) -> None:
        if self.player.count:
            self.player.marked = range(max(start, 0), min(stop, self.player.count))
            self.scrubber.set_marked(self.player.marked)
            self._refresh()

    def _show_overlay(self, overlay: Overlay) -> None:
        name = next(name for name, look in actions.OVERLAYS.items() if look is overlay)
        self.actions_by_id[name].setChecked(True)
        self.player.set_view(overlay=overlay)

    # ---- messages

    def _on_catalogue(self, cards: list[Card], formats: list[Format]) -> None:
        self.analysis.set_device(self.prefs.text("device", "auto"))
        self.analysis.set_cards(cards, self.prefs.text("card"))
        self.status.show_device(self.analysis.device_box.currentText())
        self._refresh()

    def _on_opening(self, name: str) -> None:
        self.welcome.set_busy(name)
        self.status.show_text(f"Opening {name} …" if name else "")

    def _on_opened(self, clip: Clip) -> None:
        self.clip = clip
        info = clip.info
        self.prefs.remember_clip(info.path)
        self.setWindowTitle(f"{info.path.name} – vsod-desktop")
        self._covered = np.zeros(info.frame_count, bool)
        self.player.set_view(card=None)
        self._pages.setCurrentWidget(self.deck)
        self.deck.facts.set_clip(info)
        self.scrubber.set_clip(info)
        self.canvas.set_clip(info)
        self.deck.looks.title.setText(info.path.name)
        self.status.show_clip(info)
        self.player.set_view(size=self.canvas.wanted_size())
        self.player.set_clip(clip)
        self._on_moved(0)
        if info.warnings:
            self.banner.show_note(info.warnings[0], "  ".join(info.warnings[1:]))
        if self.analysis.card is not None:
            self.tasks.look_up_coverage(self.analysis.card)
        self.canvas.setFocus()
        self._refresh()

    def _on_card(self, card: str) -> None:
        self.prefs.set_text("card", card)
        self._on_covered(np.zeros(self.player.count, bool))
        self.tasks.look_up_coverage(card)

    def _on_device(self, device: str) -> None:
        self.prefs.set_text("device", device)
        self.status.show_device(self.analysis.device_box.currentText())

    def _on_shown(self, shown: Shown) -> None:
        self.canvas.show_frame(shown)
        self.status.count_frame(time.monotonic(), playing=self.player.speed != 0)
        self._note(shown)

    def _note(self, shown: Shown) -> None:
        if shown.held:
            self.canvas.set_note("This frame is damaged in the file; the one before is shown")
        elif shown.alpha is None and self.player.view.overlay is not Overlay.NONE:
            self.canvas.set_note("Not analysed yet")
        else:
            self.canvas.set_note("")

    def _on_moved(self, index: int) -> None:
        self.scrubber.set_index(index)
        self.transport.show_position(self.player.info, index)
        self.status.show_position(self.player.info, index)

    def _on_speed(self, speed: float) -> None:
        action = self.actions_by_id["play"]
        action.setIcon(theme.icon("pause" if speed else "play"))
        action.setText("&Pause" if speed else "&Play")
        self.transport.show_speed(speed)
        self.status.count_frame(time.monotonic(), playing=False)

    def _on_covered(self, covered: npt.NDArray[np.bool_]) -> None:
        if len(covered) != self.player.count:
            return
        before, self._covered = self._covered, covered
        self.scrubber.set_covered(covered)
        # a picture must not wait for a map store that has nothing to say: opening one may load a network
        self.player.set_view(card=self.analysis.card if covered.any() else None)
        index = self.player.index
        if len(covered) and covered[index] and not (len(before) > index and before[index]):
            self.player.refresh()
        self._refresh()

    def _on_running(self, name: str) -> None:
        self.analysis.set_running(bool(name))
        if not name:
            self.status.show_fps(0.0)
        self._refresh()

    def _on_progress(self, progress: Progress) -> None:
        self.analysis.show_progress(progress)
        self.status.show_fps(progress.fps)

    def _on_exported(self, report: JobReport) -> None:
        self.status.show_device(report.device)
        outcomes = {True: "checked", False: "the check found differences", None: "not checked"}
        checked = outcomes[report.verified]
        detail = f"{report.frames} frames, {checked}, {report.seconds:.1f} s on {report.device}."
        if report.held:
            detail += f" {len(report.held)} source frames could not be decoded."
        detail = " ".join([detail, *report.warnings])
        folder = QUrl.fromLocalFile(str(report.output.parent))
        self.banner.show_success(
            f"Wrote {report.output.name}", detail, "Show folder", lambda: QDesktopServices.openUrl(folder)
        )

    def _on_failed(self, name: str, error: Exception) -> None:
        card = self.analysis.card
        if isinstance(error, Cancelled):
            kept = "Nothing was written." if name == "export" else "The frames done so far are kept."
            self.banner.show_note("Cancelled", kept)
        elif name == "coverage":
            self.status.show_text(str(error))
        else:
            self.banner.show_error(error)
        if name in ("analyse", "export") and card is not None:
            self.tasks.look_up_coverage(card)

    def _refresh(self) -> None:
        """Enable what makes sense now, and word the Analyse button."""
        idle, open_, card = not self.tasks.busy, self.clip is not None, self.analysis.card
        for name in actions.needing_clip():
            self.actions_by_id[name].setEnabled(open_)
        self.actions_by_id["cancel"].setEnabled(not idle)
        self.actions_by_id["analyse"].setEnabled(open_ and idle and card is not None)
        ready = open_ and idle and card is not None and bool(self.tasks.formats)
        self.actions_by_id["export"].setEnabled(ready)
        self.deck.export_button.setEnabled(ready)
        marked = self.player.marked
        within = self._covered[marked.start : marked.stop]
        if open_ and len(within) and within.all():
            self.analysis.set_task("Analysed", False)
        else:
            left = len(marked) - int(within.sum())
            part = "" if len(marked) == self.player.count else " in range"
            text = f"Analyse {left} frames{part}" if open_ else "Analyse"
            self.analysis.set_task(text, open_ and card is not None)

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
        """Take one local file or folder."""
        if event is not None and _dropped(event) is not None:
            self.welcome.set_aimed(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent | None) -> None:
        """Changed their mind."""
        self.welcome.set_aimed(False)

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped."""
        self.welcome.set_aimed(False)
        path = _dropped(event) if event is not None else None
        if path is not None and event is not None:
            event.acceptProposedAction()
            self.open_path(path)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Cancel, join, remember."""
        if event is None or self._closed:
            return
        if self.tasks.busy == "export" and not self._sure():
            event.ignore()
            return
        self._closed = True
        self.prefs.geometry = self.saveGeometry()
        self.prefs.sync()
        self.hide()  # a network takes a moment to stop; nobody has to watch
        self._settle.stop()
        self.tasks.stop()
        self.player.stop()
        event.accept()

    def _sure(self) -> bool:
        answer = QMessageBox.question(
            self,
            "Stop the export?",
            "A matte is being written. Stop and quit? Nothing half-written is left behind.",
        )
        return answer == QMessageBox.StandardButton.Yes


def _dropped(event: QDropEvent) -> Path | None:
    data = event.mimeData()
    urls = data.urls() if data is not None else []
    local = [url.toLocalFile() for url in urls if url.isLocalFile()]
    return Path(local[0]) if local else None
