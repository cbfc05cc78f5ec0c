"""Several models side by side, and the one that is taken."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fake_clip_session import FakeClip, ModelRow, clip_info
from PyQt6.QtCore import QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QImage
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from vsod.gui.dialogs.model_comparison_dialog import ModelComparisonDialog
from vsod.gui.main_window import MainWindow
from vsod.gui.panels.comparison_cell import ComparisonCell, SharedView
from vsod.gui.playback.frame_renderer import to_qimage
from vsod.pipeline.model_comparison import ModelComparison


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
    qtbot.waitUntil(lambda: bool(dialog.take_buttons))
    texts = [dialog.grid.itemAtPosition(r, c).widget().text() for r, c in ((0, 1), (0, 2), (4, 1), (1, 0))]
    assert texts[:2] == ["Swift\n0.0 s a picture", "Flow-guided\n0.0 s a picture"]
    assert texts[2] == "100 % overlap with Flow-guided" and texts[3].endswith("frame 11")
    assert not window.jobs.busy and clip.compared_with == window.document.current_clip.settings
    dialog.take_buttons["flow"].click()
    assert window.analysis.model == "flow" and window.bake_off.dialog is None


def test_the_pictures_grow_with_the_dialog(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    dialog = asked(window)
    dialog.count.setValue(1)
    dialog.run_button.click()
    qtbot.waitUntil(lambda: bool(dialog.take_buttons))
    cell = dialog.grid.itemAtPosition(1, 1).widget()
    widths = []
    for width in (600, 760):
        dialog.resize(width, 500)
        qtbot.waitUntil(lambda width=width: dialog.width() == width)
        QApplication.processEvents()
        widths.append(cell.width())
        assert abs(cell.height() - cell.width() * 90 / 160) <= 1
    assert widths[1] - widths[0] > 60
    assert all(button.isVisible() for button in dialog.take_buttons.values())


def test_it_says_which_model_is_prepared_and_can_be_stopped(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    clip.gate = threading.Semaphore(0)
    dialog = asked(window)
    dialog.run_button.click()
    assert dialog.run_button.text() == "Stop" and dialog.bar.isVisible()
    qtbot.waitUntil(lambda: "Preparing Swift" in dialog.note.text())
    clip.gate.release()
    qtbot.waitUntil(lambda: "Preparing Flow-guided" in dialog.note.text())
    dialog.run_button.click()
    qtbot.waitUntil(lambda: "Stopped" in dialog.note.text())
    assert dialog.isVisible() and dialog.run_button.text() == "Compare" and not window.jobs.busy


def test_the_best_are_ticked_and_published_systems_are_folded_away(qtbot: QtBot) -> None:
    def row(id: str, overlap: float, published: str = "") -> ModelRow:
        return ModelRow(id, id.upper(), published=published, measured={"J": overlap})

    rows = [row("swift", 0.73), row("dsnet", 0.71, "2020"), row("mine", 0.2), row("studio", 0.77)]
    info = clip_info(Path("a.mov"))
    dialog = ModelComparisonDialog(info, rows, "mine", None)
    qtbot.addWidget(dialog)
    assert set(dialog.picked) == {"mine", "studio", "swift"} and dialog.more.isHidden()
    dialog.fold_button.click()
    assert not dialog.more.isHidden()
    other = ModelComparisonDialog(info, rows, "dsnet", None)
    qtbot.addWidget(other)
    assert set(other.picked) == {"dsnet", "studio", "swift"} and not other.more.isHidden()


def test_closing_the_dialog_stops_it(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    clip.gate = threading.Semaphore(0)
    dialog = asked(window)
    dialog.run_button.click()
    qtbot.waitUntil(lambda: window.jobs.busy == "compare")
    dialog.reject()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert window.bake_off.dialog is None


def numbered(width: int = 1280, height: int = 720, blue: int = 0) -> np.ndarray:
    """A picture whose pixels say where they are: red and green the place modulo 256, blue its own."""
    y, x = np.mgrid[:height, :width]
    return np.stack((x % 256, y % 256, np.full_like(x, blue)), axis=-1).astype(np.uint8)


@pytest.fixture
def cells(qtbot: QtBot) -> Iterator[list[ComparisonCell]]:
    """Two models' pictures of one frame beside each other."""
    view = SharedView()
    body = QWidget()
    row = QHBoxLayout(body)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    shown = [ComparisonCell(to_qimage(numbered(blue=10 * k)), f"Model {k}", 7, view) for k in (1, 2)]
    for cell in shown:
        row.addWidget(cell, 1)
    qtbot.addWidget(body)
    body.resize(806, 230)
    body.show()
    qtbot.waitExposed(body)
    yield shown


