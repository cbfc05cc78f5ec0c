"""Export what the timeline shows: frame metrics as a table, issues as markers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QFileDialog, QWidget

from vsod.errors import VsodError
from vsod.gui.controllers.metrics_controller import MetricsController
from vsod.gui.toolkit.translation import tr
from vsod.gui.workspace.window_context import WindowContext
from vsod.interchange.markers import write_markers
from vsod.qc.metrics_table import MetricsTable

_TABLE, _MARKERS = "Table (*.csv);;JSON (*.json)", "Markers for Resolve (*.edl);;Table (*.csv)"


def _write_markers(table: MetricsTable, path: Path) -> None:
    write_markers(table.issues, table.info, path)


class MetricsExport(QObject):
    """Asks where to, and writes.

    Args:
        room: The parts of the window.
        overview: Knows what was measured.
        window: Parent of the dialogs.
    """

    def __init__(self, room: WindowContext, overview: MetricsController, window: QWidget) -> None:
        super().__init__(window)
        self._room, self._overview, self._banner, self._window = room, overview, room.banner, window

    def ask_for_table(self) -> None:
        """Write the curves of the marked range."""
        self._ask(tr("Save frame metrics"), "_curves.csv", _TABLE, MetricsTable.write)

    def ask_for_markers(self) -> None:
        """Ask for a file and write the issues of the marked range as markers."""
        self._ask(tr("Save markers"), "_markers.edl", _MARKERS, _write_markers)

    def _ask(self, title: str, ending: str, kinds: str, write: Callable[[MetricsTable, Path], None]) -> None:
        table = self._table()
        if table is None:
            self._banner.show_note(
                tr("Nothing is measured yet"),
                tr("Analyse the clip first: frame metrics are measured on its saliency maps."),
            )
            return
        source = table.info.path
        preferences = self._room.preferences
        folder = preferences.output_folder("metrics") or source.parent
        name, kind = QFileDialog.getSaveFileName(
            self._window, title, str(folder / f"{source.stem}{ending}"), kinds
        )
        if not name:
            return
        path = Path(name)
        if not path.suffix:
            path = path.with_suffix(kind[kind.index("*") + 1 : -1])
        try:
            write(table, path)
        except VsodError as error:
            self._banner.show_error(error)
            return
        preferences.remember_output("metrics", path.parent, source)
        issues = len(table.issues)
        self._banner.show_note(
            tr("Wrote {name}").format(name=path.name),
            tr("{frames} frames, {issues} issues.").format(frames=len(table.frames), issues=issues),
        )

    def _table(self) -> MetricsTable | None:
        clip, work, metrics = (
            self._room.clip_state.clip,
            self._room.document.current_clip,
            self._overview.metrics,
        )
        if clip is None or work is None or metrics is None:
            return None
        return MetricsTable.of(clip.info, work.settings, metrics, self._room.player.marked)
