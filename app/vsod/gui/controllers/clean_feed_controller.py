"""The clean feed: on which screen it is, and what it shows."""

from __future__ import annotations

from functools import partial

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QActionGroup, QGuiApplication, QScreen
from PyQt6.QtWidgets import QMainWindow, QMenu

from vsod.gui.playback.frame_renderer import RenderedFrame
from vsod.gui.toolkit.plain_text import inert
from vsod.gui.toolkit.translation import tr
from vsod.gui.viewer.clean_feed import CleanFeed
from vsod.gui.workspace.window_context import WindowContext


class CleanFeedController(QObject):
    """Opens the feed on a screen, and keeps the playhead's picture on it.

    Args:
        room: The parts of the window.
        window: The window; the feed prefers another screen.
    """

    changed = pyqtSignal()  # it was opened or closed
    raster_changed = pyqtSignal()  # pictures of another size are of use

    def __init__(self, room: WindowContext, window: QMainWindow) -> None:
        super().__init__(window)
        self._window, self._player, self._preferences = window, room.player, room.preferences
        self.feed: CleanFeed | None = None
        self.menu = QMenu(tr("Clean feed on"), window)
        self.menu.setObjectName("cleanFeed")
        self.menu.aboutToShow.connect(self._fill)
        room.player.shown.connect(self._show)

    @property
    def is_open(self) -> bool:
        """Whether it is on a screen."""
        return self.feed is not None

    def toggle(self) -> None:
        """Open it where it was last, or on a screen that the window is not on; close it where it is open."""
        if self.feed is not None:
            self.feed.close()
        else:
            self.open_on(self._usual_screen())

    def open_on(self, screen: QScreen | None) -> None:
        """Fill this screen with it; without one it is a window that can be moved."""
        self._preferences.set_text("clean_feed", screen.name() if screen is not None else "window")
        if self.feed is not None:
            self.feed.close()
        feed = self.feed = CleanFeed(self._window)
        feed.raster_changed.connect(self.raster_changed)
        feed.closed.connect(self._forget)
        self._show(None)
        feed.open_on(screen)
        self._player.refresh()
        self.changed.emit()

    def close(self) -> None:
        """The window closes."""
        if self.feed is not None:
            self.feed.close()

    def raster(self, wanted: tuple[int, int] | None) -> tuple[int, int] | None:
        """The raster that serves both: the viewer, which wants ``wanted`` (None = every source pixel), and the feed."""
        if self.feed is None or wanted is None:
            return wanted
        width, height = self.feed.raster()
        info = self._player.info
        if info is not None and (width >= info.upright_size[0] or height >= info.upright_size[1]):
            return None
        return (width, height) if width > wanted[0] else wanted

    # ---- inside

    def _usual_screen(self) -> QScreen | None:
        screens, name = QGuiApplication.screens(), self._preferences.get_text("clean_feed")
        if name == "window":
            return None
        last = [screen for screen in screens if screen.name() == name]
        others = [screen for screen in screens if screen is not self._window.screen()]
        return next(iter([*last, *others]), None)

    def _show(self, shown: RenderedFrame | None) -> None:
        if self.feed is not None:
            info = self._player.info
            width, height = info.display_size if info is not None else (16, 9)
            self.feed.show_frame(shown if info is not None else None, width / height)

    def _forget(self) -> None:
        if self.feed is not None:
            self.feed.deleteLater()
            self.feed = None
            self.raster_changed.emit()
            self.changed.emit()

    def _fill(self) -> None:
        self.menu.clear()
        group = QActionGroup(self.menu)
        screens: list[QScreen | None] = [*QGuiApplication.screens(), None]
        chosen = self._preferences.get_text("clean_feed")
        for number, screen in enumerate(screens, 1):
            text, name = tr("A window"), "window"
            if screen is not None:
                size, name = screen.size(), screen.name()
                text = tr("Screen {number}: {name}, {width} × {height}").format(
                    number=number, name=inert(name), width=size.width(), height=size.height()
                )
            action = self.menu.addAction(text.replace("&", "&&"), partial(self.open_on, screen))
            if action is not None:
                action.setCheckable(True)
                action.setChecked(self.feed is not None and name == chosen)
                group.addAction(action)
