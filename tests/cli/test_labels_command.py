"""``labels fuse``, ``coarse`` and ``weak`` on folders of maps, as a user calls them."""

import argparse
import csv
import json

import cv2
import numpy as np
import pytest

from helpers import data_sets as fakes
from vsod.cli.lab import labels as cli
from vsod.errors import DataError, ModelError, UsageError, VsodError
from vsod.lab.labels import weak_labels
from vsod.lab.labels.map_folders import MapFolder, MapProviders, frame_number, write_clip
from vsod_models.labels.scnn_weak_labels import WeakLabelSettings

H, W, COUNT = 48, 64, 6
CLIPS = ("ball", "cube")


def call(*words):
    """What ``vsod-desktop labels WORDS`` does, errors not yet turned into exit codes."""
    parser = argparse.ArgumentParser()
    cli.add_commands(parser.add_subparsers())
    args = parser.parse_args(["labels", *map(str, words)])
    return args.run(args)


def subject(clip, k):
    mask = np.zeros((H, W), bool)
    x, y = 6 + 6 * k, 8 if clip == "ball" else 22
    mask[y : y + 16, x : x + 16] = True
    return mask


def write(folder, name, picture):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(cv2.imencode(".png", picture)[1].tobytes())


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two clips, three models' maps with a fault each, and masks of one clip."""
    root = tmp_path_factory.mktemp("labels")
    for clip in CLIPS:
        rng = np.random.default_rng(len(clip) + ord(clip[0]))
        ground = cv2.GaussianBlur(rng.integers(0, 255, (H, W, 3)).astype(np.uint8), (0, 0), 1.5)
        skin = cv2.GaussianBlur(rng.integers(100, 255, (16, 16, 3)).astype(np.uint8), (0, 0), 1)
        for k in range(COUNT):
            mask = subject(clip, k)
            frame = ground.copy()
            frame[mask] = skin.reshape(-1, 3)
            write(root / "clips" / clip, f"{k:05d}.png", frame)
            if clip == "ball":
                write(root / "truth" / clip, f"{k:05d}.png", mask.astype(np.uint8) * 255)
            good = np.where(mask, 0.85, 0.1)
            spotted = good.copy()
            spotted[40:42, 2:4] = 0.95  # a speck in every frame
            flicker = np.where(mask, 0.7, 0.2)
            if k == 3:
                flicker[30:44, 2:20] = 1.0  # in one frame only
            bad = rng.random((H, W)) * 0.6
            write(root / "a" / clip, f"{clip}_matte.{k:06d}.png", np.rint(spotted * 255).astype(np.uint8))
            write(root / "b" / clip, f"{k:05d}.png", np.rint(flicker * 65535).astype(np.uint16))
            small = cv2.resize(bad, (W // 2, H // 2), interpolation=cv2.INTER_AREA)
            write(root / "c" / clip, f"frame{k}.png", np.rint(small * 255).astype(np.uint8))
    return root


def maps(root):
    return [x for name in "abc" for x in ("--maps", root / name)]


def read(path):
    return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)


def done(capsys):
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_fuse_learns_whom_to_trust(root, tmp_path, capsys):
    out = tmp_path / "fused"
    assert call("fuse", *maps(root), "--truth", root / "truth", "--out", out, "--json") == 0
    found = done(capsys)
    assert found["event"] == "done" and found["frames"] == 12 and found["learnt_on"] == COUNT
    weights = json.loads((out / "weights.json").read_text())["weights"]
    assert weights == found["weights"] and sum(weights) == pytest.approx(1)
    assert weights[0] > 0.7 and weights[2] < 0.1
    assert found["error"] <= min(*found["alone"], found["equal"])
    assert sorted(p.name for p in (out / "cube").iterdir()) == [f"{k:05d}.png" for k in range(COUNT)]
    fused = read(out / "cube" / "00002.png")
    assert fused.dtype == np.uint8 and fused.shape == (H, W)
    a = read(root / "a" / "cube" / "cube_matte.000002.png") / 255
    b = read(root / "b" / "cube" / "00002.png") / 65535
    c = cv2.resize(read(root / "c" / "cube" / "frame2.png").astype(np.float32) / 255, (W, H))
    expected = weights[0] * a + weights[1] * b + weights[2] * c
    assert np.abs(fused - expected * 255).max() <= 0.51


def test_fuse_without_masks_weighs_all_alike(root, tmp_path, capsys):
    assert call("fuse", *maps(root), "--out", tmp_path / "f", "--json") == 0
    found = done(capsys)
    assert found["weights"] == pytest.approx([1 / 3] * 3)
    assert found["error"] is None and found["learnt_on"] == 0


def test_fuse_for_people(root, tmp_path, capsys):
    assert (
        call("fuse", *maps(root), "--truth", root / "truth", "--out", tmp_path / "f", "--unconstrained") == 0
    )
    said = capsys.readouterr()
    assert said.out.strip() == str(tmp_path / "f") and "learnt_on" in said.err


def test_a_data_set_as_downloaded_is_clips_and_truth(tmp_path, capsys):
    """FBMS: frames and their few masks in one folder, numbered from 1."""
    data = fakes.fbms(tmp_path / "FBMS", {"cars1": 5}, every=2)
    for name, level in (("a", 230), ("b", 200)):
        for k in range(1, 6):
            map_of = np.zeros((48, 64), np.uint8)
            map_of[12:36, 2 + 2 * k : 18 + 2 * k] = level
            write(tmp_path / name / "cars1", f"{k:05d}.png", map_of)
    out = tmp_path / "coarse"
    words = ["--maps", tmp_path / "a", "--maps", tmp_path / "b", "--clips", data, "--truth", data]
    assert call("coarse", *words, "--out", out, "--json") == 0
    found = done(capsys)
    assert (found["frames"], found["learnt_on"]) == (5, 3), "frames 1, 3 and 5 have truth"
    assert found["iou_after"] > 0.8
    assert sorted(p.name for p in (out / "cars1").iterdir()) == [f"{k:05d}.png" for k in range(1, 6)]
    assert call("fuse", *words[:4], "--truth", data, "--out", tmp_path / "fused", "--json") == 0
    assert done(capsys)["learnt_on"] == 3
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no PNG files in subfolders"):
        call("fuse", *words[:4], "--truth", tmp_path / "empty", "--out", tmp_path / "f")


def test_coarse_labels_lose_specks_and_flicker(root, tmp_path, capsys):
    out = tmp_path / "coarse"
    words = ("--clips", root / "clips", "--truth", root / "truth", "--out", out, "--json")
    # two of the models alone, so that the flicker gets over the threshold
    assert call("coarse", "--maps", root / "a", "--maps", root / "b", *words) == 0
    found = done(capsys)
    assert found["frames"] == 12 and found["empty"] == 0 and found["erased"]["a"] == 12
    assert found["iou_after"] > found["iou_before"] and found["iou_after"] == 1
    for clip in CLIPS:
        for k in range(COUNT):
            assert np.array_equal(read(out / clip / f"{k:05d}.png") > 0, subject(clip, k))
    with (out / "confidence.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(r["clip"], r["frame"]) for r in rows] == [(c, str(k)) for c in CLIPS for k in range(COUNT)]
    assert all(0.3 < float(r["confidence"]) <= 1 for r in rows)


def test_flicker_is_what_rule_c_takes(root, tmp_path, capsys):
    words = ("--clips", root / "clips", "--out", tmp_path / "coarse", "--json")
    assert call("coarse", "--maps", root / "b", *words) == 0
    found = done(capsys)
    assert found["erased"] == {"a": 0, "b": 0, "c": 2} and found["iou_before"] is None


def test_only_what_all_folders_have_is_labelled(root, tmp_path, capsys):
    for k in (1, 2, 4):
        picture = read(root / "b" / "ball" / f"{k:05d}.png")
        write(tmp_path / "sparse" / "ball", f"{k:05d}.png", picture)
    out = tmp_path / "out"
    both = ("--maps", root / "a", "--maps", tmp_path / "sparse")
    assert call("coarse", *both, "--clips", root / "clips", "--out", out) == 0
    said = capsys.readouterr()
    assert "9 frames left out" in said.err
    assert sorted(p.name for p in (out / "ball").iterdir()) == ["00001.png", "00002.png", "00004.png"]


class Copycat:
    """Answers with what it was taught; of other frames it knows the model maps only."""

    def __init__(self, frames, root):
        self.frames, self.root, self.epochs, self.taught = frames, root, 0, []

    def train_epoch(self, labels):
        self.taught.append(sorted(labels))
        assert all(labels[key].shape == (H, W) for key in labels)
        self.epochs += 1
        return 1 / self.epochs

    def predict(self, keys):
        for key in keys:
            assert self.frames[key].shape[2] == 4 and not self.frames[key].shape[0] % 32
            clip, k = key.split("/")
            yield np.where(subject(clip, int(k)), 0.95, 0.02).astype(np.float32)

    def save(self, folder):
        (folder / "epochs").write_text(str(self.epochs))
        (folder / "weights.safetensors").write_text("net")

    def load(self, folder):
        self.epochs = int((folder / "epochs").read_text())


def test_weak_labels_go_on_where_they_were_stopped(root, tmp_path):
    learners, rounds = [], []

    def make(frames):
        learners.append(Copycat(frames, root))
        return learners[-1]

    def run(count):
        return weak_labels.write_weak_labels(
            [root / name for name in "abc"],
            root / "clips",
            root / "truth",
            tmp_path / "weak",
            make,
            settings=WeakLabelSettings(rounds=count, agree=1.0),
            on_round=rounds.append,
        )

    assert run(1)["rounds"] == 1
    found = run(2)
    assert [r.number for r in rounds] == [0, 1, 2] and learners[1].epochs == 2
    assert learners[0].taught[0] == [f"ball/{k:05d}" for k in range(5)] + [f"cube/{k:05d}" for k in range(6)]
    assert found["labels"] == COUNT and found["dropped"] == 0 and found["weights"][3] > 0.9
    out = tmp_path / "weak"
    assert len(json.loads((out / "rounds.json").read_text())) == 3
    assert (out / "weights.safetensors").read_text() == "net"
    assert [p.name for p in (out / "labels").iterdir()] == ["cube"]
    for k in range(COUNT):
        assert np.array_equal(read(out / "labels" / "cube" / f"{k:05d}.png") > 0, subject("cube", k))


def test_another_runs_folder_is_not_mixed_up(root, tmp_path):
    words = [[root / "a"], root / "clips", root / "truth", tmp_path / "w", lambda f: Copycat(f, root)]
    weak_labels.write_weak_labels(*words, settings=WeakLabelSettings(rounds=1))
    write(tmp_path / "t" / "cube", "00000.png", np.full((H, W), 255, np.uint8))
    words[2] = tmp_path / "t"
    with pytest.raises(DataError, match="other frames"):
        weak_labels.write_weak_labels(*words)


def test_errors_say_what_is_missing(root, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    clips = ("--clips", root / "clips")
    out = ("--out", tmp_path / "out")
    with pytest.raises(DataError, match="no PNG files"):
        call("fuse", "--maps", empty, *out)
    with pytest.raises(DataError, match="no PNG files"):
        call("fuse", "--maps", tmp_path / "nowhere", *out)
    with pytest.raises(UsageError, match="read from"):
        call("fuse", "--maps", root / "a", "--out", root / "a")
    write(tmp_path / "other" / "train", "00000.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(DataError, match="no frame in common"):
        call("fuse", "--maps", root / "a", "--maps", tmp_path / "other", *out)
    with pytest.raises(DataError, match="belongs to a frame"):
        call("fuse", "--maps", root / "a", "--truth", tmp_path / "other", *out)
    with pytest.raises(DataError, match="no clip called 'train'"):
        call("coarse", "--maps", tmp_path / "other", *clips, *out)
    write(tmp_path / "late" / "ball", "00099.png", np.zeros((H, W), np.uint8))
    with pytest.raises(DataError, match="none with number 99"):
        call("coarse", "--maps", tmp_path / "late", *clips, *out)
    with pytest.raises(ModelError, match="motion prior"):
        prior = ("--prior", "motion", "--prior-weights", tmp_path / "none.safetensors")
        call("coarse", "--maps", root / "a", *clips, *out, *prior)
    with pytest.raises(VsodError, match="nocard"):
        call("weak", "--maps", root / "a", *clips, "--truth", root / "truth", *out, "--model", "nocard")
    with pytest.raises(DataError, match="already"):
        weak_labels.write_weak_labels(
            [root / "a"], root / "clips", root / "a", tmp_path / "o", lambda f: Copycat(f, root)
        )
    assert not list((tmp_path / "out").glob("*"))


def test_damaged_and_ambiguous_files_are_named(tmp_path):
    write(tmp_path / "m" / "x", "00001.png", np.zeros((4, 4), np.uint8))
    (tmp_path / "m" / "x" / "00002.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"00002\.png"):
        call("fuse", "--maps", tmp_path / "m", "--out", tmp_path / "out")
    assert not (tmp_path / "out" / "x").exists()
    write(tmp_path / "m" / "x", "1.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(DataError, match="twice"):
        MapFolder(tmp_path / "m")
    write(tmp_path / "n" / "x", "one.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(DataError, match="no frame number"):
        MapFolder(tmp_path / "n")


def test_frame_numbers_are_the_last_digits():
    assert [frame_number(n) for n in ("00012.png", "bear2_matte.000007.png", "x.png")] == [12, 7, None]


def test_writing_again_leaves_nothing_old(tmp_path):
    picture = np.zeros((4, 4), np.uint8)
    folder = tmp_path / "clip"
    write_clip(folder, [(1, picture), (2, picture)])
    (folder / "note.png").touch()
    write_clip(folder, [(2, picture), (3, picture)])
    assert sorted(p.name for p in folder.iterdir()) == ["00002.png", "00003.png", "note.png"]
    with pytest.raises(ZeroDivisionError):
        write_clip(folder, ((1 // k, picture) for k in (1, 0)))
    assert [p.name for p in tmp_path.iterdir()] == ["clip"] and not (folder / "00001.png").exists()


def test_maps_are_brought_to_the_first_models_size(root):
    providers = MapProviders([root / "c", root / "a"])
    stack = providers.maps(("ball", 0))
    assert stack.shape == (2, H // 2, W // 2) and stack.dtype == np.float32
    full = read(root / "a" / "ball" / "ball_matte.000000.png") / 255
    assert stack[1] == pytest.approx(full.reshape(H // 2, 2, W // 2, 2).mean((1, 3)), abs=1e-6)
