"""The queue as its user sees it: add, order, run, pause, fail, retry, restart."""

import shlex
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_clip_session import FakeBackend, FakeClip
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from screen import wait_for_frame

from vsod import paths
from vsod.core.clip_settings import ClipSettings
from vsod.core.export_settings import ExportSettings
from vsod.core.job import JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.gui.dialogs import queue_questions
from vsod.gui.main_window import MainWindow
from vsod.gui.panels.queue_panel import QueuePanel
from vsod.gui.state.queue_model import QueueModel


@pytest.fixture
def queue(window: MainWindow) -> QueueModel:
    return window.queue_room.queue


@pytest.fixture
def panel(window: MainWindow) -> QueuePanel:
    return window.queue_room.panel


def specs(tmp_path: Path, *names: str) -> list[JobSpec]:
    return [JobSpec(tmp_path / f"{name}.mov", tmp_path / f"{name}_matte.mov") for name in names]


def fill(queue: QueueModel, tmp_path: Path, *names: str) -> list[str]:
    for spec in specs(tmp_path, *names):
        queue.add(spec, 60)
    return [item.id for item in queue.jobs]


def select(panel: QueuePanel, *places: int) -> None:
    panel.list.clearSelection()
    for place in places:
        panel.list.topLevelItem(place).setSelected(True)


def states(queue: QueueModel) -> list[str]:
    return [item.state for item in queue.jobs]


def test_several_clips_are_queued_with_the_settings_of_the_window(
    qtbot: QtBot, window: MainWindow, queue: QueueModel, clip: FakeClip, tmp_path: Path
) -> None:
    window.matte.editors["feather"].box.setValue(3)
    window.queue_room.add_clips([tmp_path / "a.mov", tmp_path / "b.mov", tmp_path / "missing.mov"])
    qtbot.waitUntil(lambda: len(queue.jobs) == 2 and window.banner.isVisible())
    assert "no such file" in window.banner.text
    assert window.queue_room.isVisible()
    made = {item.spec.source.name: item for item in queue.jobs}
    assert list(made) == ["a.mov", "b.mov"], "in the order in which they were given"
    assert made["b.mov"].spec.settings.matte == MatteSettings(feather=3) and made["b.mov"].frames == 60
    assert made["b.mov"].spec.output == tmp_path / "b_matte.mov"


def test_jobs_run_in_order_failures_do_not_stop_the_rest_and_say_what_to_do(
    qtbot: QtBot,
    window: MainWindow,
    queue: QueueModel,
    panel: QueuePanel,
    backend: FakeBackend,
    tmp_path: Path,
) -> None:
    window.queue_room.show()
    fill(queue, tmp_path, "a", "bad", "c")
    assert panel.run_button.text() == "Start" and "0 of 3 done" in panel.summary.text()
    panel.run_button.click()
    qtbot.waitUntil(lambda: not queue.at_work)
    assert [spec.source.stem for spec in backend.ran] == ["a", "bad", "c"]
    assert states(queue) == ["done", "failed", "done"]
    assert "20.0 fps" in panel.list.topLevelItem(0).text(4)
    assert "Copy it from the card again" in panel.list.topLevelItem(1).text(4)
    assert panel.summary.text() == "3 of 3 done  ·  1 failed"
    select(panel, 1)
    panel.retry_button.click()
    assert states(queue) == ["done", "waiting", "done"] and panel.run_button.isEnabled()
    panel.clear_button.click()
    assert states(queue) == ["waiting"]


