"""What is asked before a job of the queue is stopped."""

from __future__ import annotations

from typing import Literal

from PyQt6.QtWidgets import QMessageBox, QWidget

from vsod.gui.toolkit.translation import tr

PauseAnswer = Literal["after", "now", "no"]
QuitAnswer = Literal["finish", "stop", "no"]


def ask_how_to_pause(parent: QWidget) -> PauseAnswer:
    """Whether the job that runs comes to its end first, is stopped, or goes on."""
    box = QMessageBox(
        QMessageBox.Icon.Question, tr("Pause the queue?"), tr("A file is being written."), parent=parent
    )
    box.setInformativeText(
        tr("If it is stopped now its analysis is kept, and writing begins again when the queue goes on.")
    )
    after = box.addButton(tr("After this job"), QMessageBox.ButtonRole.AcceptRole)
    now = box.addButton(tr("Stop now"), QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(after)
    box.exec()
    return "after" if box.clickedButton() is after else "now" if box.clickedButton() is now else "no"


def ask_how_to_quit(parent: QWidget, waiting: int) -> QuitAnswer:
    """Whether the queue is finished first, its job is stopped, or the window stays.

    Args:
        parent: The window.
        waiting: How many jobs wait behind the one that runs.
    """
    text = (
        tr("A file is being written.")
        if not waiting
        else tr("A file is being written, and {count} jobs wait.")
    )
    box = QMessageBox(QMessageBox.Icon.Question, tr("Quit?"), text.format(count=waiting), parent=parent)
    box.setInformativeText(
        tr("If it is stopped, nothing half-written is left; the jobs are offered again at the next start.")
    )
    finish = box.addButton(tr("Finish first"), QMessageBox.ButtonRole.AcceptRole)
    stop = box.addButton(tr("Stop and quit"), QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(finish)
    box.exec()
    return "finish" if box.clickedButton() is finish else "stop" if box.clickedButton() is stop else "no"
