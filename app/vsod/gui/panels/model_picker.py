"""The list of models: what was published elsewhere is folded away, and how far each has analysed the clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QModelIndex, QSignalBlocker, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QPainter, QStandardItemModel
from PyQt6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from vsod.core.safe_text import sanitise
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.elided_combo_box import ElidedComboBox
from vsod.gui.toolkit.pipeline_interface import ModelChoice
from vsod.gui.toolkit.plain_text import inert
from vsod.gui.toolkit.translation import tr

_COVERAGE = Qt.ItemDataRole.UserRole + 1
_GAP = 10  # pixels round what is written on the right


class ModelPicker(ElidedComboBox):
    """A list of models; ``picked`` tells the id of the one that was chosen."""

    picked = pyqtSignal(str)
    opened = pyqtSignal()  # how far the clip is analysed by each is of interest now

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fold = -1  # row that folds and unfolds those below it
        self._folded = True
        self._last = -1
        self.setItemDelegate(_CoverageDelegate(self))
        self.currentIndexChanged.connect(self._on_row)

    @property
    def model_id(self) -> str | None:
        """Id of the chosen model."""
        value = self.currentData()
        return None if value is None else str(value)

    def set_models(self, models: Sequence[ModelChoice]) -> None:
        """Fill the list without telling; a model that cannot be used is greyed, and its tool tip says why."""
        own = [model for model in models if not model.published]
        others = [model for model in models if model.published]
        with QSignalBlocker(self):
            self.clear()
            for model in own:
                self._add(model)
            self._fold = self.count() if own and others else -1
            if self._fold >= 0:
                self.addItem("")
            for model in others:
                self._add(model)
            self._last = self.currentIndex()
        self._set_folded(True)

    def choose(self, model: str | None) -> None:
        """Choose a model by id without telling; None, or one that is not there or not usable = none."""
        row = self._row(model)
        with QSignalBlocker(self):
            self.setCurrentIndex(row)
        self._last = row
        if row > self._fold >= 0:
            self._set_folded(False)

    def set_coverage(self, analysed: Mapping[str, tuple[int, int]]) -> None:
        """Write beside each model how many of the clip's frames it has analysed: (those, all); {} = not known."""
        for row in range(self.count()):
            frames = analysed.get(str(self.itemData(row)))
            text = tr("{done} of {total} analysed").format(done=frames[0], total=frames[1]) if frames else ""
            self.setItemData(row, text, _COVERAGE)
            if row != self._fold:
                spoken = ", ".join(part for part in (self.itemText(row), text) if part)
                self.setItemData(row, spoken, Qt.ItemDataRole.AccessibleTextRole)

    def coverage_text(self, model: str) -> str:
        """What is written beside a model."""
        return str(self.itemData(self.findData(model), _COVERAGE) or "")

    def showPopup(self) -> None:
        """Open the list."""
        self.opened.emit()
        super().showPopup()

    def _add(self, model: ModelChoice) -> None:
        title = sanitise(model.title)
        self.addItem(tr("{title} (not usable)").format(title=title) if model.problem else title, model.id)
        row = self.count() - 1
        self.setItemData(row, inert(model.problem or tr(model.summary)), Qt.ItemDataRole.ToolTipRole)
        items = self.model()
        item = items.item(row) if isinstance(items, QStandardItemModel) else None
        if model.problem and item is not None:
            item.setEnabled(False)

    def _row(self, model: str | None) -> int:
        row = -1 if model is None else self.findData(model)
        items = self.model()
        if row < 0 or items is None:
            return -1
        return row if items.flags(items.index(row, 0)) & Qt.ItemFlag.ItemIsEnabled else -1

    def _on_row(self, row: int) -> None:
        if row == self._fold >= 0:
            with QSignalBlocker(self):
                self.setCurrentIndex(self._last)
            self._set_folded(not self._folded)
            QTimer.singleShot(0, self.showPopup)  # once the list that is closing is gone
            return
        if row != self._last:
            self._last = row
            model = self.model_id
            if model is not None:
                self.picked.emit(model)

    def _set_folded(self, folded: bool) -> None:
        """Hide what comes after the row that folds, but never the model that is chosen."""
        if self._fold < 0:
            return
        self._folded = folded and self.currentIndex() <= self._fold
        mark = "▸" if self._folded else "▾"
        count = self.count() - self._fold - 1
        text = tr("Published systems, for comparison ({count})").format(count=count)
        self.setItemText(self._fold, f"{text} {mark}")
        view = self.view()
        if isinstance(view, QListView):
            for row in range(self._fold + 1, self.count()):
                view.setRowHidden(row, self._folded)


class _CoverageDelegate(QStyledItemDelegate):
    """A model's title, and on the right how far the clip is analysed by it."""

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """The row, then the words on its right."""
        super().paint(painter, option, index)
        text = index.data(_COVERAGE)
        if painter is None or not text:
            return
        painter.save()
        painter.setPen(theme.MUTED)
        room = option.rect.adjusted(0, 0, -_GAP, 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Wide enough for both."""
        size = super().sizeHint(option, index)
        text = index.data(_COVERAGE)
        extra = option.fontMetrics.horizontalAdvance(text) + 2 * _GAP if text else 0
        return QSize(size.width() + extra, size.height() + 4)
