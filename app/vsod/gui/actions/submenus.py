"""The menus within the menus: those that are filled as the window is used."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMainWindow, QMenu

from vsod.gui.clipsmenu import ClipsMenu
from vsod.gui.document import Document
from vsod.gui.panels.looks import LooksBar
from vsod.gui.prefs import Prefs
from vsod.gui.recent import RecentMenu
from vsod.gui.viewer.looksmenu import LooksMenus
from vsod.gui.words import tr


class Submenus:
    """Puts each where it belongs.

    Args:
        window: Has the menus.
        actions: By id, see :mod:`vsod.gui.actions`.
        bar: Above the picture: has what is behind the cut-out and what is compared with, too.
        prefs: Has the clips opened lately.
        document: Has the clips of the project.

    Attributes:
        looks: What is behind the cut-out, and what is compared with.
        recent: Clips opened lately.
        clips: Clips of the project.
    """

    def __init__(
        self,
        window: QMainWindow,
        actions: Mapping[str, QAction],
        bar: LooksBar,
        prefs: Prefs,
        document: Document,
    ) -> None:
        self.looks = LooksMenus(window)
        self.recent = RecentMenu(prefs, window)
        self.clips = ClipsMenu(document, window)
        for menu, text in ((self.looks.ground, tr("Ground")), (self.looks.against, "A/B")):
            bar.add_menu(menu, text)
        places = (
            ("view", "guides", (self.looks.ground, self.looks.against)),
            ("file", "export", (self.clips, self.recent)),
        )
        for name, before, menus in places:
            parent = window.findChild(QMenu, name)
            for menu in menus:
                if parent is not None:
                    parent.insertMenu(actions[before], menu)
