"""One row per setting: label, editor, and a button that resets it to its default."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Callable
from dataclasses import Field
from typing import Any

from PyQt6.QtCore import QEvent, QObject, QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QToolButton,
    QWidget,
)

from vsod.gui.panels.setting_words import TIPS, choice_title
from vsod.gui.panels.value_slider import ValueSlider
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.elided_combo_box import ElidedComboBox
from vsod.gui.toolkit.number_fields import select_on_entry
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.translation import tr

_BOX_WIDTH, _RESET_WIDTH = 64, 18
_SUFFIXES = {"PX": " px", "PIXELS": " px"}


class _Abstract(ABCMeta, type(QObject)):  # type: ignore[misc]
    """Qt's classes have a metaclass of their own."""


class SettingEditor(QObject, metaclass=_Abstract):
    """A setting of the table and the widgets that turn it.

    Args:
        setting: Field of a settings class, see :mod:`vsod.core.matte_settings`.
        grid: Gets the widgets in a row of its own.
    """

    changed = pyqtSignal()  # the user has turned it
    settled = pyqtSignal()  # the hand is off it

    def __init__(self, setting: Field[Any], grid: QGridLayout) -> None:
        super().__init__(grid.parentWidget())
        self.setting, self.about = setting, setting.metadata
        self.row = grid.rowCount()
        self.label = self._make_label()
        self.reset_button = QToolButton()
        self.reset_button.setObjectName("reset")
        theme.set_themed_icon(self.reset_button, "reset")
        self.reset_button.setFixedSize(_RESET_WIDTH, _RESET_WIDTH)
        self.reset_button.setToolTip(tr("Reset to default"))
        self.reset_button.setAccessibleName(tr("Reset {title}").format(title=self.title))
        self.reset_button.clicked.connect(self._reset)
        keep = self.reset_button.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.reset_button.setSizePolicy(keep)
        grid.addWidget(self.label, self.row, 0)
        grid.addWidget(self.reset_button, self.row, 1)

    @property
    def default(self) -> Any:
        """What it is when nothing is asked for."""
        return self.setting.default

    @property
    def title(self) -> str:
        """Its name for people."""
        return tr(str(self.about["title"]))

    @property
    def label_width(self) -> int:
        """Pixels that the label needs: its longest word, or all of it beside a check box."""
        self.label.ensurePolished()
        if isinstance(self.label, QCheckBox):
            return self.label.sizeHint().width()
        metrics = self.label.fontMetrics()
        return max(metrics.horizontalAdvance(word) for word in self.title.split()) + 2

    @property
    @abstractmethod
    def value(self) -> Any:
        """What is set."""

    def set_value(self, value: Any) -> None:
        """Set the value without emitting `changed`."""
        self._put(value)
        self._refresh()

    @abstractmethod
    def _put(self, value: Any) -> None:
        """Show a value in the widgets."""

    def _make_label(self) -> QWidget:
        label = PlainLabel(self.title)
        label.setWordWrap(True)  # two short lines rather than a clipped one
        label.setObjectName("setting")
        label.installEventFilter(self)
        return label

    def _dress(self, *widgets: QWidget) -> None:
        """Names and tool tips, and no turning by a wheel that only scrolls past."""
        for widget in (self.label, *widgets):
            widget.setToolTip(tr(TIPS[self.setting.name]))
        for widget in widgets:
            widget.setAccessibleName(self.title)
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """A wheel turn belongs to the panel unless the widget has the focus; a double click on the name resets."""
        if event is None:
            return False
        turned = event.type() == QEvent.Type.Wheel
        if turned and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        if event.type() == QEvent.Type.MouseButtonDblClick and watched is self.label:
            self._reset()
            return True
        return super().eventFilter(watched, event)

    def _told(self) -> None:
        self._refresh()
        self.changed.emit()

    def _reset(self) -> None:
        self.set_value(self.default)
        self.changed.emit()
        self.settled.emit()

    def _refresh(self) -> None:
        self.reset_button.setVisible(self.value != self.default)


