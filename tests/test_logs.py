"""Where the log goes, and that it never stops the program."""

import faulthandler
import logging
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest

from vsod import logs

LOG = logging.getLogger("vsod.somewhere")


def test_the_file_gets_everything_and_the_terminal_what_is_wanted(tmp_path, capsys, expect_log):
    expect_log("lost")
    expect_log("failed", logging.ERROR)
    for verbosity, said in (
        (-1, "error: failed\n"),
        (0, "warning: lost\nerror: failed\n"),
        (1, "info: done\nwarning: lost\nerror: failed\n"),
    ):
        with logs.recording(tmp_path / "logs", level=logs.terminal_level(verbosity)):
            LOG.debug("tried")
            LOG.info("done")
            LOG.warning("lost")
            LOG.error("failed")
            LOG.error("failed, as was said", extra=logs.SHOWN)
            assert logs.is_quiet() == (verbosity < 0)
        assert capsys.readouterr() == ("", said)
    lines = (tmp_path / "logs" / logs.FILE).read_text().splitlines()
    assert len(lines) == 15 and lines[0].endswith("DEBUG vsod.somewhere: tried")
    assert not logs.is_quiet()


def test_all_that_is_wanted_has_sources_and_tracebacks(tmp_path, capsys):
    with logs.recording(None, level=logs.terminal_level(2)):
        try:
            raise KeyError("deep")
        except KeyError:
            LOG.debug("tried", exc_info=True)
    said = capsys.readouterr().err
    assert said.startswith("debug: vsod.somewhere: tried\n    Traceback") and "KeyError: 'deep'" in said


def test_afterwards_all_is_as_it_was(tmp_path):
    def state():
        return (
            *(list(logs.LOGGER.handlers), logs.LOGGER.level, warnings.showwarning, threading.excepthook),
            faulthandler.is_enabled(),
        )

    before = state()
    with pytest.raises(KeyError), logs.recording(tmp_path, file=tmp_path / "own.log"):
        assert state() != before
        raise KeyError
    assert state() == before


def test_nothing_in_a_message_makes_a_line_of_its_own(tmp_path, expect_log):
    expect_log("odd")
    with logs.recording(tmp_path):
        LOG.warning("odd %s", "\x1b[2J\n2026-01-01 forged \u202e \udc80")
        try:
            raise ValueError("a\x07b\nc")
        except ValueError:
            LOG.info("failed", exc_info=True)
    odd, *rest = (tmp_path / logs.FILE).read_text().splitlines()
    assert odd.endswith(r"odd \x1b[2J\n2026-01-01 forged \u202e \udc80")
    assert all(line.startswith("    ") for line in rest[1:]) and rest[-2:] == [
        r"    ValueError: a\x07b",
        "    c",
    ]


def test_a_full_file_is_set_aside_and_a_few_are_kept(tmp_path):
    handler = logs.LogFile(tmp_path / "x.log", most=2000)
    logger = logging.Logger("private")
    logger.addHandler(handler)
    for number in range(400):
        logger.info("line %d", number)
    handler.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["x.log", "x.log.1", "x.log.2", "x.log.3"]
    assert all(file.stat().st_size < 2200 for file in tmp_path.iterdir())
    texts = [(tmp_path / name).read_text() for name in ("x.log.2", "x.log.1", "x.log")]
    assert "line 399\n" in texts[-1]
    numbers = [int(line.rpartition(" ")[2]) for line in "".join(texts).splitlines()]
    assert numbers == list(range(numbers[0], 400))


def test_a_file_that_another_process_set_aside_is_left_alone(tmp_path):
    handlers = [logs.LogFile(tmp_path / "x.log", most=500) for _ in range(2)]
    for number in range(100):
        handlers[number % 2].handle(logging.makeLogRecord({"msg": f"line {number}"}))
    for handler in handlers:
        handler.close()
    kept = "".join(file.read_text() for file in sorted(tmp_path.iterdir(), reverse=True))
    assert "line 98\n" in kept and "line 99\n" in kept and (tmp_path / "x.log.3").is_file()


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with logs.recording(tmp_path / "file" / "logs"):
        LOG.info("on it goes")
        LOG.info("and on")
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
def test_a_full_disk_stops_nothing(capsys):
    with logs.recording(None, file=Path("/dev/full")):
        for _ in range(3):
            LOG.info("on it goes")
    assert capsys.readouterr() == ("", "")


def test_the_last_lines_are_kept():
    kept = logs.RecentLines(most=3)
    for number, level in enumerate((logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)):
        kept.handle(logging.makeLogRecord({"msg": f"line {number}", "levelno": level}))
    assert kept.count == 4 and [line.text[-6:] for line in kept.lines()] == ["line 1", "line 2", "line 3"]
    assert [line.level for line in kept.lines(logging.WARNING)] == [logging.WARNING, logging.ERROR]


def test_warnings_and_threads_that_end_are_logged(tmp_path, expect_log, monkeypatch):
    expect_log(r"UserWarning: odd weights \(.*test_logs.py:\d+\)")
    expect_log("thread worker ended: deliberate", logging.ERROR)
    monkeypatch.setattr(threading, "excepthook", lambda args: None)

    def fail():
        raise ValueError("deliberate")

    with logs.recording(None), warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning("odd weights", UserWarning, __file__, 7)
        worker = threading.Thread(target=fail, name="worker")
        worker.start()
        worker.join()


CRASH = """
import faulthandler, logging, sys, warnings
from pathlib import Path
from vsod import logs
with logs.recording(Path(sys.argv[1])):
    warnings.warn("odd")
    logging.getLogger("vsod.x").info("before the crash")
    faulthandler._sigsegv()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="ends by a signal")
def test_a_crash_leaves_its_traceback_beside_the_log(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", CRASH, tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == -11 and done.stderr == "warning: UserWarning: odd (<string>:6)\n"
    assert "before the crash" in (tmp_path / logs.FILE).read_text()
    fault = (tmp_path / logs.FAULTS).read_text()
    assert "Segmentation fault" in fault and 'File "<string>", line 8' in fault


def test_the_package_alone_loads_nothing_of_it():
    code = (
        "import sys, vsod; heavy = {'logging', 'numpy', 'torch', 'av', 'PyQt6'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
