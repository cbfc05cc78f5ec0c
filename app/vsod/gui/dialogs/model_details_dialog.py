"""What lies behind a model's badge and its accuracy: training data, numbers, network."""

from __future__ import annotations

from collections.abc import Iterator

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from vsod.core.safe_text import sanitise
from vsod.gui.panels.model_facts import accuracy_phrase
from vsod.gui.toolkit.dialog_size import ScrollingForm, resize_within_screen
from vsod.gui.toolkit.pipeline_interface import ModelChoice
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.translation import tr

_MEASURES = {
    "J": "Overlap with the matte drawn by hand (J)",
    "F": "Outline (F)",
    "S": "Structure (S)",
    "maxF": "Subject found, at the best threshold (max F)",
    "MAE": "Mean error (MAE, less is better)",
}


class ModelDetailsDialog(QDialog):
    """A model's training data and its accuracy in numbers.

    Args:
        model: The model.
        parent: The window.
    """

    def __init__(self, model: ModelChoice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About the model {name}").format(name=sanitise(model.title)))
        body = QWidget()
        rows = QVBoxLayout(body)
        rows.setSpacing(6)
        parts = (
            ("", [tr(model.summary)]),
            (tr(model.training_data), _training_data(model)),
            (tr("Accuracy"), _accuracy(model)),
            (tr("Network"), _network(model)),
        )
        self.lines: list[str] = []
        for heading, lines in parts:
            for text in [heading, *lines]:
                if text:
                    label = self._line(text, heading=text is heading)
                    rows.addWidget(label)
        rows.addStretch()
        buttons = QDialogButtonBox()
        buttons.addButton(tr("Close"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.rejected.connect(self.reject)
        outer = QVBoxLayout(self)
        outer.addWidget(ScrollingForm(body), 1)
        outer.addWidget(buttons)
        resize_within_screen(self, 520, 560)

    @property
    def text(self) -> str:
        """All that it says."""
        return "\n".join(self.lines)

    def _line(self, text: str, *, heading: bool) -> PlainLabel:
        label = PlainLabel(text)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if heading:
            label.setStyleSheet("font-weight: 600; padding-top: 10px;")
            label.setIndent(0)
        self.lines.append(label.text())
        return label


def _training_data(model: ModelChoice) -> Iterator[str]:
    if model.training_data_terms == "research-only":
        yield tr(
            "Some of this data may be used for research only. Whether that reaches to mattes made with the model "
            "is not settled; find out before paid work."
        )
    for source in model.trained_on:
        yield f"•  {source}"
    if model.commercial_use:
        yield tr("Commercial use: {text}").format(text=model.commercial_use)
    if model.licence:
        yield tr("Licence of this model: {licence}").format(licence=model.licence)


def _accuracy(model: ModelChoice) -> Iterator[str]:
    yield accuracy_phrase(model)
    by_clip = model.measured.get("J_by_clip")
    if isinstance(by_clip, dict) and model.good_clips is not None:
        yield tr(
            "Good is a clip on which the matte overlaps the one drawn by hand by 70 % or more (J). The clips were "
            "kept out of training:"
        )
        for clip, overlap in by_clip.items():
            yield f"•  {sanitise(str(clip))}: {overlap:.0%}"
    for key, title in _MEASURES.items():
        value = model.measured.get(key)
        if isinstance(value, int | float):
            yield f"{tr(title)}: {value:.3f}"


def _network(model: ModelChoice) -> Iterator[str]:
    if model.architecture:
        yield model.architecture
    if model.published:
        yield tr("Published by {authors}").format(authors=model.published)
    if model.size:
        yield tr("Weights: {size:.1f} MB").format(size=model.size / 1e6)
