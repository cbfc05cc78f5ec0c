"""The command line as a user meets it: exit codes, one line per error, nothing half-written."""

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import time

import pytest

from helpers.clips import make, write_audio_only
from vsod import logs, paths
from vsod.__main__ import COMMANDS, main
from vsod.cli import aliases
from vsod.cli.main import build_parser
from vsod.media.formats.ffmpeg_formats import FFMPEG_FORMATS
from vsod.media.formats.table import FORMATS
from vsod.storage import envelope


def call(capsys, *words):
    code = main([str(w) for w in words])
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.fixture
def clip(tmp_path):
    return make("cfr", tmp_path).path


def test_run_writes_and_says_where(clip, tmp_path, capsys):
    code, out, err = call(capsys, "run", clip, "-o", tmp_path / "m.mov", "--range", "2:9")
    assert code == 0
    assert out.strip() == str(tmp_path / "m.mov")
    assert "7 frames" in err


def test_run_json_is_lines_of_json(clip, tmp_path, capsys):
    code, out, _ = call(capsys, "run", clip, "-o", tmp_path / "m.mkv", "--json")
    events = [json.loads(x) for x in out.splitlines()]
    assert code == 0
    assert {e["event"] for e in events} == {"progress", "done"}
    assert events[-1]["event"] == "done" and events[-1]["verified"] is True
    progress = [e for e in events if e["event"] == "progress"]
    assert all(e["total"] is None or e["done"] <= e["total"] for e in progress)


def empty(path):
    path.write_bytes(b"")
    return path


def text(path):
    path.write_text("I am not a video.\n" * 50)
    return path


def cut(path):
    good = make("cfr", path.parent).path
    path.write_bytes(good.read_bytes()[:600])
    return path


BAD_INPUTS = {
    "missing": lambda folder: folder / "nothing.mp4",
    "empty file": lambda folder: empty(folder / "empty.mp4"),
    "text": lambda folder: text(folder / "text.mp4"),
    "audio only": lambda folder: write_audio_only(folder / "sound.mp4"),
    "truncated header": lambda folder: cut(folder / "cut.mp4"),
    "empty folder": lambda folder: (folder / "frames").mkdir() or folder / "frames",
}


@pytest.mark.parametrize("kind", BAD_INPUTS)
def test_bad_input_gets_one_line_with_a_fix(kind, tmp_path, capsys):
    source = BAD_INPUTS[kind](tmp_path)
    code, out, err = call(capsys, "run", source, "-o", tmp_path / "m.mov")
    assert code == 1 and out == ""
    assert err.count("\n") == 1 and str(source) in err and "Traceback" not in err
    assert err.rstrip().count(". ") >= 1, "no fix in: " + err
    assert not list(tmp_path.glob("*m.mov*"))


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (["--model", "nope"], 2, "swift"),
        (["--format", "nope"], 2, "prores4444"),
        (["--range", "500:600"], 2, "0:40"),
        (["--format", "ffv1-gray8"], 2, ".mkv"),
    ],
)
def test_unknown_things_list_the_known_ones(words, code, hint, clip, tmp_path, capsys):
    got, _, err = call(capsys, "run", clip, "-o", tmp_path / "m.mov", *words)
    assert got == code and hint in err and err.count("\n") == 1


