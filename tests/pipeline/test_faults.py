"""What goes wrong outside our hands: a killed program, damaged input, a folder that vanishes."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.clips import make
from helpers.processes import job, preloaded
from vsod import paths
from vsod.cli.terminal.interrupts import cancel_on_signal
from vsod.core.clip_settings import ClipSettings
from vsod.core.job import JobSpec
from vsod.errors import UsageError, VsodError
from vsod.media.sources.opening import open_source
from vsod.pipeline import runner

OLD = b"what was here before"


def start(clip, out, cache):
    # what is there before is nobody's export
    words = ["run", str(clip), "-o", str(out), "--format", "ffv1-gray8", "--overwrite"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-m", "vsod", *words],
        env={**os.environ, "VSOD_CACHE": str(cache)},
        stdout=quiet,
        stderr=quiet,
    )


def with_networks(demo, cache):
    """A cache that has the converted networks of the tests' own, and no maps."""
    runner.run_job(JobSpec(demo, cache.with_name("one.mkv"), ClipSettings(stop=1, format="ffv1-gray8")))
    cache.with_name("one.mkv").unlink()
    shutil.copytree(paths.cache_dir(), cache / paths.cache_dir().name, ignore=shutil.ignore_patterns("maps"))
    return cache


def forget_maps(cache):
    shutil.rmtree(cache / paths.cache_dir().name / "maps")


@pytest.fixture
def uninterrupted(demo, tmp_path):
    """The bytes of the job left alone, how long it took from start to end, and its cache."""
    cache = with_networks(demo, tmp_path / "cache")
    began = time.monotonic()
    assert start(demo, tmp_path / "m.mkv", cache).wait() == 0
    seconds = time.monotonic() - began
    forget_maps(cache)
    return (tmp_path / "m.mkv").read_bytes(), seconds, cache


def kill_at(demo, tmp_path, uninterrupted, moments):
    """Kill the same job at these shares of its time, then let it finish."""
    whole, seconds, cache = uninterrupted
    out = tmp_path / "m.mkv"
    out.write_bytes(OLD)
    for share in moments:
        job = start(demo, out, cache)
        try:
            job.wait(share * seconds)
        except subprocess.TimeoutExpired:
            job.send_signal(signal.SIGKILL)
            job.wait()
        assert out.read_bytes() in (OLD, whole)
    assert start(demo, out, cache).wait() == 0
    assert out.read_bytes() == whole
    # what the killed ones left was swept up
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "m.mkv"]


def test_a_killed_job_leaves_the_old_file_and_goes_on(demo, tmp_path, uninterrupted):
    kill_at(demo, tmp_path, uninterrupted, (0.4, 0.8))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="no fork server there")
def test_killed_at_twenty_points(demo, tmp_path):
    """Ten times from the beginning, ten times from a finished map store, spread over what each takes."""
    out, cache, context = tmp_path / "m.mkv", with_networks(demo, tmp_path / "cache"), preloaded()
    words = ["run", str(demo), "-o", str(out), "--format", "ffv1-gray8", "--range", "0:32", "--overwrite"]

    def take() -> float:
        began = time.monotonic()
        process = job(context, words, cache)
        process.join()
        assert process.exitcode == 0
        return time.monotonic() - began

    take()
    forget_maps(cache)
    whole_run, finishing = take(), take()
    whole, killed, rng = out.read_bytes(), 0, random.Random(0)
    for point in range(20):
        out.write_bytes(OLD)
        afresh = point % 2 == 0
        if afresh:
            forget_maps(cache)
        process = job(context, words, cache)
        process.join(rng.uniform(0.02, 0.98) * (whole_run if afresh else finishing))
        killed += process.is_alive()
        process.kill()
        process.join()
        assert out.read_bytes() in (OLD, whole)
        if afresh:
            take()
            assert out.read_bytes() == whole
    assert killed >= 12, "most of them had ended: what a run takes was measured wrong"
    take()  # by the next one
    assert out.read_bytes() == whole
    # what the killed ones left was swept up
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "m.mkv"]


