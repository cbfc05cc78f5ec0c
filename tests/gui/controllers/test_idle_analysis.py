"""Analysis ahead of the playhead: begins when nothing is asked for, and gives way at once."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fake_clip_session import FakeBackend, FakeClip
from PyQt6.QtCore import QThread
from pytestqt.qtbot import QtBot
from screen import wait_for_frame

from vsod.core.progress import Progress
from vsod.errors import ModelError
from vsod.gui.controllers.idle_analysis import IDLE_MS
from vsod.gui.main_window import MainWindow
from vsod.gui.toolkit.preferences import Preferences


@pytest.fixture
def eager(window: MainWindow, clip: FakeClip) -> FakeClip:
    """Idle after 50 ms; each frame of an analysis waits for the gate."""
    clip.gate = threading.Semaphore(0)
    window.idle_analysis._interval = 50
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


@pytest.mark.parametrize("first", ["models", "clip"])
def test_a_clip_given_at_the_start_is_analysed_whichever_comes_first(
    qtbot: QtBot, backend: FakeBackend, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clip of the command line may be open before the models are listed, or after."""
    listed, opened = threading.Event(), threading.Event()
    models, open_clip = backend.models, backend.open

    def slow_models() -> object:
        assert first == "models" or opened.wait(10)
        found = models()
        listed.set()
        return found

    def slow_open(path: Path, *rest: object) -> FakeClip:
        assert first == "clip" or listed.wait(10)
        return open_clip(path, *rest)

    monkeypatch.setattr(backend, "models", slow_models)
    monkeypatch.setattr(backend, "open", slow_open)
    Preferences().set_text("idle_analysis", "on")
    made = MainWindow(backend)
    # what counts is the news of what is analysed: it must have come before the models are known
    made.jobs.covered.connect(lambda *_news: opened.set())
    made.show()
    made.open_path(Path("/clips/heron.mov"))
    qtbot.waitUntil(lambda: bool(backend.clips) and backend.clips[-1].coverage("swift").all())
    made.close()


def test_a_new_clip_is_begun_at_once(qtbot: QtBot, window: MainWindow, backend: FakeBackend) -> None:
    """Without the seconds of rest that are kept after a deed of the user."""
    window.set_idle_analysis(True)
    began = time.monotonic()
    window.open_path(Path("/clips/heron.mov"))
    qtbot.waitUntil(lambda: bool(backend.clips) and bool(backend.clips[-1].analysed))
    assert time.monotonic() - began < IDLE_MS / 1000
    assert backend.clips[-1].analysed[0][1] is None or backend.clips[-1].analysed[0][1].start == 0


def test_it_is_visible(qtbot: QtBot, window: MainWindow, eager: FakeClip) -> None:
    eager.gate.release(5)
    qtbot.waitUntil(lambda: "of 60" in window.status.activity.text())
    assert window.status.activity.isVisible() and window.status.activity_bar.maximum() == 60
    window.set_idle_analysis(False)
    qtbot.waitUntil(lambda: not window.status.activity.isVisible())


def test_preparing_the_model_is_visible(qtbot: QtBot, window: MainWindow) -> None:
    window.status.show_activity(Progress("prepare", 0, None))
    assert "only once" in window.status.activity.text() and window.status.activity_bar.maximum() == 0
    window.analysis.set_running(True)
    window.analysis.show_progress(Progress("prepare", 0, None))
    assert window.analysis.status.text() == "Preparing the model for this computer, only once"


def test_nothing_begins_after_the_window_closed(qtbot: QtBot, window: MainWindow, eager: FakeClip) -> None:
    """What was under way when all was stopped must not start a thread that nobody joins."""
    eager.gate.release(3)
    qtbot.waitUntil(lambda: eager.coverage("swift").sum() == 3)
    window.close()
    coverage = eager.export_coverage(window.document.current_clip.settings)
    window.jobs.covered.emit(window.document.current_clip.settings.for_analysis, coverage)
    window.jobs.read_coverage(window.document.current_clip.settings)
    qtbot.wait(50)
    assert not [t for t in window.findChildren(QThread) if t.isRunning()]


def test_the_network_is_loaded_while_the_first_clip_is_opened(qtbot: QtBot, backend: FakeBackend) -> None:
    preferences = Preferences()
    preferences.set_text("idle_analysis", "on")
    preferences.set_text("model", "flow")
    preferences.set_text("last_size", "720x1280")
    preferences.set_text("device", "cpu")
    made = MainWindow(backend)
    made.open_path(Path("/clips/heron.mov"))
    qtbot.waitUntil(lambda: made.clip is not None and bool(made.jobs.formats))
    assert backend.prepared == [("flow", (720, 1280), "cpu")]
    made.close()
    preferences.set_text("last_size", "0x-3")
    assert preferences.last_size == (1920, 1080)


def test_nothing_is_loaded_ahead_where_idle_analysis_is_off(
    window: MainWindow, clip: FakeClip, backend: FakeBackend
) -> None:
    assert not backend.prepared


def test_what_can_wait_waits_for_the_first_map(qtbot: QtBot, backend: FakeBackend) -> None:
    """The processor belongs to the first overlay: no scrub pictures, no test of encoders before it is on screen."""
    Preferences().set_text("idle_analysis", "on")
    window = MainWindow(backend)
    qtbot.addWidget(window)
    seen: list[tuple[bool, bool, bool, bool]] = []

    def note(awaited: bool) -> None:
        shown = window.canvas.shown
        overlay = shown is not None and shown.alpha is not None
        seen.append((awaited, window.player.scrub_cache._paused, bool(window.jobs.formats), overlay))

    window.idle_analysis.first_map_awaited.connect(note)
    window.show()
    window.open_path(Path("/clips/heron.mov"))
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen[0][0] and not seen[1][0]
    assert seen[0][1], "the scrub cache waits"
    assert not seen[1][2], "formats are listed after it"
    qtbot.waitUntil(lambda: bool(window.jobs.formats))
    assert not window.player.scrub_cache._paused
    shown = window.canvas.shown
    assert shown is not None and shown.alpha is not None
    window.close()


def test_a_seek_ends_the_waiting(qtbot: QtBot, backend: FakeBackend) -> None:
    Preferences().set_text("idle_analysis", "on")
    window = MainWindow(backend)
    qtbot.addWidget(window)
    window.show()
    clips: list[FakeClip] = []

    def hold(clip: FakeClip) -> None:
        clip.gate = threading.Semaphore(0)
        clips.append(clip)

    window.clip_state.opened.connect(hold)
    window.open_path(Path("/clips/heron.mov"))
    qtbot.waitUntil(lambda: window.idle_analysis.awaits_first_map)
    window.player.seek(20)
    assert not window.idle_analysis.awaits_first_map and not window.player.scrub_cache._paused
    for clip in clips:
        assert clip.gate is not None
        clip.gate.release(100)
    window.close()
