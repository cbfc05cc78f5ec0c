import threading
from pathlib import Path

import numpy as np
import pytest
from fake_clip_session import FakeClip
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot
from screen import analyse_all, pixels, settle, wait_for_frame

from vsod.core.overlay import Overlay
from vsod.gui.dialogs.model_details_dialog import ModelDetailsDialog
from vsod.gui.main_window import MainWindow

LOOKS = ["show_picture", "show_tint", "show_heat", "show_matte", "show_cutout"]


def test_models_are_listed_and_broken_ones_greyed(window: MainWindow) -> None:
    box = window.analysis.model_box
    assert [box.itemData(i) for i in range(box.count())] == ["swift", "flow", "broken"]
    item = box.model().item(2)  # type: ignore[union-attr]
    assert not item.isEnabled() and item.toolTip() == "weights are missing"
    assert window.analysis.badge.text() == "Learned from freely licensed data"
    assert window.analysis.facts.accuracy.text() == "good matte on 4 of 5 test clips"
    assert window.analysis.facts.speed.text() == "not measured yet"


def test_the_badge_and_the_accuracy_tell_what_is_behind_them(window: MainWindow) -> None:
    for button in (window.analysis.badge, window.analysis.facts.accuracy):
        button.click()
        dialog = next(d for d in window.findChildren(ModelDetailsDialog) if d.isVisible())
        for told in ("photos of herons", "Commercial use: yes", "MIT", "4.2 MB", "0.852", "Two layers"):
            assert told in dialog.text
        assert "research" not in dialog.text
        dialog.reject()


def test_the_picker_tells_how_far_each_model_has_analysed_the_clip(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    analyse_all(qtbot, window)
    box = window.analysis.model_box
    box.showPopup()
    qtbot.waitUntil(lambda: box.coverage_text("swift") == "60 of 60 analysed")
    assert box.coverage_text("flow") == "0 of 60 analysed" and not box.coverage_text("broken")
    box.hidePopup()
    assert box.currentText() == "Swift"
    window.open_path(Path("/clips/next.mov"))
    qtbot.waitUntil(lambda: window.clip is not None and window.clip.info.path.name == "next.mov")
    assert box.coverage_text("swift") == ""


def test_analysis_fills_the_lane_and_reports(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    clip.gate = threading.Semaphore(1)
    assert window.analysis.button.text() == "Analyse 60 frames"
    window.actions_by_id["analyse"].trigger()
    qtbot.waitUntil(lambda: window.timeline.covered.sum() == 1)
    assert window.analysis.button.text() == "Cancel"
    assert window.analysis.bar.maximum() == 60 and window.analysis.bar.value() == 1
    assert "1 of 60" in window.analysis.status.text()
    assert "12.5 fps" in window.analysis.status.text()
    assert "0:05 left" in window.analysis.status.text()
    qtbot.waitUntil(lambda: window.canvas.shown.alpha is not None)  # frame 0 is analysed and on screen
    clip.gate.release(59)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert window.timeline.covered.all()
    assert window.analysis.button.text() == "Analysed" and not window.analysis.button.isEnabled()
    assert "60 of 60 frames analysed" in window.timeline.accessibleDescription()


def test_cancel_keeps_what_is_done(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    clip.gate = threading.Semaphore(4)
    window.actions_by_id["analyse"].trigger()
    qtbot.waitUntil(lambda: clip.coverage("swift").sum() == 4)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    qtbot.waitUntil(lambda: window.timeline.covered.sum() == 4)
    assert window.banner.kind == "note" and window.banner.text.startswith("Cancelled")
    assert window.analysis.button.text() == "Analyse 56 frames"


def test_only_the_marked_range_is_analysed_on_the_chosen_device(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    window.analysis.set_device("cpu")
    window.analysis.model_box.setCurrentIndex(1)
    window.timeline.range_dragged.emit(10, 20)
    assert window.analysis.button.text() == "Analyse 10 frames in range"
    with qtbot.waitSignal(window.jobs.analysed):
        window.analysis.button.click()
    assert clip.analysed == [("flow", range(10, 20), "cpu")]
    assert window.analysis.button.text() == "Analysed"
    window.actions_by_id["clear_marks"].trigger()
    assert window.analysis.button.text() == "Analyse 50 frames"


def test_the_speed_here_is_measured_and_remembered(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    with qtbot.waitSignal(window.jobs.timed) as heard:
        window.analyse()
    model, device, fps = heard.args
    assert (model, device) == ("swift", "auto") and fps > 0
    assert window.analysis.facts.speed.text() == f"{fps:.1f} fps"
    assert window.preferences.speeds["swift", "auto"] == pytest.approx(fps, abs=0.01)
    window.analysis.set_device("cpu")
    assert window.analysis.facts.speed.text() == "not measured yet"


def test_a_short_analysis_says_nothing_about_speed(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    window.timeline.range_dragged.emit(10, 20)
    with qtbot.assertNotEmitted(window.jobs.timed), qtbot.waitSignal(window.jobs.analysed):
        window.analyse()


def test_the_model_is_fitted_to_the_clip_if_asked(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    window.analysis.adapt_box.click()
    qtbot.waitUntil(lambda: clip.preferred[-1] == ("swift", True))
    with qtbot.waitSignal(window.jobs.adapted) as heard:
        window.analyse()
    assert heard.args == [True] and clip.adapted == [True] and clip.preferred[-1] == ("swift", True)
    assert not window.banner.isVisible()
    window.analysis.adapt_box.click()
    qtbot.waitUntil(lambda: clip.preferred[-1] == ("swift", False))


def test_what_is_analysed_is_still_to_be_adapted(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    analyse_all(qtbot, window)
    assert window.analysis.button.text() == "Analysed"
    window.analysis.adapt_box.click()
    qtbot.waitUntil(lambda: window.analysis.button.text() == "Adapt to the clip")
    assert window.analysis.button.isEnabled() and window.timeline.covered.all()
    with qtbot.waitSignal(window.jobs.adapted):
        window.analysis.button.click()
    qtbot.waitUntil(lambda: window.analysis.button.text() == "Analysed")


def test_a_clip_nothing_can_be_learned_from_is_said(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    clip.adapts = False
    window.analysis.adapt_box.click()
    window.analyse()
    qtbot.waitUntil(window.banner.isVisible)
    assert window.banner.text.startswith("The model stays as it is")


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
    qtbot.waitUntil(lambda: not window.jobs.busy)
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


def test_looks_change_while_playing(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    analyse_all(qtbot, window)
    window.player.toggle_play()
    qtbot.waitUntil(lambda: window.player.index > 1)
    window.actions_by_id["show_matte"].trigger()
    assert window.player.view.overlay is Overlay.MATTE
    at = window.player.index
    qtbot.waitUntil(lambda: window.player.index > at + 2)
    qtbot.waitUntil(lambda: window.canvas.shown.view.overlay is Overlay.MATTE)
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


def test_another_model_has_its_own_maps(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    analyse_all(qtbot, window)
    window.analysis.model_box.setCurrentIndex(1)
    qtbot.waitUntil(lambda: window.canvas.shown.alpha is None)
    assert not window.timeline.covered.any()
    window.analysis.model_box.setCurrentIndex(0)
    qtbot.waitUntil(lambda: window.canvas.shown.alpha is not None)
    assert window.timeline.covered.all()