def test_pause_after_the_job_lets_it_come_to_its_end(
    qtbot: QtBot,
    window: MainWindow,
    queue: QueueModel,
    panel: QueuePanel,
    backend: FakeBackend,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend.job_gate = threading.Semaphore(0)
    fill(queue, tmp_path, "a", "b")
    window.queue_room.control.start()
    qtbot.waitUntil(lambda: window.jobs.busy == "queue")
    monkeypatch.setattr(queue_questions, "ask_how_to_pause", lambda _window: "after")
    panel.run_button.click()
    backend.job_gate.release(2)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert states(queue) == ["done", "waiting"] and not queue.at_work


def test_pause_puts_the_running_job_back_and_start_goes_on(
    qtbot: QtBot,
    window: MainWindow,
    queue: QueueModel,
    panel: QueuePanel,
    backend: FakeBackend,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend.job_gate = threading.Semaphore(0)
    fill(queue, tmp_path, "a", "b")
    window.queue_room.control.start()
    qtbot.waitUntil(lambda: window.jobs.busy == "queue")
    assert states(queue) == ["running", "waiting"] and panel.run_button.text() == "Pause"
    monkeypatch.setattr(queue_questions, "ask_how_to_pause", lambda _window: "no")
    panel.run_button.click()
    assert window.jobs.busy == "queue" and queue.at_work
    monkeypatch.setattr(queue_questions, "ask_how_to_pause", lambda _window: "now")
    panel.run_button.click()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert states(queue) == ["waiting", "waiting"] and not window.banner.isVisible()
    backend.job_gate.release(2)
    panel.run_button.click()
    qtbot.waitUntil(lambda: states(queue) == ["done", "done"])


def test_the_window_stays_free_while_the_queue_is_at_work(
    qtbot: QtBot,
    window: MainWindow,
    queue: QueueModel,
    backend: FakeBackend,
    clip: FakeClip,
    tmp_path: Path,
) -> None:
    backend.job_gate = threading.Semaphore(0)
    fill(queue, tmp_path, "a")
    window.queue_room.control.start()
    qtbot.waitUntil(lambda: window.jobs.busy == "queue")
    assert not window.analysis.bar.isVisible() and not window.actions_by_id["analyse"].isEnabled()
    window.open_path(tmp_path / "owl.mov")
    qtbot.waitUntil(lambda: window.clip is not None and window.clip.info.path.name == "owl.mov")
    wait_for_frame(qtbot, window, 0)
    assert states(queue) == ["running"], "opening a clip stops no job of the queue"
    window.actions_by_id["export"].trigger()
    window.dialog.export_button.click()
    assert [item.spec.source.stem for item in queue.jobs] == ["a", "owl"]
    backend.job_gate.release(2)
    qtbot.waitUntil(lambda: states(queue) == ["done", "done"])
    qtbot.waitUntil(lambda: backend.clips[-1].reread == ["swift"])


def test_an_analysis_goes_first_and_the_queue_follows(
    qtbot: QtBot,
    window: MainWindow,
    queue: QueueModel,
    backend: FakeBackend,
    clip: FakeClip,
    tmp_path: Path,
) -> None:
    clip.gate = threading.Semaphore(2)
    window.analyse()
    qtbot.waitUntil(lambda: clip.coverage("swift").any())
    fill(queue, tmp_path, "a")
    window.queue_room.control.start()
    assert states(queue) == ["waiting"] and window.jobs.busy == "analyse"
    clip.gate.release(60)
    qtbot.waitUntil(lambda: states(queue) == ["done"])


def test_order_removal_and_the_command_line(
    window: MainWindow, queue: QueueModel, panel: QueuePanel, tmp_path: Path
) -> None:
    fill(queue, tmp_path, "a", "b", "c")
    select(panel, 2)
    panel.up_button.click()
    assert [i.spec.source.stem for i in queue.jobs] == ["a", "c", "b"]
    assert panel.selected == [list(queue.jobs)[1].id], "the row stays selected"
    panel.down_button.click()
    assert not panel.down_button.isEnabled()
    select(panel, 0, 2)
    panel.copy_button.click()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    lines = clipboard.text().splitlines()
    assert [shlex.split(line)[2] for line in lines] == [str(tmp_path / "a.mov"), str(tmp_path / "c.mov")]
    panel.remove_button.click()
    assert [i.spec.source.stem for i in queue.jobs] == ["b"]


def test_settings_of_one_job(
    qtbot: QtBot, window: MainWindow, queue: QueueModel, panel: QueuePanel, clip: FakeClip, tmp_path: Path
) -> None:
    fill(queue, tmp_path, "a", "b")
    select(panel, 1)
    panel.settings_button.click()
    qtbot.waitUntil(lambda: window.queue_room.dialog is not None)
    dialog = window.queue_room.dialog
    assert dialog.path_edit.text() == str(tmp_path / "b_matte.mov") and not dialog.export_button.isVisible()
    form = dialog.export_form
    form.what.setCurrentIndex(form.what.findData("cutout"))
    dialog.path_edit.setText(str(tmp_path / "mine.mov"))
    dialog.queue_button.click()
    a, b = queue.jobs
    assert a.spec == specs(tmp_path, "a")[0]
    assert b.spec.settings.export == ExportSettings("cutout") and b.spec.output == tmp_path / "mine.mov"
    window.matte.editors["invert"].box.click()
    window.analysis.model_box.setCurrentIndex(1)
    select(panel, 0)
    panel.use_button.click()
    assert next(iter(queue.jobs)).spec == a.spec.with_settings(model="flow", matte=MatteSettings(invert=True))


def test_clips_are_picked(
    qtbot: QtBot,
    window: MainWindow,
    queue: QueueModel,
    panel: QueuePanel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picked = [str(tmp_path / "a.mov"), str(tmp_path / "b.mov")]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: (picked, ""))
    panel.add_button.click()
    qtbot.waitUntil(lambda: len(queue.jobs) == 2)


def test_the_same_file_twice_is_refused(window: MainWindow, queue: QueueModel, tmp_path: Path) -> None:
    fill(queue, tmp_path, "a")
    assert not queue.add(specs(tmp_path, "a")[0], 60) and len(queue.jobs) == 1
    assert "writes this file already" in window.banner.text


@pytest.fixture
def restart(qtbot: QtBot, window: MainWindow) -> Iterator[Callable[[FakeBackend], MainWindow]]:
    """Closes the window and starts another."""
    made: list[MainWindow] = []

    def restart_(backend: FakeBackend) -> MainWindow:
        window.close()
        made.append(MainWindow(backend))
        made[-1].show()
        qtbot.waitUntil(lambda: bool(made[-1].jobs.formats))
        return made[-1]

    yield restart_
    for later in made:
        later.close()
        later.deleteLater()


def test_quitting_in_the_middle_and_starting_again_goes_on(
    qtbot: QtBot,
    window: MainWindow,
    queue: QueueModel,
    backend: FakeBackend,
    tmp_path: Path,
    restart: Callable[[FakeBackend], MainWindow],
) -> None:
    backend.job_gate = threading.Semaphore(1)
    fill(queue, tmp_path, "a", "b", "c")
    window.queue_room.control.start()
    qtbot.waitUntil(lambda: states(queue) == ["done", "running", "waiting"])
    other = FakeBackend()
    later = restart(other)
    assert later.banner.isVisible() and later.banner.text.startswith("2 jobs wait in the queue")
    assert later.queue_room.isVisible() and not other.ran, "nothing begins by itself"
    later.banner.action_button.click()
    qtbot.waitUntil(lambda: states(later.queue_room.queue) == ["done", "done", "done"])
    assert [spec.source.stem for spec in other.ran] == ["b", "c"]


def test_the_queue_is_shown_and_hidden_by_a_key(window: MainWindow) -> None:
    assert not window.queue_room.isVisible()
    window.actions_by_id["queue"].trigger()
    assert window.queue_room.isVisible()
    window.actions_by_id["queue"].trigger()
    assert not window.queue_room.isVisible()


def test_another_windows_queue_is_shown_and_added_to(
    qtbot: QtBot, window: MainWindow, queue: QueueModel, panel: QueuePanel, tmp_path: Path
) -> None:
    fill(queue, tmp_path, "a")
    second = MainWindow(FakeBackend())
    qtbot.waitUntil(lambda: bool(second.jobs.formats))
    other, seen = second.queue_room.queue, second.queue_room.panel
    assert not other.owned and "Another window works" in seen.summary.text()
    assert not seen.run_button.isEnabled() and seen.list.topLevelItemCount() == 1
    fill(other, tmp_path, "b")
    second.queue_room.control.start()
    assert not other.at_work and "another window" in second.banner.text.lower()
    queue.refresh()
    assert states(queue) == ["waiting", "waiting"] and panel.list.topLevelItemCount() == 2
    window.close()
    other.refresh()
    assert other.owned and seen.run_button.isEnabled()
    second.queue_room.control.start()
    qtbot.waitUntil(lambda: states(other) == ["done", "done"])
    second.close()
    second.deleteLater()


def test_a_damaged_queue_does_not_stop_the_window_and_is_told_once(
    qtbot: QtBot, tmp_path: Path, expect_log: Callable[..., None]
) -> None:
    expect_log("the queue cannot be read .* renamed to queue.json.damaged")
    file = paths.data_dir() / "queue.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("[" * 300_000)
    for told in (True, False):
        window = MainWindow(FakeBackend())
        window.show()
        qtbot.waitUntil(lambda: bool(window.jobs.formats))  # noqa: B023
        qtbot.waitUntil(lambda: ("queue.json.damaged" in window.banner.text) == told)  # noqa: B023
        window.close()
        window.deleteLater()


def test_a_jobs_clip_opens_with_its_settings_and_undo_brings_the_clips_own_back(
    qtbot: QtBot, window: MainWindow, queue: QueueModel, panel: QueuePanel, tmp_path: Path
) -> None:
    window.open_path(tmp_path / "a.mov")
    qtbot.waitUntil(lambda: window.clip is not None and window.clip.info.path.name == "a.mov")
    settings = ClipSettings("flow", MatteSettings(feather=4), start=5, stop=20)
    queue.add(JobSpec(tmp_path / "b.mov", tmp_path / "b_matte.mov", settings), 15)
    panel.list.itemDoubleClicked.emit(panel.list.topLevelItem(0), 0)
    qtbot.waitUntil(lambda: window.clip.info.path.name == "b.mov")
    qtbot.waitUntil(lambda: window.document.current_clip.settings.matte.feather == 4)
    chosen = window.document.current_clip.settings
    assert (chosen.model, chosen.start, chosen.stop) == ("flow", 5, 20)
    assert window.analysis.model == "flow" and window.banner.action_button.text() == "Undo"
    window.banner.action_button.click()
    assert window.document.current_clip.settings.matte.feather == 0
    assert window.document.current_clip.settings.model == "swift"
