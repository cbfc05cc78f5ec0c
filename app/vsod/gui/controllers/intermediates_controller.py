"""What is looked at inside a network: listed for the model in use, computed for the frame under the playhead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from vsod.gui.jobs.clip_jobs import INSIDE_JOB, LIST_JOB
from vsod.gui.playback.frame_renderer import RenderedFrame
from vsod.gui.toolkit.translation import tr
from vsod.gui.workspace.window_context import WindowContext

if TYPE_CHECKING:
    from vsod.pipeline.clip_intermediates import MapInfo


class IntermediatesController(QObject):
    """Shows one of the pictures instead of the overlay, and has it made where the playhead rests.

    Args:
        room: The parts of the window.
        parent: The window.
    """

    listed = pyqtSignal(object)  # list of MapInfo of the model in use; None = not known yet

    def __init__(self, room: WindowContext, parent: QObject) -> None:
        super().__init__(parent)
        self._player, self._jobs, self._status = room.player, room.jobs, room.status
        self._state = room.clip_state
        self._analysis = room.workspace.analysis
        self._shown: RenderedFrame | None = None
        self._known = ""  # the model whose pictures are listed
        room.player.shown.connect(self._on_shown)
        room.jobs.running.connect(self._on_running)
        room.jobs.failed.connect(self._on_failed)
        room.clip_state.opened.connect(lambda _clip: self._forget())
        room.clip_state.closed.connect(self._forget)

    @property
    def model(self) -> str:
        """The one in use at the playhead."""
        return self._player.view.settings.at(self._player.index)[0]

    def list_maps(self) -> None:
        """Find out what the model in use has, if it is another than before."""
        model = self.model
        if self._state.clip is None or model == self._known or model not in self._analysis.usable:
            return
        self._known = model
        self.listed.emit(None)

        def done(maps: Sequence[MapInfo]) -> None:
            if model == self._known:
                self.listed.emit(maps)

        self._jobs.list_intermediates(model, done)

    def choose(self, name: str) -> None:
        """Show this picture, "" for none."""
        self._player.set_view(intermediate=name)

    # ---- messages

    def _on_shown(self, shown: RenderedFrame) -> None:
        self._shown = shown
        self._compute()

    def _on_running(self, name: str) -> None:
        if not name:  # what ran has let go of the processor
            self._compute()

    def _compute(self) -> None:
        """Look into the frame that is on screen, if it is not that of a film that is playing."""
        shown = self._shown
        if shown is None or not shown.lacks_intermediate or shown.from_cache or self._jobs.busy:
            return
        resting = not self._player.speed and shown.index == self._player.index
        if resting and shown.view == self._player.view and self.model in self._analysis.usable:
            self._jobs.look_inside(self.model, shown.index, self._analysis.device, self._on_computed)

    def _on_computed(self, names: list[str]) -> None:
        wanted = self._player.view.intermediate
        if wanted and wanted not in names:
            self._status.show_text(tr("This model has no map {name}").format(name=wanted))
            self.choose("")
        self._shown = None  # the frame is rendered anew
        self._player.refresh()

    def _on_failed(self, name: str, _error: Exception) -> None:
        if name == INSIDE_JOB:
            self._shown = None
            self.choose("")
        elif name == LIST_JOB:
            self._known = ""  # asked again when the menu is opened again

    def _forget(self) -> None:
        self._shown, self._known = None, ""
        self.choose("")
