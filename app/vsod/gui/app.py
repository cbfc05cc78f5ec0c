"""Starts the window.

Nothing imported from here may load torch, OpenVINO or PyAV: the window has to
be on screen within half a second.
"""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path

from PyQt6 import sip
from PyQt6.QtCore import PYQT_VERSION_STR, QTimer
from PyQt6.QtWidgets import QApplication

from vsod import __version__, logs
from vsod.gui.dialogs.crash_reporter import CrashReporter
from vsod.gui.main_window import MainWindow
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.preferences import Preferences
from vsod.gui.toolkit.qt_messages import qt_messages_logged
from vsod.gui.toolkit.translation import TranslationTable, qt_translation, system_language
from vsod.paths import log_dir

_log = logging.getLogger(__name__)


def run_window(paths: list[Path], argv: list[str]) -> int:
    """Show the window and stay until it is closed.

    Args:
        paths: A project, or clips from the command line; the first is opened, several are queued.
        argv: The command line for Qt (``-platform`` and the like), program name first.

    Returns:
        The exit code.
    """
    with logs.recording(log_dir()), qt_messages_logged():
        system = f"Python {sys.version.split()[0]}, PyQt {PYQT_VERSION_STR} on {sys.platform}"
        _log.info("vsod-desktop %s, %s: window of %s", __version__, system, [str(path) for path in paths])
        return _run(paths, argv)


def _run(paths: list[Path], argv: list[str]) -> int:
    app = QApplication(argv)
    app.setApplicationName("vsod-desktop")
    app.setApplicationDisplayName("vsod-desktop")
    preferences = Preferences()
    preferences.export_cache()
    theme.apply_theme(app, preferences.get_text("theme", "dark"))
    theme.follow_system(app)
    language = TranslationTable(preferences.get_text("language") or system_language())
    app.installTranslator(language)
    own_words = qt_translation(language.code)
    app.installTranslator(own_words)
    crash = CrashReporter(app)
    crash.install()
    window = MainWindow(preferences=preferences)
    _end_on_signals(app, window)
    app.commitDataRequest.connect(lambda _manager: window.keep_session())
    app.aboutToQuit.connect(window.end)
    window.show()
    if paths:
        window.opening.open_all(paths)
    try:
        return app.exec()
    finally:
        sys.excepthook = sys.__excepthook__
        # before the application: widgets that outlive it end the process with a segmentation fault
        sip.delete(window)


def _end_on_signals(app: QApplication, window: MainWindow) -> None:
    """Close the window and quit when the system asks for it, by a signal."""

    def end() -> None:
        window.end()
        app.exit()  # a dialog that is open keeps no loop of its own either

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN:
            signal.signal(getattr(signal, name), lambda *_: QTimer.singleShot(0, end))
    # Python sees signals only between bytecodes; an idle event loop runs none
    pulse = QTimer(app)
    pulse.start(250)
    pulse.timeout.connect(lambda: None)
