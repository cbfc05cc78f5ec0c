"""What the window looks like and which language it speaks."""

from __future__ import annotations

from PyQt6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from vsod.gui import theme
from vsod.gui.prefs import Prefs
from vsod.gui.words import languages, tr

_THEMES = {"dark": "Dark", "light": "Light"}


class PreferencesDialog(QDialog):
    """Choices take effect at once, the language with the next start.

    Args:
        prefs: Where they are kept.
        parent: The window.
    """

    def __init__(self, prefs: Prefs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Preferences"))
        self.setMinimumWidth(420)
        self._prefs = prefs
        self.theme_box = QComboBox()
        self.theme_box.setAccessibleName(tr("Appearance"))
        for name in theme.THEMES:
            self.theme_box.addItem(tr(_THEMES[name]), name)
        self.theme_box.setCurrentIndex(max(0, self.theme_box.findData(prefs.text("theme", "dark"))))
        self.theme_box.currentIndexChanged.connect(self._dress)
        self.language_box = QComboBox()
        self.language_box.setAccessibleName(tr("Language"))
        self.language_box.addItem(tr("As the system"), "")
        for code, name in languages().items():
            self.language_box.addItem(name, code)
        self.language_box.setCurrentIndex(max(0, self.language_box.findData(prefs.text("language"))))
        self.language_box.currentIndexChanged.connect(self._speak)
        self.remark = QLabel()
        self.remark.setObjectName("summary")
        self.remark.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(12)
        form.addRow(tr("Appearance"), self.theme_box)
        form.addRow(tr("Language"), self.language_box)
        form.addRow("", self.remark)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 24, 20)
        outer.setSpacing(18)
        outer.addLayout(form)
        outer.addWidget(buttons)

    def _dress(self) -> None:
        name = str(self.theme_box.currentData())
        self._prefs.set_text("theme", name)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, name)
        self.remark.setText(tr("Icons follow with the next start."))

    def _speak(self) -> None:
        self._prefs.set_text("language", str(self.language_box.currentData()))
        self.remark.setText(tr("The language follows with the next start."))
