"""The log in the window."""

import logging
from collections.abc import Callable, Iterator

import pytest
from PyQt6.QtCore import qWarning
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from vsod import logs, paths
from vsod.gui.dialogs.log_dialog import LogDialog
from vsod.gui.main_window import MainWindow
from vsod.gui.toolkit.qt_messages import qt_messages_logged

LOG = logging.getLogger("vsod.somewhere")


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch, expect_log: Callable[..., None]) -> Iterator[None]:
    """A debug record and a warning; more may come."""
    monkeypatch.setattr(logs, "_recent", logs.RecentLines())
    expect_log("a file is lost")
    with logs.recording(None):
        LOG.debug("tried")
        LOG.warning("a file is lost")
        yield


@pytest.fixture
def dialog(qtbot: QtBot, recorded: None) -> LogDialog:
    made = LogDialog()
    qtbot.addWidget(made)
    return made


def shown(dialog: LogDialog) -> list[str]:
    return [line.rpartition(": ")[2] for line in dialog.text.toPlainText().splitlines()]


def test_it_shows_what_happened_and_what_happens(dialog: LogDialog, qtbot: QtBot) -> None:
    assert shown(dialog) == ["tried", "a file is lost"]
    LOG.info("and on")
    qtbot.waitUntil(lambda: shown(dialog)[-1] == "and on")


def test_it_shows_from_a_level_on(dialog: LogDialog) -> None:
    dialog.level.setCurrentIndex(dialog.level.findData(logging.WARNING))
    assert shown(dialog) == ["a file is lost"]
    dialog.level.setCurrentIndex(dialog.level.findData(logging.ERROR))
    assert shown(dialog) == []


def test_it_stays_where_somebody_reads(dialog: LogDialog) -> None:
    for number in range(200):
        LOG.info("line %d", number)
    dialog.refresh()
    dialog.show()
    bar = dialog.text.verticalScrollBar()
    assert bar is not None and bar.value() == bar.maximum() > 0
    bar.setValue(5)
    LOG.info("and on")
    dialog.refresh()
    assert bar.value() == 5 and shown(dialog)[-1] == "and on"


def test_copy_and_open_folder(dialog: LogDialog, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    assert dialog.copy_button is not None and dialog.folder_button is not None
    dialog.copy_button.click()
    clipboard = QApplication.clipboard()
    assert clipboard is not None and clipboard.text() == dialog.text.toPlainText() != ""
    dialog.folder_button.click()
    assert opened == [str(paths.log_dir())]


def test_the_help_menu_opens_it(window: MainWindow, recorded: None) -> None:
    window.actions_by_id["log"].trigger()
    made = window.findChild(LogDialog)
    assert made is not None and made.isVisible()
    made.close()


def test_an_error_of_the_window_is_logged_with_its_traceback(window: MainWindow, recorded: None) -> None:
    try:
        raise ValueError("odd")
    except ValueError as error:
        window.banner.show_error(error)
    line = logs.recent().lines()[-1]
    assert line.level == logging.INFO and "ValueError: odd" in line.text and "Traceback" in line.text


def test_what_qt_says_is_logged(qapp: QApplication, expect_log: Callable[..., None]) -> None:
    expect_log("default: no such font")
    with qt_messages_logged():
        qWarning(b"no such font")
