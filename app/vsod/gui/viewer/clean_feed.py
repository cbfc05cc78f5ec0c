"""The picture alone, for a second screen: what the viewer shows, without its marks."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QPainter, QPaintEvent, QResizeEvent, QScreen
from PyQt6.QtWidgets import QWidget

from vsod.gui.playback.frame_renderer import RenderedFrame
from vsod.gui.toolkit.translation import tr

_SIZE = 960, 540  # points, of one that does not fill a screen


class CleanFeed(QWidget):
    """A window that shows one :class:`RenderedFrame` at a time, as large as it can, on black.

    It never takes the keys: they stay with the window that the playhead is moved in.
    """

    closed = pyqtSignal()
    raster_changed = pyqtSignal()  # :meth:`raster` may have changed

    def __init__(self, parent: QWidget | None = None) -> None:
        flags = Qt.WindowType.Window | Qt.WindowType.WindowDoesNotAcceptFocus
        super().__init__(parent, flags)
        self.setWindowTitle(tr("Clean feed"))
        self.setAccessibleName(tr("Clean feed"))
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 90)
        self._shown: RenderedFrame | None = None
        self._aspect = 1.0

    def open_on(self, screen: QScreen | None) -> None:
        """Fill this screen; without one be a window that can be moved."""
        if screen is None:
            self.resize(*_SIZE)
            self.showNormal()
        else:
            self.setGeometry(screen.geometry())
            self.showFullScreen()

    def show_frame(self, shown: RenderedFrame | None, aspect: float = 1.0) -> None:
        """Paint this from now on; ``aspect`` is width over height of the picture with square pixels."""
        self._shown, self._aspect = shown, aspect
        self.update()

    def raster(self) -> tuple[int, int]:
        """Device pixels that a picture can make use of, (width, height)."""
        ratio, box = self.devicePixelRatioF(), self.picture_rect()
        return round(box.width() * ratio), round(box.height() * ratio)

    def picture_rect(self) -> QRectF:
        """Where the picture is: all of it, in the middle."""
        width = min(float(self.width()), self.height() * self._aspect)
        height = width / self._aspect
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Black, and the picture."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        if self._shown is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self.picture_rect(), self._shown.image)
        painter.end()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """A larger picture may be of use."""
        self.raster_changed.emit()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Say so."""
        super().closeEvent(event)
        self.closed.emit()
