"""Axis, curves, film and flags of the timeline."""

import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from fake_clip_session import FakeBackend, FakeClip, clip_info
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QImage, QMouseEvent, QPainter, QWheelEvent
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot
from screen import analyse_all, wait_for_frame

from vsod.core.frame import Frame
from vsod.gui.main_window import MainWindow
from vsod.gui.timeline import track_layout
from vsod.gui.timeline.descriptions import next_cut
from vsod.gui.timeline.metric_plot import PlotColours, column_edges, extremes, plot_metric
from vsod.gui.timeline.static_layer import thumbnail_positions
from vsod.gui.timeline.time_axis import TimeAxis
from vsod.gui.timeline.timeline_widget import TimelineWidget
from vsod.qc.frame_metrics import METRICS_BY_ID, FrameMetrics
from vsod.qc.issues import ISSUE_TYPES, Issue, find_issues

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


def test_the_film_is_read_in_one_pass(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    film = window.overview._thumbnails
    qtbot.waitUntil(lambda: not film.filling)
    begun: list[int] = []
    plain = clip.frames

    def count(start: int, stop: int | None = None, *, size: tuple[int, int] | None = None) -> Iterator[Frame]:
        begun.append(start)
        return plain(start, stop, size=size)

    clip.frames = count  # type: ignore[method-assign]
    clip.keyframe_before = lambda index: index - index % 20  # type: ignore[method-assign]
    film.set_clip(clip, (64, 36))
    with qtbot.waitSignal(film.filled):
        film.request([(k, 0) for k in range(1, 60, 4)])
    assert begun == [1, 21, 41], "a decoder for every key frame, no more"
    assert [film.picture(k) is not None for k in (1, 57, 2)] == [True, True, False]
    qtbot.waitUntil(lambda: clip.streams == 0)


def test_what_is_not_in_the_clip_is_not_asked_of_it(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    film = window.overview._thumbnails
    failed: list[Exception] = []
    film.failed.connect(failed.append)
    qtbot.waitUntil(lambda: not film.filling)
    film.request([(60, 0), (200, 0)])
    assert not film.filling and not failed


def test_mattes_are_measured_after_the_film(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    film = window.overview._thumbnails
    qtbot.waitUntil(lambda: not film.filling)
    film.pause(True)
    film.set_clip(clip, (64, 36))
    film.request([(0, 0)])
    clip.measured.clear()
    window.overview._covered = 1
    window.overview._measure_more()
    assert window.overview._job is None and film.filling
    film.request(None)
    assert not film.filling
    film.pause(False)


@pytest.mark.parametrize("count", [1, 2])
def test_a_frame_of_a_short_clip_is_not_stretched(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, count: int
) -> None:
    backend.info_changes = {"count": count}
    window.open_path(Path("/clips/still.mov"))
    film = window.overview._thumbnails
    qtbot.waitUntil(lambda: film.picture(0) is not None)
    image = window.timeline.grab().toImage()
    y = track_layout.THUMBNAILS_TOP + track_layout.THUMBNAILS // 2
    left = round(window.timeline.x_of(0))
    wide = round(track_layout.THUMBNAILS * 16 / 9)
    # red: the frame's number on the left half, 200 on the right one
    assert image.pixelColor(left + wide // 4, y).red() < 60
    assert image.pixelColor(left + wide * 3 // 4, y).red() > 150
    assert image.pixelColor(left + wide + 20, y).red() < 60, "nothing beside it"


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


def press(
    bar: TimelineWidget,
    x: float,
    y: float,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, modifier, QPoint(round(x), round(y)))


def move(bar: TimelineWidget, x: float, y: float = 60) -> None:
    at = QPointF(x, y)
    buttons = Qt.MouseButton.LeftButton
    bar.mouseMoveEvent(
        QMouseEvent(QEvent.Type.MouseMove, at, at, buttons, buttons, Qt.KeyboardModifier.NoModifier)
    )


def release(bar: TimelineWidget) -> None:
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton)


def test_a_click_on_an_issue_goes_to_its_worst_frame(window: MainWindow, clip: FakeClip) -> None:
    bar, count = window.timeline, 60
    bar.set_metrics(
        None,
        np.zeros(count, np.bool_),
        [Issue(ISSUE_TYPES[0], range(10, 40), 33, 0.1), Issue(ISSUE_TYPES[1], range(20, 23), 21, 0.2)],
    )
    y = track_layout.ISSUES_TOP + track_layout.ISSUES / 2
    press(bar, bar.x_of(12), y)
    assert window.player.index == 33
    move(bar, bar.x_of(50))
    assert window.player.index == 33, "a click is no drag"
    release(bar)
    press(bar, bar.x_of(21), y)
    assert window.player.index == 21
    release(bar)
    press(bar, bar.x_of(50.5), y)
    assert window.player.index == 50
    release(bar)


def test_alt_and_a_drag_move_the_range(window: MainWindow, clip: FakeClip) -> None:
    bar, alt = window.timeline, Qt.KeyboardModifier.AltModifier
    bar.range_dragged.emit(10, 20)
    window.document.end_edit()
    at = window.player.index
    press(bar, bar.x_of(15), 60, alt)
    move(bar, bar.x_of(25))
    assert window.player.marked == range(20, 30) and window.player.index == at
    move(bar, bar.x_of(5))
    assert window.player.marked == range(0, 10)
    move(bar, bar.x_of(400))
    assert window.player.marked == range(50, 60), "as far as the clip goes"
    release(bar)
    window.document.history.undo()
    assert window.player.marked == range(10, 20), "one drag is one step of undo"
    press(bar, bar.x_of(40.5), 60, alt)
    assert window.player.index == 40, "outside the range it is a click like others"
    release(bar)


def test_a_drag_beyond_the_edge_scrolls(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    bar = window.timeline
    for _ in range(6):
        bar.zoom_by(1.5, bar.x_of(0))
    edge = bar.axis.left + bar.axis.width
    last = bar.axis.visible.stop
    assert last < 60
    press(bar, bar.x_of(2), track_layout.RULER - 4)
    move(bar, edge + 80)
    qtbot.waitUntil(lambda: bar.axis.visible.stop > last and window.player.index > last)
    release(bar)
    assert not bar._beyond.isActive()
    press(bar, edge - 5, track_layout.RULER - 4)
    move(bar, bar.axis.left - 200)
    qtbot.waitUntil(lambda: window.player.index == 0)
    release(bar)
