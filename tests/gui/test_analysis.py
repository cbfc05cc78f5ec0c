import threading

import numpy as np
import pytest
from fake_session import FakeClip
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot
from screen import pixels, wait_for_frame

from vsod.core.overlay import Overlay
from vsod.gui.window import MainWindow

LOOKS = ["show_picture", "show_tint", "show_heat", "show_matte", "show_cutout"]


def analyse_all(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.tasks.analysed):
        window.actions_by_id["analyse"].trigger()
    qtbot.waitUntil(lambda: window.canvas.shown is not None and window.canvas.shown.alpha is not None)
    settle(qtbot, window)


def settle(qtbot: QtBot, window: MainWindow) -> None:
    """Wait for the picture that was last asked for; one asked for before may still be on its way."""
    qtbot.waitUntil(
        lambda: window.canvas.shown is not None and window.canvas.shown.view == window.player.view
    )


def test_cards_are_listed_and_broken_ones_greyed(window: MainWindow) -> None:
    box = window.analysis.card_box
    assert [box.itemData(i) for i in range(box.count())] == ["swift", "flow", "broken"]
    item = box.model().item(2)  # type: ignore[union-attr]
    assert not item.isEnabled() and item.toolTip() == "weights are missing"
    assert window.analysis.licence.text() == "MIT"


def test_analysis_fills_the_lane_and_reports(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    clip.gate = threading.Semaphore(1)
    assert window.analysis.button.text() == "Analyse 60 frames"
    window.actions_by_id["analyse"].trigger()
    qtbot.waitUntil(lambda: window.scrubber.covered.sum() == 1)
    assert window.analysis.button.text() == "Cancel"
    assert window.analysis.bar.maximum() == 60 and window.analysis.bar.value() == 1
    assert "1 of 60" in window.analysis.status.text()
    assert "12.5 fps" in window.analysis.status.text()
    assert "0:05 left" in window.analysis.status.text()
    qtbot.waitUntil(lambda: window.canvas.shown.alpha is not None)  # frame 0 is analysed and on screen
    clip.gate.release(59)
    qtbot.waitUntil(lambda: not window.tasks.busy)
    assert window.scrubber.covered.all()
    assert window.analysis.button.text() == "Analysed" and not window.analysis.button.isEnabled()
    assert "60 of 60 frames analysed" in window.scrubber.accessibleDescription()


def test_cancel_keeps_what_is_done(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    clip.gate = threading.Semaphore(4)
    window.actions_by_id["analyse"].trigger()
    qtbot.waitUntil(lambda: clip.coverage("swift").sum() == 4)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.tasks.busy)
    qtbot.waitUntil(lambda: window.scrubber.covered.sum() == 4)
    assert window.banner.kind == "note" and window.banner.text.startswith("Cancelled")
    assert window.analysis.button.text() == "Analyse 56 frames"


def test_only_the_marked_range_is_analysed_on_the_chosen_device(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    window.analysis.set_device("cpu")
    window.analysis.card_box.setCurrentIndex(1)
    window.scrubber.range_dragged.emit(10, 20)
    assert window.analysis.button.text() == "Analyse 10 frames in range"
    with qtbot.waitSignal(window.tasks.analysed):
        window.analysis.button.click()
    assert clip.analysed == [("flow", range(10, 20), "cpu")]
    assert window.analysis.button.text() == "Analysed"
    window.actions_by_id["clear_marks"].trigger()
    assert window.analysis.button.text() == "Analyse 50 frames"


def test_failure_is_a_banner(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vsod.errors import ModelError

    def fail(*_: object, **__: object) -> None:
        raise ModelError("weights do not match", where="swift", fix="Install again.")

    monkeypatch.setattr(clip, "analyse", fail)
    window.analyse()
    qtbot.waitUntil(window.banner.isVisible)
    assert window.banner.text == "swift: weights do not match\nInstall again."
    qtbot.waitUntil(lambda: not window.tasks.busy)
    assert window.analysis.button.isEnabled()


def test_every_look_changes_the_picture(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    analyse_all(qtbot, window)
    pictures = []
    for key, name in zip(range(Qt.Key.Key_F2, Qt.Key.Key_F7), LOOKS, strict=True):
        QTest.keyClick(window, Qt.Key(key))
        settle(qtbot, window)
        assert window.actions_by_id[name].isChecked()
        pictures.append(pixels(window))
    for a in range(5):
        for b in range(a):
            assert np.abs(pictures[a].astype(int) - pictures[b]).mean() > 3, (LOOKS[a], LOOKS[b])


def test_matte_look_is_white_on_the_subject(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    analyse_all(qtbot, window)
    window.actions_by_id["show_matte"].trigger()
    settle(qtbot, window)
    rect = window.canvas.picture_rect().toRect()
    seen = pixels(window)
    y = rect.center().y()
    assert seen[y, rect.left() + rect.width() * 3 // 10].tolist() == [255, 255, 255]
    assert seen[y, rect.right() - 5].tolist() == [0, 0, 0]


def test_hard_mask_leaves_no_grey(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    analyse_all(qtbot, window)
    assert len(np.unique(window.canvas.shown.alpha)) > 2
    window.finish.hard.click()
    settle(qtbot, window)
    assert set(np.unique(window.canvas.shown.alpha)) == {0, 255}
    area = (window.canvas.shown.alpha > 0).sum()
    window.finish.threshold.setValue(95)
    settle(qtbot, window)
    assert (window.canvas.shown.alpha > 0).sum() < area
    assert len(clip.analysed) == 1, "changing the matte must not analyse again"


def test_the_crf_is_asked_for_by_a_box(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    analyse_all(qtbot, window)
    window.finish.crf.click()
    settle(qtbot, window)
    assert window.player.view.finish.crf == "meanfield"
    window.finish.crf.click()
    assert window.player.view.finish.crf == ""


def test_looks_change_while_playing(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    analyse_all(qtbot, window)
    window.player.toggle()
    qtbot.waitUntil(lambda: window.player.index > 1)
    window.actions_by_id["show_matte"].trigger()
    assert window.player.view.overlay is Overlay.MATTE
    at = window.player.index
    qtbot.waitUntil(lambda: window.player.index > at + 2)
    seen = pixels(window)
    assert window.player.speed == 1
    window.player.pause()
    rect = window.canvas.picture_rect().toRect()
    picture = seen[rect.top() + 1 : rect.bottom(), rect.left() + 1 : rect.right()]
    assert (picture[..., 0] == picture[..., 1]).all(), "a matte is grey"


def test_an_unanalysed_frame_says_so(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    assert window.canvas._note == "Not analysed yet"
    window.actions_by_id["show_picture"].trigger()
    qtbot.waitUntil(lambda: window.canvas._note == "")
    window.actions_by_id["show_tint"].trigger()
    analyse_all(qtbot, window)
    wait_for_frame(qtbot, window, 0)
    assert window.canvas._note == ""


def test_another_card_has_its_own_maps(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    analyse_all(qtbot, window)
    window.analysis.card_box.setCurrentIndex(1)
    qtbot.waitUntil(lambda: window.canvas.shown.alpha is None)
    assert not window.scrubber.covered.any()
    window.analysis.card_box.setCurrentIndex(0)
    qtbot.waitUntil(lambda: window.canvas.shown.alpha is not None)
    assert window.scrubber.covered.all()
