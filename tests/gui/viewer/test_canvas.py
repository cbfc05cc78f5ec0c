"""Looks, comparison and guides of the viewer."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_clip_session import MODELS, FakeBackend, FakeClip
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QAction, QImage
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from screen import analyse_all, pixels, settle, wait_for_frame

from vsod.core import overlay as ov
from vsod.gui.main_window import MainWindow
from vsod.gui.playback.frame_renderer import SOURCE
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.preferences import Preferences


def ready(qtbot: QtBot, window: MainWindow) -> None:
    """All analysed, the subject in the middle of the picture."""
    analyse_all(qtbot, window)
    window.player.seek(30)
    wait_for_frame(qtbot, window, 30)


def do(qtbot: QtBot, window: MainWindow, name: str) -> np.ndarray:
    window.actions_by_id[name].trigger()
    settle(qtbot, window)
    return pixels(window)


def choose(qtbot: QtBot, window: MainWindow, name: str) -> np.ndarray:
    action = window.menus.view_menus.parent().findChild(QAction, name)
    assert action is not None
    action.trigger()
    settle(qtbot, window)
    return pixels(window)


def outside(window: MainWindow) -> QPoint:
    """A spot of the picture that is not subject."""
    rect = window.canvas.picture_rect()
    return QPoint(round(rect.left() + rect.width() * 0.9), round(rect.top() + rect.height() * 0.1))


def test_a_line_to_drag_between_two_versions(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    ready(qtbot, window)
    whole = do(qtbot, window, "show_matte")
    wiped = do(qtbot, window, "compare_wipe")
    width, y = window.canvas.width(), window.canvas.height() // 2 + 40
    left, right = slice(0, width // 2 - 20), slice(width // 2 + 20, width)
    assert (wiped[100:, left] == whole[100:, left]).all()
    assert (wiped[100:, right] != whole[100:, right]).any()

    QTest.mousePress(window.canvas, Qt.MouseButton.LeftButton, pos=QPoint(width // 2, y))
    QTest.mouseMove(window.canvas, QPoint(width // 5, y))
    QTest.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, pos=QPoint(width // 5, y))
    assert window.canvas.comparison.line == width // 5 / width
    moved = pixels(window)
    between = slice(width // 5 + 20, width // 2 - 20)
    assert (moved[100:, between] != whole[100:, between]).any()
    assert (do(qtbot, window, "compare_wipe") == whole).all()


def test_side_by_side_moves_together(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    ready(qtbot, window)
    do(qtbot, window, "show_matte")
    window.menus.view_menus.chosen.emit({"compare_with": SOURCE})
    both = do(qtbot, window, "compare_side")
    canvas, half = window.canvas, window.canvas.width() // 2
    rect = canvas.picture_rect()
    assert rect.width() <= half
    spot = outside(window)
    assert not both[spot.y(), spot.x()].any()  # matte: black
    assert both[spot.y(), spot.x() + half].tolist()[0] == 200  # picture
    canvas.zoom_by(3)
    settle(qtbot, window)
    inside = canvas.picture_point(canvas.rect().center().toPointF() - QPoint(half // 2, 0).toPointF())
    other = canvas.picture_point(canvas.rect().center().toPointF() + QPoint(half // 2, 0).toPointF())
    assert abs(inside.x() - other.x()) < 1 and inside.y() == other.y()
    QTest.mousePress(canvas, Qt.MouseButton.MiddleButton, pos=QPoint(half + 100, 200))
    QTest.mouseMove(canvas, QPoint(half + 140, 200))
    QTest.mouseRelease(canvas, Qt.MouseButton.MiddleButton, pos=QPoint(half + 140, 200))
    assert (pixels(window)[:, : half - 10] != both[:, : half - 10]).any()


def test_another_model_is_compared_with(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    ready(qtbot, window)
    clip.maps["flow"] = np.ones(60, bool)
    do(qtbot, window, "show_matte")
    do(qtbot, window, "compare_wipe")
    choose(qtbot, window, "compare_with:flow")
    shown = window.canvas.shown
    assert (shown.other_alpha == shown.alpha).all()
    choose(qtbot, window, "compare_with:unfinished")
    assert (window.canvas.shown.other_alpha < window.canvas.shown.alpha).any()
    names = [a.objectName() for a in window.menus.view_menus.against.actions()]
    assert names == [
        "compare_with:unfinished",
        "compare_with:picture",
        "compare_with:swift",
        "compare_with:flow",
    ]


def test_a_choice_to_compare_with_is_seen_at_once_and_by_its_title(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    ready(qtbot, window)
    menus, canvas = window.menus.view_menus, window.canvas
    titles = [action.text() for action in menus.against.actions()]
    assert titles == ["Raw matte", "Picture", "Swift", "Flow-guided"]
    assert canvas.comparison.title("flow") == "Flow-guided" and canvas.comparison.title("gone") == "gone"
    menus.set_models([MODELS[0], replace(MODELS[1], published="1999")])
    assert [action.text() for action in menus.against.actions()][2:] == ["Swift", "Published systems"]
    choose(qtbot, window, "compare_with:flow")
    assert window.player.view.compare == "wipe" and window.actions_by_id["compare_wipe"].isChecked()


def test_a_frame_that_lacks_the_other_matte_can_be_analysed_there_and_then(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    ready(qtbot, window)
    offer = window.canvas.offer_button
    assert offer.isHidden()
    window.player.seek(7)
    settle(qtbot, window)
    choose(qtbot, window, "compare_with:flow")
    qtbot.waitUntil(offer.isVisible)
    assert offer.text() == "Analyse this frame with Flow-guided"
    offer.click()
    qtbot.waitUntil(lambda: window.canvas.shown.other_alpha is not None)
    assert clip.analysed[-1] == ("flow", range(7, 8), "auto") and window.analysis.model == "swift"
    qtbot.waitUntil(offer.isHidden)
    window.player.seek(8)
    qtbot.waitUntil(offer.isVisible)
    do(qtbot, window, "compare_wipe")
    qtbot.waitUntil(offer.isHidden)


def test_a_head_says_what_the_readings_of_alpha_are(window: MainWindow) -> None:
    actions = window.menus.view_menus.background.actions()
    head = next(action for action in actions if action.text() == "Alpha interpretation")
    assert not head.isEnabled() and not head.isSeparator()
    assert actions[actions.index(head) - 1].isSeparator() and actions[actions.index(head) + 1].isChecked()


def test_difference_without_a_second_matte_is_the_picture(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    ready(qtbot, window)
    plain = do(qtbot, window, "show_picture")
    assert (do(qtbot, window, "show_difference") != plain).any()
    choose(qtbot, window, "compare_with:flow")  # this model has computed nothing
    assert window.canvas.offer_button.isVisible()
    window.canvas.offer_button.hide()
    assert (pixels(window) == plain).all()


def test_what_lies_behind_the_cutout(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, tmp_path: Path
) -> None:
    ready(qtbot, window)
    do(qtbot, window, "show_cutout")
    spot = outside(window)

    def colour(picture: np.ndarray) -> list[int]:
        return [int(v) for v in picture[spot.y(), spot.x()]]

    assert colour(choose(qtbot, window, "background:FFFFFF")) == [255, 255, 255]
    assert colour(choose(qtbot, window, "background:757575")) == [0x75] * 3
    blurred = choose(qtbot, window, "background:blur")
    assert colour(blurred) != [0x75] * 3
    still = QImage(8, 8, QImage.Format.Format_RGB32)
    still.fill(0x102030)
    still.save(str(tmp_path / "still.png"))
    window.menus.view_menus.chosen.emit({"background": str(tmp_path / "still.png")})
    settle(qtbot, window)
    assert colour(pixels(window)) == [0x10, 0x20, 0x30]
    # a still that is gone is the checker, not a crash
    window.menus.view_menus.chosen.emit({"background": str(tmp_path / "gone.png")})
    settle(qtbot, window)
    assert 90 <= colour(pixels(window))[0] <= 130


def test_alpha_as_a_program_may_misread_it(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    ready(qtbot, window)
    do(qtbot, window, "show_cutout")
    right = choose(qtbot, window, "background:757575").astype(int)
    glow = choose(qtbot, window, "alpha_interpretation:as premultiplied").astype(int)
    dark = choose(qtbot, window, "alpha_interpretation:as straight").astype(int)
    assert (glow - right).max() > 30 and (dark - right).min() < -10 and (dark - right).max() <= 1
    assert (choose(qtbot, window, "alpha_interpretation:right") == right).all()


def test_safe_areas_are_drawn_and_go(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    settle(qtbot, window)
    plain = pixels(window)
    marked = do(qtbot, window, "guides")
    rect = window.canvas.picture_rect()
    x, y = round(rect.left() + rect.width() * 0.035), round(rect.center().y()) + 30
    line = slice(x - 2, x + 3)
    assert (marked[y, line] != plain[y, line]).any()
    assert (do(qtbot, window, "guides") == plain).all()


def test_views_are_greyed_where_nothing_is_computed(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    settle(qtbot, window)
    tint = next(
        b for b in window.workspace.view_bar._needy if b.defaultAction() is window.actions_by_id["show_tint"]
    )
    assert tint.property("lacking") is True and tint.isEnabled()
    ready(qtbot, window)
    assert tint.property("lacking") is False


def test_the_readout_tells_both_mattes(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    ready(qtbot, window)
    do(qtbot, window, "show_tint")
    do(qtbot, window, "compare_wipe")
    shown = window.canvas.shown
    y, x = (int(v) for v in np.argwhere(shown.alpha == 255)[0])
    rect = window.canvas.picture_rect()
    height, width = shown.alpha.shape
    at = QPoint(
        round(rect.left() + (x + 0.5) * rect.width() / width),
        round(rect.top() + (y + 0.5) * rect.height() / height),
    )
    QTest.mouseMove(window.canvas, at)
    assert "α A 1.00   B 0.50" in window.status.pixel.text()


def test_contour_is_a_line(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    ready(qtbot, window)
    picture = do(qtbot, window, "show_contour")
    assert 100 < (picture == ov.OUTLINE_COLOR).all(2).sum() < 20_000


def runs(line: np.ndarray) -> list[int]:
    """How long each run of true values is."""
    ends = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(int), [0]])))
    return (ends[1::2] - ends[::2]).tolist()


@pytest.mark.parametrize("zoom", [0.5, 1.0, 4.0, 12.0])
def test_the_contour_is_one_pixel_wide_at_any_zoom(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, zoom: float
) -> None:
    ready(qtbot, window)
    canvas, rect = window.canvas, window.canvas.picture_rect()
    shown = canvas.shown
    edge = np.flatnonzero(shown.alpha[90] > 127)[0] / shown.alpha.shape[1]
    canvas.zoom_by(zoom, QPointF(rect.left() + edge * rect.width(), rect.center().y()))
    picture = do(qtbot, window, "show_contour")
    y = round(rect.center().y())
    line = (picture[y] == ov.OUTLINE_COLOR).all(1)
    dark = (picture[y] == 0).all(1)
    assert runs(line) and set(runs(line)) == {1}
    at = np.flatnonzero(line)[0]
    assert dark[at - 1] and dark[at + 1] and not dark[at - 2] and not dark[at + 2]


def test_both_versions_have_their_contour(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    ready(qtbot, window)
    do(qtbot, window, "show_contour")
    choose(qtbot, window, "compare_with:picture")
    do(qtbot, window, "compare_side")
    assert window.canvas.shown.outline is not None and window.canvas.shown.other_outline is None
    choose(qtbot, window, "compare_with:unfinished")
    assert window.canvas.shown.other_outline is not None


@pytest.mark.parametrize("name", theme.THEMES)
def test_the_surround_is_neutral_and_the_line_is_seen_in_every_theme(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, name: str
) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before = app.styleSheet(), app.palette()
    theme.apply_theme(app, name)
    try:
        ready(qtbot, window)
        window.resize(1100, 500)
        settle(qtbot, window)
        wiped = do(qtbot, window, "compare_wipe")
        height, width = wiped.shape[:2]
        assert window.canvas.picture_rect().left() > 4
        assert wiped[height // 2, 1].tolist() == [0x2E] * 3
        row = wiped[height // 4, width // 2 - 2 : width // 2 + 2]
        assert row[0].tolist() == row[3].tolist() == [0, 0, 0]
        assert row[1].tolist() == row[2].tolist() == [255, 255, 255]
    finally:
        theme.apply_theme(app)
        app.setStyleSheet(before[0])
        app.setPalette(before[1])


def test_labels_of_the_wipe_stay_in_their_part(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    ready(qtbot, window)
    do(qtbot, window, "show_matte")
    do(qtbot, window, "compare_wipe")
    window.canvas.comparison.drag(20, window.canvas.width())
    with_label = pixels(window)
    assert (with_label[4:30, 40:] != 0).any()  # B's box has words
    assert not (with_label[4:30, :14] == 255).any()  # A's has no room


def test_colour_and_strength_of_the_tint_are_chosen_and_remembered(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, backend: FakeBackend
) -> None:
    ready(qtbot, window)
    usual = do(qtbot, window, "show_tint").astype(int)
    center = window.canvas.rect().center()

    def pick(name: str) -> None:
        action = window.findChild(QAction, name)
        assert action is not None
        action.trigger()
        assert action.isChecked()
        settle(qtbot, window)

    pick("tint:FFD800")
    pick("strength:0.9")
    spot = pixels(window)[center.y(), center.x()].astype(int)
    assert np.abs(spot - [255, 216, 0]).max() < 40 and (spot != usual[center.y(), center.x()]).any()
    other = MainWindow(backend)
    qtbot.addWidget(other)
    assert (other.player.view.tint_color, other.player.view.tint_strength) == ((255, 216, 0), 0.9)
    other.close()
    Preferences().set_text("tint_color", "no colour")
    third = MainWindow(backend)
    qtbot.addWidget(third)
    assert third.player.view.tint_color == ov.TINT_COLOR
    third.close()
