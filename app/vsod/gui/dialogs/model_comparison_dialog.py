"""Two to four models side by side on a few frames of the clip."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from vsod.core.clip import ClipInfo
from vsod.core.progress import Progress
from vsod.core.safe_text import sanitise
from vsod.gui.panels.comparison_grid import ComparisonGrid, empty_layout
from vsod.gui.toolkit.buttons import plain_button
from vsod.gui.toolkit.dialog_size import resize_within_screen
from vsod.gui.toolkit.number_fields import select_on_entry
from vsod.gui.toolkit.pipeline_interface import ModelChoice
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.translation import tr

if TYPE_CHECKING:
    from vsod.pipeline.model_comparison import ModelComparison

_MOST = 4  # models
_BEST = 2  # models that are ticked at first beside the one in use
_FRAMES = 5


class ModelComparisonDialog(QDialog):
    """Compare models on sample frames and choose one.

    Args:
        info: The clip.
        models: The models that can be used.
        current: The one in use.
        parent: The window.
        shot: The frames the model is for; None = all.
    """

    wanted = pyqtSignal(list, int)  # ids of models, how many frames
    stopped = pyqtSignal()
    chosen = pyqtSignal(str)  # id of the model to go on with

    def __init__(
        self,
        info: ClipInfo,
        models: Sequence[ModelChoice],
        current: str,
        parent: QWidget | None,
        shot: range | None = None,
    ) -> None:
        super().__init__(parent)
        title = tr("Compare models")
        if shot is not None:
            title += tr(": the shot from frame {first} to {last}").format(
                first=shot.start + 1, last=shot.stop
            )
        self.setWindowTitle(title)
        self._info = info
        self._running = False
        self._titles = {model.id: sanitise(model.title) for model in models}
        self.boxes = {model.id: QCheckBox(self._titles[model.id]) for model in models}
        ticked = {current, *_best(models)}
        for name, box in self.boxes.items():
            box.setChecked(name in ticked)
            box.toggled.connect(self._refresh)
        self.count = QSpinBox()
        select_on_entry(self.count)
        self.count.setRange(1, 12)
        self.count.setValue(_FRAMES)
        self.count.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.count.setAccessibleName(tr("Frames to try"))
        self.run_button = QPushButton(tr("Compare"))
        self.run_button.setObjectName("primary")
        self.run_button.clicked.connect(self._run_or_stop)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress"))
        self.note = PlainLabel(
            tr(
                "Two to four models, with the matte settings as they are. Their maps are kept for an analysis."
            )
        )
        self.note.setObjectName("summary")
        self.note.setWordWrap(True)
        self.pictures = ComparisonGrid(info, self._titles)
        self.grid = self.pictures.grid
        self._takes = QHBoxLayout()
        self.take_buttons: dict[str, QPushButton] = {}
        column = QVBoxLayout(self)
        column.addLayout(self._choices(models))
        column.addWidget(self.bar)
        column.addWidget(self.note)
        column.addWidget(self._ways_of_looking())
        column.addWidget(self.pictures, 1)
        column.addLayout(self._takes)
        resize_within_screen(self, 920, 620)
        self.bar.hide()
        self._refresh()

    def _choices(self, models: Sequence[ModelChoice]) -> QVBoxLayout:
        """The models, those of papers in a row of their own that is folded away, and the button."""
        top, published = QHBoxLayout(), QHBoxLayout()
        self.more = QWidget()
        published.setContentsMargins(0, 0, 0, 0)
        self.more.setLayout(published)
        for model in models:
            (published if model.published else top).addWidget(self.boxes[model.id])
        folded = [self.boxes[model.id] for model in models if model.published]
        if folded:
            text = tr("Published systems, for comparison ({count})").format(count=len(folded))
            self.fold_button = plain_button(text, lambda: self.more.setVisible(self.more.isHidden()))
            self.fold_button.setObjectName("link")
            top.addWidget(self.fold_button)
        self.more.setVisible(any(box.isChecked() for box in folded))
        published.addStretch()
        top.addStretch()
        for widget in (PlainLabel(tr("Frames")), self.count, self.run_button):
            top.addWidget(widget)
        rows = QVBoxLayout()
        rows.addLayout(top)
        rows.addWidget(self.more)
        return rows

    def _ways_of_looking(self) -> QWidget:
        """What the pictures are wiped with, and what a click does."""
        self.wipe_box = QComboBox()
        self.wipe_box.setAccessibleName(tr("Wipe with"))
        self.wipe_box.setToolTip(
            tr("Lays this model's matte over the others', right of a line that is dragged")
        )
        self.wipe_box.currentIndexChanged.connect(
            lambda: self.pictures.wipe_with(self.wipe_box.currentData())
        )
        hint = PlainLabel(
            tr("Click a picture for its pixels (1:1), drag to move it, click again for all of it")
        )
        hint.setObjectName("summary")
        hint.setWordWrap(True)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(PlainLabel(tr("Wipe with")))
        row.addWidget(self.wipe_box)
        row.addWidget(hint, 1)
        self.ways = QWidget()
        self.ways.setLayout(row)
        self.ways.hide()
        return self.ways

    @property
    def picked(self) -> list[str]:
        """Ids of the models that are ticked."""
        return [name for name, box in self.boxes.items() if box.isChecked()]

    def show_progress(self, progress: Progress) -> None:
        """Which model is at work, and how far all is."""
        if not self._running or not progress.model:
            return
        self.bar.setRange(0, progress.total or 0)
        self.bar.setValue(progress.done)
        model = self._titles.get(progress.model, progress.model)
        if progress.stage == "prepare":
            self.note.setText(tr("Preparing {model} for this computer, only once …").format(model=model))
        else:
            text = tr("{model}: {done} of {total} pictures …")
            self.note.setText(text.format(model=model, done=progress.done, total=progress.total))

    def show_failure(self, text: str) -> None:
        """It could not be done."""
        self._ended(text)

    def show_stopped(self) -> None:
        """The user has stopped it."""
        self._ended(tr("Stopped. The maps made so far are kept."))

    def show_comparison(self, comparison: ModelComparison) -> None:
        """Its pictures, what they can be wiped with, and a button for each model."""
        self.take_buttons.clear()
        empty_layout(self._takes)
        self.pictures.show_comparison(comparison)
        self.wipe_box.clear()
        self.wipe_box.addItem(tr("off"), None)
        for name in comparison.models:
            self.wipe_box.addItem(self._titles[name], name)
            button = plain_button(tr("Use {name}").format(name=self._titles[name]), partial(self._take, name))
            self.take_buttons[name] = button
            self._takes.addWidget(button, 1)
        self.ways.show()
        self._ended(
            tr("Going to each picture is part of the time: an analysis of the clip takes less a frame.")
        )

    def reject(self) -> None:
        """Stop what runs."""
        self.stopped.emit()
        super().reject()

    def _run_or_stop(self) -> None:
        if self._running:
            self.run_button.setEnabled(False)
            self.stopped.emit()
            return
        self._running = True
        self.bar.setRange(0, 0)
        self.note.setText(tr("Starting …"))
        self._refresh()
        self.wanted.emit(self.picked, self.count.value())

    def _ended(self, text: str) -> None:
        self._running = False
        self.note.setText(text)
        self._refresh()

    def _take(self, name: str) -> None:
        self.chosen.emit(name)
        self.accept()

    def _refresh(self) -> None:
        self.bar.setVisible(self._running)
        self.run_button.setText(tr("Stop") if self._running else tr("Compare"))
        self.run_button.setEnabled(self._running or 2 <= len(self.picked) <= _MOST)
        for widget in (*self.boxes.values(), self.count):
            widget.setEnabled(not self._running)


def _best(models: Sequence[ModelChoice]) -> list[str]:
    """Ids of the models whose mattes were best when they were measured."""

    def overlap(model: ModelChoice) -> float:
        value = model.measured.get("J")
        return float(value) if isinstance(value, int | float) else 0.0

    return [model.id for model in sorted(models, key=overlap, reverse=True)[:_BEST]]
