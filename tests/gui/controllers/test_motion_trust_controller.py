"""The trust of motion as tracks: measured when asked for, shown for the models that say, kept."""

import threading
from pathlib import Path

import numpy as np
from fake_clip_session import FakeBackend, FakeClip
from pytestqt.qtbot import QtBot
from screen import analyse_all

from vsod.gui.main_window import MainWindow
from vsod.gui.timeline.descriptions import frame_text


def measure(qtbot: QtBot, window: MainWindow) -> None:
    window.actions_by_id["measure_trust"].trigger()
    qtbot.waitUntil(lambda: not window.jobs.busy)


def tracks(window: MainWindow) -> list[str]:
    return [metric.id for metric in window.timeline._picture.tracks]


def ticks(window: MainWindow) -> list[bool]:
    return [action.isChecked() for action in window.menus.metrics._ticks.values()]


def choose_model(window: MainWindow, model: str) -> None:
    window.analysis.model_box.setCurrentIndex(window.analysis.model_box.findData(model))


def test_a_track_appears_once_it_is_measured(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    before = tracks(window)
    assert "trust_of_motion" not in before and ticks(window) == [False, False]
    measure(qtbot, window)
    qtbot.waitUntil(lambda: ticks(window) == [True, False])
    assert tracks(window) == [*before, "trust_of_motion"]
    curve = window.timeline.trust["trust_of_motion"]
    assert np.allclose(curve, np.arange(60) / 60)
    assert "Motion trust 0.50" in frame_text(window.timeline._picture, 30)
    window.menus.metrics._ticks["scales"].trigger()
    assert tracks(window)[-4:] == [f"trust_of_motion_{k}" for k in (1, 2, 3, 4)], "as many as the model has"
    window.timeline.grab()


def test_the_track_is_painted(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    window.resize(1400, 900)
    measure(qtbot, window)
    qtbot.waitUntil(lambda: "trust_of_motion" in tracks(window))
    for metric in list(window.menus.metrics._actions.values()):
        metric.trigger()  # alone, and high
    qtbot.wait(50)
    assert tracks(window) == ["trust_of_motion"]
    image = window.timeline.grab().toImage()
    top = window.timeline.height() - 8
    colours = [image.pixelColor(round(window.timeline.x_of(index)), top - 4) for index in (3, 57)]
    assert colours[0] != colours[1], "low at the beginning, high at the end"


def test_a_model_that_does_not_say(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    choose_model(window, "flow")
    measure(qtbot, window)
    qtbot.waitUntil(window.banner.isVisible)
    assert "does not say" in window.banner.text and not window.timeline.trust


def test_what_was_measured_is_shown_with_its_model(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, backend: FakeBackend
) -> None:
    measure(qtbot, window)
    qtbot.waitUntil(lambda: bool(window.timeline.trust))
    choose_model(window, "flow")
    qtbot.waitUntil(lambda: not window.timeline.trust)
    choose_model(window, "swift")
    qtbot.waitUntil(lambda: bool(window.timeline.trust))
    window.open_path(Path("/clips/other.mov"))
    qtbot.waitUntil(lambda: len(backend.clips) == 2 and window.clip is backend.clips[-1])
    assert not window.timeline.trust


def test_it_measures_the_marked_range_and_can_be_cancelled(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    window.player.seek(10)
    window.actions_by_id["mark_in"].trigger()
    clip.gate = threading.Semaphore(5)
    window.actions_by_id["measure_trust"].trigger()
    assert window.jobs.busy == "trust" and not window.actions_by_id["measure_trust"].isEnabled()
    qtbot.waitUntil(lambda: "Measuring the trust of motion" in window.analysis.status.text())
    qtbot.waitUntil(lambda: "swift" in clip.trust and clip.trust["swift"][14, 0] > 0)
    window.actions_by_id["cancel"].trigger()
    qtbot.waitUntil(lambda: not window.jobs.busy and bool(window.timeline.trust))
    known = ~np.isnan(window.timeline.trust["trust_of_motion"])
    assert np.flatnonzero(known).tolist() == [10, 11, 12, 13, 14]
    qtbot.waitUntil(lambda: "trust_of_motion" in tracks(window))


def test_the_usual_metrics_stay_beside_it(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    analyse_all(qtbot, window)
    qtbot.waitUntil(lambda: window.timeline.metrics is not None)
    measure(qtbot, window)
    qtbot.waitUntil(lambda: "trust_of_motion" in tracks(window))
    text = frame_text(window.timeline._picture, 6)
    assert "Area" in text and "Motion trust 0.10" in text
