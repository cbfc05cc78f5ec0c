"""Buttons and readouts between picture and ruler."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from vsod.core.clip import ClipInfo
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.time_text import position_text
from vsod.gui.toolkit.translation import tr

_WIDE = 600  # pixels from which there is room for the frame number


class TransportBar(QWidget):
    """Timecode, transport buttons, frame number.

    Args:
        actions: What the buttons do, left to right; None leaves a gap.
    """

    def __init__(self, actions: Iterable[QAction | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transport")
        self.timecode = PlainLabel("--:--:--:--")
        self.timecode.setObjectName("timecode")
        self.timecode.setAccessibleName(tr("Timecode"))
        self.speed = PlainLabel()
        self.speed.setObjectName("faint")
        self.speed.setAccessibleName(tr("Playback speed"))
        self.dropped = PlainLabel()
        self.dropped.setObjectName("faint")
        self.dropped.setAccessibleName(tr("Frames dropped"))
        self.frame = PlainLabel()
        self.frame.setObjectName("frameNumber")
        self.frame.setAccessibleName(tr("Frame number"))
        self.frame.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

        # where there is no room, the buttons stay and the numbers go
        for label in (self.speed, self.dropped, self.frame):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

        left = QHBoxLayout()
        left.addWidget(self.timecode)
        left.addSpacing(8)
        left.addWidget(self.speed, 1)
        left.addSpacing(8)
        left.addWidget(self.dropped, 3)
        middle = QHBoxLayout()
        middle.setSpacing(2)
        for action in actions:
            if action is None:
                middle.addSpacing(8)
                continue
            button = QToolButton()
            button.setDefaultAction(action)
            button.setIconSize(QSize(20, 20))
            button.setAccessibleName(action.text().replace("&", ""))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAutoRaise(True)
            middle.addWidget(button)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.addLayout(left, 1)
        row.addLayout(middle)
        row.addWidget(self.frame, 1)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Half a number would be none: without room the frame's is left to the line at the bottom."""
        self.frame.setVisible(self.width() >= _WIDE)

    def show_position(self, info: ClipInfo | None, index: int) -> None:
        """Write where the playhead is."""
        if info is None:
            self.timecode.setText("--:--:--:--")
            self.frame.setText("")
        else:
            self.timecode.setText(position_text(info, index))
            self.frame.setText(tr("frame {index} / {last}").format(index=index, last=info.frame_count - 1))

    def show_dropped(self, dropped: int) -> None:
        """Write how many frames could not be shown in time; nothing for none."""
        self.dropped.setText(tr("{dropped} dropped").format(dropped=dropped) if dropped else "")

    def show_speed(self, speed: float) -> None:
        """Write how fast it plays, nothing at rest or source speed."""
        self.speed.setText("" if speed in (0.0, 1.0) else f"{speed:g}×".replace("-", "−"))
