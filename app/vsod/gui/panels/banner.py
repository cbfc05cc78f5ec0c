"""The strip above the picture: what went wrong and what to do, or that all went well."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from vsod.errors import VsodError
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.translation import tr

_log = logging.getLogger(__name__)


class Banner(QFrame):
    """Not a dialog: work goes on while it stands there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setAccessibleName(tr("Message"))
        self._what, self._fix = PlainLabel(), PlainLabel()
        self._what.setObjectName("bannerWhat")
        self._fix.setObjectName("bannerFix")
        for label in (self._what, self._fix):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.action_button = QPushButton()
        self.action_button.clicked.connect(self._act)
        self.copy_button = QPushButton(tr("Copy"))
        self.copy_button.setAccessibleName(tr("Copy message"))
        self.copy_button.clicked.connect(self._copy)
        self.close_button = QToolButton()
        theme.set_themed_icon(self.close_button, "close")
        self.close_button.setIconSize(QSize(14, 14))
        self.close_button.setAccessibleName(tr("Dismiss message"))
        self.close_button.setToolTip(tr("Dismiss"))
        self.close_button.clicked.connect(self._dismiss)
        self._action: Callable[[], object] | None = None
        self._standing: Callable[[], None] | None = None  # shows an offer that is not answered yet
        self._shows_standing = False

        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._what)
        words.addWidget(self._fix)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 9, 10, 9)
        row.setSpacing(8)
        row.addLayout(words, 1)
        for button in (self.action_button, self.copy_button, self.close_button):
            row.addWidget(button, alignment=Qt.AlignmentFlag.AlignVCenter)
        self.hide()

    @property
    def text(self) -> str:
        """Everything it says."""
        return "\n".join(part for part in (self._what.text(), self._fix.text()) if part)

    @property
    def kind(self) -> str:
        """``"error"``, ``"note"`` or ``"success"``."""
        return str(self.property("kind") or "")

    def show_error(self, error: Exception) -> None:
        """What went wrong, where, and the fix; with its traceback it goes to the log."""
        _log.info("%s", error, exc_info=error)
        if isinstance(error, VsodError):
            head = f"{error.where}: {error.what}" if error.where else error.what
            self._say("error", head[:1].upper() + head[1:] if not error.where else head, error.fix)
        else:
            self._say(
                "error", f"{type(error).__name__}: {error}", "This is a bug. Copy the text and report it."
            )

    def show_note(self, what: str, detail: str = "") -> None:
        """Something worth knowing."""
        self._say("note", what, detail)

    def show_success(self, what: str, detail: str, label: str, action: Callable[[], object]) -> None:
        """Good news, with a button for what comes next."""
        self._say("success", what, detail)
        self._offer(label, action)

    def show_offer(
        self,
        what: str,
        detail: str,
        label: str,
        action: Callable[[], object],
        *,
        until_answered: bool = False,
    ) -> None:
        """Something that can be done about it; doing it takes the strip away.

        Args:
            what: What it is.
            detail: More about it.
            label: Of the button.
            action: Called by it.
            until_answered: The offer comes back after every other message, until it is taken or dismissed.
        """

        def show() -> None:
            self._say("note", what, detail)
            self._offer(label, act)
            self._shows_standing = until_answered

        def act() -> None:
            self._standing = None
            self.hide()
            action()

        if until_answered:
            self._standing = show
        show()

    def add_action(self, label: str, action: Callable[[], object]) -> None:
        """Give what is said now a button; it stays until the next message."""
        self._offer(label, action)

    def clear(self) -> None:
        """Take away what has passed; an offer that waits for its answer comes back."""
        self.hide()
        if self._standing is not None:
            self._standing()

    def _dismiss(self) -> None:
        if self._shows_standing:
            self._standing = None
        self.clear()

    def _offer(self, label: str, action: Callable[[], object]) -> None:
        self._action = action
        self.action_button.setText(label)
        self.action_button.show()

    def _say(self, kind: str, what: str, fix: str) -> None:
        self._what.setText(what)
        self._fix.setText(fix)
        self._fix.setVisible(bool(fix))
        self._action, self._shows_standing = None, False
        self.action_button.hide()
        self.setProperty("kind", kind)
        self.setAccessibleDescription(self.text)
        style = self.style()
        if style is not None:  # the style sheet colours by kind
            style.unpolish(self)
            style.polish(self)
        self.show()

    def _act(self) -> None:
        if self._action is not None:
            self._action()

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.text)
