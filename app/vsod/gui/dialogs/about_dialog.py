"""Which version this is and what it stands on."""

from __future__ import annotations

import platform

from PyQt6.QtCore import PYQT_VERSION_STR, qVersion
from PyQt6.QtWidgets import QMessageBox, QWidget

import vsod
from vsod import paths
from vsod.gui.dialogs.licences_dialog import LicencesDialog
from vsod.gui.toolkit.plain_text import inert
from vsod.gui.toolkit.translation import tr


def about_box(parent: QWidget) -> QMessageBox:
    """A box with versions and folders, to be shown by the caller."""
    box = QMessageBox(parent)
    box.setWindowTitle(tr("About"))
    box.setIconPixmap(parent.windowIcon().pixmap(64, 64))
    box.setText(f"vsod-desktop {vsod.__version__}")
    box.setInformativeText(
        "\n\n".join(
            (
                tr("Finds the thing people look at in a video and hands editors a matte of it."),
                f"Python {platform.python_version()}, Qt {qVersion()}, PyQt {PYQT_VERSION_STR}",
                inert(
                    tr("Cache: {cache}\nSettings: {settings}\nLicence: GPL-3.0-or-later").format(
                        cache=paths.cache_dir(), settings=paths.config_dir()
                    )
                ),
            )
        )
    )
    licences = box.addButton(tr("Licences and source…"), QMessageBox.ButtonRole.ActionRole)
    box.addButton(QMessageBox.StandardButton.Close)
    if licences is not None:
        licences.clicked.connect(lambda: LicencesDialog(parent).open())
    return box
