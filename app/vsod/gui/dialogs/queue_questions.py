"""What is asked before a job of the queue is stopped."""

from __future__ import annotations

from typing import Literal

from PyQt6.QtWidgets import QMessageBox, QWidget

from vsod.gui.toolkit.translation import tr

PauseAnswer = Literal["after", "now", "no"]
QuitAnswer = Literal["finish", "stop", "no"]


def ask_how_to_pause(parent: QWidget) -> PauseAnswer:
    """Whether the job that runs comes to its end first, is stopped, or goes on."""
    answer = _ask(
        parent,
        tr("Pause the queue?"),
        tr("A file is being written."),
        tr("If it is stopped now its analysis is kept, and writing begins again when the queue goes on."),
        (tr("After this job"), tr("Stop now")),
    )
    return ("after", "now", "no")[answer]


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
    answer = _ask(
        parent,
        tr("Quit?"),
        text.format(count=waiting),
        tr("If it is stopped, nothing half-written is left; the jobs are offered again at the next start."),
        (tr("Finish first"), tr("Stop and quit")),
    )
    return ("finish", "stop", "no")[answer]


def _ask(parent: QWidget, title: str, text: str, more: str, labels: tuple[str, str]) -> int:
    """0 for the first label, which is the default, 1 for the second, 2 for neither."""
    box = QMessageBox(QMessageBox.Icon.Question, title, text, parent=parent)
    box.setInformativeText(more)
    gentle = box.addButton(labels[0], QMessageBox.ButtonRole.AcceptRole)
    hard = box.addButton(labels[1], QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(gentle)
    box.exec()
    clicked = box.clickedButton()
    return 0 if clicked is gentle else 1 if clicked is hard else 2
