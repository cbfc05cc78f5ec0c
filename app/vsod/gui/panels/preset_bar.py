"""A list of presets with a menu to save and delete the user's own."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QInputDialog, QMenu, QMessageBox, QToolButton, QWidget

from vsod.errors import VsodError
from vsod.gui.toolkit.plain_text import inert
from vsod.gui.toolkit.translation import tr
from vsod.project.presets import Presets, Values


class PresetBar(QWidget):
    """Names the preset that fits what is set, or none.

    Args:
        kind: See :class:`vsod.project.presets.Presets`.
        parent: The panel.
    """

    picked = pyqtSignal(object)  # the values of a preset

    def __init__(self, kind: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.presets = Presets(kind)
        self._values: Values = {}
        self.list = QComboBox()
        self.list.setAccessibleName(tr("Preset"))
        self.list.setPlaceholderText(tr("Custom"))
        self.list.activated.connect(lambda: self.picked.emit(self.presets[str(self.list.currentData())]))
        menu = QMenu(self)
        self.save_action = menu.addAction(tr("Save as preset…"), self._ask_for_name)
        self.delete_action = menu.addAction(tr("Delete preset"), self._delete)
        self.menu_button = QToolButton()
        self.menu_button.setObjectName("more")
        self.menu_button.setText("⋯")
        self.menu_button.setAccessibleName(tr("Presets: save, delete"))
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setMenu(menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.list, 1)
        row.addWidget(self.menu_button)
        self._fill()

    def show_values(self, values: Values) -> None:
        """What is set now: select the preset that says the same."""
        self._values = dict(values)
        match = next((name for name in self.presets.names if self.presets[name] == values), "")
        with QSignalBlocker(self.list):
            self.list.setCurrentIndex(self.list.findData(match) if match else -1)
        if self.delete_action is not None:
            self.delete_action.setEnabled(self.presets.is_own(match))

    def save(self, name: str) -> None:
        """Keep what is set under a name."""
        try:
            self.presets.save(name, self._values)
        except VsodError as error:
            QMessageBox.warning(self, tr("Preset not saved"), inert(str(error)))
        self._fill()

    def _ask_for_name(self) -> None:
        name, accepted = QInputDialog.getText(self, tr("Save as preset"), tr("Name"))
        if accepted:
            self.save(name)

    def _delete(self) -> None:
        try:
            self.presets.delete(str(self.list.currentData()))
        except VsodError as error:
            QMessageBox.warning(self, tr("Preset not deleted"), inert(str(error)))
        self._fill()

    def _fill(self) -> None:
        with QSignalBlocker(self.list):
            self.list.clear()
            for name in self.presets.names:
                self.list.addItem(name if self.presets.is_own(name) else tr(name), name)
        self.show_values(self._values)
