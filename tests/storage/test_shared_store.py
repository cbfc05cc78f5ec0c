"""Two processes on one clip, and one that makes room beside them: nothing is lost."""

import subprocess
import sys

import numpy as np
import pytest

from vsod.media.sinks.demo import make_demo
from vsod.media.sources.opening import open_source
from vsod.storage import cache
from vsod.storage.clip_maps import open_store
from vsod.storage.map_store import CHUNK

ROUNDS = 20

WRITER = """
import sys
from pathlib import Path
import numpy as np
from vsod.storage.clip_maps import open_store
from vsod.media.sources.opening import open_source

clip, start, stop, rounds = Path(sys.argv[1]), *map(int, sys.argv[2:5])
with open_source(clip) as source:
    info = source.info
print("ready", flush=True)
sys.stdin.readline()
stores = []
for number in range(rounds):
    store = open_store(info, f"model {number}")
    for index in range(start, stop):
        store.put(index, np.full((36, 64), (index + number) / 100, np.float32), bytes([index] * 16), bytes(16))
    store.flush()
    stores.append(store)  # open until the end: a job reads what it has analysed
for number, store in enumerate(stores):
    for index in range(start, stop):
        found = store.get(index)
        assert found is not None and abs(found[0, 0] - (index + number) / 100) < 1e-3, (number, index)
print("done", flush=True)
sys.stdin.readline()
"""

PRUNER = """
import sys, os
from vsod.storage import cache
from vsod.storage.cache import folder
print("ready", flush=True)
sys.stdin.readline()
os.environ["VSOD_CACHE_GB"] = "0.000000001"
while not os.path.exists(sys.argv[1]):
    cache.prune(keep=folder("maps") / "none")
print("done", flush=True)
sys.stdin.readline()
"""


class Worker:
    """A Python process that says when it is ready and when it is done, and waits to be told to go on."""

    def __init__(self, code, *words):
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def says(self, word):
        line = self.process.stdout.readline().strip()
        assert line == word, self.process.communicate()[1]

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self):
        self.go()
        assert self.process.wait(60) == 0
        self.close()

    def close(self):
        self.process.kill()
        self.process.communicate()


@pytest.mark.parametrize("beside", ["another writer", "another writer and a pruner"])
def test_nothing_is_lost(tmp_path, monkeypatch, beside):
    monkeypatch.setenv("VSOD_CACHE", str(tmp_path / "cache"))
    clip = tmp_path / "clip.mp4"
    make_demo(clip)
    done = tmp_path / "done"
    # frame 20 lies in the middle of a chunk, which both write
    writers = [Worker(WRITER, clip, 0, 20, ROUNDS), Worker(WRITER, clip, 20, 40, ROUNDS)]
    others = [Worker(PRUNER, done)] if "pruner" in beside else []
    workers = [*writers, *others]
    try:
        for worker in workers:
            worker.says("ready")
        for worker in workers:
            worker.go()
        for worker in writers:
            worker.says("done")
        with open_source(clip) as source:
            info = source.info
        for number in range(ROUNDS):
            store = open_store(info, f"model {number}")
            assert store.coverage()[:40].all() and CHUNK < 40
            for index in range(40):
                assert np.allclose(store.get(index), (index + number) / 100, atol=1e-3)
                assert store.hashes(index)[0] == bytes([index] * 16)
            store.close()
        done.touch()
        for worker in others:
            worker.says("done")
        for worker in workers:
            worker.end()
    finally:
        done.touch()
        for worker in workers:
            worker.close()
    if others:  # and now that nobody uses them there is room again
        monkeypatch.setenv("VSOD_CACHE_GB", "0.000000001")
        cache.prune(keep=tmp_path)
        assert cache.usage() == []
    assert [p.name for p in (tmp_path / "cache").iterdir()] == ["vsod-desktop-cache"]
