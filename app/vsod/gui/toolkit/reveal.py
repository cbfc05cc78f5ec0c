"""A file shown in the system's file manager, selected."""

from __future__ import annotations

import sys
from pathlib import Path

from PyQt6.QtCore import QProcess, QUrl
from PyQt6.QtGui import QDesktopServices


def show_in_folder(path: Path) -> None:
    """Open the folder that holds a file, the file selected where the file manager can do so."""
    asked = {"win32": ("explorer", ["/select,", str(path)]), "darwin": ("open", ["-R", str(path)])}
    if sys.platform in asked and QProcess.startDetached(*asked[sys.platform])[0]:
        return
    if sys.platform != "linux" or not _ask_file_manager(path):
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


def open_file(path: Path) -> None:
    """Open a file with the program that the system uses for its kind."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _ask_file_manager(path: Path) -> bool:
    """Ask the desktop's file manager over D-Bus (freedesktop.org, FileManager1); False if there is none."""
    try:
        from PyQt6.QtDBus import QDBusConnection, QDBusInterface, QDBusMessage
    except ImportError:
        return False
    service = "org.freedesktop.FileManager1"
    manager = QDBusInterface(service, "/org/freedesktop/FileManager1", service, QDBusConnection.sessionBus())
    if not manager.isValid():
        return False
    answer = manager.call("ShowItems", [QUrl.fromLocalFile(str(path)).toString()], "")
    return answer.type() != QDBusMessage.MessageType.ErrorMessage
