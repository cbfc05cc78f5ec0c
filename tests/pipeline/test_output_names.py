"""Names of outputs: no two clips share one, the disk takes them, and what was made of another clip stays."""

import os
import shutil
import threading

import av
import pytest

from helpers.clips import make
from vsod.cli.main import main
from vsod.core.clip_settings import ClipSettings
from vsod.core.job import JobSpec
from vsod.pipeline import batch
from vsod.pipeline.output_names import OutputNames

WORDS = ("--format", "ffv1-gray8", "--range")


@pytest.fixture
def cards(tmp_path):
    """Two cards, each with a C0001.MP4 of its own."""
    for card, kind in (("A", "cfr"), ("B", "b-frames")):
        (tmp_path / card).mkdir()
        make(kind, tmp_path).path.rename(tmp_path / card / "C0001.MP4")
    return tmp_path


def frames_of(file):
    with av.open(str(file)) as opened:
        return sum(1 for _ in opened.decode(video=0))


def state_of(folder):
    return {p.name: (p.stat().st_size, p.stat().st_mtime_ns, p.stat().st_ino) for p in folder.iterdir()}


def test_the_second_card_leaves_the_mattes_of_the_first(cards, capsys):
    out = cards / "out"
    assert main(["batch", str(cards / "A"), "-o", str(out), *WORDS, "0:4"]) == 0
    first = state_of(out)
    line = ["batch", str(cards / "B"), "-o", str(out), *WORDS, "0:3"]
    capsys.readouterr()
    assert main(line) == 0
    said = capsys.readouterr().out
    assert "named C0001_2_matte.mkv" in said and str(cards / "A" / "C0001.MP4") in said
    assert first.items() <= state_of(out).items()
    assert frames_of(out / "C0001_matte.mkv") == 4 and frames_of(out / "C0001_2_matte.mkv") == 3
    both = state_of(out)
    assert main(line) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[1] == "skipped" and state_of(out) == both
    run = ["run", str(cards / "B" / "C0001.MP4"), "-o", str(out / "C0001_matte.mkv"), *WORDS, "0:2"]
    assert main(run) == 2
    assert "made of another source" in capsys.readouterr().err and state_of(out) == both
    assert main([*run, "--overwrite"]) == 0 and frames_of(out / "C0001_matte.mkv") == 2


def test_another_card_in_the_same_place_is_another_source(cards, monkeypatch):
    """The next card appears under the path of the first."""
    monkeypatch.chdir(cards)
    shutil.copytree("A", "card")
    line = ["batch", "card", "-o", "out", *WORDS, "0:2"]
    assert main(line) == 0
    first = state_of(cards / "out")
    shutil.rmtree("card")
    shutil.copytree("B", "card")
    assert main(line) == 0
    assert first.items() <= state_of(cards / "out").items() and (cards / "out" / "C0001_2_matte.mkv").exists()


def test_a_clip_that_was_moved_keeps_its_matte_s_name(cards, capsys):
    out = cards / "out"
    assert main(["batch", str(cards / "A"), "-o", str(out), *WORDS, "0:2"]) == 0
    (cards / "A").rename(cards / "elsewhere")
    assert main(["batch", str(cards / "elsewhere"), "-o", str(out), *WORDS, "0:2"]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["C0001_matte.mkv", "C0001_matte.mkv.vsod.json"]


def test_clips_of_one_stem_get_two_names_in_one_batch(cards, capsys):
    pair = cards / "pair"
    pair.mkdir()
    shutil.copy(cards / "A" / "C0001.MP4", pair / "a.mp4")
    shutil.copy(cards / "B" / "C0001.MP4", pair / "a.mov")
    line = ["batch", str(pair), "-o", str(cards / "out"), *WORDS, "0:2"]
    for state in ("done", "skipped"):
        assert main(line) == 0
        rows = [row.split() for row in capsys.readouterr().out.splitlines()]
        assert [row[:2] for row in rows if row[0].startswith("a.")] == [["a.mov", state], ["a.mp4", state]]
    assert sorted(p.name for p in (cards / "out").glob("*.mkv")) == ["a_2_matte.mkv", "a_matte.mkv"]


def test_watching_does_not_write_a_proxy_over_its_master(cards, monkeypatch, capsys):
    arrived = cards / "in"
    arrived.mkdir()
    shutil.copy(cards / "A" / "C0001.MP4", arrived / "a.mov")
    shutil.copy(cards / "B" / "C0001.MP4", arrived / "a.mp4")
    (arrived / "a.wav").write_bytes(b"RIFF")

    def once(folder, quiet, cancel, **options):
        stop = threading.Event()
        for number, path in enumerate(batch.watch_folder(folder, 0.0, stop, 0.01, **options)):
            yield path
            if number:
                stop.set()

    monkeypatch.setattr("vsod.cli.commands.batch.watch_folder", once)
    for _ in range(2):
        assert main(["watch", str(arrived), "-o", str(cards / "out"), "--settle", "0", *WORDS, "0:2"]) == 0
        assert "a.wav (a sound file)" in capsys.readouterr().err
    assert sorted(p.name for p in (cards / "out").glob("*.mkv")) == ["a_2_matte.mkv", "a_matte.mkv"]


def jobs(folder, *names):
    return [JobSpec(folder / name, folder / name, ClipSettings(format="ffv1-gray8")) for name in names]


def test_a_pattern_without_the_stem_is_numbered(tmp_path):
    names = OutputNames("matte", tmp_path)
    placed = [names.place(spec)[0].output.name for spec in jobs(tmp_path, "a.mp4", "b.mp4", "a.mp4")]
    assert placed == ["matte.mkv", "matte_2.mkv", "matte.mkv"]


@pytest.mark.parametrize("letter", ["n", "ü", "漢"])
def test_a_name_that_the_disk_does_not_take_is_shortened(tmp_path, letter):
    stem = letter * (251 // len(letter.encode()))
    one, other = jobs(tmp_path, f"{stem}.mp4", f"{stem}.mov")
    names = OutputNames("{stem}_matte", tmp_path)
    placed, told = names.place(one)
    second, why = names.place(other)
    assert placed.output != second.output and "shortened" in told[0] and "becomes the matte of" in why[0]
    for path in (placed.output, second.output):
        assert path.name.endswith("_matte.mkv")
        path.with_name(f"{path.name}.vsod.json").write_bytes(b"")
    assert len(os.fsencode(placed.output.name)) > 235


def test_an_output_whose_name_is_too_long_is_refused_before_the_work(cards, capsys):
    clip = str(cards / "A" / "C0001.MP4")
    assert main(["run", clip, "-o", str(cards / f"{'n' * 252}.mov")]) == 1
    assert "too long (256 bytes, 255 are possible here)" in capsys.readouterr().err
    assert main(["run", clip, "-o", str(cards / f"{'n' * 249}.mov"), "--kind", "fill+matte"]) == 1
    assert "too long" in capsys.readouterr().err
