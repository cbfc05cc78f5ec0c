"""Shows the open clip: picture, playhead, timeline and the line at the bottom follow the player."""

from __future__ import annotations

import time
from collections.abc import Mapping

from PyQt6.QtCore import QObject, QTimer
from PyQt6.QtGui import QAction

from vsod.core.overlay import Overlay
from vsod.core.progress import AnalysisCoverage
from vsod.gui.controllers.clean_feed_controller import CleanFeedController
from vsod.gui.playback.frame_renderer import Compare, RenderedFrame
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.pipeline_interface import OpenClip
from vsod.gui.toolkit.translation import tr
from vsod.gui.workspace.window_context import WindowContext

_SETTLE_MS = 60  # a window being resized asks for new pictures after this rest, not at every step


class ViewerController(QObject):
    """Carries messages between the player, the open clip and what is on screen.

    Args:
        room: The parts of the window.
        actions: By id, see :mod:`vsod.gui.actions.action_table`.
        clean_feed: Shows the same pictures elsewhere.
        parent: The window.
    """

    def __init__(
        self,
        room: WindowContext,
        actions: Mapping[str, QAction],
        clean_feed: CleanFeedController,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._player, self._workspace, self._status, self._actions = (
            room.player,
            room.workspace,
            room.status,
            actions,
        )
        self._coverage = AnalysisCoverage.none(0)
        player, workspace = room.player, room.workspace
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(lambda: player.set_view(size=self._wanted_size()))
        self.clean_feed = clean_feed
        clean_feed.raster_changed.connect(self._settle.start)
        player.shown.connect(self._on_shown)
        player.moved.connect(self._on_moved)
        player.speed_changed.connect(self._on_speed)
        room.clip_state.coverage_changed.connect(self._on_coverage)
        room.clip_state.range_changed.connect(self._on_range)
        workspace.timeline.scrubbed.connect(player.seek)
        workspace.transport.timecode.entered.connect(player.seek)
        workspace.transport.timecode.left.connect(workspace.canvas.setFocus)
        workspace.canvas.zoomed.connect(workspace.view_bar.show_zoom)
        workspace.canvas.probed.connect(room.status.show_pixel)
        workspace.canvas.space_dragged.connect(player.toggle_play)
        workspace.canvas.raster_changed.connect(self._settle.start)

    def set_clip(self, clip: OpenClip) -> None:
        """Show another clip from its first frame on."""
        info, workspace = clip.info, self._workspace
        self._coverage = AnalysisCoverage.none(info.frame_count)
        self._player.set_view(mapped=False)
        workspace.facts.set_clip(info)
        workspace.timeline.set_clip(info)
        workspace.canvas.set_clip(info)
        workspace.view_bar.title.setText(info.path.name)
        self._status.show_clip(info)
        self._player.set_view(size=self._wanted_size())
        self._player.set_clip(clip)
        self._on_moved(0)
        workspace.transport.show_range(info, self._player.marked)
        workspace.canvas.setFocus()

    def clear(self) -> None:
        """Show no clip any more."""
        self._coverage = AnalysisCoverage.none(0)
        self._player.set_view(mapped=False)
        self._player.set_clip(None)
        self._workspace.transport.show_position(None, 0)
        self._status.show_position(None, 0)

    def show_overlay(self, overlay: Overlay) -> None:
        """Lay something else over the picture."""
        self._player.set_view(overlay=overlay, intermediate="")

    def compare(self, mode: Compare) -> None:
        """Show two versions, or one again if they are shown like that already."""
        new: Compare = "off" if self._player.view.compare == mode else mode
        self._workspace.canvas.set_compare(new)
        self._player.set_view(compare=new)

    def loop(self, loop: bool) -> None:
        """Play the range over and over, or once."""
        self._player.loop = loop
        self._status.show_text(tr("Loop on") if loop else tr("Loop off"))

    def stop(self) -> None:
        """Ask for no more pictures."""
        self.clean_feed.close()
        self._settle.stop()

    def _wanted_size(self) -> tuple[int, int] | None:
        return self.clean_feed.raster(self._workspace.canvas.wanted_size())

    # ---- messages

    def _on_coverage(self, coverage: AnalysisCoverage) -> None:
        before, self._coverage = self._coverage, coverage
        self._workspace.timeline.set_covered(coverage.exportable)
        # a picture must not wait for a map store that has nothing to say: opening one may load a network
        self._player.set_view(mapped=bool(coverage.mapped.any()))
        index = self._player.index
        # once for its first map, and once for those of its neighbours that temporal smoothing reads
        steps = (before.mapped, coverage.mapped), (before.exportable, coverage.exportable)
        new = any(len(now) > index and now[index] and not old[index : index + 1].any() for old, now in steps)
        # another range: its maps are by the adapted model, or not any more
        if new or before.to_adapt != coverage.to_adapt:
            self._player.refresh()

    def _on_range(self, marked: range) -> None:
        self._player.marked = marked
        self._workspace.timeline.set_marked(marked)
        self._workspace.transport.show_range(self._player.info, marked)

    def _on_shown(self, shown: RenderedFrame) -> None:
        self._workspace.canvas.show_frame(shown)
        self._status.count_frame(time.monotonic(), playing=self._player.speed != 0)
        self._workspace.transport.show_dropped(self._player.dropped)
        self._note(shown)

    def _note(self, shown: RenderedFrame) -> None:
        self._workspace.view_bar.show_lacking(shown.alpha is None and shown.view.overlay is not Overlay.NONE)
        if shown.held:
            self._workspace.canvas.set_note(tr("This frame is damaged in the file; the one before is shown"))
        elif shown.lacks_intermediate:
            self._workspace.canvas.set_note("" if self._player.speed else tr("Looking inside …"))
        elif shown.view.intermediate:
            self._workspace.canvas.set_note(shown.view.intermediate)
        elif shown.alpha is None and self._player.view.overlay is not Overlay.NONE:
            self._workspace.canvas.set_note(tr("Not analysed yet"))
        else:
            self._workspace.canvas.set_note("")

    def _on_moved(self, index: int) -> None:
        self._workspace.timeline.set_index(index)
        self._workspace.transport.show_position(self._player.info, index)
        self._status.show_position(self._player.info, index)

    def _on_speed(self, speed: float) -> None:
        action = self._actions["play"]
        theme.set_themed_icon(action, "pause" if speed else "play")
        action.setText(tr("P&ause") if speed else tr("&Play"))
        self._workspace.transport.show_speed(speed)
        self._status.count_frame(time.monotonic(), playing=False)
