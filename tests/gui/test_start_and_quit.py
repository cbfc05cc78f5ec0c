"""Start, end and survival."""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_clip_session import FakeBackend, FakeClip
from PyQt6.QtCore import Qt, QThread, QTimer
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot
from screen import wait_for_frame

from vsod import logs
from vsod.gui.actions.action_table import MENUS
from vsod.gui.dialogs.crash_reporter import CrashReporter
from vsod.gui.dialogs.shortcuts_dialog import ShortcutsDialog
from vsod.gui.main_window import MainWindow


def in_new_python(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), **env},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_window_module_loads_no_heavy_library() -> None:
    code = (
        "import sys, vsod.gui.app\n"
        "heavy = {'torch', 'openvino', 'av', 'cv2', 'vsod.pipeline.clip_session'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) if heavy else 0)"
    )
    done = in_new_python(code)
    assert done.returncode == 0, done.stderr


def test_run_window_starts_and_ends(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from PyQt6.QtCore import QTimer\n"
        "import vsod.gui.app as app, vsod.gui.main_window as window\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from fake_clip_session import FakeBackend\n"
        "window.Pipeline = FakeBackend\n"
        "plain = window.MainWindow.show\n"
        "def show(self):\n"
        "    plain(self); QTimer.singleShot(300, self.close)\n"
        "window.MainWindow.show = show\n"
        "sys.exit(app.run_window([__import__('pathlib').Path('/clips/a.mov')], ['vsod-desktop']))"
    ).replace("sys.argv[1]", repr(str(Path(__file__).parent)))
    done = in_new_python(code, VSOD_CONFIG=str(tmp_path), VSOD_LOGS=str(tmp_path / "logs"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "window.ini").is_file()
    assert "window of ['/clips/a.mov']" in (tmp_path / "logs" / logs.FILE).read_text()


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without a signal")
def test_a_signal_ends_the_program_without_a_question_and_without_an_offer(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from PyQt6.QtCore import QTimer\n"
        "import vsod.gui.app as app, vsod.gui.main_window as window\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from fake_clip_session import FakeBackend\n"
        "window.LocalPipeline = FakeBackend\n"
        "plain = window.MainWindow.show\n"
        "def edit(self):\n"
        "    if self.clip is None: return QTimer.singleShot(50, lambda: edit(self))\n"
        f"    self.document.save(Path({str(tmp_path / 'spot.vsod')!r}))\n"
        "    self.document.edit('Feather', model='flow')\n"
        "    assert self.document.edited\n"
        "    QTimer.singleShot(50, lambda: os.kill(os.getpid(), signal.SIGTERM))\n"
        "def show(self):\n"
        "    plain(self); edit(self)\n"
        "window.MainWindow.show = show\n"
        "sys.exit(app.run_window([Path('/clips/a.mov')], ['vsod-desktop']))"
    )
    names = {name: str(tmp_path / name.lower()) for name in ("VSOD_CONFIG", "VSOD_DATA", "VSOD_LOGS")}
    done = in_new_python(code, **names)
    assert done.returncode == 0, done.stderr
    (kept,) = (tmp_path / "vsod_data" / "sessions").glob("*.json")
    raw = json.loads(kept.read_text())
    assert raw["ended"] and raw["edited"] and raw["path"] == str(tmp_path / "spot.vsod")


def test_closing_while_analysing_joins_every_thread(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    clip.gate = threading.Semaphore(2)
    window.analyse()
    qtbot.waitUntil(lambda: clip.coverage("swift").any())
    threads = window.findChildren(QThread)
    assert any(thread.isRunning() for thread in threads)
    assert window.close()
    assert not [t for t in window.findChildren(QThread) if t.isRunning()]
    assert clip.closed and not window.isVisible()


def test_closing_while_playing_closes_the_decoder(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    window.player.loop = True  # it plays on however slow the machine is
    window.player.toggle_play()
    # the draft maker may have a decoder of its own open
    qtbot.waitUntil(lambda: clip.streams >= 1 and window.player.index > 0, timeout=30_000)
    assert window.close()
    assert clip.streams == 0 and clip.closed


def test_closing_while_opening(qtbot: QtBot, window: MainWindow, backend: FakeBackend) -> None:
    backend.open_gate = threading.Event()
    window.open_path(Path("/clips/late.mov"))
    backend.open_gate.set()
    assert window.close()
    assert all(clip.closed for clip in backend.clips)


@pytest.mark.qt_no_exception_capture
def test_an_exception_in_a_slot_is_shown_and_the_window_lives_on(
    qtbot: QtBot,
    window: MainWindow,
    clip: FakeClip,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    expect_log: Callable[..., None],
) -> None:
    expect_log("unexpected", logging.ERROR)
    crash = CrashReporter(window)
    monkeypatch.setattr(sys, "excepthook", crash.hook)

    calls: list[int] = []

    def broken() -> None:
        calls.append(1)
        raise ZeroDivisionError("deliberate")

    QTimer.singleShot(0, broken)
    QTimer.singleShot(0, broken)
    qtbot.waitUntil(lambda: len(calls) == 2)
    boxes = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
    assert boxes == [crash.box], "one box for a bug that comes back"
    box = crash.box
    assert box is not None and box.text() == "ZeroDivisionError: deliberate"
    assert "broken" in box.detailedText()
    assert not box.isModal()
    copy = next(b for b in box.buttons() if b.text() == "Copy text")
    copy.click()
    clipboard = QApplication.clipboard()
    assert clipboard is not None and "deliberate" in clipboard.text()
    box.close()
    assert crash.box is None
    window.player.seek(12)
    wait_for_frame(qtbot, window, 12)
    assert "deliberate" in capsys.readouterr().err


def test_geometry_and_choices_come_back(qtbot: QtBot, backend: FakeBackend) -> None:
    first = MainWindow(backend)
    first.show()
    qtbot.waitUntil(lambda: bool(first.jobs.formats))
    first.showNormal()  # a first window fills a screen as small as that of the tests
    first.resize(first.minimumSizeHint().width(), 690)
    first.analysis.model_box.setCurrentIndex(1)
    first.analysis.set_device("cpu")
    first.close()
    second = MainWindow(backend)
    second.show()
    qtbot.waitUntil(lambda: second.analysis.model is not None)
    assert (second.width(), second.height()) == (first.width(), 690)
    assert second.analysis.model == "flow" and second.analysis.device == "cpu"
    second.close()


def test_the_first_window_fills_a_small_screen_and_stays_inside_it(
    qtbot: QtBot, backend: FakeBackend
) -> None:
    first = MainWindow(backend)
    screen = first.screen()
    assert screen is not None and screen.availableGeometry().width() < 1440
    assert first.windowState() & Qt.WindowState.WindowMaximized
    first.close()


def test_a_window_of_a_screen_that_is_gone_comes_back_inside(qtbot: QtBot, backend: FakeBackend) -> None:
    first = MainWindow(backend)
    first.showNormal()
    first.move(5000, 4000)
    first.close()
    second = MainWindow(backend)
    screen = second.screen()
    assert screen is not None and screen.availableGeometry().contains(second.pos())
    second.close()


def test_every_action_of_the_table_exists_with_its_keys(window: MainWindow) -> None:
    keys: list[str] = []
    for rows in MENUS.values():
        for entry in rows:
            if entry is not None:
                action = window.actions_by_id[entry.id]
                assert [k.toString() for k in action.shortcuts()] == list(entry.keys)
                keys += entry.keys
    assert len(keys) == len(set(keys)), "two actions share a key"


def test_help_windows_open(window: MainWindow) -> None:
    window.actions_by_id["shortcuts"].trigger()
    dialog = window.findChild(ShortcutsDialog)
    assert dialog is not None and dialog.isVisible()
    dialog.close()
    window.actions_by_id["about"].trigger()
    QApplication.activeModalWidget().close()  # type: ignore[union-attr]


def test_enter_presses_the_focused_button(window: MainWindow, clip: FakeClip) -> None:
    pressed: list[bool] = []
    button: QPushButton = window.analysis.button
    button.clicked.disconnect()
    button.clicked.connect(lambda: pressed.append(True))
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Return)
    assert pressed == [True]
