"""Locks between processes."""

import os
import signal
import subprocess
import sys
import time

import pytest

from vsod.storage.locks import Busy, FileLock, locked

HOLDER = """
import sys, time
from pathlib import Path
from vsod.storage.locks import FileLock
lock = FileLock(Path(sys.argv[1])).acquire(shared=sys.argv[2] == "shared")
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    started = []

    def start(how):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(tmp_path / "lock"), how], stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdout.readline() == b"held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_one_alone_or_many_together(tmp_path):
    file = tmp_path / "new" / "lock"
    one, two = FileLock(file), FileLock(file)
    assert one.try_acquire() and not two.try_acquire() and not two.try_acquire(shared=True)
    one.release()
    assert one.try_acquire(shared=True) and two.try_acquire(shared=True)
    assert not FileLock(file).try_acquire()
    two.release()
    one.release()
    with locked(file):
        assert not one.try_acquire()
    assert one.try_acquire()
    one.release()


def test_another_process_is_waited_for_and_a_killed_one_holds_nothing(tmp_path, holder):
    process = holder("alone")
    with pytest.raises(Busy):
        FileLock(tmp_path / "lock").acquire(timeout=0.1)
    os.kill(process.pid, signal.SIGKILL)
    began = time.monotonic()
    with locked(tmp_path / "lock", timeout=20):
        assert time.monotonic() - began < 10


def test_processes_share(tmp_path, holder):
    holder("shared")
    lock = FileLock(tmp_path / "lock")
    assert not lock.try_acquire()
    with lock.acquire(shared=True, timeout=1):
        assert lock.held
    assert not lock.held


def test_a_link_is_no_lock(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "lock").symlink_to(victim)
    with pytest.raises(OSError):
        FileLock(tmp_path / "lock").try_acquire()
    assert victim.read_text() == "precious"
