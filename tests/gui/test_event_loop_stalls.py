"""The window stays alive while it analyses."""

import threading
import time
from pathlib import Path

import pytest
from fake_clip_session import FakeClip
from pytestqt.qtbot import QtBot
from watchdog import Watchdog

from vsod.gui.main_window import MainWindow
from vsod.media.sinks.demo import make_demo

LONGEST = 0.1  # seconds


def test_the_watchdog_sees_a_stall(qtbot: QtBot) -> None:
    with Watchdog() as dog:
        qtbot.wait(30)
        until = time.process_time() + 0.12
        while time.process_time() < until:
            pass
    assert dog.worst > 0.11


def test_the_window_never_stalls_while_analysing(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    clip.gate = threading.Semaphore(0)
    clip.bad_frames = tuple(range(0, 60, 7))
    with Watchdog() as dog:
        window.actions_by_id["analyse"].trigger()
        for index in range(60):
            clip.gate.release()
            window.player.seek(index)
            qtbot.wait(5)
        qtbot.waitUntil(lambda: not window.jobs.busy)
        qtbot.waitUntil(lambda: bool(window.timeline.issues))
    assert dog.worst < LONGEST, sorted(dog.gaps)[-5:]


@pytest.mark.slow
@pytest.mark.timeout(900)  # the network is converted first
def test_the_window_never_stalls_over_a_real_clip(qtbot: QtBot, tmp_path: Path) -> None:
    make_demo(tmp_path / "demo.mp4")
    window = MainWindow()
    window.show()
    try:
        qtbot.waitUntil(lambda: window.analysis.model is not None, timeout=60_000)
        window.open_path(tmp_path / "demo.mp4")
        qtbot.waitUntil(lambda: window.canvas.shown is not None, timeout=60_000)
        with Watchdog() as dog:
            window.actions_by_id["analyse"].trigger()
            turn = 0
            while window.jobs.busy:
                turn += 1
                window.player.seek(turn * 7 % 96)
                qtbot.wait(120)
            qtbot.waitUntil(lambda: window.timeline.metrics is not None, timeout=120_000)
        print(f"{len(dog.gaps)} turns, worst {dog.worst * 1000:.0f} ms")
        assert window.timeline.covered.all()
        assert dog.worst < LONGEST, sorted(dog.gaps)[-5:]
    finally:
        window.close()
