"""A slider that goes where it is pressed."""

from __future__ import annotations

from PyQt6.QtCore import QRect, Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QSlider, QStyle, QStyleOptionSlider, QWidget

_GROOVE, _HANDLE = QStyle.SubControl.SC_SliderGroove, QStyle.SubControl.SC_SliderHandle


class ValueSlider(QSlider):
    """A horizontal slider; a press on the groove moves the handle there, and it can be dragged on at once.

    Qt's own pages by a tenth and repeats, and a drag after it does not take hold.
    """

    reset_asked = pyqtSignal()  # by a double click

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._grip: float | None = None  # where on the handle the pointer holds it, in pixels from its left

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take the handle, wherever the press is."""
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        handle = self._part(_HANDLE)
        x = event.position().x()
        on_handle = handle.left() <= x <= handle.right() + 1
        self._grip = x - handle.left() if on_handle else handle.width() / 2
        self.setSliderDown(True)
        if not on_handle:
            self._drag_to(x)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Drag on."""
        if event is not None and self._grip is not None:
            self._drag_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go."""
        if self._grip is not None and event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._grip = None
            self.setSliderDown(False)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Ask for the default."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self.reset_asked.emit()

    def _drag_to(self, x: float) -> None:
        groove, handle = (self._part(part) for part in (_GROOVE, _HANDLE))
        place = round(x - (self._grip or 0) - groove.left())
        room = groove.width() - handle.width()
        self.setSliderPosition(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), place, room))

    def _part(self, part: QStyle.SubControl) -> QRect:
        option, style = QStyleOptionSlider(), self.style()
        self.initStyleOption(option)
        assert style is not None
        return style.subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self)
