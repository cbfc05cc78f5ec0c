"""``train --published`` end to end, on small DAVIS and DUTS folders in the layouts of their downloads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from helpers import data_sets as fakes
from vsod.__main__ import main
from vsod.errors import DataError, UsageError
from vsod.inference.model_registry import find_model
from vsod.lab.datasets import LabelFolders, find_data_sets
from vsod.lab.training.clip_arrays import Wanted, sample_sets
from vsod.lab.training.plan import TrainingPlan
from vsod.lab.training.published_data import parse_mix, parts_of
from vsod.lab.training.published_training import published_plan
from vsod.lab.training.train import train
from vsod_models.networks import dsnet, msst, pdb, scnn, stan
from vsod_models.training.data.published_samples import ClipArrays
from vsod_models.weights import load_weights

MODULES = {"scnn": scnn, "msst": msst, "stan": stan, "pdb": pdb, "dsnet": dsnet}
FOLDERS = {
    "scnn": ["spatial", "joint"],
    "msst": [""],
    "stan": [""],
    "pdb": ["spatial", "windows"],
    "dsnet": [""],
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    fakes.davis(root / "DAVIS", {"bear": 5, "bus": 4, "camel": 3}, ["bear", "bus"])
    fakes.duts(root / "DUTS", 3)
    return root


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The papers' networks at an eighth of their width."""
    for module in MODULES.values():
        options = {**module.PUBLISHED.options, "width": 0.125}
        monkeypatch.setattr(module, "PUBLISHED", replace(module.PUBLISHED, options=options))


def command(model: str, data: Path, out: Path, *more: str) -> list[str]:
    words = ["train", model, "--published", "--data", str(data), "--out", str(out), "--device", "cpu"]
    return [*words, "--size", "64", "--batch", "2", "--samples", "2", *more]


def told(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("model", list(MODULES))
@pytest.mark.usefixtures("narrow")
def test_every_stage_runs_on_davis_and_duts(data: Path, tmp_path: Path, model: str, capsys) -> None:
    out = tmp_path / "run"
    assert main([*command(model, data, out), "--json"]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1] == str(out / FOLDERS[model][-1] / "weights.safetensors")
    rows = told(printed)
    differs = " ".join(str(row["differs"]) for row in rows if "differs" in row)
    assert "starts from random weights" in differs and "--size is not the paper's" in differs
    assert "not among the data" in differs
    if model in ("msst", "stan", "scnn"):
        assert "no labels of frames without truth" in differs
    for name in FOLDERS[model]:
        made = json.loads((out / name / "published.json").read_text())
        assert made["samples"] == 2 and made["size"] == [64] and made["differs"]
        assert made["frames"] == {"msst": 4, "stan": 4}.get(model, 5 if name == "windows" else 1)
        clips = "DAVIS-2016:train"
        photos = {"DUTS:train": 3}
        expected = {
            ("scnn", "spatial"): photos,
            ("pdb", "spatial"): {**photos, clips: 9},
            ("dsnet", ""): {**photos, clips: 9},
        }.get((model, name), {clips: 9})
        assert made["data"] == expected, "what stands in for what is missing; never val, never DUTS-TE"
        assert load_weights(out / name / "weights.safetensors")
    assert any(row.get("loss") for row in rows)
    # the same again has nothing left to do
    assert main(command(model, data, out)) == 0


@pytest.mark.usefixtures("narrow")
def test_what_is_asked_for_in_place_of_the_papers(data: Path, tmp_path: Path, capsys) -> None:
    words = [*command("dsnet", data, tmp_path, "--lr", "0.001", "--accumulate", "2", "--variant", "m1")]
    words[words.index("--samples") : words.index("--samples") + 2] = ["--epochs", "1"]
    assert main([*words, "--mix", "DUTS=3", "DAVIS-2016:train=1", "--json"]) == 0
    (stage,) = [row for row in told(capsys.readouterr().out) if "learns" in row]
    assert (stage["lr"], stage["accumulate"], stage["batch"], stage["samples"]) == (0.001, 2, 2, 12)
    assert stage["data"] == {"DUTS:train": 3, "DAVIS-2016:train": 9}, "DUTS-TE is for tests"
    assert "generators" in stage["learns"]
    weights = load_weights(tmp_path / "weights.safetensors")
    assert not any(name.startswith("generators.") for name in weights), "M1 has none"


@pytest.mark.usefixtures("narrow")
def test_labels_are_data_and_count_in_full(data: Path, tmp_path: Path, capsys) -> None:
    sparse = fakes.fbms(tmp_path / "FBMS", {"cars1": 5}, every=4)
    labels = tmp_path / "coarse"
    for k in (2, 3):
        (labels / "cars1").mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(labels / f"cars1/{k:05d}.png"), np.full((48, 64), 255, np.uint8))
    (labels / "confidence.csv").write_text("clip,frame,confidence\ncars1,2,0.5\ncars1,3,0.25\n")
    for words, count in (
        (["--labels", str(labels)], 4),
        (["--labels", str(labels), "--variant", "no-coarse"], 2),
    ):
        out = tmp_path / f"run{count}"
        assert main([*command("stan", sparse, out, *words), "--json"]) == 0
        (stage,) = [row for row in told(capsys.readouterr().out) if "learns" in row]
        assert stage["data"] == {"FBMS-59:train": count}
    arrays = next((tmp_path / "run4" / "clips" / "FBMS-59").glob("cars1-*"))
    assert (np.load(arrays / "label.npy")[1] == 255).all(), "frame 1 has its label"
    assert np.load(arrays / "label.npy")[0].mean() < 128, "truth goes first"