def asked_to_stop(demo, tmp_path, signals, moments):
    """Ask the same job to stop at these shares of its time; how often it was still at work."""
    out, cache, context = tmp_path / "m.mkv", with_networks(demo, tmp_path / "cache"), preloaded()
    words = ["run", str(demo), "-o", str(out), "--format", "ffv1-gray8", "--range", "0:32", "--overwrite"]
    seconds, stopped = 0.0, 0
    for _ in range(2):  # the first loads the libraries
        began = time.monotonic()
        process = job(context, words, cache)
        process.join()
        seconds = time.monotonic() - began
        assert process.exitcode == 0
        forget_maps(cache)
    whole = out.read_bytes()
    for number in signals:
        for moment in moments:
            out.write_bytes(OLD)
            process = job(context, words, cache)
            process.join(moment * seconds)
            if process.is_alive():
                os.kill(process.pid, number)
            process.join()
            forget_maps(cache)
            stopped += process.exitcode == 130
            assert process.exitcode in (0, 130), (number, moment)
            assert out.read_bytes() == (OLD if process.exitcode else whole)
            # at once, not by the next run
            assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "m.mkv"], (number, moment)
    return stopped


@pytest.mark.skipif(sys.platform == "win32", reason="no fork server there")
def test_a_closed_terminal_leaves_nothing_behind(demo, tmp_path):
    assert asked_to_stop(demo, tmp_path, [signal.SIGHUP], (0.5, 0.8)) >= 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no fork server there")
def test_asked_to_stop_at_five_moments(demo, tmp_path):
    signals = [signal.SIGHUP, signal.SIGTERM, signal.SIGINT]
    assert asked_to_stop(demo, tmp_path, signals, (0.3, 0.45, 0.6, 0.75, 0.9)) >= 9


