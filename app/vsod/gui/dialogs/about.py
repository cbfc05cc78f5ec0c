"""Which version this is and what it stands on."""

from __future__ import annotations

import platform

from PyQt6.QtCore import PYQT_VERSION_STR, qVersion
from PyQt6.QtWidgets import QMessageBox, QWidget

import vsod
from vsod import paths


def about_box(parent: QWidget) -> QMessageBox:
    """A box with versions and folders, to be shown by the caller."""
    box = QMessageBox(parent)
    box.setWindowTitle("About")
    box.setIconPixmap(parent.windowIcon().pixmap(64, 64))
    box.setText(f"vsod-desktop {vsod.__version__}")
    box.setInformativeText(
        "Finds the thing people look at in a video and hands editors a matte of it.\n\n"
        f"Python {platform.python_version()}, Qt {qVersion()}, PyQt {PYQT_VERSION_STR}\n"
        f"Cache: {paths.cache_dir()}\nSettings: {paths.config_dir()}\nLicence: GPL-3.0-or-later"
    )
    return box
