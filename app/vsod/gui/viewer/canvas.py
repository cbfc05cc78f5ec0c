"""The picture: painted with QPainter, zoomed to the cursor, panned by dragging."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QCursor,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget

from vsod.core.clip import ClipInfo
from vsod.gui.playback.frame_renderer import Compare, RenderedFrame
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.translation import tr
from vsod.gui.viewer.comparison import Comparison, paint_guides
from vsod.gui.viewer.outline_layer import paint_outline
from vsod.gui.viewer.view_transform import ViewTransform


class Canvas(QWidget):
    """Shows one :class:`RenderedFrame` at a time.

    Distances are in *display pixels*: the picture upright with square pixels,
    whatever raster the worker rendered at.
    """

    zoomed = pyqtSignal(float)  # device pixels per display pixel
    raster_changed = pyqtSignal()  # :meth:`wanted_size` may have changed
    probed = pyqtSignal(str)  # text about the pixel under the cursor, "" outside
    space_dragged = pyqtSignal()  # the space bar turned out to mean panning, not playing

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName(tr("Viewer"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 120)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self._camera = ViewTransform()
        self._info: ClipInfo | None = None
        self._shown: RenderedFrame | None = None
        self._note = ""
        self._held: set[int] = set()
        self._grabbed: QPointF | None = None
        self.comparison = Comparison()
        self._guides = False
        self._wiping = False
        self.offer_button = QPushButton()  # something to do about what is not there to see
        self.offer_button.setAutoDefault(False)
        self.offer_button.hide()
        corner = QVBoxLayout(self)
        corner.addWidget(self.offer_button, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)

    # ---- keys

    def holds(self, key: int) -> bool:
        """Whether a key is down."""
        return key in self._held

    @property
    def _space(self) -> bool:
        return self.holds(Qt.Key.Key_Space)

    # ---- what is shown

    @property
    def shown(self) -> RenderedFrame | None:
        """The frame on screen."""
        return self._shown

    @property
    def zoom(self) -> float:
        """Device pixels per display pixel."""
        return self._camera.zoom

    def set_clip(self, info: ClipInfo | None) -> None:
        """Forget the old picture and fit the new clip."""
        self._info, self._shown = info, None
        self._camera.set_picture(info.display_size if info else (1, 1))
        self.fit()

    def show_frame(self, shown: RenderedFrame) -> None:
        """Paint this from now on."""
        self._shown = shown
        self.update()
        self._probe(QPointF(self.mapFromGlobal(QCursor.pos())))

    def set_compare(self, mode: Compare) -> None:
        """Show two versions as :class:`Comparison` says."""
        self.comparison.mode = mode
        self._resized()

    @property
    def guides(self) -> bool:
        """Whether safe areas are drawn."""
        return self._guides

    def show_guides(self, shown: bool) -> None:
        """Draw safe areas over the picture."""
        self._guides = shown
        self.update()

    def set_note(self, text: str) -> None:
        """A word in the picture's corner, "" for none."""
        if text != self._note:
            self._note = text
            self.update()

    def wanted_size(self) -> tuple[int, int] | None:
        """Raster the screen can make use of, (width, height); None = every source pixel."""
        if self._info is None:
            return None
        w, h = self._info.display_size
        wide, high = round(w * self._camera.zoom), round(h * self._camera.zoom)
        up_w, up_h = self._info.upright_size
        # near or beyond 1:1 the source itself is shown, so that the readout reads true pixels
        if wide >= 0.9 * up_w or high >= 0.9 * up_h:
            return None
        return max(wide, 16), max(high, 16)

    # ---- zoom and pan

    def fit(self) -> None:
        """Show all of the picture, and keep doing so when the window changes size."""
        self._camera.fit()
        self._seen()

    def one_to_one(self) -> None:
        """One picture pixel per device pixel, around the centre."""
        self._camera.zoom_to(1.0, self._device(self._middle()))
        self._seen()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom so that the point ``at`` (widget coordinates, default centre) stays put."""
        point = self._middle() if at is None else self.comparison.local(at, self.width())
        self._camera.zoom_to(self._camera.zoom * factor, self._device(point))
        self._seen()

    def picture_point(self, at: QPointF) -> QPointF:
        """Display pixel under a widget position; may lie outside the picture."""
        x, y = self._camera.to_picture(*self._device(self.comparison.local(at, self.width())))
        return QPointF(x, y)

    def picture_rect(self) -> QRectF:
        """Where the picture is, in widget coordinates."""
        x, y, w, h = self._camera.rect()
        ratio = self.devicePixelRatioF()
        return QRectF(x / ratio, y / ratio, w / ratio, h / ratio)

    def _middle(self) -> QPointF:
        return QPointF(self.comparison.pane(self.width()) / 2, self.height() / 2)

    def _resized(self) -> None:
        ratio = self.devicePixelRatioF()
        self._camera.set_window(self.comparison.pane(self.width()) * ratio, self.height() * ratio)
        self._seen()

    def _device(self, at: QPointF) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return at.x() * ratio, at.y() * ratio

    def _seen(self) -> None:
        self.update()
        self.zoomed.emit(self._camera.zoom)
        self.raster_changed.emit()

    # ---- events

    def showEvent(self, event: QShowEvent | None) -> None:
        """Listen for the space bar."""
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Stop listening; a filter left behind would be called while the program is torn down."""
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keep the fit."""
        self._resized()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Background, picture or pictures, guides, note."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.SURROUND)
        if self._shown is not None:
            self._paint_pictures(painter, self._shown)
        if self._note:
            self._paint_note(painter)
        painter.end()

    def _paint_pictures(self, painter: QPainter, shown: RenderedFrame) -> None:
        comparison, size = self.comparison, (float(self.width()), float(self.height()))
        first = self.picture_rect()
        magnified = first.width() * self.devicePixelRatioF() > 2.5 * shown.image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not magnified)
        second = first.translated(size[0] // 2, 0) if comparison.mode == "side" else first
        if comparison.mode == "off" or shown.other is None:
            parts = [(shown.image, shown.outline, first, QRectF(self.rect()))]
        else:
            parts = [(shown.image, shown.outline, first, comparison.first_part(*size))]
            parts.append((shown.other, shown.other_outline, second, comparison.second_part(*size)))
        for image, outline, target, part in parts:
            painter.setClipRect(part)
            painter.drawImage(target, image)
            if outline is not None:
                paint_outline(painter, outline, target, image.size())
            if self._guides:
                paint_guides(painter, target)
        painter.setClipping(False)
        if len(parts) == 2:
            comparison.paint(painter, shown.view, *size)

    def _paint_note(self, painter: QPainter) -> None:
        metrics = painter.fontMetrics()
        box = QRectF(12, self.height() - 38, metrics.horizontalAdvance(self._note) + 24, 26)
        back = theme.RAISED.toRgb()
        back.setAlpha(225)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(back)
        painter.drawRoundedRect(box, 13, 13)
        painter.setPen(theme.MUTED)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._note)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Zoom to the cursor."""
        if event is not None and event.angleDelta().y():
            self.zoom_by(1.2 ** (event.angleDelta().y() / 120), event.position())
            event.accept()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Grab the picture with the middle button, or the left one and the space bar."""
        if event is None:
            return
        left = event.button() == Qt.MouseButton.LeftButton
        if left and not self._space and self.comparison.catches(event.position(), self.width()):
            self._wiping = True
            return
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space):
            self._grabbed = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            if left:
                self.space_dragged.emit()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Pan, and read the pixel under the cursor."""
        if event is None:
            return
        if self._wiping:
            self.comparison.drag(event.position().x(), self.width())
            self.update()
        elif self._grabbed is not None:
            delta = (event.position() - self._grabbed) * self.devicePixelRatioF()
            self._camera.pan(delta.x(), delta.y())
            self._grabbed = event.position()
            self.update()
        elif self.comparison.catches(event.position(), self.width()):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        else:
            self.unsetCursor()
        self._probe(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go."""
        self._grabbed, self._wiping = None, False
        self.unsetCursor()

    def leaveEvent(self, event: QEvent | None) -> None:
        """Nothing is under the cursor any more."""
        self.probed.emit("")

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Know which keys are down; a shortcut would only tell that one was pressed."""
        if isinstance(event, QKeyEvent) and not event.isAutoRepeat():
            if event.type() == QEvent.Type.ShortcutOverride:
                self._held.add(event.key())
            elif event.type() == QEvent.Type.KeyRelease:
                self._held.discard(event.key())
        return False

    def changeEvent(self, event: QEvent | None) -> None:
        """A key that is let go in another program is not held any more."""
        if event is not None and event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self._held.clear()
        super().changeEvent(event)

    def _probe(self, at: QPointF) -> None:
        if self._info is None or self._shown is None or not self.rect().contains(at.toPoint()):
            return
        point = self.picture_point(at)
        width, height = self._info.display_size
        if not (0 <= point.x() < width and 0 <= point.y() < height):
            self.probed.emit("")
            return
        rows, columns = self._shown.rgb.shape[:2]
        x, y = int(point.x() * columns / width), int(point.y() * rows / height)
        r, g, b = (int(v) for v in self._shown.rgb[y, x])
        text = f"{int(point.x())}, {int(point.y())}   R {r}  G {g}  B {b}"
        alphas = [("α", self._shown.alpha)]
        if self._shown.view.compare != "off":
            alphas = [("α A", self._shown.alpha), ("B", self._shown.other_alpha)]
        text += "".join(f"   {name} {a[y, x] / 255:.2f}" for name, a in alphas if a is not None)
        self.probed.emit(text)
