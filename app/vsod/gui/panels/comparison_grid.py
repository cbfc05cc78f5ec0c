"""Mattes of several models: a column per model, a row per frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QGridLayout, QLayout, QScrollArea, QWidget

from vsod.core import overlay as ov
from vsod.core.clip import ClipInfo
from vsod.gui.panels.comparison_cell import ComparisonCell, SharedView
from vsod.gui.playback.frame_renderer import to_qimage
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.time_text import position_text
from vsod.gui.toolkit.translation import tr

if TYPE_CHECKING:
    from vsod.pipeline.model_comparison import ModelComparison


class ComparisonGrid(QScrollArea):
    """Pictures that grow with the dialog, zoomed and wiped together.

    Args:
        info: The clip.
        titles: Of the models, by id.
    """

    def __init__(self, info: ClipInfo, titles: Mapping[str, str]) -> None:
        super().__init__()
        self._info, self._titles = info, titles
        self.view = SharedView(self)
        self.cells: dict[str, list[ComparisonCell]] = {}  # by model, in the order of the frames
        self.grid = QGridLayout()
        self.grid.setSpacing(8)
        body = QWidget()
        body.setObjectName("sideBody")
        body.setLayout(self.grid)
        self.setObjectName("sideScroll")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(body)
        self.setWidgetResizable(True)
        # its room is kept: with it the cells would change their size, and so whether it is there
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        # a tab stop of its own would do nothing: the cells are reached one by one
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_comparison(self, comparison: ModelComparison) -> None:
        """A column per model, a row per frame; below, how far the models agree."""
        self.clear()
        for row, index in enumerate(comparison.frames, 1):
            text = tr("{position}\nframe {number}").format(
                position=position_text(self._info, index), number=index + 1
            )
            self.grid.addWidget(PlainLabel(text), row, 0)
        # an alignment of the grid would hold the pictures at their own size
        self.grid.setRowStretch(len(comparison.frames) + 2, 1)
        for place in range(len(comparison.models)):
            self._show_column(comparison, place)

    def clear(self) -> None:
        """Nothing is compared; the whole pictures are shown next."""
        self.cells.clear()
        self.view.show_place(None)
        for column in range(self.grid.columnCount()):
            self.grid.setColumnStretch(column, 0)
        for row in range(self.grid.rowCount()):
            self.grid.setRowStretch(row, 0)
        empty_layout(self.grid)

    def wipe_with(self, model: str | None) -> None:
        """Show this model's matte right of a line in the cells of all others; None = no line."""
        others = self.cells.get(model, []) if model is not None else []
        for name, cells in self.cells.items():
            for row, cell in enumerate(cells):
                wiped = model is not None and others and name != model
                cell.wipe_with((others[row].image, self._titles[model]) if wiped and model else None)

    def _show_column(self, comparison: ModelComparison, place: int) -> None:
        name, column, seconds = comparison.models[place], place + 1, comparison.seconds[place]
        title = self._titles[name]
        spent = tr("{seconds:.1f} s a picture").format(seconds=seconds) if seconds else tr("analysed before")
        head = PlainLabel(f"{title}\n{spent}")
        head.setStyleSheet("font-weight: 600;")
        self.grid.addWidget(head, 0, column)
        self.grid.setColumnStretch(column, 1)
        self.cells[name] = []
        for row, (picture, matte) in enumerate(
            zip(comparison.pictures, comparison.mattes[place], strict=True), 1
        ):
            drawn = ov.contour(ov.tint(picture, ov.to_u8(matte)), ov.to_u8(matte))
            cell = ComparisonCell(to_qimage(drawn), title, comparison.frames[row - 1] + 1, self.view)
            self.cells[name].append(cell)
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


def empty_layout(layout: QLayout) -> None:
    """Delete all widgets of a layout."""
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.deleteLater()
