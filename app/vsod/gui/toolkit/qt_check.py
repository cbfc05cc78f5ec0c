"""Whether Qt starts on this machine; tried in a process of its own, which a missing system library may end."""

from __future__ import annotations

from PyQt6.QtWidgets import QApplication


def start_qt() -> None:
    """Start Qt, and leave.

    Raises:
        ImportError: A system library is missing; Qt itself ends the process where no platform plug-in loads.
    """
    QApplication([])
