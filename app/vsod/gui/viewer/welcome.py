"""The empty window: what to do first."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from vsod.gui.toolkit import theme
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.translation import tr


class Welcome(QWidget):
    """A drop target with an Open button."""

    open_file = pyqtSignal()
    open_folder = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("welcome")
        self.setAccessibleName(tr("No clip open"))
        self._aimed = False
        picture = PlainLabel()
        picture.setPixmap(theme.app_icon().pixmap(QSize(88, 88), self.devicePixelRatioF()))
        self._title = PlainLabel(tr("Drop a video here"))
        self._title.setObjectName("welcomeTitle")
        self._text = PlainLabel(tr("or a folder of frames. The picture itself is never changed."))
        self._text.setObjectName("welcomeText")
        self.open_button = QPushButton(tr("Open video…"))
        self.open_button.setObjectName("primary")
        self.open_button.clicked.connect(self.open_file)
        folder = QPushButton(tr("Open folder of frames…"))
        folder.clicked.connect(self.open_folder)
        hint = PlainLabel("Ctrl+O")
        hint.setObjectName("faint")

        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch()
        buttons.addWidget(self.open_button)
        buttons.addWidget(folder)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addStretch(3)
        for widget in (picture, self._title, self._text):
            column.addWidget(widget, alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(14)
        column.addLayout(buttons)
        column.addSpacing(2)
        column.addWidget(hint, alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(4)

    def set_drag_hover(self, aimed: bool) -> None:
        """Light up while something is dragged over the window."""
        self._aimed = aimed
        self.update()

    def set_busy(self, name: str) -> None:
        """Say that ``name`` is being opened, "" for at rest."""
        self._title.setText(tr("Opening {name} …").format(name=name) if name else tr("Drop a video here"))
        self.open_button.setEnabled(not name)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """A dashed frame to aim at."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.WINDOW_BACKGROUND)
        pen = QPen(theme.ACCENT if self._aimed else theme.LINE, 2 if self._aimed else 1.5)
        pen.setDashPattern([6, 5])
        painter.setPen(pen)
        if self._aimed:
            wash = QColor(theme.ACCENT)
            wash.setAlpha(18)
            painter.setBrush(wash)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(28, 28, -28, -28), 16, 16)
        painter.end()
