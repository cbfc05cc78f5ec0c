"""The strip above the picture: clip name, overlay picker, zoom."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from vsod.gui.toolkit.plain_text import ElidedLabel, PlainLabel
from vsod.gui.toolkit.translation import tr

_LEAST_TITLE = 60  # pixels of the clip's name that are always there


class ViewBar(QWidget):
    """One button per overlay, side by side, and the zoom.

    Args:
        overlays: Checkable actions of one group.
        zooms: Actions shown as buttons on the right.
    """

    def __init__(
        self, overlays: Iterable[QAction], zooms: Iterable[QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("looksBar")
        self.title = ElidedLabel()
        self.title.setObjectName("clipTitle")
        self.title.setAccessibleName(tr("Clip"))
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.zoom = PlainLabel()
        self.zoom.setObjectName("faint")
        self.zoom.setAccessibleName(tr("Zoom"))
        self.zoom.setMinimumWidth(44)
        self.zoom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 10, 6)
        row.setSpacing(0)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        self.clips = self._menu_button("▾")
        self.clips.setAccessibleName(tr("Clips of the project"))
        self.clips.hide()
        head.addWidget(self.clips)
        row.addLayout(head, 1)
        overlays = list(overlays)
        self._needy: list[QToolButton] = []
        self._segments: list[QToolButton] = []
        for place, action in enumerate(overlays):
            button = self._button(action, "segment")
            ends = {0: "first", len(overlays) - 1: "last"}
            button.setProperty("place", ends.get(place, "middle"))
            if place:  # the first is the picture alone
                self._needy.append(button)
            row.addWidget(button)
            self._segments.append(button)
            action.toggled.connect(self._name_picker)
        self._picker = self._menu_button(tr("View"))
        menu = QMenu(self._picker)
        menu.addActions(overlays)
        self._picker.setMenu(menu)
        self._picker.hide()
        row.addWidget(self._picker)
        right = QHBoxLayout()
        right.setSpacing(2)
        self._right = right
        right.addStretch()
        right.addWidget(self.zoom)
        right.addSpacing(6)
        for action in zooms:
            right.addWidget(self._button(action, "quiet"))
        row.addLayout(right, 1)

    def add_menu(self, menu: QMenu, text: str) -> None:
        """A button that opens a menu, left of the zoom."""
        button = self._menu_button(text)
        button.setMenu(menu)
        button.setAccessibleName(menu.title().replace("&", ""))
        self._right.insertWidget(self._right.count() - 4, button)

    def set_clips_menu(self, menu: QMenu) -> None:
        """A menu beside the clip's name."""
        self.clips.setMenu(menu)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Where there is no room for a button per view, one button has them in a menu."""
        segments = sum(button.sizeHint().width() for button in self._segments)
        wide = self.width() >= segments + self._right.sizeHint().width() + 2 * _LEAST_TITLE
        if wide == self._picker.isHidden():
            return
        self._picker.setVisible(not wide)
        for button in self._segments:
            button.setVisible(wide)

    def minimumSizeHint(self) -> QSize:
        """As narrow as with the views in a menu."""
        width = self._picker.sizeHint().width() + self._right.sizeHint().width() + _LEAST_TITLE
        return QSize(width, super().minimumSizeHint().height())

    def _name_picker(self) -> None:
        checked = next((button.text() for button in self._segments if button.isChecked()), "")
        self._picker.setText((checked.replace("&", "") or tr("View")) + " ▾")

    def show_lacking(self, lacking: bool) -> None:
        """Grey the views that need a matte while the frame has none."""
        for button in self._needy:
            if button.property("lacking") != lacking:
                button.setProperty("lacking", lacking)
                style = button.style()
                if style is not None:
                    style.polish(button)

    def show_zoom(self, zoom: float) -> None:
        """Write the zoom in per cent."""
        self.zoom.setText(f"{zoom * 100:.0f} %")

    @staticmethod
    def _menu_button(text: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName("quiet")
        button.setText(text)
        button.setAccessibleName(text)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    @staticmethod
    def _button(action: QAction, kind: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(kind)
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(action.text().replace("&", ""))
        return button
