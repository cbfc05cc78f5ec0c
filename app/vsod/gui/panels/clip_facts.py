"""What is known about the clip, in a few lines."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QWidget

from vsod.core.clip import ClipInfo
from vsod.gui.panels.frame_rate_box import FrameRateBox
from vsod.gui.toolkit.buttons import plain_button
from vsod.gui.toolkit.plain_text import PlainLabel, inert
from vsod.gui.toolkit.progress_text import frame_count_text
from vsod.gui.toolkit.time_text import clock_text, rate_text
from vsod.gui.toolkit.translation import tr

_LAST_ROW = 20  # of the grid: below all properties


class ClipFacts(QWidget):
    """Table of the clip's properties; a sequence's frame rate can be set."""

    rate_chosen = pyqtSignal(object)  # Fraction: another frame rate for a sequence
    settings_asked = pyqtSignal()  # choose how the clip is read

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 12, 0, 2)
        self._grid.setVerticalSpacing(5)
        self._grid.setHorizontalSpacing(12)
        self._grid.setColumnStretch(1, 1)
        self._grid.setRowMinimumHeight(_LAST_ROW - 1, 4)

    def set_clip(self, info: ClipInfo | None) -> None:
        """Show another clip, or nothing."""
        while item := self._grid.takeAt(0):
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for row, (title, value) in enumerate(clip_facts(info) if info else []):
            name = tr(title)
            key, text = PlainLabel(name), PlainLabel(value)
            key.setObjectName("faint")
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            text.setAccessibleName(name)
            text.setToolTip(inert(value))
            text.setMinimumWidth(1)  # a long name is cut, the panel does not grow
            self._grid.addWidget(key, row, 0)
            if title == "Rate" and info is not None and info.kind == "sequence":
                box = FrameRateBox(info.rate)
                box.chosen.connect(self.rate_chosen)
                self._grid.addWidget(box, row, 1)
            else:
                self._grid.addWidget(text, row, 1)
        if info is not None:
            button = plain_button(tr("Source settings…"), self.settings_asked.emit)
            self._grid.addWidget(button, _LAST_ROW, 0, 1, 2)
        self.setVisible(info is not None)


def clip_facts(info: ClipInfo) -> list[tuple[str, str]]:
    """(name, value) rows about a clip."""
    width, height = info.display_size
    size = f"{width} × {height}"
    if info.sar != 1:
        size += "  " + tr("({width} × {height} coded)").format(width=info.width, height=info.height)
    rate = rate_text(info.rate) + (tr(", varying") if info.is_vfr else "")
    rows = [
        ("Size", size),
        ("Rate", rate),
        ("Length", f"{clock_text(info.duration)}  ·  " + frame_count_text(info.frame_count)),
        ("Codec", f"{info.codec}  ·  {info.pix_fmt}"),
    ]
    if info.timecode:
        rows.append(("Starts at", info.timecode))
    return rows
