"""The train command on a data folder of the documented layout, from pictures to an installed card."""

import csv
import io
import json
import shutil
import tarfile

import cv2
import numpy as np
import pytest
import torch

from helpers import data_sets as fakes
from helpers.clips import make
from vsod import paths
from vsod.__main__ import main
from vsod.errors import DataError
from vsod.inference.model_registry import find_model, require_model
from vsod.lab.training import train
from vsod.storage.digest import file_sha256
from vsod_models.training.data.packed_data import open_pack
from vsod_models.weights import load_weights


def add(tar, name, image, suffix):
    blob = cv2.imencode(suffix, image)[1].tobytes()
    member = tarfile.TarInfo(name)
    member.size = len(blob)
    tar.addfile(member, io.BytesIO(blob))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    (root / "davis16").mkdir()
    clip = make("cfr", root)
    shutil.move(clip.path, root / "davis16" / "bear.mp4")
    shutil.copy(root / "davis16" / "bear.mp4", root / "davis16" / "tennis.mp4")
    mask = np.zeros((64, 96), np.uint8)
    mask[20:44, 30:66] = 255
    with tarfile.open(root / "davis16-masks.tar", "w") as tar:
        for name in ("bear", "tennis"):
            for k in range(len(clip.codes)):
                add(tar, f"mask/davis16/{name}/{k:05d}.png", mask, ".png")
    rng = np.random.default_rng(0)
    rows = []
    with tarfile.open(root / "images-00.tar", "w") as tar:
        for k in range(6):
            label = "weak" if k >= 4 else "mask"
            photo = rng.integers(0, 255, (64, 96, 3)).astype(np.uint8)
            add(tar, f"image/set/{k}.webp", photo, ".webp")
            add(tar, f"{label}/set/{k}.{'webp' if label == 'weak' else 'png'}", mask, ".png")
            rows.append((f"set/{k}", label, "val" if k == 3 else "train", 96, 64, 0.14))
    with (root / "index.csv").open("w", newline="") as f:
        csv.writer(f).writerows([("id", "label", "split", "width", "height", "foreground"), *rows])
    return root


@pytest.fixture
def mine():
    """A card of the user's own with swift's network."""
    folder = paths.user_models_dir()
    folder.mkdir(parents=True)
    text = (paths.model_specs_dir() / "swift.toml").read_text()
    text = text.replace('id = "swift"', 'id = "mine"').replace("swift.safetensors", "mine.safetensors")
    (folder / "mine.toml").write_text(text)
    return folder / "mine.toml"


def test_from_pictures_to_an_installed_model(data, mine, tmp_path, capsys):
    assert find_model("mine").problem
    words = ["train", "mine", "--data", data, "--out", tmp_path / "run", "--samples", "16", "--device", "cpu"]
    assert main([str(w) for w in words] + ["--json"]) == 0
    rows = [json.loads(x) for x in capsys.readouterr().out.splitlines() if x.startswith("{")]
    assert rows[-1]["stage"] == "all validated" and 0 <= rows[-1]["iou"] <= 1
    meta = json.loads((tmp_path / "run" / "pack" / "pack.json").read_text())
    assert meta == {"groups": ["set", "composites"], "clips": ["bear"], "prior": ""}
    weights = tmp_path / "run" / "weights.safetensors"
    with pytest.raises(Exception, match="mine"):
        require_model("mine")
    # a finished run has nothing left to do: it only installs
    assert main([str(w) for w in words] + ["--install"]) == 0
    model = paths.user_models_dir() / "mine.toml"
    shipped = require_model("mine").verified_weights()
    assert f'sha256 = "{file_sha256(shipped)}"' in model.read_text()
    # int8, half the size of the run's
    assert shipped.stat().st_size < 0.6 * weights.stat().st_size
    ours, theirs = load_weights(shipped), load_weights(weights)
    assert all((ours[k] - v).abs().max() <= v.abs().max() / 100 for k, v in theirs.items())


def test_learning_of_a_teacher_and_of_what_is_hard(data, mine, tmp_path, capsys):
    words = ["train", "mine", "--data", data, "--out", tmp_path / "run", "--samples", "32", "--device", "cpu"]
    words += ["--teacher", "swift", "--affinity", "10", "--mining", "0.5", "--json"]
    assert main([str(w) for w in words]) == 0
    assert '"iou"' in capsys.readouterr().out
    state = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    assert not state["mining"].isnan().all()


