"""Two to four models side by side on a few frames of the clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QPixmap
from PyQt6.QtWidgets import (
    QCheckBox,
    QDialog,
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
from vsod.gui.playback.frame_renderer import to_qimage
from vsod.gui.toolkit.pipeline_interface import ModelChoice
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.time_text import position_text
from vsod.gui.toolkit.translation import tr

if TYPE_CHECKING:
    from vsod.pipeline.model_comparison import ModelComparison

_MOST = 4  # models
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
                first=shot.start, last=shot.stop - 1
            )
        self.setWindowTitle(title)
        self.resize(920, 620)
        self._info = info
        self._titles = {model.id: model.title for model in models}
        self.boxes = {model.id: QCheckBox(model.title) for model in models}
        for box in self.boxes.values():
            box.toggled.connect(self._refresh)
        for name in [current, *self._titles][:3]:
            self.boxes[name].setChecked(True)
        self.count = QSpinBox()
        self.count.setRange(1, 12)
        self.count.setValue(_FRAMES)
        self.count.setAccessibleName(tr("Frames to try"))
        self.run_button = QPushButton(tr("Compare"))
        self.run_button.setObjectName("primary")
        self.run_button.clicked.connect(self._run)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.note = PlainLabel(tr("Two to four models. Their saliency maps are kept for an analysis."))
        self.note.setObjectName("summary")
        self.grid = QGridLayout()
        self.grid.setSpacing(8)
        body = QWidget()
        self.grid.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        body.setLayout(self.grid)
        scroll = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        top = QHBoxLayout()
        for box in self.boxes.values():
            top.addWidget(box)
        top.addStretch()
        for widget in (PlainLabel(tr("Frames")), self.count, self.run_button):
            top.addWidget(widget)
        column = QVBoxLayout(self)
        column.addLayout(top)
        column.addWidget(self.bar)
        column.addWidget(self.note)
        column.addWidget(scroll, 1)
        self._refresh()

    @property
    def picked(self) -> list[str]:
        """Ids of the models that are ticked."""
        return [name for name, box in self.boxes.items() if box.isChecked()]

    def show_progress(self, progress: Progress) -> None:
        """How far it is."""
        self.bar.setMaximum(progress.total or 0)
        self.bar.setValue(progress.done)

    def show_failure(self, text: str) -> None:
        """It could not be done."""
        self.note.setText(text)
        self._refresh()

    def show_comparison(self, tasting: ModelComparison) -> None:
        """A row per frame, a column per model; below, how far the models agree."""
        self._clear()
        bold = "font-weight: 600;"
        for column, (name, seconds) in enumerate(zip(tasting.models, tasting.seconds, strict=True), 1):
            speed = f"{seconds * 1000:.0f} ms/frame" if seconds is not None else tr("analysed before")
            head = PlainLabel(f"{self._titles[name]}\n{speed}")
            head.setStyleSheet(bold)
            self.grid.addWidget(head, 0, column)
            for row, (picture, matte) in enumerate(
                zip(tasting.pictures, tasting.mattes[column - 1], strict=True), 1
            ):
                cell = PlainLabel()
                drawn = ov.contour(ov.tint(picture, ov.to_u8(matte)), ov.to_u8(matte))
                cell.setPixmap(QPixmap.fromImage(to_qimage(drawn)).scaledToWidth(220))
                cell.setAccessibleName(
                    tr("{title}, frame {number}").format(
                        title=self._titles[name], number=tasting.frames[row - 1] + 1
                    )
                )
                self.grid.addWidget(cell, row, column)
            others = [
                f"{self._titles[other]} {tasting.agreement[column - 1, k]:.2f}"
                for k, other in enumerate(tasting.models)
                if other != name
            ]
            foot = PlainLabel(tr("IoU with") + "\n" + "\n".join(others))
            foot.setObjectName("summary")
            self.grid.addWidget(foot, len(tasting.frames) + 1, column)
            take = QPushButton(tr("Use {name}").format(name=self._titles[name]))
            take.clicked.connect(lambda _checked=False, name=name: self._take(name))
            self.grid.addWidget(take, len(tasting.frames) + 2, column)
        for row, index in enumerate(tasting.frames, 1):
            self.grid.addWidget(
                PlainLabel(
                    tr("{position}\nframe {number}").format(
                        position=position_text(self._info, index), number=index + 1
                    )
                ),
                row,
                0,
            )
        self.note.setText(tr("Reading and motion are part of the time; finishing is not."))
        self._refresh()

    def reject(self) -> None:
        """Stop what runs."""
        self.stopped.emit()
        super().reject()

    def _run(self) -> None:
        self.run_button.setEnabled(False)
        self.bar.setValue(0)
        self.wanted.emit(self.picked, self.count.value())

    def _take(self, name: str) -> None:
        self.chosen.emit(name)
        self.accept()

    def _refresh(self) -> None:
        if hasattr(self, "run_button"):
            self.run_button.setEnabled(2 <= len(self.picked) <= _MOST)

    def _clear(self) -> None:
        while self.grid.count():
            item = self.grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