def test_a_program_that_is_to_outlive_its_terminal_does(monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with cancel_on_signal() as cancel:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not cancel.wait(0.05)
            os.kill(os.getpid(), signal.SIGTERM)
            assert cancel.wait(1)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def failing_check(monkeypatch):
    """Makes every matte fail its verification."""
    real = runner.verify

    def verify(*given, **named):
        report = real(*given, **named)
        report.add("made up", False, "it is not as it should be")
        return report

    monkeypatch.setattr(runner, "verify", verify)


@pytest.mark.parametrize(("format", "suffix"), [("ffv1-gray8", ".mkv"), ("png8", "")])
def test_a_matte_that_fails_its_checks_replaces_nothing(demo, tmp_path, monkeypatch, format, suffix):
    spec = JobSpec(demo, tmp_path / f"m{suffix}", ClipSettings(stop=4, format=format))
    runner.run_job(spec)
    good = content(spec.output)
    failing_check(monkeypatch)
    for name in (f"m.failed{suffix}", f"m.failed-2{suffix}"):
        report = runner.run_job(spec)
        assert report.exit_code == 3 and report.verified is False
        assert report.outputs == [tmp_path / name] and (tmp_path / name).exists()
        assert content(spec.output) == good
        assert any("was kept as it was" in warning and name in warning for warning in report.warnings)
    assert not [p for p in tmp_path.iterdir() if "partial" in p.name]


def test_a_matte_that_fails_its_checks_is_there_where_nothing_was(demo, tmp_path, monkeypatch):
    failing_check(monkeypatch)
    report = runner.run_job(JobSpec(demo, tmp_path / "m.mkv", ClipSettings(stop=4, format="ffv1-gray8")))
    assert report.exit_code == 3 and report.outputs == [tmp_path / "m.mkv"]
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["m.mkv"]


def test_what_others_put_there_meanwhile_stays(demo, tmp_path):
    out = tmp_path / "m.mkv"

    def meanwhile(progress):
        if progress.stage == "verify":
            out.write_bytes(OLD)

    spec = JobSpec(demo, out, ClipSettings(stop=4, format="ffv1-gray8"), overwrite=False)
    with pytest.raises(UsageError, match="not written by vsod-desktop"):
        runner.run_job(spec, on_progress=meanwhile)
    assert out.read_bytes() == OLD
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["m.mkv"]


def content(path: Path) -> dict[str, bytes]:
    files = path.iterdir() if path.is_dir() else [path]
    return {p.name: p.read_bytes() for p in files}


def damaged(data: bytes, rng: random.Random) -> bytes:
    """A file cut short, or with bytes turned, or with a stretch of it gone or empty."""
    kind, at = rng.randrange(4), rng.randrange(len(data))
    some = bytearray(data)
    if kind == 0:
        return data[:at]
    if kind == 1:
        for _ in range(rng.randint(1, 40)):
            some[rng.randrange(len(some))] ^= 1 << rng.randrange(8)
    elif kind == 2:
        some[at : at + rng.randint(1, 4000)] = b""
    else:
        size = min(rng.randint(1, 4000), len(some) - at)
        some[at : at + size] = bytes(size)
    return bytes(some)


def survive(tmp_path: Path, seeds: range) -> int:
    """Damage clips of all containers; gives how many could still be cut."""
    clips = [
        make(kind, tmp_path / "whole").path
        for kind in ("cfr", "b-frames", "vfr-mkv", "mpegts", "edit-list", "rotated-180")
    ]
    cut = 0
    for seed in seeds:
        rng = random.Random(seed)
        clip = clips[seed % len(clips)]
        bad = tmp_path / f"bad{seed}{clip.suffix}"
        bad.write_bytes(damaged(clip.read_bytes(), rng))
        out = tmp_path / "out.mkv"
        out.write_bytes(OLD)
        try:
            with open_source(bad) as source:
                count = source.info.frame_count
            report = runner.run_job(JobSpec(bad, out, ClipSettings(format="ffv1-gray8")))
        except VsodError as error:
            # said in words, and what was there is still there
            assert error.what and error.exit_code in (1, 2)
            assert out.read_bytes() == OLD
        else:
            cut += 1
            assert report.frames == count and report.verified
            assert set(report.held) <= set(range(count))
            with open_source(out) as made:
                assert made.info.frame_count == count
        assert not [p for p in tmp_path.iterdir() if ".partial" in p.name]
    return cut


def test_damaged_input_is_cut_or_refused_in_words(tmp_path):
    (tmp_path / "whole").mkdir()
    assert survive(tmp_path, range(15)) > 3


def test_a_damaged_display_matrix_still_turns_the_matte(tmp_path):
    clip = make("rotated-180", tmp_path).path
    data = bytearray(clip.read_bytes())
    head = data.index(b"tkhd") + 4 + 40  # version and flags, then 36 bytes to the matrix
    assert data[head : head + 4] == (0x10000 * -1 & 0xFFFFFFFF).to_bytes(4, "big")
    data[head + 20 : head + 24] = (1 << 20).to_bytes(4, "big")
    clip.write_bytes(data)
    report = runner.run_job(JobSpec(clip, tmp_path / "m.mkv", ClipSettings(stop=4, format="ffv1-gray8")))
    assert report.verified, report.warnings


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_two_hundred_damaged_inputs(tmp_path):
    (tmp_path / "whole").mkdir()
    assert survive(tmp_path, range(200)) > 50


def test_an_output_folder_that_vanishes_is_an_error_in_words(demo, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()

    def gone(progress):
        if progress.stage == "export" and folder.exists():
            shutil.rmtree(folder)

    with pytest.raises(VsodError) as caught:
        runner.run_job(
            JobSpec(demo, folder / "m.mkv", ClipSettings(stop=12, format="ffv1-gray8")), on_progress=gone
        )
    assert caught.value.fix and not folder.exists()
