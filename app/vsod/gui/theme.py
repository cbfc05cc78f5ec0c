"""Style sheet, palette and icons, read from the resources folder."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PyQt6.QtWidgets import QApplication

from vsod import paths

ACCENT = QColor("#4fb3ff")
GROUND = QColor("#111214")
SUNKEN = QColor("#17181b")
SURFACE = QColor("#1e1f23")
RAISED = QColor("#2a2c31")
LINE = QColor("#35373d")
FAINT = QColor("#6d717a")
MUTED = QColor("#9ca0a9")
TEXT = QColor("#e4e6ea")


def apply(app: QApplication) -> None:
    """Dress the application; a missing style sheet leaves the plain dark palette."""
    app.setStyle("Fusion")
    palette = QPalette()
    role = QPalette.ColorRole
    for which, color in (
        (role.Window, SURFACE),
        (role.WindowText, TEXT),
        (role.Base, SUNKEN),
        (role.AlternateBase, SURFACE),
        (role.Text, TEXT),
        (role.Button, RAISED),
        (role.ButtonText, TEXT),
        (role.ToolTipBase, RAISED),
        (role.ToolTipText, TEXT),
        (role.PlaceholderText, FAINT),
        (role.Highlight, ACCENT),
        (role.HighlightedText, GROUND),
        (role.Link, ACCENT),
    ):
        palette.setColor(which, color)
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, FAINT)
    app.setPalette(palette)
    sheet = paths.resources_dir() / "style" / "dark.qss"
    if sheet.is_file():
        icons = (paths.resources_dir() / "icons").as_posix()
        app.setStyleSheet(sheet.read_text(encoding="utf-8").replace("@icons@", icons))


def icon(name: str) -> QIcon:
    """The icon ``resources/icons/<name>.svg``, or an empty one if it cannot be read."""
    return QIcon(str(paths.resources_dir() / "icons" / f"{name}.svg"))


def app_icon() -> QIcon:
    """The program's icon; a drawn disc where the SVG plugin is missing."""
    found = icon("vsod")
    if not found.pixmap(QSize(32, 32)).isNull():
        return found
    disc = QPixmap(64, 64)
    disc.fill(Qt.GlobalColor.transparent)
    painter = QPainter(disc)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ACCENT)
    painter.drawEllipse(6, 6, 52, 52)
    painter.end()
    return QIcon(disc)
