"""Which model, on which device, and the button that starts it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from PyQt6.QtCore import QSignalBlocker, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QGroupBox,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vsod.core.job import DEVICES
from vsod.core.progress import Progress
from vsod.gui.panels.model_facts import ModelFacts
from vsod.gui.panels.model_picker import ModelPicker
from vsod.gui.toolkit.elided_combo_box import ElidedComboBox
from vsod.gui.toolkit.pipeline_interface import ModelChoice
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.progress_text import frame_count_text, pace_words
from vsod.gui.toolkit.translation import tr

_DEVICE_NAMES = {
    "auto": "Automatic",
    "cpu": "Processor (CPU)",
    "cuda": "NVIDIA graphics (CUDA)",
    "mps": "Apple graphics (MPS)",
}
STAGES = {
    "prepare": "Preparing the model for this computer, only once",
    "analyse": "Analysing",
    "compare": "Comparing models",
    "inside": "Looking inside",
    "trust": "Measuring the trust of motion",
    "adapt": "Adapting the model",
    "second pass": "Second pass",
    "export": "Writing",
    "verify": "Checking the file",
}


def device_names() -> list[tuple[str, str]]:
    """(id, name) of what this system may have to compute on."""
    never = "cuda" if sys.platform == "darwin" else "mps"
    return [(device, tr(_DEVICE_NAMES[device])) for device in DEVICES if device != never]


class AnalysisPanel(QGroupBox):
    """Model picker, device picker, Analyse or Cancel, progress."""

    model_changed = pyqtSignal(str)
    model_shown = pyqtSignal(object)  # ModelChoice: what is shown here is of this one
    details_asked = pyqtSignal(object)  # ModelChoice: its training data and its accuracy in numbers
    device_changed = pyqtSignal(str)
    adapt_changed = pyqtSignal(bool)
    analyse = pyqtSignal()
    cancel = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Model"), parent)
        self._models: list[ModelChoice] = []
        self._speeds: dict[tuple[str, str], float] = {}
        self._running = False
        self.model_box = ModelPicker()
        self.model_box.setAccessibleName(tr("Model"))
        self.model_box.setPlaceholderText(tr("Loading models …"))
        self.model_box.setMinimumContentsLength(12)
        self.model_box.picked.connect(self._model_picked)
        self.summary = PlainLabel()
        self.summary.setObjectName("summary")
        self.summary.setWordWrap(True)
        self.badge = QPushButton()
        self.badge.setObjectName("badge")
        self.badge.setAutoDefault(False)
        self.badge.setToolTip(tr("What the model learned from"))
        self.badge.clicked.connect(self._ask_for_details)
        self.facts = ModelFacts()
        self.facts.details_asked.connect(self._ask_for_details)
        self.adapt_box = QCheckBox(tr("Adapt to this clip"))
        self.adapt_box.setToolTip(
            tr(
                "Trains the model on the clip's most confident frames, then analyses again. Slower.\n"
                "If the result cannot be trusted the model is left unchanged."
            )
        )
        self.adapt_box.toggled.connect(self.adapt_changed)
        self.device_box = ElidedComboBox()
        self.device_box.setAccessibleName(tr("Device"))
        for device, title in device_names():
            self.device_box.addItem(title, device)
        self.device_box.currentIndexChanged.connect(self._device_picked)
        device_label = PlainLabel(tr("&Device"))
        device_label.setBuddy(self.device_box)
        self.button = QPushButton(tr("Analyse"))
        self.button.setObjectName("primary")
        self.button.clicked.connect(lambda: (self.cancel if self._running else self.analyse).emit())
        self.bar = QProgressBar()
        self.bar.setAccessibleName(tr("Progress"))
        self.bar.setTextVisible(False)
        self.status = PlainLabel()
        self.status.setObjectName("faint")
        self.status.setAccessibleName(tr("Progress in words"))
        self.status.setWordWrap(True)

        badge_row = QHBoxLayout()
        badge_row.addWidget(self.badge)
        badge_row.addStretch()
        device_row = QHBoxLayout()
        device_row.addWidget(device_label)
        device_row.addWidget(self.device_box, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 2)
        column.setSpacing(8)
        column.addWidget(self.model_box)
        column.addWidget(self.summary)
        column.addLayout(badge_row)
        column.addWidget(self.facts)
        column.addLayout(device_row)
        column.addWidget(self.adapt_box)
        column.addWidget(self.button)
        column.addWidget(self.bar)
        column.addWidget(self.status)
        for quiet in (self.badge, self.facts, self.bar, self.status):
            quiet.hide()

    @property
    def model(self) -> str | None:
        """Id of the chosen model."""
        return self.model_box.model_id

    @property
    def models(self) -> Sequence[ModelChoice]:
        """All models that were found."""
        return self._models

    @property
    def usable(self) -> list[str]:
        """Ids of the models that can be used on this machine."""
        return [model.id for model in self._models if not model.problem]

    @property
    def device(self) -> str:
        """Id of the chosen device."""
        return str(self.device_box.currentData())

    @property
    def adapt(self) -> bool:
        """Whether the model is to be fitted to the clip."""
        return self.adapt_box.isChecked()

    def set_adapt(self, adapt: bool) -> None:
        """Set the check box without emitting `changed`."""
        with QSignalBlocker(self.adapt_box):
            self.adapt_box.setChecked(adapt)

    def set_model(self, model: str) -> None:
        """Choose a model by id without emitting `changed`. A model that is not installed is listed and cannot run."""
        self.model_box.choose(model)
        if self._models:
            self.model_box.setPlaceholderText(tr("'{model}' cannot be used here").format(model=model))
        self._show_model()

    def set_speed(self, model: str, device: str, fps: float) -> None:
        """A speed measured on this machine."""
        self._speeds[model, device] = fps
        self._show_model()

    def set_models(self, models: Sequence[ModelChoice], chosen: str) -> None:
        """Fill the picker; broken models are listed, greyed, and say why."""
        self._models = list(models)
        self.model_box.set_models(models)
        usable = self.usable
        self.model_box.choose(chosen if chosen in usable else next(iter(usable), None))
        self.model_box.setPlaceholderText(tr("No usable model found"))
        self._model_picked()

    def set_device(self, device: str) -> None:
        """Choose a device by id, if this machine's list has it."""
        row = self.device_box.findData(device)
        if row >= 0:
            self.device_box.setCurrentIndex(row)

    def set_task(self, text: str, enabled: bool) -> None:
        """Word the button while nothing runs."""
        if not self._running:
            self.button.setText(text)
            self.button.setEnabled(enabled)

    def set_running(self, running: bool) -> None:
        """Turn the button into Cancel and show the bar, or back."""
        self._running = running
        self.bar.setVisible(running)
        self.status.setVisible(running)
        self.bar.setRange(0, 0)
        self.status.setText(tr("Starting …") if running else "")
        self.model_box.setEnabled(not running)
        self.device_box.setEnabled(not running)
        self.adapt_box.setEnabled(not running)
        self.button.setObjectName("" if running else "primary")
        style = self.button.style()
        if style is not None:
            style.unpolish(self.button)
            style.polish(self.button)
        if running:
            self.button.setText(tr("Cancel"))
            self.button.setEnabled(True)

    def set_cancelling(self) -> None:
        """The user's click has been heard."""
        self.button.setEnabled(False)
        self.status.setText(tr("Cancelling …"))

    def show_progress(self, progress: Progress) -> None:
        """Bar and words: how much, how fast, how long still."""
        self.bar.setRange(0, progress.total or 0)
        self.bar.setValue(progress.done)
        words = [tr(STAGES.get(progress.stage, progress.stage))]
        if progress.total:
            words.append(tr("{done} of {total}").format(done=progress.done, total=progress.total))
        elif progress.done:
            words.append(frame_count_text(progress.done))
        self.status.setText("  ·  ".join(words + pace_words(progress)))

    def _model_picked(self, _model: str = "") -> None:
        self._show_model()
        if self.model is not None:
            self.model_changed.emit(self.model)

    def _ask_for_details(self) -> None:
        if self._chosen is not None:
            self.details_asked.emit(self._chosen)

    def _device_picked(self) -> None:
        self._show_model()
        self.device_changed.emit(self.device)

    @property
    def _chosen(self) -> ModelChoice | None:
        return next((model for model in self._models if model.id == self.model), None)

    def _show_model(self) -> None:
        model = self._chosen
        self.summary.setText(tr(model.summary) if model else "")
        self.badge.setVisible(bool(model and model.training_data))
        self.facts.setVisible(model is not None)
        if model is not None:
            self.badge.setText(tr(model.training_data))
            self.badge.setProperty("terms", model.training_data_terms)
            style = self.badge.style()
            if style is not None:
                style.polish(self.badge)
            self.model_shown.emit(model)
            self.facts.show_model(model, self._speeds.get((model.id, self.device), 0.0))
