"""What runs and what can be begun: the Analyse button, progress, and which actions make sense now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from vsod.core.clip_settings import Choice
from vsod.core.progress import Progress
from vsod.gui.actions import action_table
from vsod.gui.jobs.clip_jobs import QUEUE
from vsod.gui.toolkit.translation import tr

if TYPE_CHECKING:
    from vsod.gui.main_window import MainWindow


class Running(QObject):
    """Starts and stops the analysis and keeps the window's controls in step with the jobs.

    Args:
        window: With all its parts.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        tasks = window.tasks
        tasks.timed.connect(self._on_timed)
        tasks.running.connect(self._on_running)
        tasks.progressed.connect(self._on_progress)
        tasks.failed.connect(self._on_failed)
        window.stage.changed.connect(self.refresh)
        window.document.changed.connect(lambda _work: self.refresh())
        window.analysis.device_changed.connect(self._on_device)
        window.analysis.analyse.connect(self.analyse)
        window.analysis.cancel.connect(self.cancel)

    def analyse(self) -> None:
        """Run the network over the marked range, or the clip."""
        window = self._window
        casting = self._casting
        if casting is None or window.clip is None or window.tasks.busy:
            return
        marked = window.player.marked
        frames = None if len(marked) == window.player.count else marked
        window.tasks.analyse(casting, frames, window.analysis.device, window.analysis.adapt)

    @property
    def _casting(self) -> Choice | None:
        """The models to analyse with; None while one cannot be used."""
        work, usable = self._window.document.work, self._window.analysis.usable
        if work is None or not all(card in usable for card in work.choice.cards):
            return None
        return work.choice.casting

    def cancel(self) -> None:
        """Stop the running job; the queue pauses."""
        window = self._window
        if window.tasks.busy == QUEUE:
            window.queue_room.control.pause()
        elif window.tasks.busy:
            window.analysis.set_cancelling()
            window.tasks.cancel()

    def refresh(self) -> None:
        """Enable what makes sense now, and word the Analyse button."""
        window, acts = self._window, self._window.actions_by_id
        analysis, tasks = window.analysis, window.tasks
        casting = self._casting
        window.ahead.set_models(casting, analysis.device, analysis.adapt)
        idle, open_ = not tasks.busy, window.clip is not None
        for name in action_table.needing_clip():
            acts[name].setEnabled(open_)
        acts["cancel"].setEnabled(not idle)
        acts["analyse"].setEnabled(open_ and idle and casting is not None)
        free = idle or tasks.busy == QUEUE
        ready = open_ and free and casting is not None and bool(tasks.formats)
        acts["export"].setEnabled(ready)
        window.deck.export_button.setEnabled(ready)
        marked = window.player.marked
        within = window.stage.covered[marked.start : marked.stop]
        if open_ and len(within) and within.all():
            analysis.set_task(tr("Analysed"), False)
        else:
            left = len(marked) - int(within.sum())
            whole = len(marked) == window.player.count
            text = tr("Analyse {left} frames") if whole else tr("Analyse {left} frames in range")
            text = text.format(left=left) if open_ else tr("Analyse")
            analysis.set_task(text, open_ and idle and casting is not None)

    # ---- messages

    def _on_timed(self, card: str, device: str, fps: float) -> None:
        self._window.prefs.remember_speed(card, device, fps)
        self._window.analysis.set_speed(card, device, fps)

    def _on_device(self, device: str) -> None:
        self._window.prefs.set_text("device", device)
        self._window.status.show_device(self._window.analysis.device_box.currentText())

    def _on_running(self, name: str) -> None:
        mine = name not in ("", QUEUE)
        self._window.analysis.set_running(mine)
        if mine:
            self._window.banner.hide()
        else:
            self._window.status.show_fps(0.0)
        self.refresh()

    def _on_progress(self, progress: Progress) -> None:
        if self._window.tasks.busy != QUEUE:
            self._window.analysis.show_progress(progress)
        self._window.status.show_fps(progress.fps)

    def _on_failed(self, name: str, error: Exception) -> None:
        self._window.messages.failed(name, error)
        if name in ("analyse", "export"):
            self._window.editing.look_up()