@pytest.mark.usefixtures("narrow")
def test_stan_starts_from_the_saliency_trunk_of_scnn(data: Path, tmp_path: Path) -> None:
    plan = TrainingPlan(published="paper", sizes=(64,), batch=1, samples=1, device="cpu")
    first = train("scnn", data, tmp_path / "scnn", replace(plan, stage="spatial"))
    # a rate of nothing: what it starts from is what it ends with
    train("stan", data, tmp_path / "stan", replace(plan, init=first, rate=1e-30))
    trunk = load_weights(first)
    made = load_weights(tmp_path / "stan" / "weights.safetensors")
    for stream in ("spatial", "temporal"):
        for layer in ("encoder.features.2.weight", "fc6.0.weight"):
            torch.testing.assert_close(made[f"{stream}.trunk.{layer}"], trunk[f"first.trunk.{layer}"])
    drawn = made["temporal.trunk.encoder.features.0.weight"]
    assert drawn.shape[1] == 4 and abs(float(drawn.std()) - 0.01) < 0.004, "drawn anew from N(0, 0.01)"


def test_the_papers_own_form(capsys) -> None:
    plan = TrainingPlan(published="paper")
    for model, module in MODULES.items():
        planned = published_plan(find_model(model), plan)
        assert planned.options == module.PUBLISHED.options
        assert [stage.name for stage in planned.asked] == (
            FOLDERS[model] if FOLDERS[model] != [""] else ["all"]
        )
    compact = published_plan(find_model("pdb"), TrainingPlan(published="paper", compact=True))
    assert compact.options["backbone"] == "mobilenet_v2" and any("compact" in note for note in compact.notes)
    code = published_plan(find_model("dsnet"), TrainingPlan(published="code"))
    assert code.options["official_bug"] and code.stages[0].accumulate == 10
    release = published_plan(find_model("pdb"), TrainingPlan(published="code", sizes=(353,)))
    assert release.options["size"] == (45, 45), "peepholes are bound to the maps' size"


