"""Which actions make sense when, and what is ticked."""

import threading
from pathlib import Path

from fake_clip_session import FakeBackend, FakeClip
from pytestqt.qtbot import QtBot

from vsod.core.job import JobSpec
from vsod.gui.actions.action_context import always, has_clip
from vsod.gui.actions.action_table import MENUS
from vsod.gui.main_window import MainWindow
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
    idle = those(always) | those(has_clip) | {"analyse", "export"}
    assert enabled(window) == idle and window.workspace.export_button.isEnabled()
    clip.gate = threading.Semaphore(0)
    window.actions_by_id["analyse"].trigger()
    assert enabled(window) == (idle | {"cancel"}) - {"analyse"}
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
        assert [name for name in ROWS if window.actions_by_id[name].isChecked()] == [id]
    for id in [id for id in VIEW_MODES for _ in range(2)]:  # a second time, and it stays ticked
        window.actions_by_id[id].trigger()
        assert [name for name in ROWS if window.actions_by_id[name].isChecked()] == [id]
        assert window.player.view.overlay is VIEW_MODES[id]
