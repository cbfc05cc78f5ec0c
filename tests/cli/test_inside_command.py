"""``inside`` from clip to images and table, read back by FFmpeg and as text."""

import csv
import json
import subprocess

import cv2
import numpy as np
import pytest

from helpers.clips import make, write_pictures
from vsod.cli.main import main
from vsod.storage.ownership_marks import is_ours


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A disc that moves over a textured ground."""
    ground = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 256, (96, 128, 3), np.uint8), (0, 0), 2)
    pictures = []
    for t in range(6):
        pictures.append(ground.copy())
        cv2.circle(pictures[-1], (40 + 5 * t, 48), 20, (220, 60, 40), -1)
    return write_pictures(tmp_path_factory.mktemp("inside") / "clip.mkv", pictures)


def by_ffmpeg(image, pixels, dtype):
    words = ["ffmpeg", "-v", "error", "-i", str(image), "-f", "rawvideo", "-pix_fmt", pixels, "-"]
    return np.frombuffer(subprocess.run(words, capture_output=True, check=True).stdout, dtype)


def test_weights_and_maps_of_dsnet(clip, tmp_path, capsys):
    out = tmp_path / "maps"
    line = ["inside", str(clip), "--model", "dsnet", "-o", str(out), "--frames", "4,0"]
    assert main(line) == 0
    assert capsys.readouterr().out.split() == [str(out)]
    names = {file.name.split(".")[0] for file in out.glob("*.png")}
    assert names >= {"S", "S_s", "S_t", "S_c", "f_s_1", "f_t_5", "features", "flow", "prior", "segments_2"}
    assert {file.name.split(".")[1] for file in out.glob("*.png")} == {"0000", "0004"}
    assert all(is_ours(file) for file in out.iterdir())

    rows = list(csv.DictReader((out / "intermediates.csv").read_text().splitlines()))
    assert {row["frame"] for row in rows} == {"0", "4"}
    value = {(row["frame"], row["name"], row["scale"]): float(row["value"]) for row in rows}
    for frame in "04":
        v_t = [value[frame, "v_t", str(k)] for k in range(1, 6)]
        for k, t in enumerate(v_t, 1):
            assert value[frame, "v_s", str(k)] + t == pytest.approx(1, abs=2e-6)
            gap = value[frame, "w_t", str(k)] - value[frame, "w_s", str(k)]
            assert t == pytest.approx(1 / (1 + np.exp(-gap)), abs=2e-6)
        assert value[frame, "trust_of_motion", ""] == pytest.approx(np.mean(v_t), abs=2e-6)

    grey = by_ffmpeg(out / "S.0004.png", "gray16le", "<u2")
    again = cv2.imread(str(out / "S.0004.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(grey, again.ravel()) and again.max() > 32768
    assert len(by_ffmpeg(out / "flow.0004.png", "rgb24", np.uint8)) == 3 * again.size
    # another run takes the place of this one
    assert main(["inside", str(clip), "-o", str(out), "--every", "3", "--maps", "S", "gate_2"]) == 0
    assert {file.name for file in out.iterdir()} == {
        "intermediates.csv",
        *(f"{name}.{number:04}.png" for name in ("S", "gate_2") for number in (0, 3)),
    }


def test_json(clip, tmp_path, capsys):
    out = tmp_path / "maps"
    words = ["--every", "4", "--maps", "prior", "segments_3", "--json"]
    assert main(["inside", str(clip), "-o", str(out), *words]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-1] == {"event": "done", "output": str(out), "frames": 2, "images": 10}
    assert {event["stage"] for event in events[:-1]} == {"inside"}
    assert len(list(out.glob("prior*.png"))) == 8


def test_it_says_what_there_is(capsys):
    assert main(["inside", "--list", "--model", "stan"]) == 0
    text = capsys.readouterr().out
    assert "A_st" in text and "3.2, eq. 7" in text and "numbers:" in text
    assert main(["inside", "--list", "--model", "dsnet", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    row = {"name": "v_t", "title": "weights of the motion against the picture", "reference": "III-C, eq. 2"}
    assert {**row, "scales": 5} in listed["numbers"]
    assert {row["name"] for row in listed["maps"]} >= {"S_c", "f_t", "features", "prior", "segments_1"}


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (["CLIP"], 2, "-o FOLDER"),
        (["CLIP", "-o", "OUT", "--frames", "3,6"], 2, "no frame 6: the clip has 6"),
        (["CLIP", "-o", "OUT", "--maps", "A_st"], 2, "has no map 'A_st'"),
        (["CLIP", "-o", "OUT", "--model", "none"], 2, "none"),
        (["CLIP", "-o", "CLIP"], 2, "the source"),
        (["CLIP", "-o", "FILE"], 1, "a file has this name"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(words, code, hint, clip, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    places = {"CLIP": str(clip), "OUT": str(tmp_path / "out"), "FILE": str(tmp_path / "file")}
    assert main(["inside", *(places.get(word, word) for word in words)]) == code
    error = capsys.readouterr().err
    assert hint in error and error.count("\n") == 1
    assert {file.name for file in tmp_path.iterdir()} <= {"file", "config", "data"}


@pytest.mark.parametrize(
    ("kind", "every", "count"), [("rotated-90", 20, 2), ("corrupt-middle", 15, 3), ("images", 6, 2)]
)
def test_odd_sources(kind, every, count, tmp_path):
    """Turned pictures, frames that cannot be decoded, a folder of images."""
    source = make(kind, tmp_path).path
    out = tmp_path / "maps"
    assert main(["inside", str(source), "-o", str(out), "--every", str(every), "--maps", "S"]) == 0
    assert len(list(out.glob("S.*.png"))) == count
    shape = cv2.imread(str(out / "S.0000.png"), cv2.IMREAD_UNCHANGED).shape
    assert (shape[0] > shape[1]) == (kind == "rotated-90")
