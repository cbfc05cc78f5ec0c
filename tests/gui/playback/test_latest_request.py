"""The thread of all decoding: the newest request counts, and a failure is told and survived."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from fake_clip_session import FakeBackend, FakeClip
from PyQt6.QtCore import QThread
from pytestqt.qtbot import QtBot

from vsod.errors import DataError
from vsod.gui.main_window import MainWindow
from vsod.gui.playback.latest_request import LatestRequestThread, close_stream


class Doubler(LatestRequestThread[int, int]):
    """Doubles even numbers, one each time the gate lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Semaphore(0)
        self.served: list[int | None] = []
        self.versions: list[int] = []
        self.released = 0
        self.start()

    def has_work(self) -> bool:
        return not self._paused and super().has_work()

    def serve(self, request: int | None, version: int) -> None:
        self.served.append(request)
        assert self.gate.acquire(timeout=30)
        if request is None or request % 2:
            raise DataError("odd", fix="Ask for another.")
        self.post(2 * request)

    def fail(self, error: Exception, version: int) -> None:
        self.versions.append(version)
        super().fail(error, version)

    def release(self) -> None:
        assert QThread.currentThread() is self
        self.released += 1


@pytest.fixture
def thread(qtbot: QtBot) -> Iterator[Doubler]:
    made = Doubler()
    yield made
    made.gate.release(100)
    made.stop()
    assert made.isFinished() and made.released == 1


def test_the_newest_request_counts(qtbot: QtBot, thread: Doubler) -> None:
    thread.request(2)
    qtbot.waitUntil(lambda: thread.served == [2])
    for number in (4, 6, 8):
        thread.request(number)
    thread.gate.release(2)
    qtbot.waitUntil(lambda: thread._result == 16)
    assert thread.served == [2, 8] and thread.take() == 16 and thread.take() is None


def test_results_that_are_not_taken_do_not_pile_up(qtbot: QtBot, thread: Doubler) -> None:
    told: list[int] = []
    thread.ready.connect(lambda: told.append(1))
    thread.gate.release(3)
    for number in (2, 4, 6):
        thread.request(number)
        qtbot.waitUntil(lambda number=number: thread._result == 2 * number)
    assert told == [1] and thread.take() == 12


def test_a_failure_is_told_and_the_next_request_is_served(qtbot: QtBot, thread: Doubler) -> None:
    thread.gate.release(2)
    with qtbot.waitSignal(thread.failed) as heard:
        thread.request(3)
    assert isinstance(heard.args[0], DataError) and thread.versions == [1]
    with qtbot.waitSignal(thread.ready):
        thread.request(4)
    assert thread.take() == 8


def test_a_pause_keeps_the_request(qtbot: QtBot, thread: Doubler) -> None:
    thread.pause(True)
    thread.request(2)
    thread.gate.release()
    qtbot.wait(50)
    assert not thread.served
    with qtbot.waitSignal(thread.ready):
        thread.pause(False)
    assert thread.take() == 4


def test_nothing_is_wanted_any_more(qtbot: QtBot, thread: Doubler) -> None:
    thread.pause(True)
    thread.request(2)
    thread.request(None)
    thread.pause(False)
    qtbot.wait(50)
    assert not thread.served


def test_a_generator_lets_go_and_other_iterators_are_let_be() -> None:
    closed: list[bool] = []

    def stream() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    begun = stream()
    next(begun)
    close_stream(begun)
    close_stream(iter([1]))
    close_stream(None)
    assert closed == [True]


# What fails, and how it is asked for.
FAULTS = {
    "frames": lambda window: window.player.scrub_cache.show(0),
    "audio": lambda window: window.actions_by_id["play"].trigger(),
    "measure_metrics": lambda window: window.analyse(),
}


@pytest.mark.parametrize("method", FAULTS)
def test_what_fails_in_the_background_is_told_at_the_bottom(
    qtbot: QtBot,
    backend: FakeBackend,
    window: MainWindow,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    expect_log: Callable[..., None],
) -> None:
    expect_log(f"in the background: no {method} here")

    def fail(*_: object, **__: object) -> None:
        raise DataError(f"no {method} here")

    monkeypatch.setattr(FakeClip, method, fail)
    speaker = Mock(**{"room.return_value": 0, "played.return_value": 0.0})
    monkeypatch.setattr(window.audio, "_open", lambda: speaker)
    backend.info_changes = {"audio_streams": 1}
    window.open_path(Path("/clips/heron.mov"))
    qtbot.waitUntil(lambda: window.canvas.shown is not None)
    FAULTS[method](window)
    qtbot.waitUntil(lambda: window.status.text.text() == f"no {method} here")
