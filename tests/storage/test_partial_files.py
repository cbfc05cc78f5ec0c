"""Nothing is written through a stranger's link, and a folder or file is whole old or whole new at every moment."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.folders import folder, whole
from helpers.repository import TESTS
from vsod.cli.main import main
from vsod.errors import OutputError
from vsod.inference.model_spec import ModelSpec
from vsod.lab.evaluation import threshold_tuning
from vsod.lab.training import network_training, train
from vsod.media.sinks import demo
from vsod.storage import atomic, folder_exchange, partial_files
from vsod.storage.partial_names import is_stale

needs_posix = pytest.mark.skipif(os.name == "nt", reason="links and pipes need POSIX")


def test_partial_names_cannot_be_guessed(tmp_path: Path) -> None:
    names = {atomic.partial_path(tmp_path / "m.mov").name for _ in range(100)}
    assert len(names) == 100
    assert all(f"-{os.getpid()}-" in name and len(name.rpartition("-")[2]) == 16 for name in names)
    assert not any(is_stale(name) for name in names)


@needs_posix
@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "folder", "file"])
def test_what_lies_at_a_partial_name_is_not_touched(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim, there = tmp_path / "victim", tmp_path / ".planted"
    if kind != "dangling":
        victim.write_bytes(b"precious")
    if kind in ("link", "dangling"):
        there.symlink_to("victim")
    elif kind == "pipe":
        os.mkfifo(there)
    elif kind == "folder":
        there.mkdir()
        (there / "inside").write_bytes(b"precious")
    else:
        there.write_bytes(b"precious")
    before = there.lstat()
    monkeypatch.setattr(partial_files, "partial_name", lambda _: ".planted")
    with pytest.raises(OutputError):
        atomic.write_text(tmp_path / "r.json", "{}")
    with pytest.raises(FileExistsError):
        atomic.create_partial(tmp_path / "m.mov")
    with pytest.raises(FileExistsError):
        atomic.create_partial_folder(tmp_path / "shot")
    assert there.lstat() == before and not (tmp_path / "r.json").exists()
    assert kind == "dangling" or victim.read_bytes() == b"precious"
    assert kind != "dangling" or not victim.exists()


def test_a_name_that_is_not_utf8_can_be_written_to(tmp_path: Path) -> None:
    target = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9" + b"\xe9" * 200))
    try:
        target.write_bytes(b"")
    except OSError:
        pytest.skip("this disk takes no such names")
    atomic.write_text(target, f"of {target.name}")
    assert target.read_bytes() == b"of " + os.fsencode(target.name)


def test_text_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "queue.json"
    target.write_text("old")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OutputError, match="disk is full"):
        atomic.write_text(target, "new")
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(("old", "new"), [(6, 3), (3, 6)])
@pytest.mark.parametrize("in_one_step", [True, False])
def test_a_folder_is_replaced_without_a_tail(
    old: int, new: int, in_one_step: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not in_one_step:
        monkeypatch.setattr(folder_exchange, "_renameat2", lambda: None)
    target = folder(tmp_path / "shot", "old", old)
    partial = folder(atomic.partial_path(target), "new", new)
    atomic.commit_together([(partial, target)])
    assert whole(target, "new", new) and list(tmp_path.iterdir()) == [target]


def test_what_others_put_into_a_folder_stays(tmp_path: Path) -> None:
    target = folder(tmp_path / "shot", "old", 3)
    (target / "note.txt").write_text("mine")
    (target / "more").mkdir()
    (target / "more" / "deep.txt").write_text("mine, too")
    (target / "link").symlink_to("note.txt")
    atomic.commit_together([(folder(atomic.partial_path(target), "new", 2), target)])
    assert sorted(p.name for p in target.iterdir()) == ["000.png", "001.png", "link", "more", "note.txt"]
    assert (target / "link").is_symlink() and (target / "more" / "deep.txt").read_text() == "mine, too"


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    real = folder(tmp_path / "real", "old", 3)
    link = tmp_path / "link"
    link.symlink_to(real)
    place = atomic.place_of(link)
    atomic.commit_together([(folder(atomic.partial_path(place), "new", 3), link)])
    assert link.is_symlink() and whole(real, "new", 3)


@pytest.mark.parametrize("in_one_step", [True, False])
@pytest.mark.parametrize("fails", range(5))
def test_every_rename_may_fail(
    fails: int, in_one_step: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two folders and a file: all are old, or all are new."""
    targets = [folder(tmp_path / "fg", "old", 4), folder(tmp_path / "matte", "old", 4), tmp_path / "r.mov"]
    targets[2].write_bytes(b"old")
    partials = [atomic.partial_path(target) for target in targets]
    folder(partials[0], "new", 2)
    folder(partials[1], "new", 2)
    partials[2].write_bytes(b"new")
    calls: list[object] = []

    def failing(real: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object) -> object:
            calls.append(given)
            if len(calls) == fails + 1:
                raise OSError(errno.EIO, "Input/output error")
            return real(*given)

        return call

    swap = folder_exchange.exchange if in_one_step else lambda *_: False
    with monkeypatch.context() as patched:
        patched.setattr(folder_exchange, "exchange", failing(swap) if in_one_step else swap)
        patched.setattr(Path, "rename", failing(Path.rename))
        patched.setattr(Path, "replace", failing(Path.replace))
        try:
            atomic.commit_together(list(zip(partials, targets, strict=True)))
        except OutputError:
            text, count = "old", 4
        else:
            text, count = "new", 2
    assert (text == "old") == (len(calls) > fails)
    assert whole(targets[0], text, count) and whole(targets[1], text, count)
    assert targets[2].read_bytes() == text.encode()
    assert sorted(tmp_path.iterdir()) == sorted(targets)


