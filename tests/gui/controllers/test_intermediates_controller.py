"""Looking inside the network: the menu lists what there is, the frame under the playhead is computed when asked."""

import threading
from pathlib import Path

import numpy as np
import pytest
from fake_clip_session import FakeBackend, FakeClip
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot
from screen import analyse_all, center_left, pixels, settle, wait_for_frame

from vsod.errors import ModelError
from vsod.gui.main_window import MainWindow


def rows(window: MainWindow) -> dict[str, QAction]:
    return {a.objectName(): a for a in window.menus.inside.menu.actions() if a.objectName()}


def open_menu(qtbot: QtBot, window: MainWindow) -> dict[str, QAction]:
    window.menus.inside.menu.aboutToShow.emit()
    qtbot.waitUntil(lambda: len(rows(window)) > 1)
    return rows(window)


def look(qtbot: QtBot, window: MainWindow, name: str) -> None:
    open_menu(qtbot, window)[f"inside:{name}"].trigger()
    seen(qtbot, window)


def seen(qtbot: QtBot, window: MainWindow) -> None:
    def there() -> bool:
        shown = window.canvas.shown
        return shown is not None and shown.view == window.player.view and not shown.lacks_intermediate

    qtbot.waitUntil(there)
    settle(qtbot, window)


def test_the_menu_has_what_the_model_in_use_has(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    assert list(rows(window)) == ["inside:"] and rows(window)["inside:"].isChecked()
    texts = [action.text() for action in open_menu(qtbot, window).values()]
    assert texts == ["Off", "Motion prior  (prior)", "Title of gate_1  (gate_1)"]
    window.analysis.model_box.setCurrentIndex(window.analysis.model_box.findData("flow"))
    qtbot.waitUntil(lambda: window.inside.model == "flow")
    window.menus.inside.menu.aboutToShow.emit()
    qtbot.waitUntil(lambda: "inside:A_st" in rows(window))
    assert "inside:gate_1" not in rows(window)
    view = window.findChild(type(window.menus.inside.menu), "view")
    assert window.menus.inside.menu.menuAction() in view.actions()


def test_a_frame_is_looked_into_when_asked_and_once(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    analyse_all(qtbot, window)
    before = pixels(window)
    assert not clip.looked_into
    look(qtbot, window, "prior")
    assert clip.looked_into == [("swift", 0)] and center_left(window) == [60, 60, 60]
    assert rows(window)["inside:prior"].isChecked() and not window.actions_by_id["show_tint"].isChecked()
    look(qtbot, window, "gate_1")
    assert center_left(window) == [120, 120, 120] and len(clip.looked_into) == 1
    window.player.seek(20)
    wait_for_frame(qtbot, window, 20)
    seen(qtbot, window)
    assert clip.looked_into == [("swift", 0), ("swift", 20)]
    window.player.seek(0)
    wait_for_frame(qtbot, window, 0)
    seen(qtbot, window)
    assert len(clip.looked_into) == 2, "it was kept"
    # any view mode leads back to what it shows
    QTest.keyClick(window, Qt.Key.Key_F3)
    settle(qtbot, window)
    assert window.player.view.intermediate == "" and (pixels(window) == before).all()
    assert window.actions_by_id["show_tint"].isChecked() and rows(window)["inside:"].isChecked()


def test_no_analysis_is_needed(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    look(qtbot, window, "gate_1")
    assert center_left(window) == [120, 120, 120] and not clip.analysed
    rows(window)["inside:"].trigger()
    settle(qtbot, window)
    assert center_left(window) != [120, 120, 120]


def test_it_says_so_and_can_be_cancelled(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    open_menu(qtbot, window)
    clip.gate = threading.Semaphore(0)
    rows(window)["inside:prior"].trigger()
    qtbot.waitUntil(lambda: window.jobs.busy == "inside")
    qtbot.waitUntil(lambda: window.analysis.status.text() == "Looking inside")
    assert window.canvas._note == "Looking inside …" and window.actions_by_id["cancel"].isEnabled()
    window.actions_by_id["cancel"].trigger()
    qtbot.waitUntil(lambda: not window.jobs.busy and window.player.view.intermediate == "")
    settle(qtbot, window)
    assert not window.banner.isVisible() and window.canvas._note != "Looking inside …"


def test_it_waits_for_what_runs(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    open_menu(qtbot, window)
    clip.gate = threading.Semaphore(0)
    window.actions_by_id["analyse"].trigger()
    qtbot.waitUntil(lambda: window.jobs.busy == "analyse")
    rows(window)["inside:prior"].trigger()
    qtbot.wait(100)
    assert window.jobs.busy == "analyse" and not clip.looked_into
    clip.gate = None
    seen(qtbot, window)
    assert clip.looked_into == [("swift", 0)]


def test_another_model_without_that_map_shows_its_matte_again(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    look(qtbot, window, "gate_1")
    window.analysis.model_box.setCurrentIndex(window.analysis.model_box.findData("flow"))
    qtbot.waitUntil(lambda: ("flow", 0) in clip.looked_into)
    qtbot.waitUntil(lambda: window.player.view.intermediate == "")
    assert "gate_1" in window.status.text.text()


def test_what_fails_is_told_once(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> list[str]:
        raise ModelError("the weights are missing")

    monkeypatch.setattr(clip, "compute_intermediates", broken)
    open_menu(qtbot, window)["inside:prior"].trigger()
    qtbot.waitUntil(lambda: window.banner.isVisible())
    assert "weights are missing" in window.banner.text and window.player.view.intermediate == ""
    assert not window.jobs.busy


def test_a_model_that_cannot_be_asked_is_asked_again(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_model: str) -> list[str]:
        raise ModelError("its code cannot be imported")

    with monkeypatch.context() as patch:
        patch.setattr(clip, "intermediate_maps", broken)
        window.menus.inside.menu.aboutToShow.emit()
        qtbot.waitUntil(window.banner.isVisible)
    assert list(rows(window)) == ["inside:"]
    assert len(open_menu(qtbot, window)) == 3


def test_another_clip_begins_with_its_picture(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, backend: FakeBackend
) -> None:
    look(qtbot, window, "prior")
    window.open_path(Path("/clips/other.mov"))
    qtbot.waitUntil(lambda: len(backend.clips) == 2 and window.clip is backend.clips[-1])
    assert window.player.view.intermediate == "" and not backend.clips[-1].looked_into


def test_it_is_wiped_against_the_picture(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    analyse_all(qtbot, window)
    look(qtbot, window, "gate_1")
    window.menus.view_menus.chosen.emit({"compare_with": "picture"})
    settle(qtbot, window)
    assert window.player.view.compare == "wipe" and window.canvas.shown.other is not None
    assert center_left(window) == [120, 120, 120]
    right = np.s_[window.canvas.height() // 2, round(window.canvas.picture_rect().right()) - 12]
    assert pixels(window)[right].tolist() != [120, 120, 120]
