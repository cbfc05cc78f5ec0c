"""A picture of the model comparison: a click zooms to its pixels, a second model's lies behind a line to drag."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QApplication

from vsod.gui.panels.scaled_picture import ScaledPicture
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.translation import tr
from vsod.gui.viewer.divider import on_divider, paint_divider, paint_labels, within_picture

_STEP, _LARGE_STEP = 0.02, 0.1  # of the width, a key moves the line or the picture
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class SharedView(QObject):
    """What all pictures of a comparison show alike: the place at 1:1, and where the line of the wipe is.

    Attributes:
        place: The picture point in the middle, as shares of width and height; None = the whole picture.
        line: The line's place as a share of the width.
    """

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.place: QPointF | None = None
        self.line = 0.5

    def show_place(self, place: QPointF | None) -> None:
        """Show this place pixel for pixel; None = the whole picture."""
        self.place = place
        self.changed.emit()

    def move_line(self, share: float) -> None:
        """Move the line, inside the picture."""
        self.line = within_picture(share)
        self.changed.emit()


class ComparisonCell(ScaledPicture):
    """One model's matte of one frame.

    A click shows that place at 1:1, in all cells that share a view; a drag moves it, another click shows the whole
    picture again. With a second picture there is a line between both: it can be dragged, arrow keys move it.

    Args:
        image: The picture with the matte on it.
        title: Of the model.
        frame: The frame's number, from 1.
        view: Shared with the other cells.
    """

    def __init__(self, image: QImage, title: str, frame: int, view: SharedView) -> None:
        super().__init__(image)
        self._title, self._frame, self._view = title, frame, view
        self._other: tuple[QImage, str] | None = None
        self._pressed: QPointF | None = None
        self._panned: QPointF | None = None  # where the pointer was last, once a press has become a drag
        self._wiping = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        view.changed.connect(self._refresh)
        self.wipe_with(None)

    @property
    def image(self) -> QImage:
        """The picture with the matte on it."""
        return self._image

    def wipe_with(self, other: tuple[QImage, str] | None) -> None:
        """Show another picture right of the line, (picture, title of its model); None = no line."""
        self._other = other
        name = tr("{title}, frame {number}").format(title=self._title, number=self._frame)
        if other is not None:
            both = tr("{first} and {second}, frame {number}")
            name = both.format(first=self._title, second=other[1], number=self._frame)
        self.setAccessibleName(name)
        self.setAccessibleDescription(
            tr("Enter shows the pixels, arrow keys move the wipe line, or the picture while it is enlarged")
        )
        self._refresh()

    # ---- geometry

    @property
    def zoomable(self) -> bool:
        """Whether the picture has more pixels than are seen of it."""
        shown = self._shown_size()
        return shown.width() < self._image.width() or shown.height() < self._image.height()

    @property
    def zoomed(self) -> bool:
        """Whether pixels are shown 1:1."""
        return self._view.place is not None and self.zoomable

    def part(self) -> QRect:
        """What of the picture is seen, in its pixels: all of it, or as many as the cell has device pixels."""
        place = self._view.place
        if place is None or not self.zoomable:
            return self._image.rect()
        size, whole = self._shown_size(), self._image.size()
        left = round(place.x() * whole.width() - size.width() / 2)
        top = round(place.y() * whole.height() - size.height() / 2)
        left = max(0, min(left, whole.width() - size.width()))
        top = max(0, min(top, whole.height() - size.height()))
        return QRect(left, top, size.width(), size.height())

    def _shown_size(self) -> QSize:
        """Device pixels of the cell, no more than the picture has."""
        ratio = self.devicePixelRatioF()
        size = QSize(round(self.width() * ratio), round(self.heightForWidth(self.width()) * ratio))
        return size.boundedTo(self._image.size())

    @property
    def _edge(self) -> float:
        return self._view.line * self.width() // 1

    # ---- painting

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The picture, with the other right of the line, and a frame while the keys are the cell's."""
        painter = QPainter(self)
        self._paint_picture(painter, self._image)
        if self._other is not None:
            height = float(self.height())
            left, right = QRectF(0, 0, self._edge, height), QRectF(self.rect())
            right.setLeft(self._edge)
            painter.setClipRect(right)
            self._paint_picture(painter, self._other[0])
            painter.setClipping(False)
            paint_divider(painter, self._edge, height, handle=True)
            paint_labels(painter, self._edge, (self._title, left), (self._other[1], right))
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(theme.ACCENT, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_picture(self, painter: QPainter, image: QImage) -> None:
        if not self.zoomed:
            self.paint_whole(painter, image)
            return
        part, ratio = self.part(), self.devicePixelRatioF()
        # exactly a device pixel each, whatever fraction of a point that is
        painter.drawImage(QRectF(0, 0, part.width() / ratio, part.height() / ratio), image, QRectF(part))

    def _refresh(self) -> None:
        self._show_cursor(None)
        self.update()

    # ---- mouse

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take the line, or begin a click or a drag."""
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self._wiping = self._on_line(event.position())
        self._pressed, self._panned = event.position(), None

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Drag the line or the enlarged picture."""
        if event is None:
            return
        at = event.position()
        if self._wiping:
            self._view.move_line(at.x() / max(1, self.width()))
        elif self._pressed is not None:
            self._drag(at)
        else:
            self._show_cursor(at)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """A press that did not become a drag is a click."""
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        clicked = self._pressed is not None and self._panned is None and not self._wiping
        self._pressed, self._panned, self._wiping = None, None, False
        if clicked and QRectF(self.rect()).contains(event.position()):
            self._toggle_zoom(event.position())
        self._show_cursor(event.position())

    def _drag(self, at: QPointF) -> None:
        assert self._pressed is not None
        if self._panned is None:
            if (at - self._pressed).manhattanLength() < QApplication.startDragDistance():
                return
            self._panned = self._pressed
        self._pan((self._panned - at) * self.devicePixelRatioF())
        self._panned = at

    def _on_line(self, at: QPointF) -> bool:
        return self._other is not None and on_divider(at.x(), self._edge)

    def _show_cursor(self, at: QPointF | None) -> None:
        if at is not None and self._on_line(at):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        elif self.zoomed:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self.zoomable:
            self.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.unsetCursor()

    # ---- keys

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Enter and space zoom, Esc shows the whole picture, arrows move the line or the picture."""
        if event is None:
            return
        key = event.key()
        shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._toggle_zoom(QPointF(self.rect().center()))
        elif key == Qt.Key.Key_Escape and self.zoomed:
            self._view.show_place(None)
        elif key not in _ARROWS or not self._move(_ARROWS[Qt.Key(key)], shifted):
            super().keyPressEvent(event)

    def _move(self, way: tuple[int, int], large: bool) -> bool:
        """Move the line, or the picture where there is none or the key is not one of the line's."""
        step = _LARGE_STEP if large else _STEP
        if self._other is not None and way[0]:
            self._view.move_line(self._view.line + step * way[0])
        elif self.zoomed:
            self._pan(QPointF(*way) * _LARGE_STEP * self._shown_size().width())
        else:
            return False
        return True

    # ---- the shared view

    def _toggle_zoom(self, at: QPointF) -> None:
        """Show the pixels so that what is under ``at`` stays there, or the whole picture."""
        if self._view.place is not None:
            self._view.show_place(None)
        elif self.zoomable:
            shown = self._shown_size()
            x, y = at.x() / self.width(), min(1.0, at.y() / self.heightForWidth(self.width()))
            place = QPointF(
                x + (0.5 - x) * shown.width() / self._image.width(),
                y + (0.5 - y) * shown.height() / self._image.height(),
            )
            self._view.show_place(self._held(place))

    def _pan(self, pixels: QPointF) -> None:
        place = self._view.place
        if place is not None and self.zoomable:
            moved = QPointF(pixels.x() / self._image.width(), pixels.y() / self._image.height())
            self._view.show_place(self._held(place + moved))

    def _held(self, place: QPointF) -> QPointF:
        """The nearest place with picture all round, so that a drag back moves it at once."""
        shown, whole = self._shown_size(), self._image.size()
        x, y = shown.width() / whole.width() / 2, shown.height() / whole.height() / 2
        return QPointF(max(x, min(place.x(), 1 - x)), max(y, min(place.y(), 1 - y)))
