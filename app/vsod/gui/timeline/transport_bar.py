"""Buttons and readouts between picture and ruler."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from vsod.core.clip import ClipInfo
from vsod.gui.timeline.timecode_field import TimecodeField
from vsod.gui.toolkit.plain_text import PlainLabel, inert
from vsod.gui.toolkit.time_text import length_text, position_text
from vsod.gui.toolkit.translation import tr

_MARGINS = 22  # pixels at both ends
_GAPS = 20  # pixels between what stands beside the buttons, on either side


class TransportBar(QWidget):
    """Timecode, transport buttons, marked range, frame number.

    Args:
        actions: What the buttons do, left to right; None leaves a gap.
    """

    def __init__(self, actions: Iterable[QAction | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transport")
        self.timecode = TimecodeField()
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

        self.mark_in = _number(tr("In"))
        self.mark_out = _number(tr("Out"))
        self.duration = _number(tr("Duration from in to out"))

        # where there is no room, the buttons stay and the numbers go
        for label in (self.speed, self.dropped, self.frame):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

        left = QHBoxLayout()
        left.addWidget(self.timecode)
        left.addSpacing(8)
        left.addWidget(self.speed, 1)
        left.addSpacing(8)
        left.addWidget(self.dropped, 3)
        left.addWidget(self.mark_in)
        right = QHBoxLayout()
        right.addWidget(self.mark_out)
        right.addSpacing(8)
        right.addWidget(self.duration)
        right.addWidget(self.frame, 1)
        self._middle = middle = QHBoxLayout()
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
        row.addLayout(right, 1)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Half a number would be none: where there is no room they go, the frame's last."""
        self._make_room()

    def minimumSizeHint(self) -> QSize:
        """As narrow as with the timecode and the buttons alone."""
        width = _MARGINS + _GAPS + self.timecode.minimumSizeHint().width() + self._middle.sizeHint().width()
        return QSize(width, super().minimumSizeHint().height())

    def _make_room(self) -> None:
        first, last, duration, frame = (
            label.sizeHint().width() for label in (self.mark_in, self.mark_out, self.duration, self.frame)
        )
        marked = self._room_on_the_right(first)
        self.frame.setVisible(self._room_on_the_right(0) >= frame)
        for label in (self.mark_in, self.mark_out):
            label.setVisible(marked >= last + frame)
        self.duration.setVisible(marked >= last + duration + frame)

    def _room_on_the_right(self, marks: int) -> float:
        """Pixels right of the buttons, which stay in the middle while what is left of them has room there."""
        room = self.width() - _MARGINS - self._middle.sizeHint().width()
        left = self.timecode.sizeHint().width() + marks + _GAPS
        return room - max(room / 2, left) - _GAPS

    def show_position(self, info: ClipInfo | None, index: int) -> None:
        """Write where the playhead is."""
        self.timecode.show_position(info, index)
        text = tr("{number} of {count}").format(number=index + 1, count=info.frame_count) if info else ""
        wider = len(text) > len(self.frame.text())
        self.frame.setText(text)
        if wider:
            self._make_room()

    def show_range(self, info: ClipInfo | None, marked: range) -> None:
        """Write the first and last frame of the marked range, and how long it is."""
        texts: tuple[str, ...] = ("", "", "")
        if info is not None and marked:
            ends = (position_text(info, index) for index in (marked.start, marked.stop - 1))
            texts = (*ends, f"({length_text(info, marked)})")
        for label, text in zip((self.mark_in, self.mark_out, self.duration), texts, strict=True):
            label.setText(text)
        self._make_room()

    def show_dropped(self, dropped: int) -> None:
        """Write how many frames could not be shown in time; nothing for none."""
        self.dropped.setText(tr("{dropped} dropped").format(dropped=dropped) if dropped else "")

    def show_speed(self, speed: float) -> None:
        """Write how fast it plays, nothing at rest or source speed."""
        self.speed.setText("" if speed in (0.0, 1.0) else f"{speed:g}×".replace("-", "−"))


def _number(name: str) -> PlainLabel:
    label = PlainLabel()
    label.setObjectName("frameNumber")
    label.setAccessibleName(name)
    label.setToolTip(inert(name))
    return label
