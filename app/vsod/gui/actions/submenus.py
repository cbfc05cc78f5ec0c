"""The menus within the menus: those that are filled as the window is used."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMainWindow, QMenu

from vsod.gui.actions.intermediates_menu import IntermediatesMenu
from vsod.gui.actions.metrics_menu import MetricsMenu
from vsod.gui.actions.project_clips_menu import ProjectClipsMenu
from vsod.gui.actions.recent_menu import RecentMenu
from vsod.gui.actions.tint_menu import TintMenu
from vsod.gui.actions.view_menus import ViewMenus
from vsod.gui.panels.view_bar import ViewBar
from vsod.gui.state.project_document import ProjectDocument
from vsod.gui.toolkit.preferences import Preferences
from vsod.gui.toolkit.translation import tr


class Submenus:
    """Puts each where it belongs.

    Args:
        window: Has the menus.
        actions: By id, see :mod:`vsod.gui.actions.action_table`.
        bar: Above the picture: has what is behind the cut-out and what is compared with, too.
        preferences: Has the clips opened lately.
        document: Has the clips of the project.

    Attributes:
        view_menus: What is behind the cut-out, and what is compared with.
        tint: Colour and strength of the tint.
        inside: What is looked at inside the network.
        metrics: Which metrics have a track.
        recent: Clips opened lately.
        clips: Clips of the project.
    """

    def __init__(
        self,
        window: QMainWindow,
        actions: Mapping[str, QAction],
        bar: ViewBar,
        preferences: Preferences,
        document: ProjectDocument,
    ) -> None:
        self.view_menus = ViewMenus(preferences, window)
        self.tint = TintMenu(preferences, window)
        self.inside = IntermediatesMenu(window)
        self.metrics = MetricsMenu(preferences, window)
        self.recent = RecentMenu(preferences, window)
        self.clips = ProjectClipsMenu(document, window)
        for menu, text in ((self.view_menus.background, tr("Background")), (self.view_menus.against, "A/B")):
            bar.add_menu(menu, text)
        bar.set_clips_menu(self.clips)
        self._window, self._actions = window, actions
        places = (
            ("view", "compare_wipe", (self.inside.menu,)),
            ("view", "guides", (self.tint.menu, self.view_menus.background, self.view_menus.against)),
            ("view", "timeline_in", (self.metrics.menu,)),
            ("file", "export", (self.clips, self.recent)),
        )
        for name, before, menus in places:
            for menu in menus:
                self._insert(name, before, menu)

    def add_clean_feed(self, menu: QMenu) -> None:
        """The screens that the picture can be shown on alone."""
        self._insert("view", "full_screen", menu)

    def _insert(self, name: str, before: str, menu: QMenu) -> None:
        parent = self._window.findChild(QMenu, name)
        if parent is not None:
            parent.insertMenu(self._actions[before], menu)
