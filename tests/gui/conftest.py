import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_clip_session import FakeBackend, FakeClip
from PyQt6.QtCore import QThread
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from pytestqt.wait_signal import SignalBlocker

from vsod.gui.dialogs import queue_questions
from vsod.gui.main_window import MainWindow
from vsod.gui.toolkit.preferences import Preferences


class PatientBot(QtBot):
    """Waits so long that only what hangs fails, on a crowded machine too."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = 30_000) -> None:
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = 30_000, **options: Any) -> SignalBlocker:
        return super().waitSignal(signal, timeout=timeout, **options)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> PatientBot:
    return PatientBot(request)


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VSOD_CONFIG", "VSOD_CACHE", "VSOD_DATA", "VSOD_LOGS"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    # a test that takes long must not find maps it has not asked for
    Preferences().set_text("idle_analysis", "off")


@pytest.fixture(autouse=True)
def answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sits before the tests: what is asked before quitting is answered."""
    monkeypatch.setattr(queue_questions, "ask_how_to_quit", lambda *_: "stop")


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and not isinstance(t, threading._DummyThread)]
    assert not left


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
def window(qtbot: QtBot, backend: FakeBackend) -> Iterator[MainWindow]:
    made = MainWindow(backend)
    made.resize(1100, 700)
    made.show()
    qtbot.waitUntil(lambda: bool(made.jobs.formats))
    yield made
    made.close()
    assert all(thread.isFinished() for thread in made.findChildren(QThread))
    assert all(clip.closed for clip in backend.clips)
    made.deleteLater()


Opener = Callable[[], FakeClip]


@pytest.fixture
def clip(qtbot: QtBot, window: MainWindow, backend: FakeBackend) -> FakeClip:
    """An open clip with its first frame on screen."""
    window.open_path(Path("/clips/heron.mov"))
    qtbot.waitUntil(lambda: window.canvas.shown is not None)
    return backend.clips[-1]
