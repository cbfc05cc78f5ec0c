"""From the open clip to an export: the dialog, the job, what is remembered for the next."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtWidgets import QWidget

from vsod.gui.deck import Deck
from vsod.gui.dialogs.export import ExportDialog
from vsod.gui.player import Player
from vsod.gui.prefs import Prefs
from vsod.gui.stage import Stage
from vsod.gui.tasks import Tasks
from vsod.pipeline.job import JobSpec


class Exporting(QObject):
    """Asks what to write and has it written.

    Args:
        stage: Has the open clip.
        player: Has the marks.
        deck: Has model, device and finishing.
        tasks: Does the job.
        prefs: Format and folder of the last export.
        parent: The window.
    """

    def __init__(
        self, stage: Stage, player: Player, deck: Deck, tasks: Tasks, prefs: Prefs, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._stage, self._player, self._deck = stage, player, deck
        self._tasks, self._prefs, self._window = tasks, prefs, parent
        self.dialog: ExportDialog | None = None

    def ask(self) -> None:
        """Show the export dialog."""
        clip, card = self._stage.clip, self._deck.analysis.card
        if clip is None or card is None or not self._tasks.formats or self._tasks.busy:
            return
        self._player.pause()
        draft = JobSpec(
            source=clip.info.path,
            output=clip.info.path,
            card=card,
            device=self._deck.analysis.device,
            adapt=self._deck.analysis.adapt,
            finish=self._deck.finish.settings,
        )
        chosen, folder = self._prefs.text("format"), self._prefs.text("export_folder")
        self.dialog = ExportDialog(
            clip.info,
            self._tasks.formats,
            draft,
            self._player.marked,
            chosen,
            Path(folder) if folder else None,
            self._window,
        )
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.exported.connect(self.export)
        self.dialog.open()

    def export(self, spec: JobSpec) -> None:
        """Write it."""
        self._prefs.set_text("format", spec.format or "")
        clip = self._stage.clip
        if clip is not None and spec.output.parent != clip.info.path.parent:
            self._prefs.set_text("export_folder", str(spec.output.parent))
        self._tasks.export(spec)
