"""The open clip on the deck: what the picture, the playhead and the timeline show of it."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QObject, QTimer, pyqtSignal
from PyQt6.QtGui import QAction

from vsod.core.overlay import Overlay
from vsod.gui.panels.status_bar import StatusLine
from vsod.gui.playback.frame_renderer import Compare, Shown
from vsod.gui.playback.player import Player
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.pipeline_interface import Clip
from vsod.gui.toolkit.translation import tr
from vsod.gui.viewer.view_modes import VIEW_MODES
from vsod.gui.workspace.workspace import Deck

_SETTLE_MS = 60  # a window being resized asks for new pictures after this rest, not at every step


class Stage(QObject):
    """Carries messages between the player and what is on the deck.

    Args:
        player: The playhead.
        deck: Canvas, timeline and panels.
        status: The line at the bottom.
        actions: By id, see :mod:`vsod.gui.actions.action_table`.
        parent: The window.
    """

    changed = pyqtSignal()  # marks or coverage: what can be done next may be another thing now

    def __init__(
        self,
        player: Player,
        deck: Deck,
        status: StatusLine,
        actions: dict[str, QAction],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._player, self._deck, self._status, self._actions = player, deck, status, actions
        self.clip: Clip | None = None
        self.covered: npt.NDArray[np.bool_] = np.zeros(0, bool)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(lambda: player.set_view(size=deck.canvas.wanted_size()))
        player.shown.connect(self._on_shown)
        player.moved.connect(self._on_moved)
        player.speed_changed.connect(self._on_speed)
        deck.scrubber.scrubbed.connect(player.seek)
        deck.canvas.zoomed.connect(deck.looks.show_zoom)
        deck.canvas.probed.connect(status.show_pixel)
        deck.canvas.space_dragged.connect(player.toggle)
        deck.canvas.raster_changed.connect(self._settle.start)

    def set_clip(self, clip: Clip) -> None:
        """Show another clip from its first frame on."""
        self.clip = clip
        info, deck = clip.info, self._deck
        self.covered = np.zeros(info.frame_count, bool)
        self._player.set_view(card=None)
        deck.facts.set_clip(info)
        deck.scrubber.set_clip(info)
        deck.canvas.set_clip(info)
        deck.looks.title.setText(info.path.name)
        self._status.show_clip(info)
        self._player.set_view(size=deck.canvas.wanted_size())
        self._player.set_clip(clip)
        self._on_moved(0)
        deck.canvas.setFocus()

    def clear(self) -> None:
        """No clip any more."""
        self.clip = None
        self.covered = np.zeros(0, bool)
        self._player.set_view(card=None)
        self._player.set_clip(None)
        self._status.show_position(None, 0)
        self.changed.emit()

    def set_covered(self, covered: npt.NDArray[np.bool_], card: str | None) -> None:
        """Which frames have a map by ``card`` now; news of another clip is ignored."""
        if len(covered) != self._player.count:
            return
        before, self.covered = self.covered, covered
        self._deck.scrubber.set_covered(covered)
        # a picture must not wait for a map store that has nothing to say: opening one may load a network
        self._player.set_view(card=card if covered.any() else None)
        index = self._player.index
        if len(covered) and covered[index] and not (len(before) > index and before[index]):
            self._player.refresh()
        self.changed.emit()

    def mark(self, start: int, stop: int) -> None:
        """Mark a range, clipped to the clip."""
        if self._player.count:
            self._player.marked = range(max(start, 0), min(stop, self._player.count))
            self._deck.scrubber.set_marked(self._player.marked)
            self.changed.emit()

    def show_overlay(self, overlay: Overlay) -> None:
        """Lay something else over the picture."""
        name = next(name for name, look in VIEW_MODES.items() if look is overlay)
        self._actions[name].setChecked(True)
        self._player.set_view(overlay=overlay)

    def compare(self, mode: Compare) -> None:
        """Show two versions, or one again if they are shown like that already."""
        new: Compare = "off" if self._player.view.compare == mode else mode
        self._deck.canvas.set_compare(new)
        self._player.set_view(compare=new)

    def loop(self, loop: bool) -> None:
        """Play the range over and over, or once."""
        self._player.loop = loop
        self._status.show_text(tr("Loop on") if loop else tr("Loop off"))

    def stop(self) -> None:
        """Ask for no more pictures."""
        self._settle.stop()

    # ---- messages

    def _on_shown(self, shown: Shown) -> None:
        self._deck.canvas.show_frame(shown)
        self._status.count_frame(time.monotonic(), playing=self._player.speed != 0)
        self._deck.transport.show_dropped(self._player.dropped)
        self._note(shown)

    def _note(self, shown: Shown) -> None:
        self._deck.looks.show_lacking(shown.alpha is None and shown.view.overlay is not Overlay.NONE)
        if shown.held:
            self._deck.canvas.set_note(tr("This frame is damaged in the file; the one before is shown"))
        elif shown.alpha is None and self._player.view.overlay is not Overlay.NONE:
            self._deck.canvas.set_note(tr("Not analysed yet"))
        else:
            self._deck.canvas.set_note("")

    def _on_moved(self, index: int) -> None:
        self._deck.scrubber.set_index(index)
        self._deck.transport.show_position(self._player.info, index)
        self._status.show_position(self._player.info, index)

    def _on_speed(self, speed: float) -> None:
        action = self._actions["play"]
        theme.put_icon(action, "pause" if speed else "play")
        action.setText(tr("P&ause") if speed else tr("&Play"))
        self._deck.transport.show_speed(speed)
        self._status.count_frame(time.monotonic(), playing=False)
