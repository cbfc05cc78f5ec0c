"""Notices that the files of the open clip changed on the disk: what is shown is of the old ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QEvent, QFileSystemWatcher, QObject, QTimer
from PyQt6.QtWidgets import QWidget

from vsod.core.clip import ClipInfo
from vsod.gui.panels.banner import Banner
from vsod.gui.toolkit.translation import tr
from vsod.storage.digest import file_state

_CALM = 1500  # ms without a further change before it is said: a render writes for a while


class SourceWatch(QObject):
    """Watches the open clip and offers to open it again.

    Args:
        banner: Says it.
        reopen: Opens a clip anew.
        window: Looks again whenever it comes to the front.
    """

    def __init__(self, banner: Banner, reopen: Callable[[Path], None], window: QWidget) -> None:
        super().__init__(window)
        self._banner, self._reopen = banner, reopen
        self._info: ClipInfo | None = None
        self._told = ""
        self._watcher = QFileSystemWatcher(self)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_CALM)
        self._later.timeout.connect(self.check)
        for signal in (self._watcher.fileChanged, self._watcher.directoryChanged):
            signal.connect(lambda path: self._later.start())
        window.installEventFilter(self)

    def set_clip(self, info: ClipInfo | None) -> None:
        """Another clip is open, or none."""
        self._info, self._told = info, ""
        self._later.stop()
        if known := [*self._watcher.files(), *self._watcher.directories()]:
            self._watcher.removePaths(known)
        if info is not None and info.state is not None:
            # an editor's program replaces a file by another one: its folder tells
            self._watcher.addPaths([str(info.path), str(info.path.parent)])

    def check(self) -> None:
        """Report once for each change that the clip's file is not what it was when it was opened."""
        info = self._info
        if info is None or info.state is None:
            return
        try:
            now = file_state(info.path, info.names).text
        except OSError:
            now = "gone"
        if now in (info.state.text, self._told):
            return
        self._told = now
        if now == "gone":
            self._banner.show_note(
                tr("The clip is not there any more"), tr("What is shown is what was read of it.")
            )
            return
        self._banner.show_offer(
            tr("The clip changed on the disk"),
            tr("What is shown belongs to the old one. Mattes of frames that stayed the same are kept."),
            tr("Open again"),
            lambda: self._reopen(info.path),
        )

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """The window comes to the front: somebody may have rendered meanwhile."""
        if event is not None and event.type() == QEvent.Type.WindowActivate:
            self.check()
        return False