def test_an_output_folder_that_cannot_be(clip, tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    code, _, err = call(capsys, "run", clip, "-o", tmp_path / "file" / "m.mov")
    assert code == 1 and err.count("\n") == 1


def test_errors_are_events_with_json(tmp_path, capsys):
    code, out, _ = call(capsys, "run", tmp_path / "no.mp4", "-o", tmp_path / "m.mov", "--json")
    event = json.loads(out)
    assert code == event["exit_code"] == 1
    assert event["event"] == "error" and event["kind"] == "MediaNotFound" and event["fix"]


def test_debug_shows_the_traceback(tmp_path, monkeypatch):
    monkeypatch.setenv("VSOD_DEBUG", "1")
    with pytest.raises(Exception, match=r"no\.mp4"):
        main(["probe", str(tmp_path / "no.mp4")])


def test_probe(clip, capsys):
    code, out, _ = call(capsys, "probe", clip, "--json")
    info = json.loads(out)
    assert code == 0 and info["frames"] == 40 and info["rate"] == "24/1"
    code, out, _ = call(capsys, "probe", clip)
    assert code == 0 and "h264" in out


def test_models(capsys):
    code, out, _ = call(capsys, "models", "--json")
    assert code == 0 and "swift" in [c["id"] for c in json.loads(out)]
    code, out, _ = call(capsys, "models")
    assert code == 0 and out.startswith("swift")


def test_verify_tells_a_right_matte_from_a_wrong_one(clip, tmp_path, capsys):
    call(capsys, "run", clip, "-o", tmp_path / "m.mkv")
    code, out, _ = call(capsys, "verify", clip, tmp_path / "m.mkv", "--json")
    assert code == 0 and json.loads(out)["ok"] is True
    call(capsys, "run", clip, "-o", tmp_path / "short.mkv", "--range", "0:39")
    code, out, _ = call(capsys, "verify", clip, tmp_path / "short.mkv")
    assert code == 1 and "39 frames, 40 due" in out
    code, _, _ = call(capsys, "verify", clip, tmp_path / "short.mkv", "--range", "0:39")
    assert code == 0


def test_doctor_finds_this_machine_fit(capsys):
    _, out, _ = call(capsys, "doctor", "--json")
    findings = {f["name"]: f for f in json.loads(out)}
    assert str(paths.log_dir()) in findings["log"]["detail"]
    assert findings["formats"]["ok"] and findings["window"]["ok"] and findings["model swift"]["ok"]


def test_formats_lists_what_can_be_written(capsys):
    code, out, _ = call(capsys, "formats", "--json")
    rows = {row["id"]: row for row in json.loads(out)}
    assert code == 0 and set(FORMATS) <= set(rows) <= set(FORMATS | FFMPEG_FORMATS)
    assert call(capsys, "formats")[1].startswith("prores4444")


def test_bench_measures_every_stage(clip, capsys):
    code, out, _ = call(capsys, "bench", clip, "--frames", "8", "--json")
    result = json.loads(out)
    assert code == 0 and result["frames"] == 8
    stages = {"decode small", "flow", "inputs", "network", "decode luma", "smooth", "refine", "encode"}
    assert set(result["alone"]) == stages
    assert set(result["processor"]) == stages | set(result["together"])
    assert all(spent > 0 for spent in result["processor"].values())
    assert min(result["alone"].values()) == result["alone"][result["limit"]] > 0


def test_every_command_is_dispatched_to_the_parser():
    sub = next(a for a in build_parser()._actions if hasattr(a, "choices") and a.choices)
    assert set(sub.choices) | set(aliases.COMMANDS) == set(COMMANDS)


@pytest.mark.parametrize("words", [["rnu", "x"], ["--nope"], ["run"]])
def test_a_mistyped_command_is_a_usage_error(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2


def test_importing_the_program_is_cheap():
    code = "import sys, vsod, vsod.__main__; print([m for m in ('torch', 'av', 'PyQt6', 'cv2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_ctrl_c_stops_within_a_second_and_leaves_nothing(demo, tmp_path):
    out = tmp_path / "m.mov"
    env = {**os.environ, "VSOD_CACHE": str(tmp_path / "cache")}
    warm = [sys.executable, "-m", "vsod", "run", str(demo), "-o", str(out), "--range", "0:2"]
    subprocess.run(warm, env=env, check=True, capture_output=True)
    out.unlink()
    words = [sys.executable, "-m", "vsod", "run", str(demo), "-o", str(out), "--json"]
    job = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in job.stdout:
        if json.loads(line).get("done", 0) >= 5:
            break
    job.send_signal(signal.SIGINT)
    asked = time.monotonic()
    _, err = job.communicate(timeout=30)
    assert time.monotonic() - asked < 1.5
    assert job.returncode == 130
    assert "Traceback" not in err
    assert [p.name for p in tmp_path.iterdir() if p.name != "cache"] == []


def test_a_full_cache_disk_is_one_line_and_leaves_nothing(clip, tmp_path, capsys, monkeypatch):
    cache = tmp_path / "cache"
    monkeypatch.setenv("VSOD_CACHE", str(cache))
    whole = envelope.replace

    def full(file, pieces):
        def cut_off():
            yield b"".join(pieces)[:100]
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        whole(file, cut_off() if file.suffix == ".maps" else pieces)

    monkeypatch.setattr(envelope, "replace", full)
    code, _, err = call(capsys, "run", clip, "-o", tmp_path / "m.mov")
    message = [x for x in err.splitlines() if x.startswith("vsod-desktop:")]
    assert code == 1 and len(message) == 1 and "VSOD_CACHE" in message[0] and "No space left" in message[0]
    assert not list(tmp_path.glob("*m.mov*"))
    assert [p.name for p in cache.glob("*/maps/*/*")] == ["about"]


def test_a_cache_that_cannot_be_is_one_line(clip, tmp_path, capsys, monkeypatch):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("VSOD_CACHE", str(tmp_path / "file"))
    code, _, err = call(capsys, "run", clip, "-o", tmp_path / "m.mov")
    assert code == 1 and "VSOD_CACHE" in err and "Traceback" not in err


def test_even_a_bug_is_one_line_and_its_traceback_is_in_the_log(tmp_path, capsys, monkeypatch, expect_log):
    expect_log("unexpected", logging.ERROR)
    monkeypatch.setenv("VSOD_LOGS", str(tmp_path / "logs"))
    from vsod.media.sources import opening

    def broken(path, settings):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(opening, "open_source", broken)
    code, _, err = call(capsys, "probe", tmp_path / "x.mp4")
    assert code == 1 and "ZeroDivisionError: oops" in err and "VSOD_DEBUG" in err and err.count("\n") == 1
    log = paths.log_dir() / logs.FILE
    assert (
        str(log) in err and "in broken\n" in log.read_text() and "ZeroDivisionError: oops" in log.read_text()
    )
