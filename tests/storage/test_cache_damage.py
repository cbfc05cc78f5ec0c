"""One flipped or cut byte in any file of the cache: the matte of an empty cache, or one clear line."""

import random
import shutil

import pytest

from helpers import contrast_model
from helpers.contrast_model import MODEL, ball
from vsod import paths
from vsod.core.clip_settings import ClipSettings
from vsod.core.job import JobSpec
from vsod.errors import VsodError
from vsod.inference import adapted_weights
from vsod.inference.adapted_weights import AdaptationResult, load_adapted, read_outcome, write_adapted
from vsod.inference.converted_networks import Network, converted_network
from vsod.pipeline import runner

COUNT = 40  # two chunks


@pytest.fixture
def clip(tmp_path):
    return contrast_model.writer("avi")(tmp_path / "clip", [ball(i) for i in range(COUNT)])


def export(clip, output):
    runner.run_job(JobSpec(clip, output, ClipSettings(MODEL, format="ffv1-gray8")))
    return output.read_bytes()


def damaged(blob, rng):
    """A copy with one bit flipped, or cut, or with one byte more."""
    way, at = rng.choice(["flip", "flip", "flip", "cut", "add"]), rng.randrange(len(blob))
    if way == "flip":
        return blob[:at] + bytes([blob[at] ^ (1 << rng.randrange(8))]) + blob[at + 1 :]
    return blob[:at] if way == "cut" else blob[:at] + b"\0" + blob[at:]


def trials(clip, cache, expected, rounds):
    """Damage each file of the cache ``rounds`` times, half of them in its head, and export."""
    rng = random.Random(0)
    whole = cache.with_name("whole")
    shutil.copytree(cache, whole)
    files = [f.relative_to(whole) for f in sorted(whole.rglob("*")) if f.is_file() and f.stat().st_size]
    for name in files:
        for number in range(rounds):
            shutil.rmtree(cache)
            shutil.copytree(whole, cache)
            blob = (whole / name).read_bytes()
            if number % 2:
                head = damaged(blob[:160], rng)
                (cache / name).write_bytes(head + blob[160:])
            else:
                (cache / name).write_bytes(damaged(blob, rng))
            output = clip.parent / "out.mkv"
            try:
                found = export(clip, output)
            except VsodError as error:
                assert str(error) and "\n" not in str(error)
            else:
                assert found == expected, (name, number)
            output.unlink(missing_ok=True)
    return files


def test_maps_and_what_is_said_of_them(clip, tmp_path, monkeypatch, expect_log):
    expect_log("is damaged: its maps are made anew")
    contrast_model.install(monkeypatch, tmp_path / "cache")
    with contrast_model.one_thread():
        expected = export(clip, tmp_path / "right.mkv")
        files = trials(clip, tmp_path / "cache", expected, 6)
    assert sorted(f.name for f in files) == ["000000.maps", "000001.maps", "CACHEDIR.TAG", "about"]


@pytest.mark.slow
def test_converted_networks(clip, tmp_path, monkeypatch, expect_log):
    expect_log("is damaged: the network is converted anew")
    contrast_model.install(monkeypatch, tmp_path / "cache")
    monkeypatch.delenv("VSOD_ENGINE")
    pytest.importorskip("openvino")
    expected = export(clip, tmp_path / "right.mkv")
    shutil.rmtree(paths.cache_dir() / "maps")  # or nobody asks the network
    files = trials(clip, tmp_path / "cache", expected, 2)
    assert [f.suffix for f in files] == [".TAG", ".net"]


def test_kept_networks_and_adapted_weights_are_whole_or_not_there(tmp_path, monkeypatch, expect_log):
    expect_log("is damaged: the network is converted anew")
    expect_log("is damaged: the model is adapted anew")
    monkeypatch.setenv("VSOD_CACHE", str(tmp_path / "cache"))
    rng = random.Random(1)
    kept = converted_network("swift", "0" * 64, "2026.4", "frame")
    kept.write(Network(b"<xml/>" * 50, bytes(range(256)) * 20))
    assert kept.read() == Network(b"<xml/>" * 50, bytes(range(256)) * 20)
    file = tmp_path / "adapted-0-40"
    outcome = AdaptationResult(True, 0.9, 0.2, 0.1)
    write_adapted(file, outcome, b"weights" * 100, "key")
    assert read_outcome(file, "key") == outcome and read_outcome(file, "other") is None
    for path, read in ((kept.file, kept.read), (file, lambda: read_outcome(file, "key"))):
        blob = path.read_bytes()
        for _ in range(300):
            path.write_bytes(damaged(blob, rng))
            assert read() is None
        assert not path.exists()  # what is damaged goes
    file.write_bytes(blob[:-1])
    with pytest.raises(VsodError, match="cannot be read"):
        load_adapted(file)
    assert not adapted_weights.is_adapted(tmp_path / "none")
