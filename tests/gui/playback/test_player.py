import threading
from pathlib import Path

import numpy as np
import pytest
from fake_clip_session import FakeBackend, FakeClip, clip_info
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot
from screen import center_left, wait_for_frame

from vsod.gui.main_window import MainWindow
from vsod.gui.playback.playback_clock import PlaybackClock

Key = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier


def press(
    window: MainWindow, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    QTest.keyClick(window, key, keys)


@pytest.mark.parametrize(
    ("key", "modifier", "start", "end"),
    [
        (Key.Key_Right, Qt.KeyboardModifier.NoModifier, 20, 21),
        (Key.Key_Left, Qt.KeyboardModifier.NoModifier, 20, 19),
        (Key.Key_Right, SHIFT, 20, 30),
        (Key.Key_Left, SHIFT, 20, 10),
        (Key.Key_Left, SHIFT, 3, 0),
        (Key.Key_Right, SHIFT, 55, 59),
        (Key.Key_Home, Qt.KeyboardModifier.NoModifier, 20, 0),
        (Key.Key_End, Qt.KeyboardModifier.NoModifier, 20, 59),
    ],
)
def test_keys_move_the_playhead(
    qtbot: QtBot,
    window: MainWindow,
    clip: FakeClip,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier,
    start: int,
    end: int,
) -> None:
    window.player.seek(start)
    press(window, key, modifier)
    wait_for_frame(qtbot, window, end)
    assert center_left(window)[0] == end
    assert window.transport.frame.text() == f"{end + 1} of 60"
    assert window.transport.timecode.text() == f"01:00:{end // 25:02d}:{end % 25:02d}"


def test_space_plays_to_the_end_and_stops_there(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    window.player.seek(50)
    seen: list[int] = []
    window.player.moved.connect(seen.append)
    press(window, Key.Key_Space)
    assert window.player.speed == 1
    wait_for_frame(qtbot, window, 59)
    qtbot.waitUntil(lambda: window.player.speed == 0)
    assert seen == sorted(seen) and seen[-1] == 59 and len(seen) >= 5
    qtbot.waitUntil(lambda: clip.streams == 0)  # neither playback nor drafts keep a decoder open


def test_space_pauses_on_the_frame_shown(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    press(window, Key.Key_Space)
    qtbot.waitUntil(lambda: window.player.index >= 3)
    press(window, Key.Key_Space)
    assert window.player.speed == 0
    wait_for_frame(qtbot, window, window.player.index)
    qtbot.waitUntil(lambda: clip.streams == 0)


def test_playing_keeps_source_speed(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    import time

    shown: list[tuple[int, float]] = []
    window.player.shown.connect(lambda s: shown.append((s.index, time.monotonic())))
    window.player.toggle_play()
    qtbot.waitUntil(lambda: window.player.index >= 25)
    window.player.pause()
    played = [(i, t) for i, t in shown if i > 0]
    (first, start), (last, end) = played[0], next(p for p in played if p[0] >= 25)
    # wide enough for a busy machine, far too narrow for "as fast as it decodes"
    assert (end - start) / ((last - first) / 25) == pytest.approx(1, abs=0.4)


@pytest.mark.parametrize(("key", "index"), [(Key.Key_L, 31), (Key.Key_J, 29)])
def test_k_held_steps_a_frame(window: MainWindow, clip: FakeClip, key: Qt.Key, index: int) -> None:
    window.player.seek(30)
    QTest.keyPress(window, Key.Key_K)
    press(window, key)
    assert window.player.index == index and window.player.speed == 0
    QTest.keyRelease(window, Key.Key_K)
    press(window, key)
    assert window.player.speed == index - 30
    window.player.pause()


def test_slowly(window: MainWindow, clip: FakeClip) -> None:
    window.player.seek(30)
    for key, modifier, speed in (
        (Key.Key_L, SHIFT, 0.5),
        (Key.Key_L, SHIFT, 0.25),
        (Key.Key_J, SHIFT, -0.5),
        (Key.Key_L, SHIFT, 0.5),
        (Key.Key_L, Qt.KeyboardModifier.NoModifier, 1.0),
        (Key.Key_L, SHIFT, 0.5),
    ):
        press(window, key, modifier)
        assert window.player.speed == speed
    window.player.pause()


def test_j_k_l_shuttle(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    window.player.seek(30)
    speeds: list[float] = []
    window.player.speed_changed.connect(speeds.append)
    press(window, Key.Key_L)
    press(window, Key.Key_L)
    assert window.transport.speed.text() == "2×"
    press(window, Key.Key_K)
    window.player.seek(30)
    press(window, Key.Key_J)
    qtbot.waitUntil(lambda: window.player.index < 28)
    press(window, Key.Key_J)
    press(window, Key.Key_J)
    press(window, Key.Key_L)
    press(window, Key.Key_K)
    assert speeds == [1, 2, 0, -1, -2, -4, 1, 0]


def test_backwards_stops_at_the_start(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    window.player.seek(5)
    window.player.shuttle(-1)
    wait_for_frame(qtbot, window, 0)
    qtbot.waitUntil(lambda: window.player.speed == 0)


def test_play_stays_inside_the_marked_range(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    window.player.seek(10)
    press(window, Key.Key_I)
    window.player.seek(16)
    press(window, Key.Key_O)
    assert window.player.marked == range(10, 17)
    seen: list[int] = []
    window.player.moved.connect(seen.append)
    press(window, Key.Key_Space)
    qtbot.waitUntil(lambda: window.player.speed == 0)
    wait_for_frame(qtbot, window, 16)
    # it begins again at the start; a crowded machine may leave frames out, the first as well
    assert set(seen) <= set(range(10, 17)) and min(seen) < 16


def test_marks_never_cross(window: MainWindow, clip: FakeClip) -> None:
    window.player.seek(40)
    press(window, Key.Key_I)
    window.player.seek(20)
    press(window, Key.Key_O)
    assert window.player.marked == range(20, 21)
    press(window, Key.Key_X, Qt.KeyboardModifier.AltModifier)
    assert window.player.marked == range(60)


def test_scrubbing_serves_the_newest_frame_and_drops_stale_wishes(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    clip.frame_gate = threading.Semaphore(0)
    clip.asked.clear()
    for index in range(10, 50):
        window.timeline.scrubbed.emit(index)
    assert window.player.index == 49  # the playhead does not wait for the picture
    clip.frame_gate.release(100)
    wait_for_frame(qtbot, window, 49)
    assert clip.asked[-1] == 49 and len(clip.asked) <= 3
    clip.frame_gate = None


def test_clicking_and_dragging_the_timeline(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    bar = window.timeline
    y = 12
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=QPoint(round(bar.x_of(15.5)), y))
    wait_for_frame(qtbot, window, 15)
    QTest.mouseMove(bar, QPoint(round(bar.x_of(33.5)), y))
    wait_for_frame(qtbot, window, 33)
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=QPoint(round(bar.x_of(33.5)), y))
    QTest.mouseMove(bar, QPoint(round(bar.x_of(3)), y))
    assert window.player.index == 33


def test_dragging_the_handles_marks_a_range(window: MainWindow, clip: FakeClip) -> None:
    bar = window.timeline
    low = bar.height() - 12
    for edge, target in ((0, 12), (60, 40)):
        QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=QPoint(round(bar.x_of(edge)), low))
        QTest.mouseMove(bar, QPoint(round(bar.x_of(target)), low))
        QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=QPoint(round(bar.x_of(target)), low))
    assert window.player.marked == range(12, 40)
    assert window.player.index == 0
    assert "In 12, out 40" in bar.accessibleDescription()


def test_decoder_trouble_is_a_banner(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    clip.frame_error = ValueError("boom")
    window.player.seek(7)
    qtbot.waitUntil(window.banner.isVisible)
    assert "ValueError: boom" in window.banner.text
    clip.frame_error = None
    window.player.seek(8)
    wait_for_frame(qtbot, window, 8)


def test_wheel_zooms_to_the_cursor(window: MainWindow, clip: FakeClip) -> None:
    canvas = window.canvas
    at = QPointF(canvas.width() * 0.3, canvas.height() * 0.4)
    before = canvas.picture_point(at)
    zoom = canvas.zoom
    event = QWheelEvent(
        at,
        canvas.mapToGlobal(at),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    canvas.wheelEvent(event)
    after = canvas.picture_point(at)
    assert canvas.zoom == pytest.approx(zoom * 1.44)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_fit_and_one_to_one(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    adapted = window.canvas.zoom
    press(window, Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.canvas.zoom == 1.0
    assert window.workspace.view_bar.zoom.text() == "100 %"
    press(window, Key.Key_F)
    assert window.canvas.zoom == pytest.approx(adapted)


def test_middle_button_pans(window: MainWindow, clip: FakeClip) -> None:
    window.canvas.zoom_by(4)
    start = window.canvas.picture_rect()
    QTest.mousePress(window.canvas, Qt.MouseButton.MiddleButton, pos=QPoint(200, 200))
    QTest.mouseMove(window.canvas, QPoint(230, 190))
    QTest.mouseRelease(window.canvas, Qt.MouseButton.MiddleButton, pos=QPoint(230, 190))
    moved = window.canvas.picture_rect().topLeft() - start.topLeft()
    assert (moved.x(), moved.y()) == pytest.approx((30, -10))


def test_space_and_drag_pans_and_does_not_play(window: MainWindow, clip: FakeClip) -> None:
    window.canvas.zoom_by(4)
    start = window.canvas.picture_rect()
    QTest.keyPress(window.canvas, Key.Key_Space)
    QTest.mousePress(window.canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    QTest.mouseMove(window.canvas, QPoint(180, 200))
    QTest.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, pos=QPoint(180, 200))
    QTest.keyRelease(window.canvas, Key.Key_Space)
    assert window.player.speed == 0
    assert window.canvas.picture_rect().left() - start.left() == pytest.approx(-20)


def test_pixel_readout_reads_the_source(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    window.player.seek(9)
    wait_for_frame(qtbot, window, 9)
    rect = window.canvas.picture_rect()
    at = QPointF(rect.left() + rect.width() * 10.5 / 320, rect.top() + rect.height() * 90.5 / 180)
    QTest.mouseMove(window.canvas, at.toPoint())
    assert window.status.pixel.text().startswith("10, 90   R 9  G 100")
    window.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    assert window.status.pixel.text() == ""


def test_small_views_ask_for_small_pictures(qtbot: QtBot, window: MainWindow, backend: FakeBackend) -> None:
    backend.info_changes = {"size": (1920, 1080)}
    window.open_path(Path("/clips/hd.mov"))
    wait_for_frame(qtbot, window, 0)
    clip = backend.clips[-1]
    assert clip.sizes[-1] is not None and clip.sizes[-1][0] <= window.canvas.width()
    window.actions_by_id["one_to_one"].trigger()
    qtbot.waitUntil(lambda: clip.sizes[-1] is None)


def test_clock_follows_uneven_time_stamps() -> None:
    info = clip_info(Path("a"), pts=np.array([0, 1, 5, 6]), count=4)
    clock = PlaybackClock(info, 0, 1.0, now=100.0)
    assert [clock.frame_due(100 + t / 25) for t in (0, 0.9, 1, 4.9, 5, 6, 99)] == [0, 0, 1, 1, 2, 3, 3]
    assert clock.seconds_until(2, 100.0) == pytest.approx(0.2)
    back = PlaybackClock(info, 3, -2.0, now=0.0)
    assert back.frame_due(0.02) == 2 and back.frame_due(0.05) == 1
    assert back.seconds_until(2, 0.0) == pytest.approx(0.02)
