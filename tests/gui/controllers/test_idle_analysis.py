"""Analysis ahead of the playhead: begins when nothing is asked for, and gives way at once."""

import threading
from collections.abc import Callable

import numpy as np
import pytest
from fake_clip_session import FakeClip
from pytestqt.qtbot import QtBot
from screen import wait_for_frame

from vsod.errors import ModelError
from vsod.gui.main_window import MainWindow


@pytest.fixture
def eager(window: MainWindow, clip: FakeClip) -> FakeClip:
    """Idle after 50 ms; each frame of an analysis waits for the gate."""
    clip.gate = threading.Semaphore(0)
    window.idle_analysis._idle.setInterval(50)
    window.set_idle_analysis(True)
    return clip


def test_it_runs_ahead_of_the_playhead(qtbot: QtBot, window: MainWindow, eager: FakeClip) -> None:
    window.set_idle_analysis(False)
    window.player.seek(40)
    qtbot.waitUntil(lambda: window.idle_analysis._job is None)
    window.set_idle_analysis(True)
    eager.gate.release(20)
    qtbot.waitUntil(lambda: window.timeline.covered[40:].all())
    assert not window.timeline.covered[:40].any() and not window.jobs.busy
    # then what lies behind
    eager.gate.release(60)
    qtbot.waitUntil(lambda: window.timeline.covered.all())
    qtbot.waitUntil(lambda: window.timeline.metrics is not None)


def test_a_moved_playhead_stops_it(qtbot: QtBot, window: MainWindow, eager: FakeClip) -> None:
    eager.gate.release(3)
    qtbot.waitUntil(lambda: eager.coverage("swift").sum() == 3)
    window.player.seek(30)
    wait_for_frame(qtbot, window, 30)
    qtbot.waitUntil(lambda: len(eager.analysed) == 2)
    assert eager.analysed[1][1].start == 30


def test_a_job_goes_first(qtbot: QtBot, window: MainWindow, eager: FakeClip) -> None:
    qtbot.waitUntil(lambda: len(eager.analysed) == 1)
    window.timeline.range_dragged.emit(10, 20)
    window.actions_by_id["analyse"].trigger()
    assert window.jobs.busy == "analyse"
    qtbot.waitUntil(lambda: len(eager.analysed) == 2)
    assert eager.analysed[1][1] == range(10, 20)
    assert window.idle_analysis._job is None or window.idle_analysis._job.cancel.is_set()
    eager.gate.release(10)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert np.flatnonzero(window.timeline.covered).tolist() == list(range(10, 20))


def test_playing_is_not_idle(qtbot: QtBot, window: MainWindow, eager: FakeClip) -> None:
    window.actions_by_id["play"].trigger()
    qtbot.waitUntil(lambda: window.player.index > 10)
    assert not [
        a
        for a in eager.analysed
        if window.idle_analysis._job is not None and not window.idle_analysis._job.cancel.is_set()
    ]
    window.actions_by_id["play"].trigger()
    qtbot.waitUntil(lambda: bool(eager.analysed) and window.idle_analysis._job is not None)


def test_a_model_that_fails_is_tried_once(
    qtbot: QtBot,
    window: MainWindow,
    eager: FakeClip,
    monkeypatch: pytest.MonkeyPatch,
    expect_log: Callable[..., None],
) -> None:
    expect_log("in the background: weights do not match")
    tried = []

    def fail(*words: object, **_: object) -> None:
        tried.append(words)
        raise ModelError("weights do not match")

    monkeypatch.setattr(eager, "analyse", fail)
    window.player.seek(5)
    qtbot.waitUntil(lambda: window.idle_analysis._failed is not None)
    window.player.seek(6)
    qtbot.wait(200)
    assert len(tried) == 1 and not window.banner.isVisible()


def test_it_is_remembered_whether_it_may(qtbot: QtBot, window: MainWindow, eager: FakeClip) -> None:
    window.actions_by_id["idle_analysis"].trigger()
    assert not window.idle_analysis.enabled and window.preferences.get_text("idle_analysis") == "off"
    qtbot.waitUntil(lambda: window.idle_analysis._job is None)
    assert not window.idle_analysis._idle.isActive()
