"""The list of models: published systems are folded away until they are asked for or chosen."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fake_clip_session import MODELS
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from vsod.gui.panels.model_picker import ModelPicker

OLD = [
    replace(MODELS[0], id=name, title=name.upper(), published=f"{name} et al., 2018")
    for name in ("pdb", "stan")
]


@pytest.fixture
def picker(qtbot: QtBot) -> Iterator[ModelPicker]:
    made = ModelPicker()
    qtbot.addWidget(made)
    made.set_models([MODELS[0], *OLD, *MODELS[1:]])
    made.choose("swift")
    made.show()
    yield made
    made.hidePopup()


def seen(picker: ModelPicker) -> list[str]:
    view = picker.view()
    return [picker.itemText(row) for row in range(picker.count()) if not view.isRowHidden(row)]


def test_published_systems_come_last_and_folded(picker: ModelPicker) -> None:
    shown = seen(picker)
    assert shown[:2] == ["Swift", "Flow-guided"] and len(shown) == 4
    assert "Published systems, for comparison (2)" in shown[3]


def test_the_fold_is_no_model(qtbot: QtBot, picker: ModelPicker) -> None:
    told: list[str] = []
    picker.picked.connect(told.append)
    picker.setCurrentIndex(3)
    assert picker.model_id == "swift" and told == []
    assert seen(picker)[-2:] == ["PDB", "STAN"]
    qtbot.waitUntil(picker.view().isVisible)
    picker.setCurrentIndex(picker.findData("stan"))
    assert told == ["stan"]
    picker.setCurrentIndex(3)  # what is chosen stays in sight
    assert picker.model_id == "stan" and "STAN" in seen(picker)
    picker.setCurrentIndex(0)
    picker.setCurrentIndex(3)
    assert told == ["stan", "swift"] and len(seen(picker)) == 4


def test_a_chosen_system_is_in_sight(picker: ModelPicker) -> None:
    told: list[str] = []
    picker.picked.connect(told.append)
    picker.choose("pdb")
    assert picker.model_id == "pdb" and "PDB" in seen(picker) and told == []
    for name in ("broken", "gone", None):
        picker.choose(name)
        assert picker.model_id is None


def test_without_published_systems_there_is_no_fold(picker: ModelPicker) -> None:
    picker.set_models(MODELS)
    assert seen(picker) == ["Swift", "Flow-guided", "Broken (not usable)"]
    picker.set_coverage({"swift": (3, 60)})
    assert picker.coverage_text("swift") == "3 of 60 analysed" and picker.currentText() == "Swift"


def test_a_wheel_that_scrolls_the_panel_changes_no_model(picker: ModelPicker) -> None:
    picker.clearFocus()
    turn = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(picker, turn)
    assert picker.model_id == "swift" and not turn.isAccepted()
