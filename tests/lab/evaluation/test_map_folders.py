"""Maps that anybody made, on clips with masks made by hand, whose scores are known."""

import csv
import json

import cv2
import numpy as np
import pytest

from vsod.cli.main import main
from vsod.errors import DataError
from vsod.lab.evaluation.map_folders import evaluate_maps, read_levels
from vsod.lab.evaluation.scoring import of_one_size
from vsod_models.metrics.protocols import DAVIS, DAVSOD, FLAT

SIZE = 40, 60  # height, width


def put(file, picture):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(cv2.imencode(file.suffix, picture)[1].tobytes())


def truth(number):
    mask = np.zeros(SIZE, np.uint8)
    mask[10:30, 10 + number : 30 + number] = 255
    return mask


def dense(root):
    """DAVIS: two clips of 6 and 4 frames, numbered from 5."""
    for clip, count in (("a", 6), ("b", 4)):
        for i in range(count):
            picture = np.full((*SIZE, 3), 90, np.uint8)
            picture[truth(i) > 0] = 200
            put(root / "JPEGImages" / "480p" / clip / f"{i + 5:05d}.jpg", picture)
            put(root / "Annotations" / "480p" / clip / f"{i + 5:05d}.png", truth(i))
    return root


@pytest.fixture
def clips(tmp_path):
    return dense(tmp_path / "data")


def upper(number):
    """The upper half of the truth: J 0.5."""
    mask = truth(number)
    mask[20:] = 0
    return mask


def maps(folder, *, a=truth, b=upper, ends=True):
    for clip, count, what in (("a", 6, a), ("b", 4, b)):
        for i in range(count):
            if ends or 0 < i < count - 1:
                put(folder / clip / f"frame{i + 5:03d}.png", what(i))
    return folder


def test_scores_of_masks_made_by_hand_are_known(clips, tmp_path):
    first, second, mean = evaluate_maps(maps(tmp_path / "m"), clips, split_name="all", protocol=DAVIS)
    assert (first.name, first.frames, first.J, first.J_recall, first.F) == ("a", 4, 1, 1, 1)
    assert (second.name, second.frames, second.J, second.J_recall) == ("b", 2, 0.5, 0)
    assert (mean.J, mean.J_recall, mean.frames) == (0.75, 0.5, 6)
    assert first.T == 0, "a square that moves keeps its outline"


def test_every_protocol_counts_its_frames_and_weighs_its_clips(clips, tmp_path):
    folder = maps(tmp_path / "m")
    missed = 200 / 2400  # half of a square of 20x20 on 40x60
    toolbox = evaluate_maps(folder, clips, split_name="all", protocol=DAVSOD)
    flat = evaluate_maps(folder, clips, split_name="all", protocol=FLAT)
    assert [s.frames for s in toolbox] == [4, 2, 6] and [s.frames for s in flat] == [6, 4, 10]
    assert pytest.approx(missed / 2) == toolbox[-1].MAE
    assert pytest.approx(missed * 4 / 10) == flat[-1].MAE
    p, r = 1, (6 * 1 + 4 * 0.5) / 10
    assert flat[-1].maxF == pytest.approx(1.3 * p * r / (0.3 * p + r), abs=1e-5)
    f = 1.3 * 1 * 0.5 / (0.3 * 1 + 0.5)
    assert toolbox[-1].maxF == pytest.approx((1 + f) / 2)


def test_only_frames_that_count_need_a_map(clips, tmp_path):
    folder = maps(tmp_path / "m", ends=False)
    assert evaluate_maps(folder, clips, split_name="all")[-1].frames == 6
    with pytest.raises(DataError, match="2 of 6 frames of a have no map, the first is frame 0"):
        evaluate_maps(folder, clips, split_name="all", protocol=FLAT)