@pytest.mark.parametrize(
    ("words", "code", "match"),
    [
        (["swift", "--published"], 1, "of no paper"),
        (["scnn", "--published", "--stage", "streams"], 1, "Its stages: spatial, joint"),
        (["scnn", "--published", "--variant", "M9"], 2, "s-FCN"),
        (["scnn", "--compact"], 2, "goes with --published only"),
        (["scnn", "--published", "--mining", "0.5"], 2, "does not go with --published"),
        (["scnn", "--published", "--mix", "VOS"], 1, "no data set 'VOS'"),
        (["scnn", "--published", "--mix", "DUTS=no"], 2, "no data set with a weight"),
        (["scnn", "--published", "--batch", "0"], 2, "out of range"),
        (["pdb", "--published", "code", "--size", "64", "96"], 2, "bound to one size. Give one --size"),
        (["scnn", "--published", "--lr", "nan"], 2, "--rate nan is out of range"),
        (["scnn", "--lr", "-1"], 2, "--rate -1 is out of range"),
        (["scnn", "--published", "--install"], 2, "--install"),
        (["scnn", "--variant", "FG", "--install"], 2, "--install"),
    ],
)
def test_what_cannot_be_is_said(
    data: Path, tmp_path: Path, words: list[str], code: int, match: str, capsys
) -> None:
    assert (
        main(["train", *words, "--data", str(data), "--out", str(tmp_path / "run"), "--device", "cpu"])
        == code
    )
    assert match in " ".join(capsys.readouterr().err.split())


def test_the_papers_sets_where_they_are_there(data: Path, tmp_path: Path) -> None:
    fakes.photos(tmp_path / "MSRA10K", 1)
    fakes.segtrack(tmp_path / "SegTrackv2", {"girl": 2})
    fakes.fbms(tmp_path / "FBMS", {"cars1": 2})
    sets = find_data_sets([data, tmp_path])
    first, second = scnn.PUBLISHED.stages_for({})
    parts, missing = parts_of(first, sets)
    assert ([part.name for part in parts], missing) == (["MSRA10K"], [])
    parts, missing = parts_of(second, sets)
    assert ([part.name for part in parts], missing) == (["SegTrackV2", "FBMS-59:train"], [])
    parts, missing = parts_of(pdb.PUBLISHED.stages_for({})[0], sets)
    assert [part.name for part in parts] == ["MSRA10K", "DAVIS-2016:train"]
    assert missing == ["DUT-OMRON not among the data"], (
        "one is missing, the others are there: nothing stands in"
    )
    asked, _ = parts_of(first, sets, parse_mix(["duts:train=2"]))
    assert [(part.name, part.weight) for part in asked] == [("DUTS:train", 2.0)]
    with pytest.raises(UsageError, match="no data set with a weight"):
        parse_mix(["DUTS=0"])
    with pytest.raises(DataError, match="nothing to learn from in stage 'joint'"):
        parts_of(second, [one for one in sets if one.kind == "photos"])


def test_a_set_is_trained_on_by_the_part_for_it(data: Path, tmp_path: Path) -> None:
    """A part for tests stands in for nothing, a set without the paper's splits is taken whole."""
    fakes.fbms(tmp_path / "FBMS", {"cars1": 2})
    (tmp_path / "FBMS/Testset").rmdir()
    (tmp_path / "FBMS/Trainingset").rename(tmp_path / "FBMS/Testset")
    (stage,) = dsnet.PUBLISHED.stages_for({})
    only_tests = find_data_sets([tmp_path / "FBMS"])
    with pytest.raises(DataError, match="nothing to learn from"):
        parts_of(stage, only_tests)
    vos = tmp_path / "more/VOS"
    for k in range(2):
        fakes.picture(vos / f"12/Imgs/{k:05d}.png", 4, (32, 24), k)
        fakes.mask(vos / f"12/GT/{k:05d}.png", 4, (32, 24))
    sets = find_data_sets([data, tmp_path / "FBMS", tmp_path / "more"])
    parts, missing = parts_of(stage, sets)
    assert [part.name for part in parts] == ["DUTS:train", "DAVIS-2016:train", "VOS"]
    assert missing == ["FBMS-59 not among the data"]
    # without a split what is asked for is trained on as any other: never what is for tests
    asked, _ = parts_of(stage, sets, parse_mix(["DUTS", "DAVIS-2016", "VOS=2", "duts:all", "DAVIS-2016:all"]))
    assert [part.name for part in asked] == [
        "DUTS:train",
        "DAVIS-2016:train",
        "VOS",
        "DUTS:all",
        "DAVIS-2016:all",
    ]
    assert [len(part.sets) for part in asked] == [1, 1, 1, 2, 1]
    for word, match in (
        ("DUTS:val", "data set 'DUTS' has no split 'val' here. Use one of: test, train, all"),
        ("FBMS-59:train", "'FBMS-59' has no split 'train' here. Use one of: test, all"),
        ("FBMS-59", "'FBMS-59' has no split 'train' here. Use one of: test, all"),
        ("VOS:train", "'VOS' has no split 'train' here. It has no splits"),
        ("SegTrackV2", "there is no data set 'SegTrackV2'"),
    ):
        with pytest.raises(DataError, match=match):
            parts_of(stage, sets, parse_mix([word]))


