"""Whatever option names whatever input by whatever name: the input's bytes are the same afterwards."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from helpers.clips import make
from vsod.cli.main import build_parser, main
from vsod.cli.options.path_access import every_command, path_options
from vsod.core.clip_settings import ClipSettings
from vsod.core.job import JobSpec
from vsod.inference.model_registry import find_model
from vsod.lab.training.network_training import stages_of
from vsod.pipeline import runner
from vsod.pipeline.job_report import JobReport
from vsod.storage.ownership_marks import is_ours

# How each command is called; {option} is a place that it reads or writes.
CALLS: dict[str, list[str]] = {
    "run": [
        *("run", "clip.mkv", "-o", "{--output}", "--report", "{--report}", "--range", "0:2"),
        *("--kind", "over", "--background", "ground.mkv", "--format", "ffv1-rgba"),
    ],
    "batch": ["batch", "list.txt", "--range", "0:1", "-o", "{--output}"],
    "rerun": ["rerun", "report.json", "--ignore-changes", "-o", "{--output}"],
    "verify": ["verify", "clip.mkv", "ground.mkv", "--html", "{--html}"],
    "metrics": ["metrics", "clip.mkv", "-o", "{--output}", "--markers", "{--markers}"],
    "inside": ["inside", "clip.mkv", "-o", "{--output}", "--frames", "0,1", "--maps", "S"],
    "demo": ["demo", "{output}"],
    "labels fuse": ["labels", "fuse", "--maps", "m1", "--maps", "m2", "--truth", "truth", "--out", "{--out}"],
    "labels coarse": [
        *("labels", "coarse", "--maps", "m1", "--maps", "m2", "--clips", "clips", "--truth", "truth"),
        *("--out", "{--out}"),
    ],
    "labels weak": [
        *("labels", "weak", "--maps", "m1", "--maps", "m2", "--clips", "clips", "--truth", "truth"),
        *("--init", "start.safetensors", "--out", "{--out}"),
    ],
    "train": [
        *("train", "swift", "--data", "data", "--init", "start.safetensors", "--out", "{--out}"),
        *("--pack", "{--pack}", "--samples", "1"),
    ],
    "ablation": [
        *("ablation", "pdb", "--rows", "ASPP", "--data", "data", "--init", "start.safetensors"),
        *("--samples", "1", "--out", "{--out}", "--csv", "{--csv}"),
    ],
    "train-prior": ["train-prior", "--data", "data", "--init", "start.safetensors", "--out", "{--out}"],
    "evaluate": [
        *("evaluate", "swift", "--data", "data", "--maps", "m1", "--pictures", "{--pictures}"),
        *("--csv", "{--csv}", "--pr", "{--pr}"),
    ],
}
ELSEWHERE = {  # where what is not aimed at an input goes
    "--output": "new.mkv",
    "--report": "new.json",
    "--markers": "new.edl",
    "--html": "new.html",
    "output": "new.mp4",
    "--out": "new",
    "--pack": "newpack",
    "--pictures": "newpictures",
    "--csv": "new.csv",
    "--pr": "newpr.csv",
}
OWN = {("metrics", "--output"): "new.csv", ("inside", "--output"): "newmaps"}  # of one command alone
FILES = ("clip.mkv", "ground.mkv", "report.json", "list.txt", "start.safetensors")
FOLDERS = ("m1", "m1/bear", "truth", "truth/labels", "clips", "clips/bear", "data", ".")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with something of every kind a command reads."""
    root = tmp_path_factory.mktemp("inputs")
    for name in ("clip", "ground"):
        made = make("cfr", tmp_path_factory.mktemp(name)).path
        shutil.copy(made, root / f"{name}.mkv")
    spec = JobSpec(root / "clip.mkv", root / "m.mkv", ClipSettings(start=0, stop=1))
    JobReport.of(spec, runner.run_job(spec)).write(root / "report.json")
    (root / "m.mkv").unlink()
    (root / "list.txt").write_text("clip.mkv\nground.mkv\n")
    (root / "start.safetensors").write_bytes(b"weights")
    for folder in ("m1/bear", "m2/bear", "truth/bear", "truth/labels/bear", "clips/bear", "data/bear"):
        (root / folder).mkdir(parents=True)
        for number in range(3):
            picture = np.full((48, 64), 40 * number, np.uint8)
            (root / folder / f"{number:05d}.png").write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    (root / "truth" / "bear" / "00002.png").unlink()
    return root


