"""Which actions make sense when, and what is ticked."""

import threading
from pathlib import Path

import pytest
from fake_clip_session import FakeBackend, FakeClip
from PyQt6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from vsod.core.job import JobSpec
from vsod.gui.actions.action_context import always, has_clip
from vsod.gui.actions.action_table import MENUS
from vsod.gui.main_window import MainWindow
from vsod.gui.toolkit.preferences import Preferences
from vsod.gui.viewer.view_modes import VIEW_MODES

ROWS = {row.id: row for rows in MENUS.values() for row in rows if row is not None}


def enabled(window: MainWindow) -> set[str]:
    return {id for id, action in window.actions_by_id.items() if action.isEnabled()}


def those(condition: object) -> set[str]:
    return {id for id, row in ROWS.items() if row.enabled is condition}


def test_ids_are_names_of_one_action_each() -> None:
    assert len(ROWS) == sum(row is not None for rows in MENUS.values() for row in rows)


def test_without_a_clip(window: MainWindow) -> None:
    assert enabled(window) == those(always)
    assert {"open", "preferences", "queue", "shortcuts"} <= those(always)
    assert not window.workspace.export_button.isEnabled()


def test_with_a_clip_while_it_is_analysed_and_when_it_is_closed(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    idle = those(always) | those(has_clip) | {"analyse", "measure_trust", "export"}
    assert enabled(window) == idle and window.workspace.export_button.isEnabled()
    clip.gate = threading.Semaphore(0)
    window.actions_by_id["analyse"].trigger()
    assert enabled(window) == (idle | {"cancel"}) - {"analyse", "measure_trust"}
    assert window.workspace.export_button.isEnabled(), "an export waits for its turn"
    clip.gate.release(60)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert enabled(window) == idle
    window.player.seek(10)
    window.actions_by_id["mark_in"].trigger()
    assert enabled(window) == idle | {"undo"}
    window.actions_by_id["undo"].trigger()
    assert enabled(window) == idle | {"redo"} and "Mark in" in window.actions_by_id["redo"].text()
    window.opening.close_clip()
    assert window.clip is None and not enabled(window) & (those(has_clip) | {"analyse", "export"})


def test_the_queue_leaves_the_export_free(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, backend: FakeBackend, tmp_path: Path
) -> None:
    backend.job_gate = threading.Semaphore(0)
    window.queue_room.queue.add(JobSpec(tmp_path / "a.mov", tmp_path / "a_matte.mov"), 60)
    window.queue_room.control.start()
    assert "export" in enabled(window) and not {"analyse", "cancel"} & enabled(window)
    backend.job_gate.release(60)
    qtbot.waitUntil(lambda: not window.jobs.busy)


def test_one_view_mode_is_ticked(window: MainWindow, clip: FakeClip) -> None:
    for id, overlay in VIEW_MODES.items():
        window.player.set_view(overlay=overlay)
        assert [name for name in VIEW_MODES if window.actions_by_id[name].isChecked()] == [id]
    for id in [id for id in VIEW_MODES for _ in range(2)]:  # a second time, and it stays ticked
        window.actions_by_id[id].trigger()
        assert [name for name in VIEW_MODES if window.actions_by_id[name].isChecked()] == [id]
        assert window.player.view.overlay is VIEW_MODES[id]


@pytest.mark.parametrize(
    "id", ["loop", "mute", "idle_analysis", "guides", "show_metrics", "queue", "compare_wipe", "compare_side"]
)
def test_a_switch_is_ticked_while_it_is_on(window: MainWindow, clip: FakeClip, id: str) -> None:
    action = window.actions_by_id[id]
    before = action.isChecked()
    action.trigger()
    assert action.isCheckable() and action.isChecked() is not before
    action.trigger()
    assert action.isChecked() is before


def test_ticks_follow_what_others_switch(window: MainWindow, clip: FakeClip) -> None:
    ticked = {id: action.isChecked() for id, action in window.actions_by_id.items()}
    window.player.loop = True
    window.audio.mute(not ticked["mute"])
    window.set_idle_analysis(True)
    window.queue_room.show()
    for id in ("loop", "mute", "idle_analysis", "queue"):
        assert window.actions_by_id[id].isChecked() is not ticked[id], id
    window.queue_room.close()
    assert not window.actions_by_id["queue"].isChecked()
    window.actions_by_id["compare_wipe"].trigger()
    window.actions_by_id["compare_side"].trigger()
    assert not window.actions_by_id["compare_wipe"].isChecked()
    window.set_idle_analysis(False)


def test_loop_and_mute_are_buttons_of_the_transport(window: MainWindow, clip: FakeClip) -> None:
    buttons = {button.defaultAction(): button for button in window.transport.findChildren(QToolButton)}
    button = buttons[window.actions_by_id["loop"]]
    button.click()
    assert window.player.loop and button.isChecked() and not button.icon().isNull()
    assert window.actions_by_id["mute"] in buttons


def test_full_screen_gives_a_maximised_window_back(qtbot: QtBot, window: MainWindow) -> None:
    action = window.actions_by_id["full_screen"]
    window.showMaximized()
    action.trigger()
    assert window.isFullScreen() and action.isChecked()
    action.trigger()
    assert window.isMaximized() and not window.isFullScreen() and not action.isChecked()
    window.showFullScreen()
    assert action.isChecked()
    window.showNormal()
    assert not action.isChecked()


def test_m_is_free_and_a_chosen_key_stays(qtbot: QtBot, window: MainWindow, backend: FakeBackend) -> None:
    assert all("M" not in row.keys for row in ROWS.values())
    Preferences().set_keys("mute", ["M"])
    other = MainWindow(backend)
    qtbot.addWidget(other)
    assert [key.toString() for key in other.actions_by_id["mute"].shortcuts()] == ["M"]
    other.close()
