"""What is turned can hold for one shot: shown, undone, analysed, exported and kept."""

from pathlib import Path

import numpy as np
import pytest
from fake_clip_session import FakeBackend, FakeClip
from pytestqt.qtbot import QtBot
from screen import analyse_all, settle

from vsod.core.clip_settings import ShotOverride
from vsod.core.matte_settings import MatteSettings
from vsod.core.progress import Progress
from vsod.gui.main_window import MainWindow
from vsod.gui.timeline.descriptions import frame_text, summary
from vsod.project.project import Project

SHOT = range(20, 40)


@pytest.fixture
def cut(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> FakeClip:
    """An analysed clip of three shots, the playhead in the middle one."""
    clip.cuts = (20, 40)
    analyse_all(qtbot, window)
    qtbot.waitUntil(lambda: window.overview.cuts == [20, 40])
    window.player.seek(30)
    settle(qtbot, window)
    return clip


def own(window: MainWindow) -> tuple[ShotOverride, ...]:
    work = window.document.current_clip
    assert work is not None
    return work.settings.shots


def feather(window: MainWindow, value: float) -> None:
    editor = window.matte.editors["feather"]
    editor.set_value(value)
    editor.changed.emit()
    editor.settled.emit()


def by_shot(window: MainWindow) -> None:
    window.workspace.scope.shot_button.click()


def test_one_shot_alone_has_no_scope(window: MainWindow, clip: FakeClip) -> None:
    assert not window.workspace.scope.shot_button.isEnabled() and window.scope.frames is None


def test_a_knob_turns_the_shot_alone(qtbot: QtBot, window: MainWindow, cut: FakeClip) -> None:
    feather(window, 2)
    by_shot(window)
    assert window.scope.frames == SHOT
    assert "20" in window.workspace.scope.note.text() and "39" in window.workspace.scope.note.text()
    feather(window, 5)
    assert own(window) == (ShotOverride(20, 40, None, MatteSettings(feather=5)),)
    assert window.document.current_clip.settings.matte.feather == 2
    assert window.player.view.at(30)[1].feather == 5 and window.player.view.at(50)[1].feather == 2
    settle(qtbot, window)
    window.player.seek(50)
    assert window.matte.settings.feather == 2, "the panel follows the playhead into the next shot"
    window.player.seek(21)
    assert window.matte.settings.feather == 5
    window.workspace.scope.clip_button.click()
    assert window.matte.settings.feather == 2


def test_it_is_undone_and_given_back(window: MainWindow, cut: FakeClip) -> None:
    by_shot(window)
    feather(window, 5)
    assert window.workspace.scope.back_button.isVisible()
    window.actions_by_id["undo"].trigger()
    assert own(window) == () and window.matte.settings.feather == 0
    window.actions_by_id["redo"].trigger()
    assert len(own(window)) == 1 and window.matte.settings.feather == 5
    window.workspace.scope.back_button.click()
    assert own(window) == () and not window.workspace.scope.back_button.isVisible()
    window.actions_by_id["undo"].trigger()
    assert len(own(window)) == 1


def test_a_shot_has_its_own_model(qtbot: QtBot, window: MainWindow, cut: FakeClip) -> None:
    by_shot(window)
    window.analysis.model_box.setCurrentIndex(window.analysis.model_box.findData("flow"))
    assert (
        own(window) == (ShotOverride(20, 40, "flow"),)
        and window.document.current_clip.settings.model == "swift"
    )
    qtbot.waitUntil(lambda: np.flatnonzero(~window.timeline.covered).tolist() == list(SHOT))
    assert "20 " in window.analysis.button.text()
    before = len(cut.analysed)
    with qtbot.waitSignal(window.jobs.analysed):
        window.actions_by_id["analyse"].trigger()
    assert cut.analysed[before:] == [("flow", SHOT, "auto")], "what is done is not done again"
    qtbot.waitUntil(lambda: window.timeline.covered.all())
    assert cut.coverage("flow").sum() == 20
    # the shots stay known although the shot's frames were unknown for a while
    qtbot.waitUntil(lambda: window.overview.cuts == [20, 40])
    window.player.seek(10)
    assert window.analysis.model == "swift"
    window.player.seek(30)
    assert window.analysis.model == "flow"
    qtbot.waitUntil(lambda: window.canvas.shown.alpha is not None)


def test_progress_counts_all_models(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    window.document.edit("shots", shots=(ShotOverride(20, 40, "flow"),))
    told: list[Progress] = []
    window.jobs.progressed.connect(told.append)
    with qtbot.waitSignal(window.jobs.analysed):
        window.actions_by_id["analyse"].trigger()
    assert told[-1].done == 60 and {step.total for step in told} == {60}
    assert [step.done for step in told] == sorted(step.done for step in told)
    assert [look[:2] for look in clip.analysed] == [
        ("swift", range(0, 20)),
        ("flow", SHOT),
        ("swift", range(40, 60)),
    ]


def test_a_clip_that_is_fitted_is_fitted_as_a_whole(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    window.document.edit("shots", shots=(ShotOverride(20, 40, "flow"),), adapt=True)
    with qtbot.waitSignal(window.jobs.adapted):
        window.actions_by_id["analyse"].trigger()
    assert [(*look[:2], fit) for look, fit in zip(clip.analysed, clip.adapted, strict=True)] == [
        ("swift", None, True),
        ("flow", SHOT, False),
    ]


def test_idle_analysis_goes_by_shots(qtbot: QtBot, window: MainWindow, cut: FakeClip) -> None:
    window.document.edit("shots", shots=(ShotOverride(20, 40, "flow"),))
    qtbot.waitUntil(lambda: not window.timeline.covered.all())
    before = len(cut.analysed)
    window.idle_analysis._interval = 0
    window.set_idle_analysis(True)
    qtbot.waitUntil(lambda: window.timeline.covered.all())
    assert {look[0] for look in cut.analysed[before:]} == {"flow"}


def test_the_export_and_the_comparison_go_by_shots(
    qtbot: QtBot, window: MainWindow, cut: FakeClip, tmp_path: Path
) -> None:
    by_shot(window)
    feather(window, 5)
    window.actions_by_id["export"].trigger()
    assert window.dialog is not None and window.dialog.spec.settings.shots == own(window)
    assert "--shot '20:40 --feather=5.0'" in window.dialog.command.text()
    window.dialog.reject()
    window.actions_by_id["compare_models"].trigger()
    dialog = window.bake_off.dialog
    assert dialog is not None and "21 to " in dialog.windowTitle()
    dialog.run_button.click()
    qtbot.waitUntil(lambda: dialog.grid.count() > 4)
    dialog.chosen.emit("flow")
    assert own(window) == (ShotOverride(20, 40, "flow", MatteSettings(feather=5)),)
    dialog.reject()


def test_a_project_brings_shots_back(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, tmp_path: Path
) -> None:
    source = tmp_path / "a.mov"
    source.write_bytes(b"pictures")
    window.open_path(source)
    qtbot.waitUntil(lambda: window.canvas.shown is not None)
    window.document.edit("shots", shots=(ShotOverride(20, 40, "flow"),))
    window.document.save(tmp_path / "p.vsod")
    assert Project.read(tmp_path / "p.vsod").clips[0].settings.shots == own(window)
    window.projects.new()
    window.open_path(tmp_path / "p.vsod")
    qtbot.waitUntil(lambda: window.player.count == 60 and window.document.current_clip is not None)
    window.player.seek(25)
    # no cut is known yet, but this shot is
    assert window.scope.shot == SHOT and window.workspace.scope.shot_button.isEnabled()
    window.actions_by_id["edit_shot_only"].trigger()
    assert window.analysis.model == "flow"


def test_the_timeline_says_which_shots_have_their_own(window: MainWindow, cut: FakeClip) -> None:
    plain = window.timeline.grab().toImage()
    window.document.edit("shots", shots=(ShotOverride(20, 40, "flow", MatteSettings(feather=1)),))
    assert window.timeline.grab().toImage() != plain
    picture = window.timeline._picture
    assert "its own model flow and matte settings" in frame_text(picture, 25)
    assert "its own" not in frame_text(picture, 45)
    assert "its own model flow" in summary(picture, 25, range(60))
