"""The open project with its undo stack and its unsaved changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QUndoCommand, QUndoGroup, QUndoStack

from vsod.project.project import Project, ProjectClip

_ONE_KIND = 1  # id of commands that may merge


class _Edit(QUndoCommand):
    """One decision about a clip; a knob being dragged stays one."""

    def __init__(
        self,
        show: Callable[[ProjectClip], None],
        before: ProjectClip,
        after: ProjectClip,
        text: str,
        gesture: tuple[int, str],
    ) -> None:
        super().__init__(text)
        self._show, self._before, self._after, self._gesture = show, before, after, gesture

    def id(self) -> int:
        return _ONE_KIND

    def redo(self) -> None:
        self._show(self._after)

    def undo(self) -> None:
        self._show(self._before)

    def mergeWith(self, other: QUndoCommand | None) -> bool:
        if not isinstance(other, _Edit) or other._gesture != self._gesture:
            return False
        self._after = other._after
        self.setObsolete(self._after == self._before)
        return True


class ProjectDocument(QObject):
    """A project with one history of edits per clip.

    Panels tell it what was turned (:meth:`edit`), and show what it says is
    decided (:attr:`changed`), whether that came from a hand, an undo or a file.
    """

    changed = pyqtSignal(object)  # ClipWork: what is decided about the clip on the desk
    retitled = pyqtSignal()  # another file, another clip, saved, or not saved any more

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = Project()
        self.path: Path | None = None
        self.history = QUndoGroup(self)
        self._stacks: dict[Path, QUndoStack] = {}
        self._saved = Project()
        self._restored = False  # from a session in which something was edited
        self._gesture = 0

    @property
    def current_clip(self) -> ProjectClip | None:
        """Settings of the current clip."""
        return self.project.current_clip

    @property
    def dirty(self) -> bool:
        """Whether something would be lost."""
        return self.project.clips != self._saved.clips

    @property
    def has_edits(self) -> bool:
        """Whether any edit could be undone."""
        return any(stack.canUndo() for stack in self._stacks.values())

    @property
    def edited(self) -> bool:
        """Whether any edit is not saved; a clip that was only looked at is none."""
        return self._restored or any(not stack.isClean() for stack in self._stacks.values())

    def edit(self, text: str, **changes: Any) -> None:
        """Change settings of the current clip, as an undoable edit.

        Args:
            text: What undo calls it. Edits of the same text are one until :meth:`end_edit` is called.
            changes: Fields of :class:`vsod.core.clip_settings.ClipSettings`.
        """
        before = self.current_clip
        if before is None:
            return
        after = before.with_settings(**changes)
        if after != before:
            gesture = self._gesture, text
            self._stack(before.path).push(_Edit(self._show, before, after, text, gesture))

    def end_edit(self) -> None:
        """End the current edit; the next change is a new undo step."""
        self._gesture += 1

    def show_clip(self, usual: ProjectClip) -> None:
        """Make a clip the current one; a new one gets the settings ``usual``."""
        self.end_edit()
        place = self.project.find(usual.path)
        work = usual if place < 0 else self.project.clips[place]
        self.project = self.project.with_clip(work)
        self.history.setActiveStack(self._stack(work.path))
        self.changed.emit(work)
        self.retitled.emit()

    def add_clips(self, clips: Sequence[ProjectClip]) -> None:
        """Put clips last, those that are in the project already left out; the current one stays."""
        new = tuple(work for work in clips if self.project.find(work.path) < 0)
        if new:
            self.project = Project((*self.project.clips, *new), self.project.current)
            self.retitled.emit()

    def remove_clips(self, paths: Sequence[Path]) -> None:
        """Take clips out of the project; the current one stays in any case."""
        current = self.current_clip
        kept = tuple(work for work in self.project.clips if work.path not in paths or work is current)
        if len(kept) < len(self.project.clips):
            self.project = Project(kept, kept.index(current) if current is not None else -1)
            self.retitled.emit()

    def remove_unedited(self, path: Path) -> None:
        """Take a clip out that is in no file and was only looked at."""
        stack = self._stacks.get(path)
        if self._saved.find(path) < 0 and (stack is None or not stack.count()):
            self.remove_clips([path])

    def replace_project(self, project: Project, path: Path | None, *, saved: bool = True) -> None:
        """Replace the project; the undo stack is cleared."""
        self.end_edit()
        for stack in self._stacks.values():
            self.history.removeStack(stack)
            stack.deleteLater()
        self._stacks = {}
        self.project, self.path = project, path
        self._saved = project if saved else Project()
        self._restored = not saved
        self.retitled.emit()

    def discard(self) -> None:
        """What is not saved is not wanted."""
        self._saved = self.project
        self._set_clean()
        self.retitled.emit()

    def save(self, path: Path) -> None:
        """Write the project to ``path``, which is its file from now on.

        Raises:
            OutputError: The disk refuses.
        """
        self.end_edit()
        self.project = self._saved = self.project.write(path)
        self.path = path
        self._set_clean()
        self.retitled.emit()

    def _set_clean(self) -> None:
        self._restored = False
        for stack in self._stacks.values():
            stack.setClean()

    def _stack(self, clip: Path) -> QUndoStack:
        if clip not in self._stacks:
            self._stacks[clip] = QUndoStack(self.history)
        return self._stacks[clip]

    def _show(self, work: ProjectClip) -> None:
        known = self.project.clips[self.project.find(work.path)]
        work = replace(work, digest=known.digest)
        self.project = self.project.with_clip(work)
        self.changed.emit(work)
        self.retitled.emit()
