"""Axis, curves, film and flags of the timeline."""

import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from fake_clip_session import FakeBackend, FakeClip, clip_info
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QImage, QPainter, QWheelEvent
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot
from screen import analyse_all, wait_for_frame

from vsod.gui.main_window import MainWindow
from vsod.gui.timeline.descriptions import next_cut
from vsod.gui.timeline.metric_plot import PlotColours, column_edges, extremes, plot_metric
from vsod.gui.timeline.static_layer import thumbnail_positions
from vsod.gui.timeline.time_axis import TimeAxis
from vsod.gui.timeline.timeline_widget import TimelineWidget
from vsod.qc.frame_metrics import METRICS_BY_ID, FrameMetrics
from vsod.qc.issues import find_issues

INK = PlotColours(0, 1, 2, 3, 4)


def axis(count=1000, width=500.0):
    made = TimeAxis()
    made.set_count(count)
    made.set_strip(90, width)
    return made


def test_the_whole_clip_fits_until_someone_zooms():
    a = axis()
    assert (a.x_of(0), a.x_of(1000)) == (90, 590)
    a.set_strip(90, 900)
    assert a.x_of(1000) == 990
    a.zoom(4, a.x_of(500))
    assert not a.adapted and a.x_of(500) == pytest.approx(540) and a.shown == pytest.approx(250)
    a.fit()
    assert a.x_of(1000) == 990


