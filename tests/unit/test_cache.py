"""The cache: shown, bounded, emptied."""

import os
import time

import pytest

from vsod import paths
from vsod.cli.main import main
from vsod.errors import UsageError
from vsod.inference import cache


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VSOD_CACHE", str(tmp_path))
    return tmp_path


def put(folder, name, size, age=0.0):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(size))
    then = time.time() - age
    for path in (file, file.parent):
        os.utime(path, (then, then))


def test_usage_counts_entries_and_bytes_by_kind(folder):
    put(folder, "maps/a/0.maps", 100)
    put(folder, "maps/b/0.maps", 50)
    put(folder, "compiled/net.xml", 7)
    assert cache.usage() == [cache.Usage("compiled", 1, 7), cache.Usage("maps", 2, 150)]


def test_an_absent_cache_is_an_empty_one(folder, monkeypatch):
    monkeypatch.setenv("VSOD_CACHE", str(folder / "none"))
    assert cache.usage() == [] and cache.clear() == (0, 0)


def test_what_a_job_may_be_using_stays(folder):
    put(folder, "maps/old/0.maps", 100, age=3600)
    put(folder, "maps/new/0.maps", 50)
    put(folder, "compiled/net.xml", 7, age=3600)
    assert cache.clear() == (107, 1)
    assert [p.name for p in (paths.cache_dir() / "maps").iterdir()] == ["new"]


def test_the_budget_is_the_users(monkeypatch):
    monkeypatch.delenv("VSOD_CACHE_GB", raising=False)
    assert cache.budget() == 4 << 30
    monkeypatch.setenv("VSOD_CACHE_GB", "0.5")
    assert cache.budget() == 1 << 29
    for wrong in ("much", "0", "-1", "nan", "inf"):
        monkeypatch.setenv("VSOD_CACHE_GB", wrong)
        with pytest.raises(UsageError, match="VSOD_CACHE_GB"):
            cache.budget()


def test_the_command_shows_and_clears_it(folder, capsys):
    put(folder, "maps/old/0.maps", 3_000_000, age=3600)
    assert main(["cache"]) == 0
    out = capsys.readouterr().out
    assert str(folder) in out and "maps" in out and "3.0 MB" in out
    assert main(["cache", "--clear"]) == 0
    assert "3.0 MB" in capsys.readouterr().out
    assert cache.usage() == [cache.Usage("maps", 0, 0)]
