"""Several models side by side, and the one that is taken."""

import threading

from fake_clip_session import FakeClip
from pytestqt.qtbot import QtBot

from vsod.gui.main_window import MainWindow


def asked(window: MainWindow):
    window.actions_by_id["compare_models"].trigger()
    dialog = window.bake_off.dialog
    assert dialog is not None
    return dialog


def test_models_are_compared_and_one_is_taken(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    dialog = asked(window)
    assert list(dialog.boxes) == ["swift", "flow"] and dialog.picked == ["swift", "flow"]
    dialog.boxes["flow"].setChecked(False)
    assert not dialog.run_button.isEnabled()
    dialog.boxes["flow"].setChecked(True)
    dialog.count.setValue(3)
    dialog.run_button.click()
    qtbot.waitUntil(lambda: dialog.grid.itemAtPosition(4, 1) is not None)
    texts = [dialog.grid.itemAtPosition(r, c).widget().text() for r, c in ((0, 1), (0, 2), (4, 1), (1, 0))]
    assert texts[:2] == ["Swift\n12 ms/frame", "Flow-guided\n12 ms/frame"]
    assert texts[2].endswith("Flow-guided 1.00") and texts[3].endswith("frame 11")
    assert not window.jobs.busy
    dialog.grid.itemAtPosition(5, 2).widget().click()
    assert window.analysis.model == "flow" and window.bake_off.dialog is None


def test_closing_the_dialog_stops_it(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    clip.gate = threading.Semaphore(0)
    dialog = asked(window)
    dialog.run_button.click()
    qtbot.waitUntil(lambda: window.jobs.busy == "compare")
    dialog.reject()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert window.bake_off.dialog is None
