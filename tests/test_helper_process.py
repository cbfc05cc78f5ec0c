"""The program starts itself for work that wants a process of its own."""

import ast
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from helpers import tripwires
from helpers.repository import ROOT
from vsod import helper_process, logs
from vsod.errors import Cancelled, ModelError, ProcessError
from vsod.inference import openvino_backend
from vsod.pipeline import doctor


@pytest.fixture
def strangers(tmp_path, monkeypatch):
    folder = tripwires.lay(tmp_path / "downloads")
    monkeypatch.chdir(folder)
    return folder


def test_it_calls_a_function_with_words(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    helper_process.run("os:rename", [str(kept), str(tmp_path / "moved")])
    assert (tmp_path / "moved").is_dir() and not kept.exists()


def test_a_task_is_named_after_its_function(tmp_path):
    assert helper_process.task_name(openvino_backend.convert_model) == (
        "vsod.inference.openvino_backend:convert_model"
    )
    (tmp_path / "kept").mkdir()
    helper_process.run(os.rename, [str(tmp_path / "kept"), str(tmp_path / "moved")])
    assert (tmp_path / "moved").is_dir()


def test_words_alone_call_nothing(tmp_path):
    """A shell puts names of files in for ``*``, and a file may be called ``--helper``."""
    kept = tmp_path / "kept"
    kept.mkdir()
    command = helper_process.helper_command("os:rename", [str(kept), str(tmp_path / "moved")])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "VSOD_HELPER": "os:listdir"}
    for extra in ({}, {"VSOD_HELPER": ""}):
        result = subprocess.run(command, env={**env, **extra}, timeout=60, capture_output=True, check=False)
        assert result.returncode == 2 and kept.is_dir()


def test_a_frozen_program_starts_itself(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/vsod-desktop")
    assert helper_process.helper_command("a:b", ["c"]) == ["/opt/vsod-desktop", "--helper", "a:b", "c"]


def test_other_words_are_none_of_its_business():
    assert not helper_process.run_if_helper(["run", "--helper"])
    assert not helper_process.run_if_helper([])


def test_a_strangers_modules_in_the_current_folder_stay_asleep(strangers, tmp_path):
    (tmp_path / "kept").mkdir()
    helper_process.run("os:rename", [str(tmp_path / "kept"), str(tmp_path / "moved")])
    assert (tmp_path / "moved").is_dir()
    assert tripwires.fired(strangers) == []


def test_nor_do_they_wake_where_the_path_names_their_folder_relatively(strangers, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([".", "", "../downloads"]))
    monkeypatch.setattr(sys, "path", ["", ".", str(strangers), *sys.path])
    (tmp_path / "kept").mkdir()
    helper_process.run("os:rename", [str(tmp_path / "kept"), str(tmp_path / "moved")])
    assert tripwires.fired(strangers) == []


def test_a_grandchild_is_as_safe(strangers, tmp_path):
    code = f"import pickle, socket, numpy; open({str(tmp_path / 'ran')!r}, 'w').close()"
    helper_process.run("os:execl", [sys.executable, sys.executable, "-c", code])
    assert (tmp_path / "ran").exists() and tripwires.fired(strangers) == []


def test_the_doctor_runs_no_stranger(strangers):
    assert doctor._window().ok
    assert tripwires.fired(strangers) == []


def test_the_other_process_works_in_a_folder_of_its_own(strangers, tmp_path):
    helper_process.run("os:symlink", ["nothing", "left-behind"])
    assert not (strangers / "left-behind").is_symlink()


def test_its_last_words_are_told():
    with pytest.raises(ProcessError, match=r"ended with code 1: FileNotFoundError.*/not/there") as caught:
        helper_process.run("os:listdir", ["/not/there"])
    assert caught.value.code == 1 and not caught.value.killed


def test_a_process_that_was_ended_says_by_what(monkeypatch):
    with pytest.raises(ProcessError, match="ended by signal 6") as caught:
        helper_process.run("os:abort", [])
    assert not caught.value.killed
    assert ProcessError("a:b", -9, "").killed


def crash(words):
    """A task."""
    print(words, end="", file=sys.stderr, flush=True)
    os.abort()


@pytest.mark.parametrize(
    ("said", "told"), [("no such platform\n", "no such platform"), ("", "Fatal Python error")]
)
def test_a_crash_tells_what_came_before_it_and_logs_where_it_was(said, told, monkeypatch, caplog):
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parent), *sys.path])
    caplog.set_level(logging.DEBUG, "vsod")
    with pytest.raises(ProcessError, match=f"ended by signal 6: {told}"):
        helper_process.run(crash, [said])
    assert any(
        "test_helper_process.py" in record.message and " in crash" in record.message
        for record in caplog.records
    )