def test_clips_are_read_anew_where_their_files_are_others(tmp_path: Path) -> None:
    """Two clips of one name; a mask, then a label, that is painted anew."""
    wanted = Wanted(32, flow=True, prior=False)

    def arrays(folder: Path, labels: Path | None = None) -> ClipArrays:
        one = replace(wanted, labels=LabelFolders([labels]) if labels else None)
        (part,) = parts_of(stan.PUBLISHED.stages_for({})[0], find_data_sets([folder]))[0]
        (found,) = sample_sets([part], one, tmp_path / "cache")
        return found.clips[0]

    for name in ("a", "b"):
        fakes.fbms(tmp_path / name / "FBMS", {"cars1": 3}, every=2)
    fakes.picture(tmp_path / "b/FBMS/Trainingset/cars1/cars1_0001.jpg", 30, (64, 48), 9)
    first, second = arrays(tmp_path / "a"), arrays(tmp_path / "b")
    assert not np.array_equal(first.rgb, second.rgb)
    assert np.array_equal(arrays(tmp_path / "a").rgb, first.rgb)
    fakes.mask(tmp_path / "a/FBMS/Trainingset/cars1/GroundTruth/cars1_0001.pgm", 40, (64, 48))
    assert not np.array_equal(arrays(tmp_path / "a").label[0], first.label[0])
    label = tmp_path / "labels/cars1/00002.png"
    for level in (255, 0):
        label.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(label), np.full((48, 64 + level), level, np.uint8))
        assert (arrays(tmp_path / "a", tmp_path / "labels").label[1] == level).all()


def test_a_single_picture_has_no_flow(tmp_path: Path) -> None:
    data = fakes.davis(tmp_path / "DAVIS", {"bear": 1}, ["bear"])
    (part,) = parts_of(dsnet.PUBLISHED.stages_for({})[0], find_data_sets([data]))[0]
    (found,) = sample_sets([part], Wanted(32, flow=True, prior=False), tmp_path / "cache")
    (clip,) = found.clips
    assert clip.flow is not None and np.isnan(clip.flow).all(), "it is seen as a photo is: in the mean colour"


@pytest.mark.usefixtures("narrow")
def test_what_a_run_cannot_go_on_with_is_said(data: Path, tmp_path: Path, capsys) -> None:
    words = command("dsnet", data, tmp_path / "run")
    one = [*words]
    one[one.index("--batch") + 1] = "1"
    assert main(one) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "a batch of 1 is too small" in said and "Use --batch 2 or more" in said
    assert main([*words, "--variant", "M1"]) == 0
    assert main(words) == 1
    assert "another network's, or its checkpoint is damaged" in " ".join(capsys.readouterr().err.split())
    assert main([*command("dsnet", data, tmp_path / "b"), "--labels", str(tmp_path / "gone")]) == 1
    assert "no such folder" in " ".join(capsys.readouterr().err.split())
