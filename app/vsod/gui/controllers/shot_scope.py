"""Whether what is turned holds for the whole clip or for the shot under the playhead."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from vsod.gui.controllers.metrics_controller import MetricsController
from vsod.gui.panels.shot_scope_bar import ShotScopeBar
from vsod.gui.toolkit.translation import tr
from vsod.gui.workspace.window_context import WindowContext


class ShotScope(QObject):
    """Follows the playhead from shot to shot.

    Args:
        room: The parts of the window.
        overview: Knows the cuts.
        bar: The switch.
        parent: The window.
    """

    changed = pyqtSignal()  # another shot, or the other scope: other settings are to be shown

    def __init__(
        self, room: WindowContext, overview: MetricsController, bar: ShotScopeBar, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._document, self._player, self._overview, self._bar = room.document, room.player, overview, bar
        self._last: range | None = None
        bar.switched.connect(self._refresh)
        bar.given_back.connect(self.reset_shot)
        room.player.moved.connect(lambda _index: self._refresh())
        room.document.changed.connect(lambda _work: self._refresh())
        overview.found.connect(lambda _issues, _measured: self._refresh())

    @property
    def shot(self) -> range:
        """The shot under the playhead; all frames where no cut is known."""
        work, count = self._document.current_clip, self._player.count
        if work is None:
            return range(count)
        return work.settings.shot_range(self._player.index, self._overview.cuts, count)

    @property
    def frames(self) -> range | None:
        """The shot that is edited; None for the whole clip."""
        shot = self.shot
        return shot if self._bar.by_shot and len(shot) < self._player.count else None

    def reset_shot(self) -> None:
        """The shot under the playhead is to be as the rest of the clip."""
        work = self._document.current_clip
        if work is not None:
            self._document.end_edit()
            shots = work.settings.with_shot_override(self.shot, model=None, matte=None)
            self._document.edit(tr("Reset shot"), shots=shots)

    def set_by_shot(self, by_shot: bool) -> None:
        """Edit the shot under the playhead, or the whole clip."""
        self._bar.set_by_shot(by_shot)
        self._refresh()

    def _refresh(self) -> None:
        work, shot, count = self._document.current_clip, self.shot, self._player.count
        own = work is not None and work.settings.shot_at(self._player.index) is not None
        self._bar.show_shot(shot, count, own)
        if self.frames != self._last:
            self._last = self.frames
            self.changed.emit()
