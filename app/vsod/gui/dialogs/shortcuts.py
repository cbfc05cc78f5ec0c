"""The keys, made from the table of actions, so it can never be out of date."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from vsod.gui.actions import MENUS, Deed


class ShortcutsDialog(QDialog):
    """Two columns of keys."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        columns = (QGridLayout(), QGridLayout())
        for place, (title, rows) in enumerate(MENUS.items()):
            _list(columns[0 if place < 2 or place == 4 else 1], title, rows)
        mouse = QLabel(
            "Wheel: zoom to the cursor.  Middle button, or space and left button: pan.\n"
            "Enter presses the button that has the focus; space always plays."
        )
        mouse.setObjectName("faint")
        row_layout = QHBoxLayout()
        row_layout.setSpacing(44)
        for column in columns:
            column.setHorizontalSpacing(22)
            column.setVerticalSpacing(5)
            column.setRowStretch(column.rowCount(), 1)
            row_layout.addLayout(column)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 24, 20)
        outer.addLayout(row_layout)
        outer.addWidget(mouse)


def _list(grid: QGridLayout, title: str, rows: tuple[Deed | None, ...]) -> None:
    if grid.count():
        grid.setRowMinimumHeight(grid.rowCount(), 14)
    heading = QLabel(title.replace("&", ""))
    heading.setObjectName("clipTitle")
    grid.addWidget(heading, grid.rowCount(), 0)
    for deed in rows:
        if deed is None or not deed.keys:
            continue
        row = grid.rowCount()
        key = QLabel(QKeySequence(deed.keys[0]).toString(QKeySequence.SequenceFormat.NativeText))
        key.setObjectName("faint")
        grid.addWidget(QLabel(deed.text.replace("&", "").rstrip("…")), row, 0)
        grid.addWidget(key, row, 1, Qt.AlignmentFlag.AlignRight)
