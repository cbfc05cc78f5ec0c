"""The queue on disk: order, names, what a restart finds, and how long it says it takes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from vsod import paths
from vsod.core.delivery import Delivery
from vsod.core.finishing import FinishSettings
from vsod.core.progress import Progress
from vsod.errors import UsageError
from vsod.pipeline.job import JobSpec
from vsod.pipeline.jobqueue import JobQueue


def spec(name: str, **changes: object) -> JobSpec:
    job = JobSpec(Path(f"/clips/{name}.mov"), Path(f"/out/{name}.mov"), finish=FinishSettings(feather=2))
    return replace(job, **changes)


def names(queue: JobQueue) -> str:
    return "".join(item.spec.source.stem for item in queue)


def test_a_restart_finds_the_same_jobs_and_one_that_ran_waits():
    queue = JobQueue()
    a, b, _ = (queue.add(spec(name, delivery=Delivery("cutout")), 50) for name in "abc")
    queue.change(a.id, state="failed", notes=("no such file. Look for it.",), seconds=1.5)
    queue.change(b.id, state="running")
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
    first = queue.add(spec("a", delivery=Delivery("fill+matte")))
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


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"items": [{"job": {}}]})])
def test_a_damaged_file_is_told_and_left_alone(text):
    file = paths.data_dir() / "queue.json"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    queue = JobQueue()
    queue.add(spec("a"))
    assert "cannot be read" in queue.problem and len(queue) == 1 and file.read_text() == text


def test_time_left_is_what_is_known_and_says_if_that_is_not_all():
    queue = JobQueue()
    assert queue.seconds_left(None) == (0, True)
    done, runs, waits = (queue.add(spec(name), 100) for name in "abc")
    queue.change(runs.id, state="running")
    assert queue.seconds_left(None) == (0, False)
    step = Progress("export", 10, 100, 5.0, 18.0)
    assert queue.seconds_left(step) == (18, False), "nothing is known about the others yet"
    queue.change(done.id, state="done", seconds=25.0, working=20.0)
    assert queue.seconds_left(step) == (18 + 20, True)
    queue.change(waits.id, spec=spec("c", card="studio"))
    assert queue.seconds_left(step) == (18, False), "another model has another speed"
