"""A picture as wide as its place, at its own aspect ratio and as sharp as the screen."""

from __future__ import annotations

from PyQt6.QtCore import QRect, QSize, Qt
from PyQt6.QtGui import QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

_LEAST_WIDTH = 120


class ScaledPicture(QWidget):
    """A picture that grows and shrinks with its layout; never beyond twice its own pixels.

    Args:
        image: The picture.
    """

    def __init__(self, image: QImage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = image
        self._scaled: dict[int, QImage] = {}  # by the key of the picture
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumWidth(_LEAST_WIDTH)
        self.setMaximumWidth(2 * image.width())

    def hasHeightForWidth(self) -> bool:
        """It keeps its aspect ratio."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height that goes with a width."""
        return max(1, round(width * self._image.height() / max(1, self._image.width())))

    def sizeHint(self) -> QSize:
        """As large as the picture."""
        return self._image.size()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The picture in all of the width."""
        painter = QPainter(self)
        self.paint_whole(painter, self._image)
        painter.end()

    def paint_whole(self, painter: QPainter, image: QImage) -> None:
        """Draw all of a picture of the same aspect ratio, in all of the width."""
        place = QRect(0, 0, self.width(), self.heightForWidth(self.width()))
        painter.drawImage(place, self._scaled_to(image, place.size() * self.devicePixelRatioF()))

    def _scaled_to(self, image: QImage, size: QSize) -> QImage:
        """Scaled in one step, averaged, for a picture that is shown much smaller than it is; made once a size."""
        kept = self._scaled.get(image.cacheKey())
        if kept is None or kept.size() != size:
            kept = image.scaled(
                size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
            self._scaled[image.cacheKey()] = kept
        return kept
