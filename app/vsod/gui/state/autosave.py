"""Autosave: copies of unsaved projects in the user's data folder, and their recovery."""

from __future__ import annotations

import contextlib
import logging
import uuid
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QLockFile, QObject, QTimer

from vsod import paths
from vsod.core.data_parsing import read_json, refusing
from vsod.core.safe_text import json_text
from vsod.errors import VsodError
from vsod.gui.state.project_document import ProjectDocument
from vsod.gui.toolkit.preferences import Preferences
from vsod.project.project import Project
from vsod.storage.atomic import write_text

_REST_MS = 1500  # after the last edit
_KEPT = 5  # sessions


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecoveredSession:
    """An unsaved project of an earlier window.

    Attributes:
        file: Where it is kept.
        project: The clips and what was decided about them.
        path: The project's own file, None if it had none.
        ended: Whether that window was closed; False if it crashed or was killed.
        edited: Whether anything was edited and not saved in it; False where clips were only looked at.
    """

    file: Path
    project: Project
    path: Path | None
    ended: bool
    edited: bool = True

    @property
    def lost(self) -> bool:
        """Whether edits would be lost if nobody asked for them."""
        return self.edited and not self.ended


class Autosave(QObject):
    """Writes the document a moment after every edit.

    Args:
        document: What to keep.
        preferences: How long to wait after an edit.
        parent: The window.
    """

    def __init__(
        self, document: ProjectDocument, preferences: Preferences, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._folder = paths.data_dir() / "sessions"
        self._file = self._folder / f"{uuid.uuid4().hex}.json"
        self._lock: QLockFile | None = None
        self._refused = False  # the disk did, and it was logged
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.write)
        self.set_delay(str(preferences.number("autosave_delay") or ""))
        document.changed.connect(lambda: self._rest.start())
        document.retitled.connect(lambda: self._rest.start())

    def set_delay(self, seconds: str) -> None:
        """Set the delay after the last edit; "" for the default."""
        self._rest.setInterval(round(float(seconds) * 1000) if seconds else _REST_MS)

    def write(self, *, ended: bool = False) -> None:
        """Keep the document now; a disk that refuses is no reason to stop anyone."""
        self._rest.stop()
        if self._lock is None:
            with contextlib.suppress(OSError):
                self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = QLockFile(str(self._file.with_suffix(".lock")))
            self._lock.tryLock(0)
        document = self._document
        raw = {
            "project": document.project.as_json(self._folder),
            "path": str(document.path) if document.path else None,
            "ended": ended,
            "edited": document.edited,
        }
        try:
            write_text(self._file, json_text(raw))
            self._refused = False
        except VsodError as error:
            if not self._refused:
                _log.warning("autosave: %s", error)
            self._refused = True

    def finish(self) -> None:
        """On closing, keep a copy of a project that was never saved and delete those of saved ones."""
        self._rest.stop()
        if self._document.dirty and self._document.project.clips:
            self.write(ended=True)
        else:
            self._file.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None

    def find_unsaved(self) -> RecoveredSession | None:
        """The newest session of a window that is no longer there; only a few are kept.

        A window that was killed while its clips were only looked at hides no session before it.
        """
        found = [file for file in self._folder.glob("*.json") if file != self._file and _is_free(file)]
        found.sort(key=_age, reverse=True)
        for old in found[_KEPT:]:
            old.unlink(missing_ok=True)
        sessions = [session for file in found[:_KEPT] if (session := _read(file)) is not None]
        worth = (session for session in sessions if session.ended or session.lost)
        return next(worth, sessions[0] if sessions else None)

    @staticmethod
    def forget(session: RecoveredSession) -> None:
        """Delete the copy of a session that was restored."""
        session.file.unlink(missing_ok=True)


def _age(file: Path) -> float:
    """When it was written; 0 if it went away meanwhile."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _is_free(file: Path) -> bool:
    lock = QLockFile(str(file.with_suffix(".lock")))
    if not lock.tryLock(0):
        return False  # another window has it on its desk
    lock.unlock()
    return True


def _read(file: Path) -> RecoveredSession | None:
    try:
        with refusing("this is no session", file):
            raw = read_json(file)
            project = Project.from_json(raw["project"], file.parent)
            path = None if raw["path"] is None else Path(raw["path"])
            ended, edited = bool(raw["ended"]), bool(raw.get("edited", True))
            return RecoveredSession(file, project, path, ended, edited) if project.clips else None
    except (OSError, VsodError) as error:
        _log.warning("a session cannot be restored: %s", error)
        return None
