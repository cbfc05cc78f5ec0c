"""The queue on disk: order, names, what a restart finds, and how long it says it takes."""

import json
import multiprocessing
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vsod import paths
from vsod.core.clip_settings import ClipSettings
from vsod.core.export_settings import ExportSettings
from vsod.core.job import JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.core.progress import Progress
from vsod.errors import UsageError
from vsod.pipeline.job_queue import JobQueue, QueuedJob


def spec(name: str, output: Path | None = None, **changes: object) -> JobSpec:
    chosen = ClipSettings(matte=MatteSettings(feather=2))
    job = JobSpec(Path(f"/clips/{name}.mov"), output or Path(f"/out/{name}.mov"), chosen)
    return job.with_settings(**changes)


def names(queue: JobQueue) -> str:
    return "".join(item.spec.source.stem for item in queue)


def test_a_restart_finds_the_same_jobs_and_one_that_ran_waits():
    queue = JobQueue()
    a, b, _ = (queue.add(spec(name, export=ExportSettings("cutout")), 50) for name in "abc")
    queue.change(a.id, state="failed", notes=("no such file. Look for it.",), seconds=1.5)
    queue.change(b.id, state="running")
    queue.close()
    again = JobQueue()
    assert again.file == paths.data_dir() / "queue.json"
    assert [(i.spec, i.frames, i.notes) for i in again] == [(i.spec, i.frames, i.notes) for i in queue]
    assert [i.state for i in again] == ["failed", "waiting", "waiting"]
    assert again.next.spec == b.spec


def test_order_and_removal():
    queue = JobQueue()
    a, b, c = (queue.add(spec(name)) for name in "abc")
    queue.move(c.id, 0)
    queue.move(a.id, 99)
    assert names(queue) == "cba" == names(JobQueue())
    queue.change(b.id, state="running")
    queue.remove([a.id, b.id])
    assert names(queue) == "cb", "what runs stays"


def test_no_two_jobs_that_wait_write_one_file():
    queue = JobQueue()
    first = queue.add(spec("a", export=ExportSettings("fill+matte")))
    with pytest.raises(UsageError, match="writes this file already"):
        queue.add(spec("b", output=Path("/out/a_matte.mov")))
    queue.change(first.id, state="done")
    queue.add(spec("b", output=Path("/out/a_matte.mov")))


def test_free_names(tmp_path):
    queue = JobQueue()
    assert queue.free_name(tmp_path / "a.mov") == tmp_path / "a.mov"
    (tmp_path / "a.mov").touch()
    queue.add(spec("a", output=tmp_path / "a-2.mov"))
    assert queue.free_name(tmp_path / "a.mov") == tmp_path / "a-3.mov"


HOSTILE = [
    "{",
    "[]",
    json.dumps({"items": [{"job": {}}]}),
    "[" * 300_000,
    '{"items": [1e999]}',
    '{"items": 3}',
    "\0",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_damaged_file_is_told_and_put_aside(text, expect_log):
    expect_log(r"queue\.json: the queue cannot be read .* It is renamed to queue\.json\.damaged-2")
    file = paths.data_dir() / "queue.json"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    (file.parent / "queue.json.damaged").write_text("of the last time")
    queue = JobQueue()
    queue.add(spec("a"))
    assert "cannot be read" in queue.problem and len(queue) == 1
    assert queue.moved == file.parent / "queue.json.damaged-2" and queue.moved.read_text() == text
    queue.close()
    again = JobQueue()
    assert names(again) == "a" and not again.problem


def test_a_file_that_cannot_be_put_aside_is_left_as_it_is(monkeypatch, expect_log):
    expect_log("the queue cannot be read .* It cannot be renamed: .*Permission denied")
    file = paths.data_dir() / "queue.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")

    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(file), "rename", refused)
    queue = JobQueue()
    queue.add(spec("a"))
    assert "cannot be read" in queue.problem and len(queue) == 1 and file.read_text() == "{"


def test_one_works_and_the_others_see_and_add():
    mine, other = JobQueue(), JobQueue()
    a = mine.add(spec("a"))
    mine.change(a.id, state="running")
    b = other.add(spec("b"), 7)
    assert mine.owned and not other.owned and str(os.getpid()) in other.worker and not mine.worker
    assert names(other) == "ab" and [item.state for item in other] == ["running", "waiting"]
    assert other.next is None
    for forbidden in (
        lambda: other.change(b.id, state="running"),
        lambda: other.remove([a.id]),
        lambda: other.move(b.id, 0),
    ):
        with pytest.raises(UsageError, match="another window"):
            forbidden()
    with pytest.raises(UsageError, match="writes this file already"):
        other.add(spec("c", output=a.spec.output))
    assert mine.refresh() and not mine.refresh() and names(mine) == "ab"
    assert mine[b.id].frames == 7 and mine.next.id == b.id, "the same job has the same id everywhere"
    mine.remove([b.id])
    assert other.refresh() and names(other) == "a"
    other.add(spec("d"))
    mine.close()
    assert other.refresh() and other.owned and names(other) == "ad"
    assert [item.state for item in other] == ["waiting", "waiting"], "what ran goes on"