def painted(cell: ComparisonCell) -> np.ndarray:
    """(H, W, 3) of what is on screen, without the frame that marks the focus."""
    image = cell.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    raw = image.constBits()
    rows = np.frombuffer(raw.asarray(image.sizeInBytes()), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def press(cell: ComparisonCell, *ways: QPoint) -> None:
    """Press at the first point, go along the others, let go at the last."""
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(cell, left, pos=ways[0])
    for way in ways[1:]:
        QTest.mouseMove(cell, way)
    QTest.mouseRelease(cell, left, pos=ways[-1])


def test_a_click_shows_that_place_pixel_for_pixel_in_all_pictures(cells: list[ComparisonCell]) -> None:
    first, second = cells
    assert first.width() == 400 and first.part() == QRect(0, 0, 1280, 720)
    press(first, QPoint(300, 150))
    # the place under the pointer stays there: 300/400 and 150/225 of the picture
    for cell, blue in ((first, 10), (second, 20)):
        pixels = painted(cell)
        assert cell.zoomed and cell.part().size() == QSize(400, 225)
        assert abs(cell.part().left() + 300 - 960) <= 1 and abs(cell.part().top() + 150 - 480) <= 1
        expected = numbered(blue=blue)[cell.part().top() :, cell.part().left() :][:225, :400]
        assert np.array_equal(pixels[3:222, 3:397], expected[3:222, 3:397])
    press(second, QPoint(10, 10))
    assert not first.zoomed and first.part() == QRect(0, 0, 1280, 720)


def test_a_drag_moves_the_enlarged_pictures_and_stops_at_their_edge(cells: list[ComparisonCell]) -> None:
    first, second = cells
    press(first, QPoint(200, 112))
    before = first.part()
    press(second, QPoint(200, 100), QPoint(230, 110), QPoint(260, 120))
    assert second.zoomed and first.part() == second.part()
    assert first.part().topLeft() == before.topLeft() - QPoint(60, 20)
    press(first, QPoint(10, 10), QPoint(390, 100), QPoint(2000, 2000))
    assert first.part().topLeft() == QPoint(0, 0)
    press(first, QPoint(300, 100), QPoint(200, 100))
    assert first.part().left() == 100, "a drag back moves it at once"


def test_keys_zoom_and_pan_and_esc_leaves_the_dialog_open(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    dialog = asked(window)
    dialog.count.setValue(1)
    dialog.pictures.show_comparison(comparison_of(["swift", "flow"], 1))
    cell = dialog.pictures.cells["flow"][0]
    QApplication.processEvents()
    cell.setFocus()
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Return):
        QTest.keyClick(cell, key)
        assert cell.zoomed and dialog.pictures.cells["swift"][0].zoomed and dialog.isVisible()
        QTest.keyClick(cell, key)
        assert not cell.zoomed
    QTest.keyClick(cell, Qt.Key.Key_Space)
    left = cell.part().left()
    QTest.keyClick(cell, Qt.Key.Key_Right)
    assert cell.part().left() > left
    QTest.keyClick(cell, Qt.Key.Key_Escape)
    assert not cell.zoomed and dialog.isVisible()
    QTest.keyClick(cell, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_a_picture_that_is_seen_whole_is_not_enlarged(qtbot: QtBot) -> None:
    cell = ComparisonCell(to_qimage(numbered(160, 90)), "Swift", 1, SharedView())
    qtbot.addWidget(cell)
    cell.resize(300, 169)
    cell.show()
    press(cell, QPoint(50, 50))
    QTest.keyClick(cell, Qt.Key.Key_Space)
    assert not cell.zoomed and cell.part() == QRect(0, 0, 160, 90)


def comparison_of(models: list[str], count: int) -> ModelComparison:
    """Pictures larger than their cells; each model's matte is a left part of its own."""
    pictures = [numbered() for _ in range(count)]
    mattes = []
    for place in range(len(models)):
        matte = np.zeros((720, 1280), np.float32)
        matte[:, : 400 * (place + 1)] = 1
        mattes.append([matte] * count)
    frames = tuple(range(count))
    return ModelComparison(tuple(models), frames, pictures, mattes, [0.1] * 2, np.eye(len(models)))


def test_a_second_model_lies_right_of_a_line_that_is_dragged(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    dialog = asked(window)
    assert dialog.ways.isHidden()
    dialog.resize(900, 600)
    dialog.show_comparison(comparison_of(["swift", "flow"], 2))
    QApplication.processEvents()
    swift, flow = (dialog.pictures.cells[name] for name in ("swift", "flow"))
    alone = [painted(swift[0]), painted(flow[0])]
    assert (alone[0] != alone[1]).any()
    QTest.keyClick(dialog.wipe_box, Qt.Key.Key_End)
    assert dialog.wipe_box.currentText() == "Flow-guided"
    assert swift[0].accessibleName() == "Swift and Flow-guided, frame 1"
    assert flow[0].accessibleName() == "Flow-guided, frame 1"
    width, low = swift[0].width(), slice(40, None)

    def is_wiped_at(edge: int) -> bool:
        shown = painted(swift[0])
        left, right = slice(3, edge - 8), slice(edge + 8, width - 3)
        return np.array_equal(shown[low, left], alone[0][low, left]) and np.array_equal(
            shown[low, right], alone[1][low, right]
        )

    assert is_wiped_at(width // 2) and np.array_equal(painted(flow[0]), alone[1])
    y = swift[0].height() - 20
    press(swift[1], QPoint(width // 2, y), QPoint(width // 3, y), QPoint(width // 4, y))
    assert is_wiped_at(width // 4) and not swift[0].zoomed, "all lines move together"
    swift[0].setFocus()
    QTest.keyClick(swift[0], Qt.Key.Key_Right)
    assert dialog.pictures.view.line == pytest.approx((width // 4) / width + 0.02)
    for _ in range(60):
        QTest.keyClick(swift[0], Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert dialog.pictures.view.line == 0.02
    QTest.keyClick(dialog.wipe_box, Qt.Key.Key_Home)
    assert swift[0].accessibleName() == "Swift, frame 1"


def test_the_wipe_is_enlarged_too(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    dialog = asked(window)
    dialog.resize(900, 600)
    dialog.show_comparison(comparison_of(["swift", "flow"], 1))
    QApplication.processEvents()
    dialog.wipe_box.setCurrentIndex(2)
    swift, flow = (dialog.pictures.cells[name][0] for name in ("swift", "flow"))
    press(swift, QPoint(swift.width() // 4, swift.height() // 2))
    shown, other, edge = painted(swift), painted(flow), swift.width() // 2
    assert swift.zoomed and swift.part() == flow.part()
    right = slice(edge + 8, swift.width() - 3)
    assert np.array_equal(shown[40:-3, right], other[40:-3, right])
    dialog.show_comparison(comparison_of(["swift", "flow"], 1))
    assert dialog.pictures.view.place is None, "new pictures are seen whole"
