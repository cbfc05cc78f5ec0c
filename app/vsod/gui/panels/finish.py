"""How a map becomes a matte. Changing it never analyses again."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QGroupBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from vsod.core.finishing import CRF_ENGINES, FinishSettings


class FinishPanel(QGroupBox):
    """Edge and threshold settings of the matte."""

    changed = pyqtSignal(object)  # FinishSettings

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Matte", parent)
        start = FinishSettings()
        self.guided = QCheckBox("Follow the picture's edges")
        self.guided.setChecked(start.edges == "guided")
        self.guided.setToolTip("Snap the matte's outline to edges in the picture")
        self.crf = QCheckBox("Let like colours agree (dense CRF)")
        self.crf.setToolTip("Slower: neighbours of like colour settle the outline between them first")
        self.hard = QCheckBox("Hard mask")
        self.hard.setToolTip("Black or white, nothing between")
        self.threshold = QSlider(Qt.Orientation.Horizontal)
        self.threshold.setRange(1, 99)
        self.threshold.setValue(50)
        self.threshold.setAccessibleName("Threshold of the hard mask, per cent")
        self.value = QLabel("50 %")
        self.value.setMinimumWidth(40)
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

        row = QHBoxLayout()
        row.addWidget(self.hard)
        row.addWidget(self.threshold, 1)
        row.addWidget(self.value)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 2)
        column.setSpacing(8)
        column.addWidget(self.guided)
        column.addWidget(self.crf)
        column.addLayout(row)
        self.guided.toggled.connect(self._told)
        self.crf.toggled.connect(self._told)
        self.hard.toggled.connect(self._told)
        self.threshold.valueChanged.connect(self._told)
        self._enable()

    @property
    def settings(self) -> FinishSettings:
        """What is set."""
        threshold = self.threshold.value() / 100 if self.hard.isChecked() else None
        crf = CRF_ENGINES[0] if self.crf.isChecked() else ""
        edges = "guided" if self.guided.isChecked() else "plain"
        return FinishSettings(edges=edges, crf=crf, threshold=threshold)

    def _told(self) -> None:
        self._enable()
        self.changed.emit(self.settings)

    def _enable(self) -> None:
        self.threshold.setEnabled(self.hard.isChecked())
        self.value.setEnabled(self.hard.isChecked())
        self.value.setText(f"{self.threshold.value()} %")