def test_what_is_missing_or_astray_is_named(clips, tmp_path):
    folder = maps(tmp_path / "m")
    put(folder / "b" / "frame099.png", truth(0))
    with pytest.raises(DataError, match="belongs to no frame of b"):
        evaluate_maps(folder, clips, split_name="all")
    (folder / "b").rename(folder / "c")
    with pytest.raises(DataError, match="no maps of the clip b"):
        evaluate_maps(folder, clips, split_name="all")
    (folder / "c").rename(folder / "b")
    (folder / "b" / "frame099.png").unlink()
    (folder / "a" / "frame007.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="cannot be read"):
        evaluate_maps(folder, clips, split_name="all")


def sparse(root):
    """FBMS-59: 5 frames, of which 1, 2 and 4 have truth, 2 without a subject."""
    clip = root / "Testset" / "marple1"
    for i in range(5):
        put(clip / f"marple1_{i + 1:02d}.jpg", np.full((*SIZE, 3), 90, np.uint8))
    for i in (0, 1, 3):
        put(clip / "GroundTruth" / f"marple1_{i + 1:02d}.png", truth(i) if i != 1 else truth(i) * 0)
    return root


def test_sparse_truth_has_rules_of_its_own(tmp_path):
    data = sparse(tmp_path / "FBMS")
    for i in range(5):
        put(tmp_path / "m" / "marple1" / f"marple1_{i + 1:02d}.png", truth(i))
    counted = {
        p.name: evaluate_maps(tmp_path / "m", data, split_name="test", protocol=p)[0]
        for p in (DAVSOD, FLAT, DAVIS)
    }
    assert {name: s.frames for name, s in counted.items()} == {"davsod": 1, "flat": 2, "davis": 2}
    assert counted["davsod"].J == 0, "the frame between the first and the last has no subject"
    assert counted["davis"].J == 1 and counted["davis"].T is None, "no two frames follow each other"
    assert counted["davsod"].flicker is None
    assert pytest.approx(400 / 2400 / 2) == counted["flat"].MAE, "the first is left out"


def test_sizes_that_differ_are_made_one_as_the_protocol_says(clips, tmp_path):
    small = maps(
        tmp_path / "m",
        a=lambda i: cv2.resize(truth(i), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
        b=lambda i: cv2.resize(truth(i), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST),
    )
    for protocol in (DAVSOD, FLAT, DAVIS):
        mean = evaluate_maps(small, clips, split_name="all", protocol=protocol)[-1]
        assert (mean.J if protocol is DAVIS else mean.maxF) > 0.9
    level = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    shown, asked = of_one_size(level, truth(0), FLAT)
    assert shown is level and asked.shape == (3, 4) and set(asked.ravel()) <= {0, 255}
    shown, asked = of_one_size(level, truth(0), DAVSOD)
    assert shown.shape == SIZE and asked is not None and shown.min() >= 0 and shown.max() <= 1


def test_maps_are_resized_as_pillow_and_matlab_do():
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    for size in ((80, 120), (13, 17), (40, 61)):
        level = rng.random(SIZE).astype(np.float32)
        ours, _ = of_one_size(level, np.zeros(size, np.uint8), DAVSOD)
        theirs = image.fromarray(level).resize(size[::-1], image.Resampling.BICUBIC)
        assert np.abs(ours - np.clip(np.asarray(theirs), 0, 1)).max() < 1e-4


def test_a_map_that_shrinks_is_smoothed_and_one_that_grows_keeps_its_levels():
    chequered = (np.indices((40, 60)).sum(0) % 2).astype(np.float32)
    small, _ = of_one_size(chequered, np.zeros((10, 15), np.uint8), DAVSOD)
    assert np.abs(small[1:-1, 1:-1] - 0.5).max() < 0.02
    ramp = np.tile(np.linspace(0, 1, 10, dtype=np.float32), (10, 1))
    large, _ = of_one_size(ramp, np.zeros((40, 40), np.uint8), DAVSOD)
    middle = (np.arange(40) + 0.5) / 4 - 0.5  # where the pixels of the large one lie in the small one
    assert np.abs(large[20, 8:32] - middle[8:32] / 9).max() < 1e-4


def test_maps_are_grey_or_masks_of_colours_or_of_zero_and_one(tmp_path):
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
    put(tmp_path / "grey.png", grey)
    put(tmp_path / "three.png", np.repeat(grey[..., None], 3, 2))
    put(tmp_path / "deep.png", grey.astype(np.uint16) * 257)
    put(tmp_path / "one.png", (grey > 99).astype(np.uint8))
    put(tmp_path / "nothing.png", np.zeros_like(grey))
    coloured = np.zeros((6, 8, 3), np.uint8)
    coloured[grey > 99] = (0, 128, 0)
    put(tmp_path / "colour.png", coloured)
    for name in ("grey", "three", "deep"):
        assert np.abs(read_levels([tmp_path / f"{name}.png"])[0] - grey / 255).max() < 1e-6
    assert (read_levels([tmp_path / "colour.png"])[0] == (grey > 99)).all()
    ones = read_levels([tmp_path / "nothing.png", tmp_path / "one.png"])
    assert (ones[1] == (grey > 99)).all() and not ones[0].any()
    dark = read_levels([tmp_path / "one.png", tmp_path / "grey.png"])
    assert dark[0].max() == pytest.approx(1 / 255), "beside a grey map, 1 is almost nothing"


def test_several_folders_make_one_table_and_one_csv(clips, tmp_path, capsys):
    good, bad = maps(tmp_path / "good"), maps(tmp_path / "bad", a=upper)
    out = tmp_path / "out"
    words = ["evaluate", "--maps", str(good), str(bad), "--data", str(clips), "--split", "all"]
    words += ["--csv", str(out / "s.csv"), "--pr", str(out / "pr.csv")]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| maps | frames | J | F | maxF | meanF | adpF | S | maxE | MAE |")
    assert lines[2].startswith("| `good` | 6 | 0.750 |") and lines[3].startswith("| `bad` | 6 | 0.500 |")
    table = list(csv.DictReader((out / "s.csv").read_text().splitlines()))
    assert [(r["model"], r["clip"], float(r["J"])) for r in table] == [
        *(("good", "a", 1), ("good", "b", 0.5), ("good", "mean", 0.75)),
        *(("bad", "a", 0.5), ("bad", "b", 0.5), ("bad", "mean", 0.5)),
    ]
    curve = list(csv.DictReader((out / "pr.csv").read_text().splitlines()))
    assert len(curve) == 512 and curve[0]["threshold"] == "1.000000" and curve[255]["threshold"] == "0.000000"
    assert float(curve[0]["recall"]) == 0.75 and float(curve[255]["recall"]) == 1
    assert max(float(r["F"]) for r in curve[:256]) == pytest.approx(float(table[2]["maxF"]), abs=1e-4)
    assert main(words) == 0, "what we wrote may be written anew"
    capsys.readouterr()
    (out / "s.csv").write_text("mine")
    assert main(words) == 2 and (out / "s.csv").read_text() == "mine"


def test_several_folders_make_one_figure(clips, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    good, bad, out = maps(tmp_path / "good"), maps(tmp_path / "bad", a=upper), tmp_path / "out"
    words = ["evaluate", "--maps", str(good), str(bad), "--data", str(clips), "--split", "all"]
    assert main([*words, "--pictures", str(out)]) == 0
    pictures = {p.name for p in out.iterdir()}
    assert pictures == {"good-frames.png", "bad-frames.png", "precision.png"}
    drawn = cv2.cvtColor(cv2.imread(str(out / "precision.png")), cv2.COLOR_BGR2HSV)
    hues = np.bincount(drawn[(drawn[..., 1] > 150) & (drawn[..., 2] > 100)][:, 0], minlength=180)
    assert np.count_nonzero(hues > 50) >= 2, "two lines"


def test_each_row_is_told_as_json(clips, tmp_path, capsys):
    folder = maps(tmp_path / "m")
    words = ["evaluate", "--maps", str(folder), "--data", str(clips), "--split", "all", "--json"]
    assert main([*words, "--protocol", "davis"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(r["model"], r["protocol"], r["clip"], r["J"]) for r in rows] == [
        ("m", "davis", "a", 1),
        ("m", "davis", "b", 0.5),
        ("m", "davis", "mean", 0.75),
    ]
    assert set(rows[0]) >= {"J_recall", "J_decay", "F", "F_recall", "F_decay", "T"} and "MAE" not in rows[0]
    assert main([*words, "--protocol", "davis", "--pr", str(tmp_path / "pr.csv")]) == 2


@pytest.mark.parametrize("option", ["--adapt", "--no-flow", "--published", "--crf-preset=dcl", "--feather=3"])
def test_options_for_models_do_nothing_to_maps(option, clips, tmp_path, capsys):
    folder = maps(tmp_path / "m")
    assert main(["evaluate", "--maps", str(folder), "--data", str(clips), "--split", "all", option]) == 2
    assert "as they are" in capsys.readouterr().err


def test_two_folders_of_one_name_are_told_apart(clips, tmp_path, capsys):
    one, two = maps(tmp_path / "x" / "m"), maps(tmp_path / "y" / "m")
    words = ["evaluate", "--data", str(clips), "--split", "all", "--protocol", "flat", "--maps"]
    assert main([*words, str(one), str(two)]) == 0
    assert "`x-m`" in (shown := capsys.readouterr().out) and "`y-m`" in shown
    assert main([*words, str(one), str(one)]) == 2


def test_a_model_and_its_own_mattes_have_the_same_scores(data, capsys):
    """The masks of this clip are what swift says; beside it, the masks as maps."""
    folder = data / "Annotations" / "480p"
    words = ["evaluate", "swift", "--data", str(data), "--protocol", "davis", "--maps", str(folder)]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("| `swift` | 10 | ") and lines[3].startswith("| `480p` | 10 | 1.000 | 1.000 |")
    assert float(lines[2].split("|")[3]) > 0.999
