"""What an editor wants to know about a model, in two rows: how good its mattes are, and how fast it is here."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFormLayout, QPushButton, QSizePolicy, QWidget

from vsod.gui.toolkit.pipeline_interface import ModelChoice
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.translation import tr


class ModelFacts(QWidget):
    """Read-only rows about one model; the accuracy is a button that asks for the numbers."""

    details_asked = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setHorizontalSpacing(12)
        rows.setVerticalSpacing(3)
        rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.accuracy = QPushButton()
        self.accuracy.setObjectName("link")
        self.accuracy.setAutoDefault(False)
        self.accuracy.setToolTip(tr("The numbers behind it"))
        self.accuracy.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.accuracy.clicked.connect(self.details_asked)
        self.speed = PlainLabel()
        self.speed.setToolTip(
            tr("Frames per second of the last long analysis with this model and device here")
        )
        self.speed.setAccessibleName(tr("Speed on this machine"))
        self.speed.setMinimumWidth(1)  # a long line is cut, the panel does not grow
        for name, value in ((tr("Accuracy"), self.accuracy), (tr("Speed here"), self.speed)):
            key = PlainLabel(name)
            key.setObjectName("faint")
            rows.addRow(key, value)

    def show_model(self, model: ModelChoice, fps: float) -> None:
        """Another model; ``fps`` as measured on this machine, 0 if it never was."""
        phrase = accuracy_phrase(model)
        self.accuracy.setText(phrase)
        self.accuracy.setAccessibleName(tr("Accuracy: {text}").format(text=phrase))
        self.speed.setText(f"{fps:.1f} fps" if fps else tr("not measured yet"))


def accuracy_phrase(model: ModelChoice) -> str:
    """How good a model's mattes were on the test clips, in words."""
    if model.good_clips is not None:
        good, clips = model.good_clips
        return tr("good matte on {good} of {clips} test clips").format(good=good, clips=clips)
    overlap = model.measured.get("J")
    if isinstance(overlap, int | float):
        return tr("{percent} % overlap on test clips").format(percent=round(100 * overlap))
    return tr("not measured yet")