def test_a_folder_whose_exchange_was_cut_off_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    monkeypatch.setattr(os, "getpid", lambda: gone.pid)
    before = folder(tmp_path / "x", "old", 3).rename(atomic.partial_path(tmp_path / "before.shot"))
    folder(atomic.partial_path(tmp_path / "shot"), "new", 3)
    monkeypatch.undo()
    atomic.remove_stale_partials(tmp_path / "shot")
    assert not before.exists() and list(tmp_path.iterdir()) == [tmp_path / "shot"]
    assert whole(tmp_path / "shot", "old", 3)


ENDLESS = """
import itertools, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from helpers.folders import folder
from vsod.storage import atomic, folder_exchange
if {steps}:
    folder_exchange._renameat2 = lambda: None
target, text = Path({target!r}), Path({text!r})
for turn in itertools.count():
    word, count = ("new", 40) if turn % 2 else ("old", 60)
    atomic.commit_together([(folder(atomic.partial_path(target), word, count), target)])
    atomic.write_text(text, word * 1000)
    if turn == 1:
        print(flush=True)
"""


def killed_at_random(tmp_path: Path, rounds: int, steps: bool) -> None:
    """A process that replaces a folder and a text without pause is killed; then the next one looks."""
    rng = random.Random(rounds)
    work = tmp_path / "work"
    work.mkdir()
    target, text = folder(work / "shot", "old", 60), work / "queue.json"
    code = ENDLESS.format(here=str(TESTS), steps=steps, target=str(target), text=str(text))
    for _ in range(rounds):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.05))
        process.kill()
        process.wait()
        process.stdout.close()
        if not steps:
            assert whole(target, "old", 60) or whole(target, "new", 40)
        atomic.remove_stale_partials(target)
        assert whole(target, "old", 60) or whole(target, "new", 40)
        assert text.read_text() in ("old" * 1000, "new" * 1000)
        assert sorted(p.name for p in work.iterdir()) == ["queue.json", "shot"]


@needs_posix
@pytest.mark.parametrize("steps", [False, True])
def test_a_kill_leaves_whole_folders_and_texts(tmp_path: Path, steps: bool) -> None:
    killed_at_random(tmp_path, 3, steps)


@needs_posix
@pytest.mark.slow
@pytest.mark.parametrize("steps", [False, True])
def test_fifty_kills_leave_whole_folders_and_texts(tmp_path: Path, steps: bool) -> None:
    killed_at_random(tmp_path, 25, steps)


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelSpec:
    (tmp_path / "card.toml").write_text('id = "mine"\nsha256 = "old"\n\n[output]\nhalf = 0.5\n')
    (tmp_path / "mine.safetensors").write_bytes(b"old weights")
    (tmp_path / "trained").write_bytes(b"new weights")
    made = ModelSpec("mine", "Mine", source=tmp_path / "card.toml", weights=tmp_path / "mine.safetensors")
    monkeypatch.setattr(train, "find_model", lambda _: made)
    monkeypatch.setattr(threshold_tuning, "find_model", lambda _: made)
    monkeypatch.setattr(
        network_training, "store_weights", lambda trained, out: out.write_bytes(trained.read_bytes())
    )
    return made


def test_an_installed_model_and_its_weights_are_both_new_or_both_old(
    model: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    goes, calls = Path.replace, []

    def second_fails(self: Path, goal: Path) -> Path:
        calls.append(goal)
        if len(calls) == 2:
            no_space()
        return goes(self, goal)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", second_fails)
        with pytest.raises(OutputError, match="disk is full"):
            train.install_weights("mine", tmp_path / "trained")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    train.install_weights("mine", tmp_path / "trained")
    assert (tmp_path / "mine.safetensors").read_bytes() == b"new weights"
    assert 'sha256 = "old"' not in (tmp_path / "card.toml").read_text()
    assert len(list(tmp_path.iterdir())) == len(before)


def test_a_model_is_calibrated_whole_or_not_at_all(
    model: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", no_space)
        with pytest.raises(OutputError, match="disk is full"):
            threshold_tuning.install_threshold("mine", 0.4)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    threshold_tuning.install_threshold("mine", 0.4)
    assert "decision_threshold = 0.4" in (tmp_path / "card.toml").read_text()


def test_what_is_interrupted_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As SIGTERM and a closed terminal interrupt every command."""

    def interrupted() -> Iterator[object]:
        os.kill(os.getpid(), signal.SIGHUP)
        yield from ()

    monkeypatch.setattr(demo, "demo_frames", interrupted)
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may have been started with nohup
    try:
        assert main(["demo", str(tmp_path / "demo.mp4")]) == 130
    finally:
        signal.signal(signal.SIGHUP, before)
    assert list(tmp_path.iterdir()) == []
