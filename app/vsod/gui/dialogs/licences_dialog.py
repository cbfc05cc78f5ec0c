"""Licences of the program and of all it brings along, and where its source is."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

import vsod
from vsod import paths
from vsod.gui.toolkit.dialog_size import resize_within_screen
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.translation import tr


class LicencesDialog(QDialog):
    """The texts, one at a time, below the offer of the source.

    Args:
        parent: The window.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Licences and source"))
        resize_within_screen(self, 760, 560)
        self.offer = PlainLabel(source_offer())
        self.offer.setWordWrap(True)
        self._texts = paths.licence_texts()
        self.list = QComboBox()
        self.list.setAccessibleName(tr("Licence texts"))
        self.list.addItems(list(self._texts))
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName(tr("Licence text"))
        self.list.currentTextChanged.connect(self._show)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (self.offer, self.list, self.text, buttons):
            column.addWidget(widget)
        self._show(self.list.currentText())

    def _show(self, name: str) -> None:
        file: Path | None = self._texts.get(name)
        try:
            text = file.read_text(encoding="utf-8", errors="replace") if file else ""
        except OSError as error:
            text = str(error)
        self.text.setPlainText(text)


def source_offer() -> str:
    """What the GPL, version 3, section 6 d, asks for: which source, and where."""
    return tr(
        "This is vsod-desktop {version}, free software under the GNU General Public License, version 3 or later; as a "
        "whole, with PyQt6 and the encoders in it, under version 3. Its complete source, with all that builds this "
        "app, is the file vsod-desktop-{version}-source.tar.gz, free of charge at the place the app itself comes from. "
        "The projects and versions of all libraries are named below."
    ).format(version=vsod.__version__)
