"""Many clips: keeps going, is not done twice, and every job can be repeated from its report."""

import errno
import json
import os
import shutil
import sys
import threading
import time

import pytest

from helpers.clips import make
from vsod.cli.main import main
from vsod.core.clip_settings import ClipSettings
from vsod.core.job import JobResult, JobSpec
from vsod.errors import Cancelled, DataError, MediaError, OutputError, UsageError
from vsod.pipeline import batch, runner
from vsod.pipeline.batch import (
    check_outputs_distinct,
    find_finished_job,
    run_batch,
    watch_folder,
)
from vsod.pipeline.find_clips import find_clips
from vsod.pipeline.job_report import JobReport
from vsod.pipeline.output_owner import report_path
from vsod.storage.digest import digest


@pytest.fixture
def clips(tmp_path):
    """Two clips, a file that is none, and a folder of images."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, kind in (("a", "cfr"), ("b", "b-frames")):
        make(kind, tmp_path).path.rename(folder / f"{name}.mp4")
    (folder / "bad.mp4").write_text("no video")
    (folder / "notes.md").write_text("not a clip")
    return folder


def clips_in(folder):
    return find_clips(folder).clips


def specs(folder, out):
    return [
        JobSpec(p, out / f"{p.stem}.mkv", ClipSettings(stop=6, format="ffv1-gray8")) for p in clips_in(folder)
    ]


def test_a_folders_clips_are_its_videos_and_folders_of_pictures(clips, tmp_path):
    images = make("images", tmp_path)
    shutil.copytree(images.path, clips / "shot")
    (clips / "empty").mkdir()
    (clips / ".hidden.mp4").write_text("")
    assert [p.name for p in clips_in(clips)] == ["a.mp4", "b.mp4", "bad.mp4", "shot"]


def test_a_failed_clip_does_not_stop_the_others(clips, tmp_path):
    rows = list(run_batch(specs(clips, tmp_path / "out")))
    assert [r.state for r in rows] == ["done", "done", "failed"]
    assert [r.frames for r in rows] == [6, 6, 0]
    assert "bad.mp4" in rows[2].notes[0]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "a.mkv",
        "a.mkv.vsod.json",
        "b.mkv",
        "b.mkv.vsod.json",
    ]


class Panic(BaseException):
    """What a library written in Rust raises is no Exception."""


ODD = (
    *(RuntimeError("bug"), MemoryError(), RecursionError("deep"), KeyError("frame"), OSError(5, "drive")),
    *(
        UnicodeEncodeError("utf-8", "caf\udce9", 3, 4, "surrogates"),
        AssertionError(),
        SystemExit(3),
        Panic("x"),
    ),
    *(MediaError("odd"), ValueError("embedded null byte"), OutputError("read-only", where="o.mkv")),
)


@pytest.mark.parametrize("error", ODD, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("where", ["run", "done_before"])
def test_whatever_a_clip_raises_is_its_row(clips, tmp_path, monkeypatch, error, where):
    three = [JobSpec(clips / f"{n}.mp4", tmp_path / "out" / f"{n}.mkv") for n in ("a", "b", "bad")]
    report = JobResult(three[0].output, 1, 1.0, "cpu")

    def raising(usual):
        def call(spec, *args, **options):
            if spec is three[1]:
                raise error
            return usual

        return call

    monkeypatch.setattr(runner, "run_job", raising(report) if where == "run" else lambda *a, **k: report)
    monkeypatch.setattr(batch, "find_finished_job", raising(None) if where != "run" else lambda spec: None)
    monkeypatch.setattr(JobReport, "of", lambda *a: type("M", (), {"write": lambda self, path: None})())
    rows = list(run_batch(three))
    assert [r.state for r in rows] == ["done", "failed", "done"]
    said = rows[1].notes[0]
    assert said == str(error) if isinstance(error, MediaError | OutputError) else type(error).__name__ in said


def test_a_full_disk_ends_a_batch_and_says_so(clips, tmp_path, monkeypatch, capsys):
    def full(spec, **options):
        raise OutputError("the disk is full", where=spec.output) from OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(runner, "run_job", full)
    assert main(["batch", str(clips), "-o", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "the disk is full" in said and "3 clips are left" in said


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_names_that_are_not_utf_8_are_clips_like_others(clips, tmp_path, capsys):
    odd = os.fsdecode(b"caf\xe9")
    (clips / "bad.mp4").rename(clips / f"{odd}-bad.mp4")
    (clips / "b.mp4").rename(clips / f"{odd}.mp4")
    words = ["batch", str(clips), "-o", str(tmp_path / "out"), "--range", "0:1", "--format", "ffv1-gray8"]
    assert main(words) == 1
    told = capsys.readouterr()
    told.out.encode(), told.err.encode()
    rows = [line.split() for line in told.out.splitlines() if line.startswith(("a.mp4", "caf"))]
    assert [(row[0], row[1]) for row in rows] == [
        *(("a.mp4", "done"), ("caf\\udce9-bad.mp4", "failed"), ("caf\\udce9.mp4", "done"))
    ]
    output = tmp_path / "out" / f"{odd}_matte.mkv"
    assert output.exists() and JobReport.read(report_path(JobSpec(output, output))).spec.output == output
    (tmp_path / "l.txt").write_bytes(os.fsencode(f"in/{odd}.mp4\n"))
    assert main(["batch", str(tmp_path / "l.txt"), *words[2:], "--json"]) == 0
    done = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert done[-1]["state"] == "skipped" and done[-1]["output"] == str(output)
    assert main(["rerun", f"{output}.vsod.json", "--json"]) == 0


def test_a_folder_that_cannot_be_looked_into_is_told(clips, tmp_path, monkeypatch):
    (clips / "locked").mkdir()
    usual = type(clips).iterdir

    def refused(self):
        if self.name == "locked":
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return usual(self)

    monkeypatch.setattr(type(clips), "iterdir", refused)
    assert [p.name for p in clips_in(clips)] == ["a.mp4", "b.mp4", "bad.mp4", "locked"]
    (row,) = run_batch([JobSpec(clips / "locked", tmp_path / "o.mkv")])
    assert row.state == "failed" and "locked" in row.notes[0]
    with pytest.raises(DataError, match="cannot be read"):
        clips_in(clips / "locked")


def test_what_is_done_is_not_done_again_until_something_changes(clips, tmp_path):
    todo = specs(clips, tmp_path / "out")[:2]
    list(run_batch(todo))
    assert [r.state for r in run_batch(todo)] == ["skipped", "skipped"]
    assert [r.state for r in run_batch(todo, again=True)] == ["done", "done"]
    todo[1].output.write_bytes(b"changed")
    assert [r.state for r in run_batch(todo)] == ["skipped", "done"]
    todo[0].source.write_bytes(todo[1].source.read_bytes())
    assert [r.state for r in run_batch(todo)] == ["done", "skipped"]
    other = [todo[0].with_range(1, 6)]
    assert [r.state for r in run_batch(other)] == ["done"]


def test_a_batch_that_was_stopped_goes_on(clips, tmp_path):
    todo = specs(clips, tmp_path / "out")[:2]
    stop = threading.Event()
    rows = []
    with pytest.raises(Cancelled):
        for row in run_batch(todo, cancel=stop):
            rows.append(row)
            stop.set()
    assert [r.state for r in rows] == ["done"]
    assert [r.state for r in run_batch(todo)] == ["skipped", "done"]


def test_jobs_that_would_overwrite_each_other_are_refused(tmp_path):
    a, b = JobSpec(tmp_path / "a.mp4", tmp_path / "m.mov"), JobSpec(tmp_path / "b.mp4", tmp_path / "m.mov")
    with pytest.raises(UsageError, match=r"both be m\.mov"):
        check_outputs_distinct([a, b])
    with pytest.raises(UsageError):
        check_outputs_distinct([JobSpec(tmp_path / "a.mp4", tmp_path / "b.mp4"), b])


def test_a_manifest_comes_back_as_it_was(clips, tmp_path):
    spec = specs(clips, tmp_path)[0]
    made = JobReport.of(spec, runner.run_job(spec))
    made.write(tmp_path / "job.vsod.json")
    assert JobReport.read(tmp_path / "job.vsod.json") == made
    assert made.changes() == []
    told = json.loads((tmp_path / "job.vsod.json").read_text())["models"]
    assert [model["training_data"] for model in told] == ["Learned from research-only data"]
    assert any("DAVIS" in source for source in told[0]["trained_on"])
    assert json.loads((tmp_path / "job.vsod.json").read_text())["command"] == spec.as_command()
    spec.output.unlink()
    assert made.changes() == [f"{spec.output} is gone"]
    assert find_finished_job(spec) is None


def test_what_is_no_manifest_is_refused(tmp_path):
    (tmp_path / "x.json").write_text('{"job": 3}')
    for name in ("x.json", "missing.json"):
        with pytest.raises(DataError, match="not the report of a job"):
            JobReport.read(tmp_path / name)


def test_the_digest_sees_every_block_it_samples_and_the_size(tmp_path):
    file = tmp_path / "big"
    data = bytearray(5 << 20)
    file.write_bytes(data)
    whole = digest(file)
    assert digest(file) == whole
    for at in (0, len(data) - 1, (len(data) - (1 << 16)) * 31 // 63):
        data[at] ^= 1
        file.write_bytes(data)
        assert digest(file) != whole
        data[at] ^= 1
    file.write_bytes(data + b"\0")
    assert digest(file) != whole


def test_the_digest_of_a_folder_knows_names_and_contents(tmp_path):
    folder = tmp_path / "shot"
    folder.mkdir()
    (folder / "1.png").write_bytes(b"one")
    before = digest(folder)
    (folder / "1.png").rename(folder / "2.png")
    assert digest(folder) != before
    (folder / "2.png").rename(folder / "1.png")
    (folder / ".hidden").write_bytes(b"")
    (folder / "more").mkdir()
    assert digest(folder) == before
    (folder / "1.png").write_bytes(b"two")
    assert digest(folder) != before


def test_watching_waits_until_a_clip_is_whole(tmp_path):
    stop = threading.Event()
    growing = tmp_path / "clip.mp4"
    growing.write_bytes(b"1")
    seen = []

    def copy():
        for _ in range(6):
            time.sleep(0.05)
            with growing.open("ab") as f:
                f.write(b"more")
        seen.append("whole")

    thread = threading.Thread(target=copy)
    thread.start()
    for path in watch_folder(tmp_path, quiet=0.3, cancel=stop, poll=0.02):
        seen.append(path.name)
        stop.set()
    thread.join()
    assert seen == ["whole", "clip.mp4"]


def test_watching_takes_each_sequence_of_a_folder_and_no_loose_images(tmp_path):
    for name in [f"shots/{letter}.{n:04d}.png" for letter in "ab" for n in range(4)] + [
        "1.png",
        "2.png",
        "3.png",
    ]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\0")
    stop, seen, told = threading.Event(), [], []
    watching = watch_folder(tmp_path, 0.05, stop, 0.02, on_passed_over=lambda entry: told.append(entry.path))
    for path in watching:
        seen.append(path.name)
        if len(seen) == 2:
            stop.set()
    assert seen == ["a.####.png", "b.####.png"]
    assert tmp_path / "1.png" not in seen


@pytest.mark.parametrize("count", [1, 2])
def test_watching_tells_loose_sequences(tmp_path, count):
    for name in [f"{letter}.{n:04d}.png" for letter in "ab"[:count] for n in range(4)]:
        (tmp_path / name).write_bytes(b"\0")
    stop, told = threading.Event(), []

    def tell(entry):
        told.append((entry.path, entry.reason))
        stop.set()

    assert list(watch_folder(tmp_path, 0.05, stop, 0.02, on_passed_over=tell)) == []
    assert told[0][0] == tmp_path and "a folder of its own" in told[0][1]


def test_watching_ends_when_it_is_told_to(tmp_path):
    stop = threading.Event()
    stop.set()
    assert list(watch_folder(tmp_path, 0.1, stop)) == []


def test_an_unexpected_error_is_not_swallowed(clips, tmp_path, monkeypatch, capsys):
    def broken(*_, **__):
        raise RuntimeError("a bug")

    monkeypatch.setattr(runner, "run_job", broken)
    (row,) = run_batch(specs(clips, tmp_path)[:1])
    assert row.state == "failed" and row.notes == ("RuntimeError: a bug",)
    assert not report_path(row.spec).exists() and not capsys.readouterr().err
    monkeypatch.setenv("VSOD_DEBUG", "1")
    list(run_batch(specs(clips, tmp_path)[:1]))
    assert "in broken" in capsys.readouterr().err


def cli(*words):
    from vsod.cli.main import main

    return main([str(w) for w in words])


def test_the_batch_command_on_a_folder(clips, tmp_path, capsys):
    words = ("batch", clips, "-o", tmp_path / "out", "--format", "ffv1-gray8", "--range", ":5")
    assert cli(*words) == 1
    out = capsys.readouterr().out
    assert [line.split()[:3] for line in out.splitlines()[1:4]] == [
        ["a.mp4", "done", "5"],
        ["b.mp4", "done", "5"],
        ["bad.mp4", "failed", "0"],
    ]
    (clips / "bad.mp4").unlink()
    assert cli(*words) == 0
    assert capsys.readouterr().out.count("skipped") == 2


def test_a_line_of_a_list_has_its_own_options(clips, tmp_path, capsys):
    todo = tmp_path / "todo.txt"
    todo.write_text("# two clips\nin/a.mp4 --range 2:4 --format png8 -o 'own name'\n\nin/b.mp4 --feather 2\n")
    words = ("batch", todo, "-o", tmp_path / "out", "--format", "ffv1-gray8", "--range", "0:3")
    assert cli(*words, "--dry-run") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "'" + str(tmp_path / "own name") + "'" in first and "--range 2:4" in first and "png8" in first
    assert str(tmp_path / "out" / "b_matte.mkv") in second
    assert "--range 0:3" in second and "--feather" in second and "ffv1-gray8" in second
    assert cli(*words) == 0
    assert len(list((tmp_path / "own name").glob("*.png"))) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [("in/a.mp4 --model", "line 1"), ("in/a.mp4 'open", "line 1"), ("", "nothing to do")],
)
def test_a_bad_list_is_refused_before_anything_is_done(clips, tmp_path, capsys, text, said):
    todo = tmp_path / "todo.txt"
    todo.write_text(text)
    assert cli("batch", todo) == 2
    assert said in capsys.readouterr().err


def test_a_pattern_finds_clips(clips, tmp_path, capsys):
    assert cli("batch", f"{clips}/[ab].mp4", "--dry-run") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert cli("batch", f"{clips}/*.xyz", "--dry-run") == 2


def test_a_report_repeats_its_job_and_tells_whether_the_same_came_of_it(clips, tmp_path, capsys):
    out, report = tmp_path / "m.mkv", tmp_path / "m.json"
    assert cli("run", clips / "a.mp4", "-o", out, "--range", ":5", "--report", report) == 0
    assert cli("rerun", report, "-o", tmp_path / "again.mkv") == 0
    assert "the same as in m.json" in capsys.readouterr().err
    assert out.read_bytes() == (tmp_path / "again.mkv").read_bytes()
    (clips / "a.mp4").write_bytes((clips / "b.mp4").read_bytes())
    assert cli("rerun", report) == 1
    assert "another file now" in capsys.readouterr().err
    assert cli("rerun", report, "--ignore-changes") == 0
    assert "not the same" in capsys.readouterr().err


def test_watching_does_what_arrives(clips, tmp_path, monkeypatch, capsys):
    (clips / "bad.mp4").unlink()
    done = []

    def once(folder, quiet, cancel, **_):
        for path in clips_in(folder):
            yield path
            done.append(path.name)

    monkeypatch.setattr("vsod.cli.commands.batch.watch_folder", once)
    assert cli("watch", clips, "-o", tmp_path / "out", "--range", ":4", "--settle", "0") == 0
    assert done == ["a.mp4", "b.mp4"]
    assert capsys.readouterr().out.split() == ["a.mp4:", "done", "b.mp4:", "done"]
    assert cli("watch", clips, "-o", clips) == 2
    assert cli("watch", tmp_path / "nowhere", "-o", tmp_path) == 1
