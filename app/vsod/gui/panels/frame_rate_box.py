"""A field for the frame rate of an image sequence, which has none of its own."""

from __future__ import annotations

from fractions import Fraction

from PyQt6.QtCore import QSignalBlocker, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QWidget

from vsod.core.export_settings import frame_rate
from vsod.errors import UsageError
from vsod.gui.toolkit.time_text import rate_text
from vsod.gui.toolkit.translation import tr

_STANDARD = [
    Fraction(text) for text in ("24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60")
]
_HIGHEST = 1000


class FrameRateBox(QComboBox):
    """The standard rates to choose from; any other can be typed.

    Args:
        rate: Shown to begin with.
    """

    chosen = pyqtSignal(object)  # Fraction: another rate than before, once it is entered

    def __init__(self, rate: Fraction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.addItems([rate_text(standard) for standard in _STANDARD])
        self.setAccessibleName(tr("Frame rate"))
        self.setToolTip(tr("Images have no frame rate of their own: 24, 23.976 or 24000/1001, say"))
        self.rate = rate
        self._show()
        self.textActivated.connect(lambda _text: self._enter())
        line = self.lineEdit()
        if line is not None:
            line.editingFinished.connect(self._enter)

    def _enter(self) -> None:
        try:
            rate = frame_rate(self.currentText().lower().removesuffix("fps").strip().replace(",", "."))
        except UsageError:
            self._show()  # what cannot be a rate is not taken
            return
        before, self.rate = self.rate, rate if 1 <= rate <= _HIGHEST else self.rate
        self._show()
        if self.rate != before:
            self.chosen.emit(self.rate)

    def _show(self) -> None:
        with QSignalBlocker(self):
            self.setCurrentText(rate_text(self.rate))