def test_it_ends_at_once_when_it_is_cancelled():
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        helper_process.run(
            "os:execl", [sys.executable, sys.executable, "-c", "import time; time.sleep(60)"], cancel
        )
    assert time.monotonic() - began < 10


def test_a_conversion_that_fails_is_not_repeated_without_a_word(capsys, expect_log):
    expect_log("FileNotFoundError.*/not/there")
    with logs.recording(None):
        openvino_backend.convert_in_helper(os.listdir, ["/not/there"], None)
    told = capsys.readouterr().err
    assert "warning" in told and "FileNotFoundError" in told and "/not/there" in told


def warn(text):
    """A task: what it logs and prints is for the program that started it."""
    logging.getLogger("vsod.helper").warning("%s is lost", text)
    print("a library complains", file=sys.stderr)


def test_what_it_says_is_logged_and_keeps_its_level(monkeypatch, caplog, expect_log):
    expect_log("vsod.helper: a file is lost")
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parent), *sys.path])
    caplog.set_level(logging.DEBUG, "vsod")
    helper_process.run(warn, ["a file"])
    assert ("vsod.helper_process", logging.DEBUG) in [
        (record.name, record.levelno) for record in caplog.records if "a library complains" in record.message
    ]


def test_a_conversion_that_was_killed_is_not_repeated_at_all(monkeypatch):
    def killed(*_: object) -> None:
        raise ProcessError("a:b", -9, "")

    monkeypatch.setattr(helper_process, "run", killed)
    with pytest.raises(ModelError, match="signal 9") as caught:
        openvino_backend.convert_in_helper("a:b", [], None)
    assert "memory" in caught.value.fix


CRF_WORKER = """
import importlib.util, sys
sys.path[:] = [p for p in sys.path if p not in ("", ".")]
if __name__ == "__main__":
    import numpy as np
    from vsod_models.refine import pydensecrf_engine
    importlib.util.find_spec = lambda *_: True
    crf = pydensecrf_engine.PyDenseCRF()
    try:
        crf.refine(np.zeros((8, 8, 3), np.uint8), np.full((8, 8), 0.5, np.float32))
    except RuntimeError as error:
        assert "code" not in str(error), error  # the process came as far as asking for the library
    crf.close()
"""


def test_the_process_of_the_crf_runs_no_stranger(strangers, tmp_path):
    script = tmp_path / "elsewhere" / "worker.py"
    script.parent.mkdir()
    script.write_text(CRF_WORKER)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run([sys.executable, script], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert tripwires.fired(strangers) == []


def test_processes_are_started_in_few_places():
    """Whoever adds one reads this first: of Python by ``helper_process``, of other programs by an absolute path."""
    known = {
        "app/vsod/helper_process.py",
        "app/vsod/media/formats/versions.py",
        "app/vsod/media/formats/ffmpeg_program.py",
        "app/vsod/media/sinks/ffmpeg_encoder.py",
        "app/vsod/media/formats/system_programs.py",
        "models/vsod_models/refine/pydensecrf_engine.py",
    }
    starters = {"subprocess", "multiprocessing", "concurrent.futures.process", "pty", "asyncio"}
    found = set()
    for file in (*ROOT.glob("app/**/*.py"), *ROOT.glob("models/**/*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] in starters for name in names):
                found.add(file.relative_to(ROOT).as_posix())
    assert found - {"app/vsod/__main__.py"} <= known
