"""What lies behind a composite: a colour, the blurred surroundings, or another clip."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, pyqtSignal
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QColorDialog, QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from vsod.core.export_settings import ExportSettings
from vsod.gui.toolkit.translation import tr

_KINDS = {"colour": "Colour", "blur": "Blurred surroundings", "clip": "Clip or still"}


class BackgroundPicker(QWidget):
    """A kind, and the colour or file that goes with it."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = QComboBox()
        self.kind.setAccessibleName(tr("Kind of background"))
        for name, title in _KINDS.items():
            self.kind.addItem(tr(title), name)
        self.text = QLineEdit()
        self.button = QPushButton(tr("Choose…"))
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self._choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.kind)
        row.addWidget(self.text, 1)
        row.addWidget(self.button)
        self.kind.currentIndexChanged.connect(self._kind_picked)
        self.text.textChanged.connect(self.changed)
        self.set_background(ExportSettings().background)

    @property
    def background(self) -> str:
        """``"RRGGBB"``, ``"blur"`` or a path, as :class:`vsod.core.export_settings.ExportSettings` takes it."""
        return "blur" if self.kind.currentData() == "blur" else self.text.text().strip()

    @property
    def problem(self) -> str:
        """Why it cannot be used, or ""."""
        if self.kind.currentData() == "colour" and ExportSettings(background=self.background).colour is None:
            return tr("A colour is six digits, RRGGBB.")
        return "" if self.background else tr("Choose a background.")

    def set_background(self, background: str) -> None:
        """Set the background without emitting `changed`."""
        colour = ExportSettings(background=background).colour
        kind = "colour" if colour is not None else "blur" if background == "blur" else "clip"
        with QSignalBlocker(self), QSignalBlocker(self.text):
            self.kind.setCurrentIndex(self.kind.findData(kind))
            self.text.setText("" if kind == "blur" else background)
            self._fit()

    def _kind_picked(self) -> None:
        with QSignalBlocker(self.text):
            self.text.setText(ExportSettings().background if self.kind.currentData() == "colour" else "")
        self._fit()
        self.changed.emit()

    def _fit(self) -> None:
        kind = self.kind.currentData()
        for widget in (self.text, self.button):
            widget.setVisible(kind != "blur")
        self.text.setAccessibleName(
            tr("Background colour, RRGGBB") if kind == "colour" else tr("Background clip")
        )

    def _choose(self) -> None:
        if self.kind.currentData() == "colour":
            colour = QColorDialog.getColor(QColor(f"#{self.text.text()}"), self, tr("Background"))
            if colour.isValid():
                self.text.setText(colour.name().removeprefix("#"))
            return
        name, _ = QFileDialog.getOpenFileName(self, tr("Background clip or still"), self.text.text())
        if name:
            self.text.setText(name)
