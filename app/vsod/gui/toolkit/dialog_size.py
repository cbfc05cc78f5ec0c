"""Dialogs that no screen is too small for: what is in them scrolls, and their buttons stay in sight."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QDialog, QFrame, QScrollArea, QWidget

_FRAME = QSize(16, 48)  # points that a window's title and borders may take
_LEAST_HEIGHT = 120


class ScrollingForm(QScrollArea):
    """A form that is as large as its content where there is room, and scrolls up and down where there is not.

    Args:
        content: What scrolls.
    """

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setObjectName("sideScroll")
        content.setObjectName("sideBody")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # its room is kept, so that the content's right edge does not move with it
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setWidget(content)

    def sizeHint(self) -> QSize:
        """As large as the content wants to be."""
        content = self.widget()
        return content.sizeHint() + QSize(self._bar, 0) if content is not None else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        """As wide as the content needs, for it does not scroll sideways; as high as a few rows."""
        content = self.widget()
        width = content.minimumSizeHint().width() if content is not None else 0
        return QSize(width + self._bar, _LEAST_HEIGHT)

    @property
    def _bar(self) -> int:
        bar = self.verticalScrollBar()
        return bar.sizeHint().width() if bar is not None else 0


def resize_within_screen(dialog: QDialog, width: int, height: int) -> None:
    """Give a dialog this size in points, or as much of it as its screen has."""
    screen = dialog.screen()
    room = screen.availableGeometry().size() - _FRAME if screen is not None else QSize(width, height)
    dialog.resize(QSize(width, height).boundedTo(room))


def fit_to_content(dialog: QDialog) -> None:
    """Give a dialog the size its content wants, or as much of it as its screen has; its width does not shrink."""
    wanted = dialog.sizeHint()
    resize_within_screen(dialog, max(wanted.width(), dialog.width()), wanted.height())