def test_a_job_posted_for_a_file_that_is_taken_meanwhile_is_told_not_lost():
    mine, other = JobQueue(), JobQueue()
    other.add(spec("a"))
    mine._items.append(QueuedJob(spec("b", output=spec("a").output)))
    mine.refresh()
    assert [item.state for item in mine] == ["waiting", "failed"] and "already" in list(mine)[1].notes[0]


def test_a_stranger_in_the_inbox_is_put_aside(expect_log):
    expect_log(r"0\.json: this is no job .* It is renamed to 0\.json\.damaged")
    expect_log("this is no job .* It is renamed")
    mine = JobQueue()
    inbox = paths.data_dir() / "queue.inbox"
    inbox.mkdir()
    for number, text in enumerate(HOSTILE):
        (inbox / f"{number}.json").write_text(text)
    mine.refresh()
    assert (
        not len(mine)
        and not list(inbox.glob("*.json"))
        and len(list(inbox.glob("*.damaged"))) == len(HOSTILE)
    )


def _window(name: str, taken: Any, start: Any) -> None:
    """Adds five jobs, and does what it may."""
    start.wait()
    queue = JobQueue()
    for number in range(5):
        queue.add(spec(f"{name}{number}"))
        while (item := queue.next) is not None:
            queue.change(item.id, state="running")
            taken.put(item.spec.source.stem)
            queue.change(item.id, state="done")
    queue.refresh()


@pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_two_processes_lose_nothing_and_do_nothing_twice(rounds):
    context = multiprocessing.get_context("fork")
    taken, names_taken = context.Queue(), []
    for turn in range(rounds):
        start = context.Event()
        both = [context.Process(target=_window, args=(f"{turn}{n}", taken, start)) for n in "ab"]
        for process in both:
            process.start()
        start.set()
        for process in both:
            process.join(30)
            assert process.exitcode == 0
        names_taken += [taken.get(timeout=5) for _ in range(taken.qsize())]
    queue = JobQueue()
    added = sorted(f"{turn}{n}{k}" for turn in range(rounds) for n in "ab" for k in range(5))
    assert sorted(item.spec.source.stem for item in queue) == added
    assert len(names_taken) == len(set(names_taken)) == sum(item.state == "done" for item in queue)


def test_time_left_is_what_is_known_and_says_how_sure_that_is():
    queue = JobQueue()
    assert queue.seconds_left(None) == (0, "all")
    done, runs, waits = (queue.add(spec(name), 100) for name in "abc")
    queue.change(runs.id, state="running")
    assert queue.seconds_left(None) == (0, "running")
    step = Progress("export", 10, 100, 5.0, 18.0)
    assert queue.seconds_left(step) == (18, "running"), "nothing is known about the others yet"
    queue.change(done.id, state="done", seconds=25.0, working=20.0)
    assert queue.seconds_left(step) == (18 + 20, "all")
    queue.change(waits.id, spec=spec("c", model="studio"))
    assert queue.seconds_left(step) == (18, "running"), "another model has another speed"
    measured = {"studio": 4.0, "swift": 1.0}
    assert queue.seconds_left(step, lambda job: measured[job.settings.model]) == (18 + 25, "estimate")
    queue.add(spec("d"), 100)
    assert queue.seconds_left(step) == (18 + 20, "part")
    queue.change(waits.id, spec=spec("c", model="studio", adapt=True))
    assert queue.seconds_left(step, lambda _job: 4.0) == (18 + 20, "part"), (
        "adapting takes longer than was measured"
    )


def test_a_long_queue_is_read_again():
    queue = JobQueue()
    job = spec("a", output=Path("/out") / ("x" * 20_000))
    queue._items = [QueuedJob(replace(job, source=Path(f"/clips/{n}.mov"))) for n in range(450)]
    queue.move(queue._items[0].id, 0)
    queue.close()
    assert queue.file.stat().st_size > 8 << 20
    again = JobQueue()
    assert len(again) == 450 and not again.problem
