"""The program starts itself for work that wants a process of its own."""

import os
import subprocess
import sys

from vsod.core import apart


def test_it_calls_a_function_with_words(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    command = apart.command("os:rename", [str(kept), str(tmp_path / "moved")])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run(command, check=True, env=env, timeout=60)
    assert (tmp_path / "moved").is_dir() and not kept.exists()


def test_a_frozen_program_starts_itself(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/vsod-desktop")
    assert apart.command("a:b", ["c"]) == ["/opt/vsod-desktop", "--apart", "a:b", "c"]


def test_other_words_are_none_of_its_business():
    assert not apart.called(["run", "--apart"])
    assert not apart.called([])