@pytest.fixture
def here(inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(inputs, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    report = Path("report.json")
    report.write_text(report.read_text().replace(str(inputs), str(tmp_path / "here")))
    return tmp_path / "here"


def state(folder: Path) -> dict[str, str]:
    files = (p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def written(command: str) -> list[str]:
    parser = dict(every_command(build_parser()))[command]
    return [
        max(action.option_strings, key=len, default=action.dest)
        for action, access in path_options(parser)
        if access == "write"
    ]


def words(command: str, **aimed: str) -> list[str]:
    places = {
        **ELSEWHERE,
        **{option: place for (name, option), place in OWN.items() if name == command},
        **{name.replace("_", "-"): place for name, place in aimed.items()},
    }
    return [places[word[1:-1]] if word.startswith("{") else word for word in CALLS[command]]


def names_of(file: str) -> Iterator[str]:
    """A file as it is called, and links to it that look like what the options want."""
    yield file
    for number, suffix in enumerate((".mkv", ".json", ".csv", ".edl", ".html")):
        link = f"link{number}{suffix}"
        Path(link).unlink(missing_ok=True)
        (os.symlink if number % 2 else os.link)(file, link)
        yield link


def test_every_option_that_writes_is_tried() -> None:
    """A command that gains one is put into the table above."""
    for command, parser in every_command(build_parser()):
        options = written(command)
        assert not options or command in CALLS or command == "watch", command
        for option in options if command in CALLS else ():
            assert f"{{{option}}}" in CALLS[command], (command, option)
        assert not options or "--overwrite" in parser._option_string_actions, command


CASES = [(command, option) for command in CALLS for option in written(command)]


@pytest.mark.parametrize(("command", "option"), CASES)
def test_an_input_is_never_written_over(command: str, option: str, here: Path) -> None:
    """Also with ``--overwrite``: that is about what others wrote, not about what is read."""
    used = [word for word in CALLS[command] if word in FILES]
    used += ["clip.mkv"] if command in ("rerun", "batch") else []
    folder = OWN.get((command, option), ELSEWHERE[option]).count(".") == 0 or command == "batch"
    for file in used:
        for name in names_of(file):
            before = state(here)
            for more in ([], ["--overwrite"]):
                code = main([*words(command, **{option: name}), *more])
                assert code != 0, (name, more)
                assert {k: v for k, v in state(here).items() if k in before} == before, (name, more)
    for place in FOLDERS if folder and command not in ("batch",) else ():
        before = state(here)
        main(words(command, **{option: place}))
        assert {k: v for k, v in state(here).items() if k in before} == before, place


STRANGERS = [case for case in CASES if case[0] not in ("batch", "train") and case[1] != "--pack"]


@pytest.mark.parametrize(("command", "option"), STRANGERS)
def test_what_others_wrote_is_refused(
    command: str, option: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = OWN.get((command, option), ELSEWHERE[option])
    targets = {
        **({"--output": "S.0000.png"} if command == "inside" else {}),
        "--pictures": "swift-frames.png",
        "--out": {
            "labels fuse": "bear/00001.png",
            "labels coarse": "confidence.csv",
            "labels weak": "rounds.json",
            "train-prior": "prior.safetensors",
            "ablation": "rows",
        }.get(command, ""),
    }
    file = Path(place, targets.get(option, ""))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"an editor's own")
    before = state(here)
    assert main(words(command)) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert state(here) == before


def test_what_others_wrote_is_replaced_when_asked_to_and_ours_anyway(here: Path) -> None:
    target = here / "new.mkv"
    target.write_bytes(b"an editor's own")
    line = ["run", "clip.mkv", "-o", "new.mkv", "--range", "0:2"]
    assert main(line) == 2
    assert main([*line, "--overwrite"]) == 0 and is_ours(target)
    assert main(line) == 0


def test_a_folder_of_others_keeps_what_is_not_replaced(here: Path, expect_log: Callable[[str], None]) -> None:
    expect_log("bear holds 1 image .* which stay")
    line = ["run", "clip.mkv", "-o", "m1/bear", "--format", "png8", "--range", "0:2", "--names", "{frame:05}"]
    before = state(here)
    assert main(line) == 2 and state(here) == before
    assert main([*line, "--overwrite"]) == 0
    after = state(here)
    assert {name for name in before if before[name] != after[name]} == {
        "m1/bear/00000.png",
        "m1/bear/00001.png",
    }
    # what is left is that of others: the next run asks again
    assert main(line) == 2


def test_a_shorter_export_keeps_the_tail_of_a_longer_one_or_removes_it(
    here: Path, expect_log: Callable[[str], None]
) -> None:
    line = ["run", "clip.mkv", "-o", "new", "--format", "png8", "--range"]
    assert main([*line, "0:6"]) == 0 and len(list((here / "new").iterdir())) == 6
    expect_log("new holds 3 images .* which stay")
    assert main([*line, "0:3"]) == 0 and len(list((here / "new").iterdir())) == 6
    expect_log("new holds 3 images .* to be removed")
    assert main([*line, "0:3", "--older-images", "remove"]) == 0
    assert len(list((here / "new").iterdir())) == 3


def test_labels_never_delete_a_clips_frames(here: Path) -> None:
    """The maps have fewer frames than the clip in whose place they are to go."""
    (here / "m1" / "bear" / "00002.png").unlink()
    before = state(here)
    line = ["labels", "fuse", "--maps", "m1", "--maps", "m2", "--out", "clips"]
    assert main(line) == 2 and state(here) == before
    assert main([*line, "--overwrite"]) == 0
    assert state(here)["clips/bear/00002.png"] == before["clips/bear/00002.png"]
    assert main(["labels", "fuse", "--maps", "m1", "--maps", "m2", "--out", "fused"]) == 0
    assert main(["labels", "fuse", "--maps", "m1", "--maps", "m2", "--out", "fused"]) == 0


def test_a_rerun_leaves_the_report_it_reads(here: Path) -> None:
    line = ["batch", "clip.mkv", "-o", "out", "--range", "0:1", "--format", "ffv1-gray8"]
    assert main(line) == 0
    report = here / "out" / "clip_matte.mkv.vsod.json"
    known = report.read_bytes()
    assert main(["rerun", str(report)]) == 0 and report.read_bytes() == known
    assert main(line) == 0


def test_a_batch_beside_its_clips_goes_on(here: Path) -> None:
    (here / "shots").mkdir()
    for name in ("clip", "ground"):
        shutil.copy(f"{name}.mkv", f"shots/{name}.mkv")
    line = ["batch", "shots", "--range", "0:1", "--format", "ffv1-gray8"]
    assert main(line) == 0
    made = sorted(p.name for p in (here / "shots").glob("*.mkv"))
    assert made == ["clip.mkv", "clip_matte.mkv", "ground.mkv", "ground_matte.mkv"]
    assert main(line) == 0
    assert sorted(p.name for p in (here / "shots").glob("*.mkv")) == made


def test_watch_takes_nothing_that_it_wrote_for_a_clip(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "in").mkdir()
    shutil.copy("clip.mkv", "in/clip.mkv")
    (here / "link").symlink_to("in")
    line = ["watch", "in", "--range", "0:1", "--format", "ffv1-gray8", "-o"]
    for place in ("in", "link", "in/../in"):
        assert main([*line, place]) == 2
    assert [p.name for p in (here / "in").iterdir()] == ["clip.mkv"]

    def arrivals(folder: Path, quiet: float, cancel: object, **_: object) -> Iterator[Path]:
        yield folder / "clip.mkv"
        (folder / "back.mkv").symlink_to("../out/clip_matte.mkv")
        os.link(here / "out" / "clip_matte.mkv", folder / "hard.mkv")
        yield folder / "back.mkv"
        yield folder / "hard.mkv"

    monkeypatch.setattr("vsod.cli.commands.batch.watch_folder", arrivals)
    assert main([*line, "out"]) == 0
    assert sorted(p.name for p in (here / "out").iterdir()) == ["clip_matte.mkv", "clip_matte.mkv.vsod.json"]


def test_a_stage_is_not_trained_over_the_weights_it_starts_from(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last = stages_of(find_model("stan"))[-1]
    weights = here / "runs" / last.name / "weights.safetensors"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"an hour's work")
    code = main(["train", "stan", "--data", "data", "--out", "runs", "--init", str(weights), "--overwrite"])
    assert code == 2 and "the weights to start from" in capsys.readouterr().err
    assert weights.read_bytes() == b"an hour's work"
