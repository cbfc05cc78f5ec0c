"""New, open, save: the project's file and the title of the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtWidgets import QFileDialog, QMainWindow, QMessageBox

from vsod.core.safe_text import sanitise
from vsod.errors import VsodError
from vsod.gui.dialogs.relink_dialog import RelinkDialog
from vsod.gui.jobs.clip_jobs import QUEUE_JOB
from vsod.gui.state.autosave import Autosave, RecoveredSession
from vsod.gui.toolkit.plain_text import inert
from vsod.gui.toolkit.translation import tr
from vsod.gui.workspace.window_context import WindowContext
from vsod.project.project import PROJECT_SUFFIX, Project


class ProjectController(QObject):
    """Opens, saves and closes projects.

    Args:
        room: The parts of the window; a job that runs holds on to its clip.
        open_clip: Opens a clip.
        close_clip: Leaves the desk empty.
        window: Gets the title.
    """

    def __init__(
        self,
        room: WindowContext,
        open_clip: Callable[[Path], object],
        close_clip: Callable[[], object],
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._document, self._banner, self._preferences = room.document, room.banner, room.preferences
        self._jobs, self._open_clip, self._close_clip = room.jobs, open_clip, close_clip
        self._window = window
        self.autosave = Autosave(room.document, room.preferences, self)
        self.relinking: RelinkDialog | None = None
        self.recoverable = (
            False  # an earlier window left something behind, as was found by :meth:`offer_recovery`
        )
        room.document.retitled.connect(self._retitle)
        room.document.history.indexChanged.connect(lambda _index: self._retitle())
        self._retitle()

    # ---- deeds

    def new(self) -> None:
        """Start a new, empty project."""
        if self._may_change():
            self._close_clip()
            self._document.replace_project(Project(), None)

    def ask_for_project(self) -> None:
        """Let the user pick a project."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, tr("Open project"), str(self._preferences.folder("project")), _filter()
        )
        if name:
            self.open(Path(name))

    def open(self, path: Path) -> None:
        """Open a project file."""
        if not self._may_change():
            return
        try:
            project = Project.read(path)
        except VsodError as error:
            self._banner.show_error(error)
            return
        self._preferences.remember_clip(path, "project")
        self._take(project, path.absolute(), saved=True)
        unknown = sorted({name for work in project.clips for name in work.unknown_settings})
        if unknown:
            self._banner.show_note(
                tr("A newer version wrote this project"),
                tr("Settings that are not known here are kept and not applied: {names}.").format(
                    names=sanitise(", ".join(unknown))
                ),
            )

    def save(self) -> bool:
        """Write to the project's file, asking for one if there is none. True if it is written."""
        path = self._document.path
        return self.save_as() if path is None else self._write(path)

    def save_as(self) -> bool:
        """Ask for a file and write to it. True if it is written."""
        work = self._document.current_clip
        suggested = self._document.path or (
            work.path.with_suffix(PROJECT_SUFFIX)
            if work
            else self._preferences.folder("project") / f"project{PROJECT_SUFFIX}"
        )
        name, _ = QFileDialog.getSaveFileName(self._window, tr("Save project"), str(suggested), _filter())
        if not name:
            return False
        path = Path(name)
        return self._write(
            path if path.suffix == PROJECT_SUFFIX else path.with_name(path.name + PROJECT_SUFFIX)
        )

    def restore_session(self) -> None:
        """Restore what an earlier window that did not close cleanly had open."""
        session = self.autosave.find_unsaved()
        if session is not None and self._may_change():
            self._take(session.project, session.path, saved=False)
            self.autosave.write()
            self.autosave.forget(session)

    def offer_recovery(self) -> RecoveredSession | None:
        """Say so if an earlier window ended without being closed; gives what can be reopened."""
        session = self.autosave.find_unsaved()
        self.recoverable = session is not None
        if session is not None and session.lost:
            name = session.path.name if session.path else session.project.clips[-1].path.name
            self._banner.show_offer(
                tr("The program ended unexpectedly"),
                tr("Your work on {name} was kept.").format(name=name),
                tr("Continue"),
                self.restore_session,
                until_answered=True,
            )
        return session

    def confirm_leave(self, *, closing: bool = False) -> bool:
        """Ask about edits that are not saved; when the window closes, a project without a file is kept anyway."""
        document = self._document
        kept = closing or not document.has_edits
        if not document.dirty or (document.path is None and kept):
            return True
        name = document.path.name if document.path else tr("This project")
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window,
            tr("Save the project?"),
            inert(tr("{name} has changes that are not saved.").format(name=name)),
            buttons.Save | buttons.Discard | buttons.Cancel,
            buttons.Save,
        )
        if answer == buttons.Save:
            return self.save()
        if answer == buttons.Discard:
            document.discard()
            return True
        return False

    # ---- inside

    def _may_change(self) -> bool:
        if self._jobs.busy not in ("", QUEUE_JOB):
            self._banner.show_note(tr("A job is running"), tr("Stop it first, or wait for it."))
            return False
        return self.confirm_leave()

    def _take(self, project: Project, path: Path | None, *, saved: bool) -> None:
        if project.missing:
            dialog = self.relinking = RelinkDialog(project, self._window)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.accepted.connect(
                lambda: self._put(dialog.project, path, saved=saved and dialog.project == project)
            )
            dialog.open()
        else:
            self._put(project, path, saved=saved)

    def _put(self, project: Project, path: Path | None, *, saved: bool) -> None:
        self._close_clip()
        self._document.replace_project(project, path, saved=saved)
        if project.current_clip is not None:
            self._open_clip(project.current_clip.path)

    def _write(self, path: Path) -> bool:
        try:
            self._document.save(path.absolute())
        except VsodError as error:
            self._banner.show_error(error)
            return False
        self._preferences.remember_clip(path, "project")
        return True

    def _retitle(self) -> None:
        """Project and clip; Qt puts its mark at ``[*]`` while something is not saved, and the program's name last."""
        document = self._document
        clip, path = document.current_clip, document.path
        if clip is None and path is None:
            self._window.setWindowTitle("vsod-desktop")
            self._window.setWindowModified(False)
            return
        title = (tr("Untitled") if path is None else _literal(path.name)) + "[*]"
        self._window.setWindowTitle(title if clip is None else f"{title} – {_literal(clip.path.name)}")
        # without a file, a clip that was only looked at is nothing to lose
        self._window.setWindowModified(document.edited if path is None else document.dirty)


def _literal(name: str) -> str:
    """A file's name in a title: what Qt would put its mark at is doubled."""
    return sanitise(name).replace("[*]", "[*][*]")


def _filter() -> str:
    return f"{tr('Projects')} (*{PROJECT_SUFFIX})"
