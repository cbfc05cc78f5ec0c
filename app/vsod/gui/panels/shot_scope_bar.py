"""The switch between the whole clip and one shot, and which shot that is."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from vsod.gui.toolkit.buttons import plain_button
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.translation import tr


class ShotScopeBar(QWidget):
    """Two buttons of which one is down, and what they mean now."""

    switched = pyqtSignal()
    given_back = pyqtSignal()  # the shot is to be as the clip again

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.clip_button, self.shot_button = QPushButton(tr("Whole clip")), QPushButton(tr("This shot"))
        group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(0)
        for button in (self.clip_button, self.shot_button):
            button.setObjectName("scope")
            button.setCheckable(True)
            group.addButton(button)
            row.addWidget(button, 1)
        self.clip_button.setChecked(True)
        self.clip_button.setToolTip(tr("Model and matte settings below are those of the clip"))
        group.buttonClicked.connect(lambda _button: self.switched.emit())
        self.note = PlainLabel()
        self.note.setObjectName("summary")
        self.note.setAccessibleName(tr("What is edited"))
        self.note.setWordWrap(True)
        self.back_button = plain_button(tr("As the clip"), self.given_back.emit)
        self.back_button.setToolTip(tr("Use the clip's settings for this shot"))
        below = QHBoxLayout()
        below.addWidget(self.note, 1)
        below.addWidget(self.back_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 14, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addLayout(below)
        self.show_shot(range(0), 0, False)

    @property
    def by_shot(self) -> bool:
        """Whether a shot is edited."""
        return self.shot_button.isChecked()

    def set_by_shot(self, by_shot: bool) -> None:
        """Set the scope without emitting `changed`."""
        (self.shot_button if by_shot else self.clip_button).setChecked(True)

    def show_shot(self, shot: range, count: int, own: bool) -> None:
        """Say which shot lies under the playhead.

        Args:
            shot: Its frames.
            count: Frames of the clip; a shot that is all of it is none.
            own: Whether it has something of its own.
        """
        several = len(shot) < count
        self.shot_button.setEnabled(several or self.by_shot)
        self.shot_button.setToolTip(
            tr("Model and matte settings below are those of the shot under the playhead")
            if several
            else tr("One shot, as far as the clip is analysed")
        )
        self.back_button.setVisible(own)
        if not several:
            self.note.setText(tr("No cut is known in this clip.") if self.by_shot else "")
        else:
            text = tr("Frames {first} to {last}").format(first=shot.start, last=shot.stop - 1)
            self.note.setText(f"{text}: {tr('settings of its own') if own else tr('as the clip')}")
        self.note.setVisible(bool(self.note.text()))
