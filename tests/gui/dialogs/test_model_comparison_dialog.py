"""Several models side by side, and the one that is taken."""

import threading
from pathlib import Path

from fake_clip_session import FakeClip, ModelRow, clip_info
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from vsod.gui.dialogs.model_comparison_dialog import ModelComparisonDialog
from vsod.gui.main_window import MainWindow


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