def test_a_plugins_network_trains_as_its_own_module_says(data, tmp_path, capsys):
    """Whatever its file is called: one named like a network of ours is no network of ours."""
    folder = paths.user_models_dir() / "their-net"
    shutil.copytree(
        paths.plugins_dir() / "example-model", folder, ignore=shutil.ignore_patterns("__pycache__")
    )
    (folder / "contrast.py").rename(folder / "scnn.py")
    spec = (folder / "model.toml").read_text()
    spec = spec.replace("contrast:build", "scnn:build").replace('id = "example-contrast"', 'id = "theirs"')
    (folder / "model.toml").write_text(spec)
    out = tmp_path / "run"
    words = ["train", "theirs", "--data", data, "--out", out, "--samples", "32", "--device", "cpu", "--json"]
    assert main([str(w) for w in words]) == 0
    assert '"all validated"' in capsys.readouterr().out
    recipe = json.loads((out / "recipe.json").read_text())
    assert (recipe["lr"], recipe["warmup"], recipe["samples"]) == (0.01, 20, 32)
    before = load_weights(folder / "contrast.safetensors")["mix"]
    after = torch.load(out / "checkpoint.pt", weights_only=True)["net"]["mix"]
    assert before.shape == after.shape == (4,) and not torch.equal(before, after)
    assert load_weights(out / "weights.safetensors")["mix"].shape == (4,)
    assert main([*(str(w) for w in words[:-1]), "--published"]) == 1
    assert "is of no paper" in capsys.readouterr().err


def test_a_network_that_does_not_say_how_it_is_trained_is_told_so(data, tmp_path, capsys):
    folder = paths.user_models_dir() / "their-net"
    shutil.copytree(
        paths.plugins_dir() / "example-model", folder, ignore=shutil.ignore_patterns("__pycache__")
    )
    code = folder / "contrast.py"
    code.write_text(code.read_text().replace("STAGES =", "_STAGES ="))
    spec = folder / "model.toml"
    spec.write_text(spec.read_text().replace('id = "example-contrast"', 'id = "theirs"'))
    words = ["train", "theirs", "--data", data, "--out", tmp_path / "run", "--samples", "16"]
    assert main([str(w) for w in words]) == 1
    assert "does not say how it is trained" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--affinity", "10"], ["--mining", "2"]])
def test_plans_that_make_no_sense(words, tmp_path, capsys):
    assert main(["train", "swift", "--data", str(tmp_path), "--out", str(tmp_path), *words]) == 2
    assert "Use 0 to 1" in capsys.readouterr().err or words[0] == "--affinity"


def test_frames_may_lack_a_mask_but_no_mask_a_frame(data, tmp_path):
    mask = np.full((64, 96), 255, np.uint8)
    shutil.copytree(data, tmp_path / "d")
    (tmp_path / "d" / "davis16-masks.tar").unlink()
    with tarfile.open(tmp_path / "d" / "davis16-masks.tar", "w") as tar:
        add(tar, "mask/davis16/bear/00007.png", mask, ".png")
    train.make_pack([tmp_path / "d"], tmp_path / "pack")
    trust = open_pack(tmp_path / "pack").videos.trust
    assert np.flatnonzero(trust).tolist() == [7] and trust[7] == 1 and len(trust) == 40
    with tarfile.open(tmp_path / "d" / "davis16-masks.tar", "w") as tar:
        add(tar, "mask/davis16/bear/00040.png", mask, ".png")
    with pytest.raises(DataError, match="no frame"):
        train.make_pack([tmp_path / "d"], tmp_path / "other")
    assert not (tmp_path / "other" / "pack.json").exists()


def test_what_is_only_for_tests_makes_no_pack(tmp_path):
    fakes.duts(tmp_path / "DUTS", 1, test=2)
    with pytest.raises(DataError, match="all of it is for tests"):
        train.make_pack([tmp_path / "DUTS" / "DUTS-TE"], tmp_path / "pack")
    assert not (tmp_path / "pack").exists()


def test_downloaded_sets_become_a_pack_and_a_run(tmp_path, capsys):
    """DAVIS, FBMS with its sparse truth and DUTS as they are unpacked, and labels for frames without truth."""
    fakes.davis(tmp_path / "sets" / "DAVIS", {"bear": 4, "camel": 3}, ["bear"])
    fakes.fbms(tmp_path / "sets" / "FBMS", {"cars1": 5}, every=3)
    fakes.duts(tmp_path / "sets", 4)
    fakes.picture(tmp_path / "sets/ECSSD/images/a.jpg", 4, (32, 24), 0)
    fakes.mask(tmp_path / "sets/ECSSD/ground_truth_mask/a.png", 4, (32, 24))
    labels = tmp_path / "coarse"
    fakes.mask(labels / "cars1" / "00002.png", 8, (64, 48))
    (labels / "confidence.csv").write_text("clip,frame,confidence\ncars1,2,0.5\n")
    words = ["train", "swift", "--data", tmp_path / "sets", "--out", tmp_path / "run", "--samples", "16"]
    assert main([str(w) for w in [*words, "--device", "cpu", "--labels", labels]]) == 0
    pack = open_pack(tmp_path / "run" / "pack")
    assert pack.videos.clips == ["bear", "cars1"], "never what is for tests"
    # frames 0 and 3 of cars1 have truth, frame 1 a label: half of its confidence
    assert pack.videos.trust.tolist() == pytest.approx([1, 1, 1, 1, 1, 0.25, 0, 1, 0])
    assert pack.photos.groups == ["DUTS", "composites"] and (pack.photos.group == 0).sum() == 4
    whole = pack.photos.size[0]
    assert tuple(whole) == (206, 288)
    assert pack.photos.mask[0, :206].mean() > 20
