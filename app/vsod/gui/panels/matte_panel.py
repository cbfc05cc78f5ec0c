"""How a map becomes a matte. Changing it never analyses again."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from importlib.util import find_spec
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QGroupBox, QPushButton, QVBoxLayout, QWidget

from vsod.core.matte_settings import DEFAULT_MATTE_SETTINGS, MatteSettings
from vsod.core.safe_text import sanitise
from vsod.gui.panels.preset_bar import PresetBar
from vsod.gui.panels.setting_editors import ChoiceEditor, SettingEditor, make_setting_editor
from vsod.gui.toolkit.pipeline_interface import ModelChoice
from vsod.gui.toolkit.translation import tr

_OPTIONAL = {"pydensecrf": "pydensecrf", "pymatting": "pymatting"}  # word → library it needs
_APART = 0.01  # least distance of black and white


class MattePanel(QGroupBox):
    """A row for every setting of the table that the command line is made from."""

    changed = pyqtSignal(object)  # FinishSettings
    settled = pyqtSignal()  # the hand is off the knob: what follows is another edit

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Matte"), parent)
        self._settings = DEFAULT_MATTE_SETTINGS
        self.preset_bar = PresetBar("matte")
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(2, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 2)
        column.setSpacing(8)
        column.addWidget(self.preset_bar)
        column.addLayout(grid)
        self.editors: dict[str, SettingEditor] = {}
        for setting in fields(MatteSettings):
            editor = make_setting_editor(setting, grid, _usable)
            editor.changed.connect(partial(self._turned, setting.name))
            editor.settled.connect(self.settled)
            self.editors[setting.name] = editor
        width = max(editor.label_width for editor in self.editors.values())
        for editor in self.editors.values():
            editor.label.setFixedWidth(width)
        self.reset_button = QPushButton(tr("Reset all"))
        self.reset_button.clicked.connect(self.reset)
        column.addWidget(self.reset_button)
        self.preset_bar.picked.connect(lambda values: self._take(MatteSettings.from_json(values)))
        self.set_settings(DEFAULT_MATTE_SETTINGS)

    @property
    def settings(self) -> MatteSettings:
        """What is set."""
        return self._settings

    def set_model(self, model: ModelChoice) -> None:
        """Say what the settings that are left to the model are for this one."""
        editor = self.editors["crf"]
        if isinstance(editor, ChoiceEditor):
            left = tr("Auto (off for {model})") if model.crf == "off" else tr("Auto (on for {model})")
            editor.set_choice_title("auto", left.format(model=sanitise(model.title)))

    def set_settings(self, settings: MatteSettings) -> None:
        """Set the settings without emitting `changed`."""
        self._settings = settings
        for name, editor in self.editors.items():
            editor.set_value(getattr(settings, name))
        self._refresh()

    def reset(self) -> None:
        """Reset all settings to their defaults."""
        self._take(DEFAULT_MATTE_SETTINGS)

    def _take(self, settings: MatteSettings) -> None:
        self.settled.emit()
        self.set_settings(settings)
        self.changed.emit(settings)
        self.settled.emit()

    def _turned(self, name: str) -> None:
        values: dict[str, Any] = {name: self.editors[name].value}
        if name == "black":
            values["black"] = min(values["black"], 1 - _APART)
            values["white"] = max(self._settings.white, values["black"] + _APART)
        elif name == "white":
            values["white"] = max(values["white"], _APART)
            values["black"] = min(self._settings.black, values["white"] - _APART)
        self._settings = replace(self._settings, **{key: _plain(value) for key, value in values.items()})
        if name in ("black", "white"):
            for coupled in ("black", "white"):
                self.editors[coupled].set_value(getattr(self._settings, coupled))
        self._refresh()
        self.changed.emit(self._settings)

    def _refresh(self) -> None:
        self.preset_bar.show_values(changed_values(self._settings))
        self.reset_button.setEnabled(self._settings != DEFAULT_MATTE_SETTINGS)


def changed_values(settings: MatteSettings) -> dict[str, Any]:
    """Settings that differ from the defaults, by name."""
    both = ((s.name, getattr(settings, s.name), s.default) for s in fields(settings))
    return {name: value for name, value, usual in both if value != usual}


def _usable(word: str) -> bool:
    library = _OPTIONAL.get(word)
    return library is None or find_spec(library) is not None


def _plain(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value
