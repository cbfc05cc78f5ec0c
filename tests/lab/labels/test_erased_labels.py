"""Regions of labels erased by hand: what goes, what is kept, taken back and done again."""

import json

import cv2
import numpy as np
import OpenImageIO as oiio
import pytest

from vsod.cli.main import main
from vsod.errors import DataError, UsageError
from vsod.lab.labels import erased_labels
from vsod.lab.labels.erased_labels import ErasedLabels
from vsod.lab.labels.label_regions import Region, Step, parse_region, read_record
from vsod.lab.labels.map_folders import MapFolder, write_clip
from vsod.storage.ownership_marks import is_ours

H, W = 40, 60


def label(k):
    """A subject that moves to the right, and a wrong speck at the lower left."""
    levels = np.zeros((H, W), np.uint8)
    levels[5:15, 10 + k : 20 + k] = 255
    levels[30:36, 4:9] = 255
    return levels


def coarse(folder, clips=("ball",), count=5):
    for clip in clips:
        write_clip(folder / clip, ((k, label(k)) for k in range(count)))
    return folder


def read(folder, k, clip="ball"):
    """By a reader that is not ours."""
    pixels = oiio.ImageBuf(str(folder / clip / f"{k:05d}.png")).get_pixels(oiio.UINT8)
    return pixels[..., 0]


def without_speck(k):
    levels = label(k)
    levels[25:] = 0
    return levels


