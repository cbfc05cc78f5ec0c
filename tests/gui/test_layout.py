"""Everything is in reach on small screens, and what is dragged stays where it was dragged to."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from fake_clip_session import FakeBackend, FakeClip
from PyQt6.QtCore import QPoint, QRect, QSize
from PyQt6.QtWidgets import QApplication, QDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from screen import analyse_all, pixels, settle, wait_for_frame

from vsod.gui.main_window import MainWindow
from vsod.gui.timeline.track_layout import METRICS, metric_tracks

LEAST = QSize(880, 480)
SMALL = QSize(960, 540)  # a screen of 1920x1080 at scale 2


def place(widget: QWidget, window: MainWindow) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


@pytest.mark.parametrize("code", ["en", "de"])
def test_the_window_fits_a_small_screen(
    qtbot: QtBot, qapp: QApplication, backend: FakeBackend, code: str
) -> None:
    from vsod.gui.toolkit.translation import TranslationTable

    table = TranslationTable(code)
    qapp.installTranslator(table)
    try:
        window = MainWindow(backend)
        qtbot.addWidget(window)
        window.showNormal()
        window.resize(SMALL)
        window.open_path(Path("/clips/heron.mov"))
        wait_for_frame(qtbot, window, 0)
        window.status.show_text("a long remark " * 20)
        window.actions_by_id["queue"].trigger()
        qtbot.wait(50)
        assert window.size() == SMALL
        least = window.minimumSizeHint()
        assert least.width() <= LEAST.width() and least.height() <= LEAST.height()
        for part in (window.canvas, window.transport, window.timeline, window.workspace.export_button):
            assert window.rect().contains(place(part, window)) and not part.visibleRegion().isEmpty()
        assert window.canvas.height() > 200
        assert window.queue_room.isFloating(), "no room for it below the timeline"
        window.close()
    finally:
        qapp.removeTranslator(table)


def test_a_roomy_window_has_the_queue_below_the_timeline(window: MainWindow, clip: FakeClip) -> None:
    window.resize(1300, 900)
    window.actions_by_id["queue"].trigger()
    assert window.queue_room.isVisible() and not window.queue_room.isFloating()


@pytest.mark.parametrize("id", ["shortcuts", "preferences", "export", "log", "compare_models"])
def test_dialogs_fit_a_small_screen(qtbot: QtBot, window: MainWindow, clip: FakeClip, id: str) -> None:
    """Their content scrolls; every button is in sight."""
    before = {part for part in QApplication.topLevelWidgets() if isinstance(part, QDialog)}
    window.actions_by_id[id].trigger()
    dialog = next(
        part
        for part in QApplication.topLevelWidgets()
        if isinstance(part, QDialog) and part not in before and part.isVisible()
    )
    room = SMALL - QSize(16, 48)
    dialog.resize(room)
    qtbot.wait(50)
    assert dialog.width() <= room.width() and dialog.height() <= room.height()
    buttons = [
        part
        for part in dialog.findChildren(QPushButton)
        if part.parentWidget() is dialog or part.parentWidget().parentWidget() is dialog
    ]
    for button in buttons:
        if button.isVisible():
            assert dialog.rect().contains(QRect(button.mapTo(dialog, QPoint(0, 0)), button.size()))
    dialog.reject()


def test_bars_and_panels_stay_where_they_were_put(qtbot: QtBot, backend: FakeBackend) -> None:
    def opened() -> MainWindow:
        made = MainWindow(backend)
        qtbot.addWidget(made)
        made.showNormal()
        made.resize(1400, 900)
        made.open_path(Path("/clips/heron.mov"))
        wait_for_frame(qtbot, made, 0)
        return made

    first = opened()
    columns, rows = first.workspace._columns, first.workspace._rows
    columns.setSizes([1400 - 420, 420])
    rows.setSizes([400, 300])
    panel, timeline = first.workspace.side_panel.width(), first.timeline.height()
    assert panel > 400 and timeline > 250
    first.actions_by_id["side_panel"].trigger()
    first.close()

    second = opened()
    assert second.workspace.side_panel.isHidden()
    second.actions_by_id["side_panel"].trigger()
    qtbot.wait(50)
    assert abs(second.workspace.side_panel.width() - panel) <= 4
    assert abs(second.timeline.height() - timeline) <= 4
    second.close()


def test_tabs_of_the_side_panel_keep_export_in_sight(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    clip.bad_frames = (20,)
    panel = window.workspace.side_panel
    analyse_all(qtbot, window)
    qtbot.waitUntil(lambda: panel.tabs.tabText(1) == "Issues (1)")
    for tab in range(panel.tabs.count()):
        panel.tabs.setCurrentIndex(tab)
        assert window.workspace.export_button.isVisible()
    panel.show_issues()
    assert window.workspace.issues.tree.isVisible()


def test_a_higher_timeline_has_higher_tracks_and_a_low_one_fewer() -> None:
    heights = [
        (len(tracks), tracks[0].height) for tracks in (metric_tracks(METRICS, h) for h in (100, 140, 400))
    ]
    assert heights[0] == (1, 14) and 1 < heights[1][0] < 5 and heights[2] == (5, 56)
    assert metric_tracks(METRICS, 80) == [] and metric_tracks((), 400) == []
    for height in range(90, 420, 7):
        tracks = metric_tracks(METRICS, height)
        assert all(a.top + a.height <= b.top for a, b in pairwise(tracks))
        assert not tracks or tracks[-1].top + tracks[-1].height <= height


def test_metrics_are_chosen_and_remembered(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    menu = window.menus.metrics.menu
    for action in menu.actions()[1:5]:
        action.trigger()
    assert [metric.id for metric in window.timeline.shown_metrics] == ["area"]
    window.actions_by_id["show_metrics"].trigger()
    assert not window.timeline.shown_metrics
    window.actions_by_id["show_metrics"].trigger()
    assert [metric.id for metric in window.timeline.shown_metrics] == ["area"]
    assert window.preferences.get_text("hidden_metrics") == "confidence,softness,flicker,motion"


def test_the_clean_feed_shows_the_picture_without_marks(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    window.actions_by_id["guides"].trigger()
    window.actions_by_id["clean_feed"].trigger()
    feed = window.stage.clean_feed.feed
    assert feed is not None and feed.isVisible() and window.actions_by_id["clean_feed"].isChecked()
    feed.resize(640, 360)
    window.player.seek(40)
    wait_for_frame(qtbot, window, 40)
    settle(qtbot, window)
    image = feed.grab().toImage()
    rect = feed.picture_rect()
    # the frame's number is its red; the safe areas of the viewer and its note are not in the feed
    colour = image.pixelColor(round(rect.left() + rect.width() * 0.05), round(rect.center().y()))
    shown = window.canvas.shown
    assert shown is not None and colour.red() == shown.image.pixelColor(2, shown.image.height() // 2).red()

    def steps(row: np.ndarray) -> int:
        return int(np.abs(np.diff(row.astype(int), axis=0)).max())

    line = [image.pixelColor(x, round(rect.center().y())) for x in range(4, 100)]
    assert steps(np.array([[c.red(), c.green(), c.blue()] for c in line])) < 20, "no line of a safe area"
    left = round(window.canvas.picture_rect().left())
    assert steps(pixels(window)[window.canvas.height() // 2, left + 4 : left + 100]) > 60, (
        "the viewer has one"
    )
    window.actions_by_id["clean_feed"].trigger()
    assert window.stage.clean_feed.feed is None and not window.actions_by_id["clean_feed"].isChecked()


def test_the_clean_feed_asks_for_a_larger_picture(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    window.resize(900, 500)
    settle(qtbot, window)
    before = window.player.view.size
    window.stage.clean_feed.open_on(None)
    feed = window.stage.clean_feed.feed
    assert feed is not None
    feed.resize(4000, 3000)
    qtbot.waitUntil(lambda: window.player.view.size is None)
    feed.close()
    qtbot.waitUntil(lambda: window.player.view.size == before)


def test_the_feed_goes_with_the_window(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    window.stage.clean_feed.open_on(None)
    window.close()
    assert window.stage.clean_feed.feed is None