class NumberEditor(SettingEditor):
    """Slider and number box; one that may be absent has a check box for a label.

    The box takes the whole span, the slider the reach within it.
    """

    def __init__(self, setting: Field[Any], grid: QGridLayout) -> None:
        super().__init__(setting, grid)
        step: float = self.about["step"]
        low, high = self.about["reach"]
        self._scale = 1 / step
        self.slider = ValueSlider()
        self.slider.setRange(round(low * self._scale), round(high * self._scale))
        self.slider.setPageStep(max(1, (self.slider.maximum() - self.slider.minimum()) // 10))
        self.box = QDoubleSpinBox()
        self.box.setDecimals(0 if step >= 1 else 1 if step >= 0.1 else 2)
        self.box.setRange(*self.about["span"])
        self.box.setSingleStep(step)
        self.box.setSuffix(_SUFFIXES.get(self.about["unit"], ""))
        self.box.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self.box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.box.setFixedWidth(_BOX_WIDTH)
        self.box.setKeyboardTracking(False)
        select_on_entry(self.box)
        self._dress(self.slider, self.box)
        grid.addWidget(self.slider, self.row, 2)
        grid.addWidget(self.box, self.row, 3)
        self._put(self.default)
        self._refresh()
        self.slider.valueChanged.connect(self._slid)
        self.slider.sliderReleased.connect(self.settled)
        self.slider.reset_asked.connect(self._reset)
        self.box.valueChanged.connect(self._typed)
        self.box.editingFinished.connect(self.settled)
        line = self.box.lineEdit()
        if line is not None:
            line.returnPressed.connect(self.box.clearFocus)  # the keys are the player's again

    @property
    def switch(self) -> QCheckBox | None:
        """The check box of a number that may be absent."""
        return self.label if isinstance(self.label, QCheckBox) else None

    @property
    def value(self) -> float | None:
        """The number, or None if it is absent."""
        if self.switch is not None and not self.switch.isChecked():
            return None
        number = self.box.value()
        return round(number) if isinstance(self.default, int) else round(number, 4)

    def _put(self, value: float | None) -> None:
        if self.switch is not None:
            with QSignalBlocker(self.switch):
                self.switch.setChecked(value is not None)
        low, high = self.about["reach"]
        number = (low + high) / 2 if value is None else value
        with QSignalBlocker(self.box), QSignalBlocker(self.slider):
            self.box.setValue(number)
            self.slider.setValue(round(number * self._scale))

    def _make_label(self) -> QWidget:
        if self.default is not None:
            return super()._make_label()
        switch = QCheckBox(self.title)
        switch.setAccessibleName(tr("{title}: on or off").format(title=self.title))
        switch.toggled.connect(self._switched)
        return switch

    def _switched(self) -> None:
        self._told()
        self.settled.emit()

    def _slid(self, place: int) -> None:
        with QSignalBlocker(self.box):
            self.box.setValue(place / self._scale)
        self._told()

    def _typed(self, number: float) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(number * self._scale))
        self._told()

    def _refresh(self) -> None:
        super()._refresh()
        for widget in (self.slider, self.box):
            widget.setEnabled(self.value is not None)


class ChoiceEditor(SettingEditor):
    """A list of words."""

    def __init__(self, setting: Field[Any], grid: QGridLayout, usable: Callable[[str], bool]) -> None:
        super().__init__(setting, grid)
        self.list = ElidedComboBox()
        self.list.setObjectName("setting")
        self.list.setMinimumContentsLength(6)
        self.list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for word in self.about["choices"]:
            if usable(word):
                self.list.addItem(tr(choice_title(word)), word)
        self._dress(self.list)
        grid.addWidget(self.list, self.row, 2, 1, 2)
        self._put(self.default)
        self._refresh()
        self.list.activated.connect(self._picked)

    def set_choice_title(self, word: str, title: str) -> None:
        """Call a choice something else."""
        row = self.list.findData(word)
        if row >= 0:
            self.list.setItemText(row, title)

    @property
    def value(self) -> str:
        """The word."""
        return str(self.list.currentData())

    def _put(self, value: str) -> None:
        if self.list.findData(value) < 0:  # a preset from a machine that has more libraries
            self.list.addItem(tr("{word} (not installed)").format(word=tr(choice_title(value))), value)
        self.list.setCurrentIndex(self.list.findData(value))

    def _picked(self) -> None:
        self._told()
        self.settled.emit()


class ToggleEditor(SettingEditor):
    """On or off."""

    def __init__(self, setting: Field[Any], grid: QGridLayout) -> None:
        super().__init__(setting, grid)
        self._dress(self.box)
        self._put(self.default)
        self._refresh()
        self.box.toggled.connect(self._toggled)

    @property
    def box(self) -> QCheckBox:
        """The check box."""
        assert isinstance(self.label, QCheckBox)
        return self.label

    @property
    def value(self) -> bool:
        """Whether it is on."""
        return self.box.isChecked()

    def _put(self, value: bool) -> None:
        with QSignalBlocker(self.box):
            self.box.setChecked(value)

    def _make_label(self) -> QWidget:
        return QCheckBox(self.title)

    def _toggled(self) -> None:
        self._told()
        self.settled.emit()


def make_setting_editor(
    setting: Field[Any], grid: QGridLayout, usable: Callable[[str], bool] = bool
) -> SettingEditor:
    """The row for a setting: a list for words, a check box for yes and no, else a slider.

    Args:
        setting: Field of a settings class.
        grid: Gets the row.
        usable: Whether a word can be chosen on this machine.
    """
    if setting.metadata["choices"]:
        return ChoiceEditor(setting, grid, usable)
    return ToggleEditor(setting, grid) if setting.default is False else NumberEditor(setting, grid)
