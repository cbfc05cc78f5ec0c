"""The motion prior from a data folder to a file that is measured and read back."""

import argparse
import csv
import io
import json
import tarfile

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from vsod import paths
from vsod.cli.lab.train_prior import add_arguments, train_prior
from vsod.errors import DataError, ModelError, UsageError
from vsod.lab.datasets import labelled_clips
from vsod.lab.training import prior_training
from vsod_models.layers.mobilenet import MobileNetV2
from vsod_models.motion_prior.motion_prior import MotionPrior

SIZE = 96, 160


def texture(h, w, seed, tint):
    rng = np.random.default_rng(seed)
    grey = cv2.GaussianBlur(rng.normal(0, 1, (h, w)).astype(np.float32), (0, 0), 2)
    return np.clip(grey[..., None] * 250 + tint, 0, 255).astype(np.uint8)


def picture(k):
    """Frame ``k`` of a reddish box that moves 4 pixels a frame before a bluish wall (BGR), and its mask."""
    h, w = SIZE
    image = texture(h, w, 0, (150, 90, 60))
    mask = np.zeros((h, w), np.uint8)
    mask[30:70, 20 + 4 * k : 70 + 4 * k] = 255
    image[mask > 0] = texture(40, 50, 1, (50, 80, 180)).reshape(-1, 3)
    return image, mask


def add(tar, name, image):
    blob = cv2.imencode(name[name.rindex(".") :], image)[1].tobytes()
    member = tarfile.TarInfo(name)
    member.size = len(blob)
    tar.addfile(member, io.BytesIO(blob))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    for part, suffix in (("JPEGImages", "jpg"), ("Annotations", "png")):
        folder = root / part / "480p" / "box"
        folder.mkdir(parents=True)
        for k in range(6):
            image, mask = picture(k)
            cv2.imwrite(str(folder / f"{k:05d}.{suffix}"), image if suffix == "jpg" else mask)
    lists = root / "ImageSets" / "480p"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("/JPEGImages/480p/box/00000.jpg /Annotations/480p/box/00000.png\n")
    (lists / "val.txt").write_text((lists / "train.txt").read_text())
    rows = []
    with tarfile.open(root / "images-00.tar", "w") as tar:
        for k in range(4):
            image, mask = picture(k * 4)
            add(tar, f"mask/set/{k}.png", mask)
            add(tar, f"image/set/{k}.png", image)
            rows.append((f"set/{k}", ("mask", "weak")[k == 3], ("train", "val")[k == 2], 160, 96, 0.1))
    with (root / "index.csv").open("w", newline="") as f:
        csv.writer(f).writerows([("id", "label", "split", "width", "height", "foreground"), *rows])
    return root


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("backbone") / "encoder.safetensors"
    save_file({f"encoder.{k}": v for k, v in MobileNetV2().state_dict().items()}, path)
    return path


def test_frames_of_a_clip(data):
    clip = labelled_clips(data, "train")[0]
    found = dict(prior_training.indexed_frames(clip, every=1, width=160))
    assert list(found) == [0, 1, 2, 3, 4, 5]
    for k, (rgb, flow, mask) in found.items():
        image, expected = picture(k)
        assert np.abs(rgb[..., ::-1].astype(int) - image).mean() < 5
        assert (mask == (expected > 0)).all()
        inside = cv2.erode(expected, np.ones((15, 15))) > 0
        # the last frame looks back, and still says where things are going
        assert np.abs(np.median(flow[inside], 0) - (4, 0)).max() < 0.5
        assert np.abs(np.median(flow[:20], (0, 1))).max() < 0.2
    every = [k for k, _ in prior_training.indexed_frames(clip, every=2, width=80)]
    assert every == [0, 2, 4]
    assert [k for k, _ in prior_training.indexed_frames(clip, every=5, width=80)] == [0, 5]


def test_photos_are_training_photos_with_masks(data):
    found = list(prior_training.photo_frames(data, 10, width=160))
    assert len(found) == 2
    for (rgb, flow, mask), k in zip(found, (0, 1), strict=True):
        image, expected = picture(k * 4)
        assert rgb.shape == (96, 160, 3) and flow.shape == (96, 160, 2)
        assert np.abs(rgb[..., ::-1].astype(int) - image).max() <= 1 and (mask == (expected > 0)).all()
    assert len(list(prior_training.photo_frames(data, 1, width=160))) == 1
    assert not list(prior_training.photo_frames(data, 0)) and not list(
        prior_training.photo_frames(data / "x", 5)
    )


def test_from_pictures_to_an_installed_prior(data, backbone, tmp_path, monkeypatch, capsys):
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(paths, "weights_dir", lambda: tmp_path / "weights")
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    words = [
        "--every",
        "2",
        "--photos",
        "2",
        "--cut",
        "flow+rgb",
        "--width",
        "160",
        "--epochs",
        "40",
        "--measure",
    ]
    args = parser.parse_args(words)
    args.data, args.out, args.init = data, tmp_path / "run", backbone
    args.seed, args.install, args.json = 0, True, True
    assert train_prior(args) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [json.loads(x) for x in lines if x.startswith("{")]
    assert [r["frames"] for r in rows if "frames" in r] == [1, 2, 3, 4, 5]
    losses = [r["loss"] for r in rows if "loss" in r]
    assert len(losses) == 40 and losses[-1] < losses[0] < 1
    clip, total = (r for r in rows if "clip" in r)
    assert clip["clip"] == "box" and total["clip"] == "mean" and total["prior"] == clip["prior"]
    # it has seen this very box: anything less would be a fault
    assert clip["prior"]["J"] > 0.8 and 0 < clip["magnitude"]["J"] < 1
    file = tmp_path / "run" / "prior.safetensors"
    assert lines[-1] == str(file)
    assert (tmp_path / "weights" / "prior.safetensors").read_bytes() == file.read_bytes()
    assert MotionPrior.load(file)(picture(0)[0], np.zeros((*SIZE, 2), np.float32)) is None


def test_what_cannot_be_used_is_said(data, tmp_path):
    other = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(3)}, other)
    with pytest.raises(ModelError, match="no features"):
        prior_training.train_prior(data, other, tmp_path / "out.safetensors")
    with pytest.raises(ModelError, match="Train first"):
        prior_training.install_prior(other)
    with pytest.raises(DataError):
        list(prior_training.clip_frames(labelled_clips(tmp_path, "train"), 1))
    args = argparse.Namespace(init=None)
    with pytest.raises(UsageError, match="--init"):
        train_prior(args)