@given(
    count=st.integers(1, 200_000),
    moves=st.lists(st.tuples(st.sampled_from(["zoom", "scroll", "strip"]), st.floats(0.01, 60)), max_size=8),
    at=st.floats(0, 1),
)
def test_the_axis_never_leaves_the_clip(count, moves, at):
    a = axis(count)
    for what, much in moves:
        if what == "zoom":
            a.zoom(much, 90 + at * a.width)
        elif what == "scroll":
            a.scroll((much - 30) * 40)
        else:
            a.set_strip(90, 100 + much * 20)
        assert a.first >= -1e-6 and a.first + a.shown <= max(count, a.shown) + 1e-3
        assert 0 <= a.frame_at(90) <= a.frame_at(90 + a.width) < count
        assert a.frame_at((a.x_of(count // 2) + a.x_of(count // 2 + 1)) / 2) == count // 2


def test_a_hidden_frame_turns_the_page():
    a = axis()
    a.zoom(10, a.x_of(0))
    assert not a.reveal(30)
    assert a.reveal(700) and 700 in a.visible


def test_extremes_keep_a_single_bad_frame():
    values = np.full(54_000, 0.5, np.float32)
    values[31_234] = 0.0
    values[100:2000] = np.nan
    low, high = extremes(values, column_edges(0, 54.0, 1000, 54_000))
    assert np.flatnonzero(low == 0).tolist() == [31_234 // 54]
    assert np.isnan(low[10:30]).all() and np.isnan(high[10:30]).all()
    assert high[31_234 // 54] == 0.5


@given(count=st.integers(1, 400), width=st.integers(1, 300), zoom=st.floats(0.02, 1), start=st.floats(0, 1))
def test_extremes_are_those_of_the_frames(count, width, zoom, start):
    values = np.random.default_rng(count).random(count).astype(np.float32)
    per_pixel = zoom * count / width
    edges = column_edges(start * (1 - zoom) * count, per_pixel, width, count)
    low, high = extremes(values, edges)
    for k in range(width):
        part = values[edges[k] : max(edges[k + 1], edges[k] + 1)]
        if len(part):
            assert low[k] == part.min() and high[k] == part.max()
        else:
            assert np.isnan(low[k])


def test_a_plot_is_as_high_as_its_value_and_amber_beyond_the_limit():
    metric = METRICS_BY_ID["confidence"]
    values = np.array([1, 0.75, 0.2, np.nan], np.float32)
    picture = plot_metric(metric, values, values, 18, INK)
    drawn = [picture[:, k] != 0 for k in range(4)]
    assert [int(d.sum()) for d in drawn] == [17, 13, 5, 0]
    assert set(picture[:, 2]) <= {0, 3, 4} and not (picture[:, 1] == 3).any()


def test_next_cut():
    assert [next_cut([10, 20], i, 1) for i in (0, 10, 20)] == [10, 20, None]
    assert [next_cut([10, 20], i, -1) for i in (0, 5, 10, 25)] == [None, 0, 0, 20]


def long_timeline(count=54_000):
    rng = np.random.default_rng(0)
    metrics = FrameMetrics(rng.random((count, len(METRICS_BY_ID))).astype(np.float32))
    cuts = rng.random(count) < 0.01
    bar = TimelineWidget()
    bar.resize(1600, bar.sizeHint().height())
    bar.set_clip(clip_info(Path("long.mov"), count, rate=Fraction(30), time_base=Fraction(1, 30)))
    bar.set_covered(rng.random(count) < 0.5)  # 13 000 pieces: worse than any analysis
    bar.set_metrics(metrics, cuts, find_issues(metrics, cuts))
    return bar


def paint(bar):
    image = QImage(bar.size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    began = time.thread_time()
    bar.render(painter)
    painter.end()
    return time.thread_time() - began


def test_half_an_hour_repaints_within_a_screen_refresh(qtbot: QtBot):
    """Processor time of the painting thread: the machine may be busy with other things."""
    bar = long_timeline()
    qtbot.addWidget(bar)
    paint(bar)
    fresh, moved = [], []
    for step in range(8):
        bar.zoom_by(1.3)
        fresh.append(paint(bar))
        bar.set_index(step * 50)
        moved.append(paint(bar))
    assert sorted(fresh)[4] < 0.016 and sorted(moved)[4] < 0.008, (fresh, moved)


def test_wheel_scrolls_and_zooms(window: MainWindow, clip: FakeClip):
    bar = window.timeline
    at = QPointF(bar.x_of(40.5), 50)

    def turn(amount, keys=Qt.KeyboardModifier.NoModifier):
        phase = Qt.ScrollPhase.NoScrollPhase
        where = bar.mapToGlobal(at)
        bar.wheelEvent(
            QWheelEvent(at, where, QPoint(), QPoint(0, amount), Qt.MouseButton.NoButton, keys, phase, False)
        )

    turn(-240)
    assert bar.axis.adapted
    turn(960, Qt.KeyboardModifier.ControlModifier)
    assert bar.axis.shown < 30 and bar.frame_at(at.x()) == 40
    before = bar.axis.first
    turn(-60)
    assert bar.axis.first > before
    window.actions_by_id["timeline_fit"].trigger()
    assert bar.axis.adapted
    window.actions_by_id["timeline_in"].trigger()
    window.player.seek(59)
    assert 59 in bar.axis.visible


def test_the_film_comes_from_its_own_thread(qtbot: QtBot, window: MainWindow, clip: FakeClip):
    film = window.overview._thumbnails
    qtbot.waitUntil(lambda: film.picture(0) is not None)
    assert film.picture(0).height() == 68
    window.actions_by_id["timeline_in"].trigger()
    _, places = thumbnail_positions(window.timeline.axis, 16 / 9)
    qtbot.waitUntil(lambda: all(film.picture(place) for place in places))
    qtbot.waitUntil(lambda: clip.streams == 0)


def test_lanes_fill_and_flags_are_listed(qtbot: QtBot, window: MainWindow, clip: FakeClip):
    clip.bad_frames, clip.cuts = (20, 21, 40), (30,)
    bar, issues = window.timeline, window.workspace.issues
    assert "Analyse the clip" in issues.empty.text() and bar.metrics is None
    analyse_all(qtbot, window)
    qtbot.waitUntil(lambda: issues.tree.topLevelItemCount() == 2)
    assert [f.frames for f in bar.issues] == [range(20, 22), range(40, 41)]
    assert "2 issues, the next at 01:00:00:20" in bar.accessibleDescription()

    QTest.keyClick(window, Qt.Key.Key_PageDown)
    wait_for_frame(qtbot, window, 20)
    assert "Confidence 0.10" in bar.accessibleDescription()
    QTest.keyClick(window, Qt.Key.Key_PageDown)
    QTest.keyClick(window, Qt.Key.Key_PageDown)
    wait_for_frame(qtbot, window, 40)
    QTest.keyClick(window, Qt.Key.Key_PageUp)
    wait_for_frame(qtbot, window, 20)
    window.actions_by_id["next_shot"].trigger()
    wait_for_frame(qtbot, window, 30)
    window.actions_by_id["previous_shot"].trigger()
    wait_for_frame(qtbot, window, 0)
    issues.tree.itemClicked.emit(issues.tree.topLevelItem(1), 0)
    wait_for_frame(qtbot, window, 40)


def test_another_model_has_its_own_lanes(qtbot: QtBot, window: MainWindow, clip: FakeClip):
    clip.bad_frames = (20,)
    analyse_all(qtbot, window)
    qtbot.waitUntil(lambda: len(window.timeline.issues) == 1)
    window.analysis.model_box.setCurrentIndex(1)
    qtbot.waitUntil(lambda: window.timeline.metrics is None)
    assert not window.timeline.issues and window.workspace.issues.tree.topLevelItemCount() == 0
    window.analysis.model_box.setCurrentIndex(0)
    qtbot.waitUntil(lambda: len(window.timeline.issues) == 1)


def test_lanes_can_be_hidden(window: MainWindow, clip: FakeClip):
    high = window.timeline.sizeHint().height()
    window.actions_by_id["show_metrics"].trigger()
    assert window.timeline.sizeHint().height() < high - 80
    window.actions_by_id["show_metrics"].trigger()
    assert window.timeline.sizeHint().height() == high


def test_hovering_tells_what_is_there(qtbot: QtBot, window: MainWindow, clip: FakeClip, monkeypatch):
    clip.bad_frames = (20,)
    analyse_all(qtbot, window)
    qtbot.waitUntil(lambda: len(window.timeline.issues) == 1)
    said = []
    monkeypatch.setattr(
        "vsod.gui.timeline.timeline_widget.QToolTip.showText", lambda _at, text, _on: said.append(text)
    )
    QTest.mouseMove(window.timeline, QPoint(round(window.timeline.x_of(20.5)), 60))
    assert "frame 21" in said[-1] and "Low confidence: 1 frame, Confidence 0.10" in said[-1]


def test_the_film_waits_for_the_first_map(qtbot: QtBot, window: MainWindow, backend: FakeBackend) -> None:
    window.open_path(Path("/clips/heron.mov"))
    qtbot.waitUntil(lambda: window.canvas.shown is not None)
    film = window.overview._thumbnails
    backend.clips[-1].gate = gate = threading.Semaphore(0)
    window.actions_by_id["analyse"].trigger()
    assert film._paused
    gate.release(1)
    qtbot.waitUntil(lambda: int(window.timeline.covered.sum()) == 1)
    assert not film._paused and window.jobs.busy
    gate.release(100)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert not film._paused
