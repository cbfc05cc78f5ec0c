"""What the matte is compared with in the viewer: by its title, seen at once, and analysed where it has no matte."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QObject

from vsod.core.overlay import Overlay
from vsod.core.safe_text import sanitise
from vsod.gui.controllers.viewer_controller import ViewerController
from vsod.gui.playback.frame_renderer import RAW_MAP, SOURCE, RenderedFrame
from vsod.gui.toolkit.pipeline_interface import ModelChoice
from vsod.gui.toolkit.translation import tr
from vsod.gui.workspace.window_context import WindowContext


class ComparisonController(QObject):
    """Shows the other version that was chosen, and offers to analyse the frame where a model has nothing to show.

    Args:
        room: The parts of the window.
        viewer: Shows two versions.
        parent: The window.
    """

    def __init__(self, room: WindowContext, viewer: ViewerController, parent: QObject) -> None:
        super().__init__(parent)
        self._player, self._jobs, self._document = room.player, room.jobs, room.document
        self._analysis, self._canvas = room.workspace.analysis, room.workspace.canvas
        self._viewer = viewer
        self._lacking = ""  # id of the model that has no matte of the frame
        room.jobs.models_listed.connect(self._on_models)
        room.jobs.running.connect(lambda _name: self._offer())
        room.player.shown.connect(self._on_shown)
        room.clip_state.closed.connect(lambda: self._set_lacking(""))
        self._canvas.offer_button.clicked.connect(self.analyse_frame)

    def choose(self, changes: Mapping[str, Any]) -> None:
        """Take what was chosen in the viewer's menus; another version to compare with is shown with a wipe line."""
        self._player.set_view(**changes)
        view = self._player.view
        if "compare_with" in changes and view.compare == "off" and view.overlay is not Overlay.DIFFERENCE:
            self._viewer.compare("wipe")

    def analyse_frame(self) -> None:
        """Analyse the frame under the playhead with the model that is compared with."""
        work, index = self._document.current_clip, self._player.index
        if work is not None and self._lacking and not self._jobs.busy:
            settings = replace(
                work.settings, model=self._lacking, adapt=False, shots=(), start=index, stop=index + 1
            )
            self._jobs.analyse(settings, self._analysis.device)

    def _on_models(self, models: list[ModelChoice]) -> None:
        self._canvas.comparison.titles = {model.id: sanitise(model.title) for model in models}

    def _on_shown(self, shown: RenderedFrame) -> None:
        view = shown.view
        compared = view.compare != "off" or view.overlay is Overlay.DIFFERENCE
        seen = compared and view.overlay is not Overlay.NONE and not shown.from_cache
        other = view.compare_with
        lacks = seen and other not in (SOURCE, RAW_MAP) and shown.other_alpha is None and self._still(shown)
        self._set_lacking(other if lacks and other in self._analysis.usable else "")

    def _still(self, shown: RenderedFrame) -> bool:
        """The picture is not one of a film that is playing: a button would come and go."""
        return not self._player.speed and shown.index == self._player.index

    def _set_lacking(self, model: str) -> None:
        self._lacking = model
        self._offer()

    def _offer(self) -> None:
        title = self._canvas.comparison.title(self._lacking)
        self._canvas.offer_button.setText(tr("Analyse this frame with {model}").format(model=title))
        self._canvas.offer_button.setVisible(bool(self._lacking) and not self._jobs.busy)
