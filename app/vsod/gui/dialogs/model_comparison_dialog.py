"""Two to four models side by side on a few frames of the clip."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from vsod.core import overlay as ov
from vsod.core.clip import ClipInfo
from vsod.core.progress import Progress
from vsod.core.safe_text import sanitise
from vsod.gui.panels.scaled_picture import ScaledPicture
from vsod.gui.playback.frame_renderer import to_qimage
from vsod.gui.toolkit.buttons import plain_button
from vsod.gui.toolkit.dialog_size import resize_within_screen
from vsod.gui.toolkit.number_fields import select_on_entry
from vsod.gui.toolkit.pipeline_interface import ModelChoice
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.time_text import position_text
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
        self.grid = QGridLayout()
        self.grid.setSpacing(8)
        body = QWidget()
        body.setObjectName("sideBody")
        body.setLayout(self.grid)
        scroll = QScrollArea()
        scroll.setObjectName("sideScroll")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        # its room is kept: with it the cells would change their size, and so whether it is there
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self._takes = QHBoxLayout()
        self.take_buttons: dict[str, QPushButton] = {}
        column = QVBoxLayout(self)
        column.addLayout(self._choices(models))
        column.addWidget(self.bar)
        column.addWidget(self.note)
        column.addWidget(scroll, 1)
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
        """A column per model, a row per frame; below, how far the models agree, and a button for each."""
        self._clear()
        for row, index in enumerate(comparison.frames, 1):
            text = tr("{position}\nframe {number}").format(
                position=position_text(self._info, index), number=index + 1
            )
            self.grid.addWidget(PlainLabel(text), row, 0)
        # an alignment of the grid would hold the pictures at their own size
        self.grid.setRowStretch(len(comparison.frames) + 2, 1)
        for place, name in enumerate(comparison.models):
            self._show_column(comparison, place)
            button = plain_button(tr("Use {name}").format(name=self._titles[name]), partial(self._take, name))
            self.take_buttons[name] = button
            self._takes.addWidget(button, 1)
        self._ended(
            tr("Going to each picture is part of the time: an analysis of the clip takes less a frame.")
        )

    def reject(self) -> None:
        """Stop what runs."""
        self.stopped.emit()
        super().reject()

    def _show_column(self, comparison: ModelComparison, place: int) -> None:
        name, column, seconds = comparison.models[place], place + 1, comparison.seconds[place]
        title = self._titles[name]
        spent = tr("{seconds:.1f} s a picture").format(seconds=seconds) if seconds else tr("analysed before")
        head = PlainLabel(f"{title}\n{spent}")
        head.setStyleSheet("font-weight: 600;")
        self.grid.addWidget(head, 0, column)
        self.grid.setColumnStretch(column, 1)
        for row, (picture, matte) in enumerate(
            zip(comparison.pictures, comparison.mattes[place], strict=True), 1
        ):
            drawn = ov.contour(ov.tint(picture, ov.to_u8(matte)), ov.to_u8(matte))
            cell = ScaledPicture(to_qimage(drawn))
            number = comparison.frames[row - 1] + 1
            cell.setAccessibleName(tr("{title}, frame {number}").format(title=title, number=number))
            self.grid.addWidget(cell, row, column)
        others = [
            tr("{percent} % overlap with {title}").format(
                percent=round(100 * comparison.agreement[place, k]), title=self._titles[other]
            )
            for k, other in enumerate(comparison.models)
            if other != name
        ]
        foot = PlainLabel("\n".join(others))
        foot.setObjectName("summary")
        self.grid.addWidget(foot, len(comparison.frames) + 1, column)

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

    def _clear(self) -> None:
        self.take_buttons.clear()
        for column in range(self.grid.columnCount()):
            self.grid.setColumnStretch(column, 0)
        for row in range(self.grid.rowCount()):
            self.grid.setRowStretch(row, 0)
        for layout in (self.grid, self._takes):
            while layout.count():
                item = layout.takeAt(0)
                widget = item.widget() if item is not None else None
                if widget is not None:
                    widget.deleteLater()


def _best(models: Sequence[ModelChoice]) -> list[str]:
    """Ids of the models whose mattes were best when they were measured."""

    def overlap(model: ModelChoice) -> float:
        value = model.measured.get("J")
        return float(value) if isinstance(value, int | float) else 0.0

    return [model.id for model in sorted(models, key=overlap, reverse=True)[:_BEST]]
