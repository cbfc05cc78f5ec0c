"""What is known about a model, in a few lines: licence, size, accuracy, speed."""

from __future__ import annotations

from PyQt6.QtWidgets import QFormLayout, QWidget

from vsod.gui.toolkit.pipeline_interface import ModelChoice
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.translation import tr

_MEASURES = {"S": "S {:.2f}", "maxF": "F {:.2f}", "MAE": "MAE {:.3f}"}


class ModelFacts(QWidget):
    """Read-only rows about one model."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setHorizontalSpacing(12)
        rows.setVerticalSpacing(3)
        self.weights, self.accuracy, self.speed = PlainLabel(), PlainLabel(), PlainLabel()
        self.accuracy.setToolTip(
            tr(
                "Measured by us on held-out clips; S and F (at its best threshold): more is better, "
                "MAE: less is better.\nSee docs/accuracy.md."
            )
        )
        self.speed.setToolTip(
            tr("Frames per second of the last long analysis with this model and device here")
        )
        named = (
            (tr("Weights"), self.weights),
            (tr("Accuracy"), self.accuracy),
            (tr("Speed on this machine"), self.speed),
        )
        self.accuracy.setWordWrap(True)
        for name, label in named:
            key = PlainLabel(name)
            key.setObjectName("faint")
            label.setAccessibleName(tr("Model: {name}").format(name=name))
            label.setMinimumWidth(1)  # a long line is cut, the panel does not grow
            rows.addRow(key, label)

    def show_model(self, model: ModelChoice, fps: float) -> None:
        """Another model; ``fps`` as measured on this machine, 0 if it never was."""
        self.weights.setText(f"{model.size / 1e6:.1f} MB" if model.size else "–")
        self.accuracy.setText(accuracy(model) or tr("not measured yet"))
        self.speed.setText(f"{fps:.1f} fps" if fps else tr("not measured yet"))


def accuracy(model: ModelChoice) -> str:
    """The measures of a model in one line."""
    return " · ".join(
        text.format(model.measured[key]) for key, text in _MEASURES.items() if key in model.measured
    )
