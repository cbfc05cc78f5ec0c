"""Style sheet, palette and icons, read from the resources folder."""

from __future__ import annotations

import json
import re
from weakref import WeakKeyDictionary

from PyQt6 import sip
from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction, QColor, QIcon, QPainter, QPalette, QPixmap
from PyQt6.QtWidgets import QAbstractButton, QApplication

from vsod import paths

ACCENT = QColor("#4fb3ff")
WINDOW_BACKGROUND = QColor("#111214")
SUNKEN = QColor("#17181b")
SURFACE = QColor("#1e1f23")
RAISED = QColor("#2a2c31")
LINE = QColor("#35373d")
FAINT = QColor("#6d717a")
MUTED = QColor("#9ca0a9")
TEXT = QColor("#e4e6ea")
SURROUND = QColor("#2e2e2e")
"""Round the picture, in every theme: without a hue, for the eye judges a picture by what surrounds it."""

_DARK = {
    id(colour): colour.name()
    for colour in (ACCENT, WINDOW_BACKGROUND, SUNKEN, SURFACE, RAISED, LINE, FAINT, MUTED, TEXT)
}
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


THEMES = ("dark", "light")
SYSTEM = "system"
"""Not a theme, but the wish for the one that fits the system's appearance."""
_exchanged: dict[str, str] = {}  # colour of the dark theme → that of the theme in use
_wanted: WeakKeyDictionary[QApplication, str] = WeakKeyDictionary()  # what was asked for last
_dressed: WeakKeyDictionary[QAction | QAbstractButton, str] = WeakKeyDictionary()  # who has which icon


def apply_theme(app: QApplication, name: str = "dark") -> None:
    """Dress the application; a missing style sheet leaves the plain palette.

    The style sheet is the dark one; another theme is a table of the colours to exchange in it. The colours
    above become those of the theme, and icons given by :func:`set_themed_icon` follow. What lies round the picture
    is :data:`SURROUND` in every theme. :data:`SYSTEM` is the theme that fits the system now, see
    :func:`follow_system`.
    """
    _wanted[app] = name
    _exchanged.clear()
    _exchanged.update(theme_colours(system_theme(app) if name == SYSTEM else name))
    for colour in (ACCENT, WINDOW_BACKGROUND, SUNKEN, SURFACE, RAISED, LINE, FAINT, MUTED, TEXT):
        colour.setRgba(QColor(_exchange(_DARK[id(colour)])).rgba())
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
        (role.HighlightedText, WINDOW_BACKGROUND),
        (role.Link, ACCENT),
    ):
        palette.setColor(which, color)
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, FAINT)
    app.setPalette(palette)
    sheet = paths.resources_dir() / "style" / "dark.qss"
    if sheet.is_file():
        icons = (paths.resources_dir() / "icons").as_posix()
        app.setStyleSheet(_exchange(sheet.read_text(encoding="utf-8")).replace("@icons@", icons))
    for target, icon_name in list(_dressed.items()):
        if not sip.isdeleted(target):
            target.setIcon(icon(icon_name))


def system_theme(app: QApplication) -> str:
    """The theme that fits the system's appearance; dark where the system does not say."""
    hints = app.styleHints()
    light = hints is not None and hints.colorScheme() == Qt.ColorScheme.Light
    return "light" if light else "dark"


def follow_system(app: QApplication) -> None:
    """Dress the application anew when the system's appearance changes, while its theme is :data:`SYSTEM`."""
    hints = app.styleHints()
    if hints is not None:
        hints.colorSchemeChanged.connect(lambda _scheme: _on_system_changed(app))


def _on_system_changed(app: QApplication) -> None:
    if _wanted.get(app) == SYSTEM:
        apply_theme(app, SYSTEM)


def theme_colours(name: str) -> dict[str, str]:
    """The colours a theme has instead of the dark ones; none for the dark one and for one that is not there."""
    file = paths.resources_dir() / "style" / f"{name}.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def icon(name: str) -> QIcon:
    """The icon ``resources/icons/<name>.svg`` in the theme's colours, or an empty one if it cannot be read."""
    file = paths.resources_dir() / "icons" / f"{name}.svg"
    if not _exchanged or not file.is_file():
        return QIcon(str(file))
    pixmap = QPixmap()
    pixmap.loadFromData(_exchange(file.read_text(encoding="utf-8")).encode())
    return QIcon(pixmap)


def set_themed_icon(target: QAction | QAbstractButton, name: str) -> None:
    """Give an action or a button an icon that follows the theme."""
    _dressed[target] = name
    target.setIcon(icon(name))


def _exchange(text: str) -> str:
    return _COLOUR.sub(lambda found: _exchanged.get(found[0].lower(), found[0]), text)


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