@pytest.mark.parametrize(
    "region",
    [
        ["--box", "0,25,12,15"],
        ["--box=-3,25,200,200"],
        ["--polygon", "0,25", "12,25", "12,39", "0,39"],
        ["--component", "6,33"],
    ],
)
def test_a_region_is_erased_from_a_range_of_frames(region, tmp_path, capsys):
    folder = coarse(tmp_path / "labels-of-all", ("ball", "cube"))
    assert main(["labels", "erase", str(folder), "ball", "--range", "1:3", *region, "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["event"], done["clip"], done["frames"], done["pixels"]) == ("done", "ball", 2, 60)
    for k in range(5):
        assert np.array_equal(read(folder, k), without_speck(k) if k in (1, 2) else label(k))
        assert np.array_equal(read(folder, k, "cube"), label(k))
    assert is_ours(folder / "ball" / "00001.png") and is_ours(folder / "erased.json")
    assert sorted(p.name for p in (folder / "erased" / "ball").iterdir()) == ["00001.png", "00002.png"]


def test_a_polygon_is_what_its_corners_enclose(tmp_path):
    folder = coarse(tmp_path / "l")
    triangle = np.array([[10, 5], [19, 5], [10, 14]], np.int32)
    ErasedLabels(folder, "ball").erase([Region("polygon", tuple(triangle.ravel().tolist()))], 0, 1)
    left = read(folder, 0)[5:15, 10:20] > 0
    assert not left[0, :].any() and not left[:, 0].any() and left[9, 9] and left[5, 6] and not left[3, 3]
    assert left.sum() == 45  # 100 less the triangle and its border


def test_a_component_is_looked_for_in_each_frame(tmp_path):
    folder = coarse(tmp_path / "l")
    done = ErasedLabels(folder, "ball").erase([Region("component", (12, 8))])
    # the subject has left this pixel after the third frame
    assert done.frames == 3 and [int((read(folder, k) > 0).sum()) for k in range(5)] == [30, 30, 30, 130, 130]


def test_soft_maps_lose_what_is_faint_too(tmp_path):
    """``labels fuse`` writes grey: a box takes all of it, a component what is above one half."""
    soft = np.full((H, W), 40, np.uint8)
    soft[5:15, 10:20], soft[30:36, 4:9] = 200, 180
    write_clip(tmp_path / "l" / "x", [(0, soft)])
    labels = ErasedLabels(tmp_path / "l", "x")
    assert labels.erase([Region("component", (6, 33))]).pixels == 30
    now = read(tmp_path / "l", 0, "x")
    assert (now[30:36, 4:9] == 0).all() and np.count_nonzero(now == 40) == np.count_nonzero(soft == 40)
    labels.erase([Region("box", (0, 20, W, H))])
    now = read(tmp_path / "l", 0, "x")
    assert not now[20:].any() and np.array_equal(now[:20], soft[:20])


def test_corners_connect(tmp_path):
    levels = np.zeros((H, W), np.uint8)
    levels[0:4, 0:4] = levels[4:8, 4:8] = 255
    write_clip(tmp_path / "l" / "x", [(0, levels)])
    ErasedLabels(tmp_path / "l", "x").erase([Region("component", (0, 0))])
    assert not read(tmp_path / "l", 0, "x").any()


def test_steps_are_taken_back_one_by_one(tmp_path, capsys):
    folder = coarse(tmp_path / "l", ("ball", "cube"))
    line = ["labels", "erase", str(folder), "ball"]
    assert main([*line, "--component", "6,33"]) == 0
    assert "300" not in capsys.readouterr().out
    assert main([*line, "--box", "0,0,15,20", "--box", "0,20,5,20", "--range", "2:"]) == 0
    assert main(["labels", "erase", str(folder), "cube", "--box", "0,0,60,40"]) == 0
    assert [step.clip for step in read_record(folder / "erased.json")] == ["ball", "ball", "cube"]
    assert main([*line, "--undo"]) == 0
    assert "given back" in capsys.readouterr().err
    assert all(np.array_equal(read(folder, k), without_speck(k)) for k in range(5))
    assert main([*line, "--undo"]) == 0
    assert all(np.array_equal(read(folder, k), label(k)) for k in range(5))
    assert not any(read(folder, k, "cube").any() for k in range(5))
    assert main([*line, "--undo"]) != 0
    assert "nothing was erased from 'ball'" in capsys.readouterr().err


def test_what_was_erased_is_erased_again_once_the_labels_are_written_anew(tmp_path, capsys):
    folder = coarse(tmp_path / "l")
    ErasedLabels(folder, "ball").erase([Region("component", (6, 33))])

    def better(k):
        levels = label(k)
        levels[5:7] = 0
        return levels

    write_clip(folder / "ball", ((k, better(k)) for k in range(5)))
    for refused in (lambda x: x.erase([Region("box", (0, 0, 60, 6))]), ErasedLabels.undo):
        with pytest.raises(DataError, match="written anew"):
            refused(ErasedLabels(folder, "ball"))
    for _ in range(2):  # once more changes nothing
        assert main(["labels", "erase", str(folder), "ball", "--repeat"]) == 0
        for k in range(5):
            assert np.array_equal(read(folder, k) > 0, (better(k) > 0) & (without_speck(k) > 0))
    ErasedLabels(folder, "ball").undo()
    assert all(np.array_equal(read(folder, k), better(k)) for k in range(5))
    coarse(folder)  # with nothing left in the record, new labels are as good as the first
    ErasedLabels(folder, "ball").erase([Region("component", (6, 33))])
    assert all(np.array_equal(read(folder, k), without_speck(k)) for k in range(5))


def test_whoever_writes_labels_anew_is_told_what_was_erased(tmp_path, capsys):
    maps, out = coarse(tmp_path / "maps"), tmp_path / "out"
    line = ["labels", "fuse", "--maps", str(maps), "--out", str(out)]
    assert main(line) == 0 and "--repeat" not in capsys.readouterr().err
    assert main(["labels", "erase", str(out), "ball", "--component", "6,33"]) == 0
    capsys.readouterr()
    assert main(line) == 0 and "labels erase FOLDER CLIP --repeat" in capsys.readouterr().err
    assert np.array_equal(read(out, 2), label(2))
    assert main(["labels", "erase", str(out), "ball", "--repeat"]) == 0
    assert np.array_equal(read(out, 2), without_speck(2))


def test_a_call_that_was_cut_short_is_made_good(tmp_path, monkeypatch):
    folder = coarse(tmp_path / "l")
    written = []

    def stopped(path, data):
        if path.parent.name == "ball" and path.parent.parent == folder:
            written.append(path)
            if len(written) == 3:
                raise KeyboardInterrupt
        path.write_bytes(data)

    with monkeypatch.context() as patch:
        patch.setattr(erased_labels, "write_bytes", stopped)
        with pytest.raises(KeyboardInterrupt):
            ErasedLabels(folder, "ball").erase([Region("component", (6, 33))])
    assert [bool(read(folder, k)[30:].any()) for k in range(5)] == [False, False, True, True, True]
    ErasedLabels(folder, "ball").repeat()
    assert all(np.array_equal(read(folder, k), without_speck(k)) for k in range(5))
    ErasedLabels(folder, "ball").undo()
    assert all(np.array_equal(read(folder, k), label(k)) for k in range(5))


def test_the_labels_are_where_they_were_and_their_originals_are_no_clip(tmp_path):
    """Also those of ``labels weak``, which lie one folder deeper."""
    deep = tmp_path / "weak"
    coarse(deep / "labels")
    for folder, place in ((deep, deep / "labels"), (coarse(tmp_path / "coarse"),) * 2):
        ErasedLabels(folder, "ball").erase([Region("component", (6, 33))], 0, 2)
        assert (folder / "erased.json").is_file() and (folder / "erased" / "ball").is_dir()
        read_by_others = MapFolder(place)
        assert set(read_by_others.files) == {("ball", k) for k in range(5)}
        for k in range(5):
            assert np.array_equal(read_by_others.levels(("ball", k)), without_speck(k) if k < 2 else label(k))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_labels_of_others_are_changed_when_asked_to_and_keep_their_depth(dtype, tmp_path, capsys):
    top = np.iinfo(dtype).max
    (tmp_path / "l" / "x").mkdir(parents=True)
    file = tmp_path / "l" / "x" / "frame_007.png"
    before = cv2.imencode(".png", (label(0) > 0).astype(dtype) * top)[1].tobytes()
    file.write_bytes(before)
    line = ["labels", "erase", str(tmp_path / "l"), "x", "--component", "6,33", "--range", "7:8"]
    assert main(line) == 2 and "--overwrite" in capsys.readouterr().err and file.read_bytes() == before
    assert not (tmp_path / "l" / "erased.json").exists()
    assert main([*line, "--overwrite"]) == 0
    now = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    assert now.dtype == dtype and np.array_equal(now > 0, without_speck(0) > 0) and now.max() == top


def test_what_makes_no_sense_is_refused_and_changes_nothing(tmp_path, capsys):
    folder = coarse(tmp_path / "l")
    line = ["labels", "erase", str(folder)]
    for words, said in (
        (["ball"], "nothing to erase"),
        (["nobody", "--box", "0,0,1,1"], "no labels of 'nobody'"),
        (["ball", "--box", "0,0,9"], "is no box"),
        (["ball", "--box", "0,0,9,0"], "is no box"),
        (["ball", "--box", "a,b,c,d"], "is no box"),
        (["ball", "--polygon", "0,0", "5,5"], "is no polygon"),
        (["ball", "--polygon", "0,0,5", "5,5,1"], "is no polygon"),
        (["ball", "--component", "6"], "is no component"),
        (["ball", "--component", "0,0"], "nothing of the subject"),
        (["ball", "--component", "600,3"], "nothing of the subject"),
        (["ball", "--box", "0,0,9,9", "--range", "70:"], "no label of 'ball'"),
        (["ball", "--undo", "--box", "0,0,9,9"], "take neither"),
        (["ball", "--repeat"], "nothing was erased"),
    ):
        assert main([*line, *words]) != 0
        assert said in capsys.readouterr().err, words
    assert all(np.array_equal(read(folder, k), label(k)) for k in range(5))
    assert [p.name for p in folder.iterdir()] == ["ball"]
    (folder / "erased.json").write_text("{}")
    with pytest.raises(DataError, match="record"):
        ErasedLabels(folder, "ball")
    with pytest.raises(DataError, match="no labels"):
        ErasedLabels(tmp_path / "nowhere", "ball")
    with pytest.raises(UsageError):
        parse_region("box", ["1,2"])
    twice = coarse(tmp_path / "twice")
    (twice / "ball" / "3.png").write_bytes((twice / "ball" / "00003.png").read_bytes())
    with pytest.raises(DataError, match="frame 3 is here twice"):
        ErasedLabels(twice, "ball")


def test_the_record_is_read_as_it_was_written(tmp_path):
    folder = coarse(tmp_path / "l")
    ErasedLabels(folder, "ball").erase([Region("box", (0, 25, 12, 15)), Region("component", (15, 8))], 1, 3)
    kept = json.loads((folder / "erased.json").read_text())
    assert kept["steps"][0]["regions"][0] == {"kind": "box", "numbers": [0, 25, 12, 15]}
    assert read_record(folder / "erased.json") == [
        Step("ball", 1, 3, (Region("box", (0, 25, 12, 15)), Region("component", (15, 8))))
    ]
