"""The inspector's knobs: made from the table, coupled, reset, previewed without another analysis."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from fake_clip_session import MODELS, FakeClip
from PyQt6.QtCore import QPoint, QPointF, QRect, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot
from screen import analyse_all, settle

from vsod.core.matte_settings import DEFAULT_MATTE_SETTINGS, MatteSettings
from vsod.gui.main_window import MainWindow
from vsod.gui.panels.matte_panel import MattePanel
from vsod.gui.panels.setting_words import TIPS
from vsod.gui.toolkit.translation import TranslationTable

EXAMPLES: dict[str, Any] = {
    "temporal_smoothing": 0.25,
    "crf": "meanfield",
    "edges": "soft",
    "threshold": 0.4,
    "despeckle": 700,
    "fill_holes": 1 << 20,
    "grow": -60.5,
    "feather": 150.0,
    "black": 0.2,
    "white": 0.7,
    "gamma": 9.5,
    "invert": True,
}


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[MattePanel]:
    made = MattePanel()
    qtbot.addWidget(made)
    made.show()
    yield made


def told(panel: MattePanel) -> list[MatteSettings]:
    heard: list[MatteSettings] = []
    panel.changed.connect(heard.append)
    return heard


def test_there_is_a_knob_for_every_setting_of_the_table(panel: MattePanel) -> None:
    assert list(panel.editors) == [s.name for s in fields(MatteSettings)] == list(EXAMPLES)
    for setting in fields(MatteSettings):
        assert setting.metadata["title"] and panel.editors[setting.name].title == setting.metadata["title"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_knob_shows_any_value_and_goes_back_to_the_usual(panel: MattePanel, name: str) -> None:
    wanted = replace(DEFAULT_MATTE_SETTINGS, **{name: EXAMPLES[name]})
    heard = told(panel)
    panel.set_settings(wanted)
    editor = panel.editors[name]
    assert panel.settings == wanted and editor.value == EXAMPLES[name]
    assert editor.reset_button.isVisible() and heard == []
    editor.reset_button.click()
    assert heard == [DEFAULT_MATTE_SETTINGS] and not editor.reset_button.isVisible()


def test_slider_and_box_say_the_same_and_the_box_reaches_further(panel: MattePanel) -> None:
    feather = panel.editors["feather"]
    heard = told(panel)
    feather.slider.setValue(35)
    assert feather.box.value() == 3.5 and heard[-1].feather == 3.5
    feather.box.setValue(90)
    assert feather.slider.value() == feather.slider.maximum() and heard[-1].feather == 90


def test_black_stays_below_white(panel: MattePanel) -> None:
    panel.editors["white"].box.setValue(0.6)
    panel.editors["black"].box.setValue(0.8)
    assert (panel.settings.black, panel.settings.white) == (0.8, 0.81)
    assert panel.editors["white"].value == 0.81
    panel.editors["white"].box.setValue(0.0)
    assert (panel.settings.black, panel.settings.white) == (0.0, 0.01)
    panel.editors["black"].box.setValue(1.0)
    assert (panel.settings.black, panel.settings.white) == (0.99, 1.0)


def test_a_value_finer_than_the_box_survives_the_turning_of_another_knob(panel: MattePanel) -> None:
    panel.set_settings(replace(DEFAULT_MATTE_SETTINGS, gamma=1.2345))
    panel.editors["invert"].box.click()
    assert panel.settings == replace(DEFAULT_MATTE_SETTINGS, gamma=1.2345, invert=True)


def test_reset_all(panel: MattePanel) -> None:
    assert not panel.reset_button.isEnabled()
    panel.set_settings(MatteSettings(**EXAMPLES))
    panel.reset_button.click()
    assert panel.settings == DEFAULT_MATTE_SETTINGS and not panel.reset_button.isEnabled()


def test_presets_are_shown_picked_saved_and_deleted(panel: MattePanel) -> None:
    bar = panel.preset_bar
    assert bar.list.currentText() == "Default" and not bar.delete_action.isEnabled()
    panel.editors["feather"].box.setValue(4.5)
    assert bar.list.currentIndex() == -1
    bar.save("Mine")
    assert bar.list.currentText() == "Mine" and bar.delete_action.isEnabled()
    heard = told(panel)
    bar.list.setCurrentIndex(bar.list.findText("Tight"))
    bar.list.activated.emit(bar.list.currentIndex())
    assert heard == [MatteSettings(grow=-1.5, feather=1.0)]
    bar.list.setCurrentIndex(bar.list.findText("Mine"))
    bar.list.activated.emit(bar.list.currentIndex())
    assert panel.settings == replace(DEFAULT_MATTE_SETTINGS, feather=4.5)
    bar.delete_action.trigger()
    assert bar.list.findText("Mine") == -1 and panel.settings.feather == 4.5


def test_a_press_on_the_groove_jumps_there_and_drags_on(panel: MattePanel) -> None:
    slider = panel.editors["feather"].slider
    middle, left = slider.height() // 2, Qt.MouseButton.LeftButton
    settled: list[None] = []
    panel.settled.connect(lambda: settled.append(None))
    QTest.mousePress(slider, left, pos=QPoint(slider.width() // 2, middle))
    assert abs(slider.value() / slider.maximum() - 0.5) < 0.05
    QTest.mouseMove(slider, QPoint(slider.width() * 3 // 4, middle))
    assert abs(slider.value() / slider.maximum() - 0.75) < 0.1 and not settled
    QTest.mouseRelease(slider, left, pos=QPoint(slider.width() * 3 // 4, middle))
    assert len(settled) == 1
    value = slider.value()
    QTest.mouseMove(slider, QPoint(3, middle))
    assert slider.value() == value
    QTest.mouseClick(slider, left, pos=QPoint(slider.width() - 1, middle))
    assert slider.value() == slider.maximum()


@pytest.mark.parametrize("part", ["slider", "label"])
def test_a_double_click_resets(panel: MattePanel, part: str) -> None:
    panel.set_settings(replace(DEFAULT_MATTE_SETTINGS, feather=4.0))
    QTest.mouseDClick(getattr(panel.editors["feather"], part), Qt.MouseButton.LeftButton)
    assert panel.settings == DEFAULT_MATTE_SETTINGS


def test_a_wheel_that_scrolls_past_turns_nothing(panel: MattePanel) -> None:
    feather = panel.editors["feather"]
    feather.slider.clearFocus()
    turn = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(feather.slider, turn)
    assert panel.settings == DEFAULT_MATTE_SETTINGS and not turn.isAccepted()


def test_the_matte_follows_at_once_and_nothing_is_analysed_again(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    analyse_all(qtbot, window)
    assert len(np.unique(window.canvas.shown.alpha)) > 2
    threshold = window.matte.editors["threshold"]
    threshold.switch.click()
    settle(qtbot, window)
    assert set(np.unique(window.canvas.shown.alpha)) == {0, 255}
    area = (window.canvas.shown.alpha > 0).sum()
    threshold.slider.setValue(95)
    settle(qtbot, window)
    assert (window.canvas.shown.alpha > 0).sum() < area
    window.matte.editors["crf"].set_value("meanfield")
    window.matte.editors["crf"].changed.emit()
    settle(qtbot, window)
    assert window.canvas.shown.view.settings.matte.crf == "meanfield"
    assert len(clip.analysed) == 1


@pytest.fixture(params=["en", "de"])
def spoken(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[str]:
    catalogue = TranslationTable(request.param)
    qapp.installTranslator(catalogue)
    yield request.param
    qapp.removeTranslator(catalogue)


def test_no_name_of_a_setting_is_clipped(spoken: str, qtbot: QtBot) -> None:
    """At the width the side of the window has."""
    panel = MattePanel()
    qtbot.addWidget(panel)
    panel.resize(294, 900)
    panel.show()
    QApplication.processEvents()
    for editor in panel.editors.values():
        label = editor.label
        if not isinstance(label, QLabel):
            assert label.sizeHint().width() <= label.width()
            continue
        room = QRect(0, 0, label.width(), 1000)
        needed = label.fontMetrics().boundingRect(room, int(Qt.TextFlag.TextWordWrap), editor.title)
        assert needed.width() <= label.width() and needed.height() <= label.height() + 1, editor.title
    assert panel.editors["feather"].slider.width() > 60


def test_every_row_says_what_it_does_and_when_to_use_it(spoken: str, qtbot: QtBot) -> None:
    panel = MattePanel()
    qtbot.addWidget(panel)
    assert set(TIPS) == set(panel.editors)
    for name, editor in panel.editors.items():
        tip = editor.label.toolTip()
        assert tip.count(". ") >= 1 and "--" not in tip and "docs/" not in tip
        assert (tip == TIPS[name]) == (spoken == "en")
        assert tip != editor.about["help"]


def test_auto_says_what_it_is_for_this_model(qtbot: QtBot, window: MainWindow) -> None:
    crf = window.matte.editors["crf"]
    assert crf.list.currentText() == "Auto (off for Swift)"
    window.matte.set_model(replace(MODELS[1], crf="meanfield"))
    assert crf.list.currentText() == "Auto (on for Flow-guided)" and crf.value == "auto"
    window.analysis.model_box.setCurrentIndex(1)
    assert crf.list.currentText() == "Auto (off for Flow-guided)"
