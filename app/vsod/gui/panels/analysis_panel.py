"""Which model, on which device, and the button that starts it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QStandardItemModel
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGroupBox,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vsod.core.job import DEVICES
from vsod.core.progress import Progress
from vsod.core.safe_text import sanitise
from vsod.gui.panels.model_facts import ModelFacts
from vsod.gui.toolkit.pipeline_interface import ModelChoice
from vsod.gui.toolkit.plain_text import PlainLabel, inert
from vsod.gui.toolkit.time_text import clock_text
from vsod.gui.toolkit.translation import tr

_DEVICE_NAMES = {
    "auto": "Automatic",
    "cpu": "Processor (CPU)",
    "cuda": "NVIDIA graphics (CUDA)",
    "mps": "Apple graphics (MPS)",
}
STAGES = {
    "analyse": "Analysing",
    "fit": "Adapting the model",
    "look again": "Second pass",
    "export": "Writing",
    "verify": "Checking the file",
}


def device_names() -> list[tuple[str, str]]:
    """(id, name) of what this system may have to compute on."""
    never = "cuda" if sys.platform == "darwin" else "mps"
    return [(device, tr(_DEVICE_NAMES[device])) for device in DEVICES if device != never]


class AnalysisPanel(QGroupBox):
    """Model picker, device picker, Analyse or Cancel, progress."""

    card_changed = pyqtSignal(str)
    device_changed = pyqtSignal(str)
    adapt_changed = pyqtSignal(bool)
    analyse = pyqtSignal()
    cancel = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Model"), parent)
        self._cards: list[ModelChoice] = []
        self._speeds: dict[tuple[str, str], float] = {}
        self._running = False
        self.card_box = QComboBox()
        self.card_box.setAccessibleName(tr("Model"))
        self.card_box.setPlaceholderText(tr("Loading models …"))
        self.card_box.setMinimumContentsLength(12)
        self.card_box.currentIndexChanged.connect(self._card_picked)
        self.summary = PlainLabel()
        self.summary.setObjectName("summary")
        self.summary.setWordWrap(True)
        self.licence = PlainLabel()
        self.licence.setObjectName("badge")
        self.licence.setAccessibleName(tr("Licence of the model"))
        self.facts = ModelFacts()
        self.adapt_box = QCheckBox(tr("Adapt to this clip"))
        self.adapt_box.setToolTip(
            tr(
                "Trains the model on the clip's most confident frames, then analyses again. Slower.\n"
                "If the result cannot be trusted the model is left unchanged."
            )
        )
        self.adapt_box.toggled.connect(self.adapt_changed)
        self.device_box = QComboBox()
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
        badge_row.addWidget(self.licence)
        badge_row.addStretch()
        device_row = QHBoxLayout()
        device_row.addWidget(device_label)
        device_row.addWidget(self.device_box, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 2)
        column.setSpacing(8)
        column.addWidget(self.card_box)
        column.addWidget(self.summary)
        column.addLayout(badge_row)
        column.addWidget(self.facts)
        column.addLayout(device_row)
        column.addWidget(self.adapt_box)
        column.addWidget(self.button)
        column.addWidget(self.bar)
        column.addWidget(self.status)
        for quiet in (self.licence, self.facts, self.bar, self.status):
            quiet.hide()

    @property
    def card(self) -> str | None:
        """Id of the chosen model."""
        value = self.card_box.currentData()
        return None if value is None else str(value)

    @property
    def cards(self) -> Sequence[ModelChoice]:
        """All models that were found."""
        return self._cards

    @property
    def usable(self) -> list[str]:
        """Ids of the models that can be used on this machine."""
        return [card.id for card in self._cards if not card.problem]

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

    def set_card(self, card: str) -> None:
        """Choose a model by id without emitting `changed`. A model that is not installed is listed and cannot run."""
        row = self.card_box.findData(card)
        item = self._cards[row] if row >= 0 else None
        with QSignalBlocker(self.card_box):
            self.card_box.setCurrentIndex(row if item is not None and not item.problem else -1)
        if self._cards:
            self.card_box.setPlaceholderText(tr("'{card}' cannot be used here").format(card=card))
        self._show_card()

    def set_speed(self, card: str, device: str, fps: float) -> None:
        """A speed measured on this machine."""
        self._speeds[card, device] = fps
        self._show_card()

    def set_cards(self, cards: Sequence[ModelChoice], chosen: str) -> None:
        """Fill the picker; broken models are listed, greyed, and say why."""
        self._cards = list(cards)
        self.card_box.blockSignals(True)
        self.card_box.clear()
        for card in self._cards:
            self.card_box.addItem(sanitise(card.title), card.id)
            row = self.card_box.count() - 1
            if card.problem:
                self.card_box.setItemText(row, tr("{title} (not usable)").format(title=sanitise(card.title)))
                self.card_box.setItemData(row, card.problem, Qt.ItemDataRole.ToolTipRole)
                model = self.card_box.model()
                item = model.item(row) if isinstance(model, QStandardItemModel) else None
                if item is not None:
                    item.setEnabled(False)
        pick = chosen if chosen in self.usable else next(iter(self.usable), None)
        self.card_box.setCurrentIndex(-1 if pick is None else self.card_box.findData(pick))
        self.card_box.setPlaceholderText(tr("No usable model found"))
        self.card_box.blockSignals(False)
        self._card_picked()

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
        self.card_box.setEnabled(not running)
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
        words.append(
            tr("{done} of {total}").format(done=progress.done, total=progress.total)
            if progress.total
            else tr("{count} frames").format(count=progress.done)
        )
        if progress.fps:
            words.append(f"{progress.fps:.1f} fps")
        if progress.eta is not None:
            words.append(tr("{time} left").format(time=clock_text(progress.eta)))
        self.status.setText("  ·  ".join(words))

    def _card_picked(self) -> None:
        self._show_card()
        if self.card is not None:
            self.card_changed.emit(self.card)

    def _device_picked(self) -> None:
        self._show_card()
        self.device_changed.emit(self.device)

    def _show_card(self) -> None:
        row = self.card_box.currentIndex()
        card = self._cards[row] if 0 <= row < len(self._cards) else None
        self.summary.setText(card.summary if card else "")
        self.licence.setText(card.licence if card else "")
        self.licence.setVisible(bool(card and card.licence))
        self.facts.setVisible(card is not None)
        if card is not None:
            self.licence.setToolTip(inert(_terms(card)))
            self.facts.show_model(card, self._speeds.get((card.id, self.device), 0.0))


def _terms(card: ModelChoice) -> str:
    seen = [tr("Learned from {source}").format(source=source) for source in card.trained_on]
    return "\n".join(
        [
            tr("Licence of this model: {licence}").format(licence=card.licence),
            tr("Commercial use: {text}").format(text=card.paid_work),
            *seen,
        ]
    )
