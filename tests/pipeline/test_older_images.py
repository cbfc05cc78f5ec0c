"""A shorter range into a folder that holds the images of a longer one: told, kept or removed, and no failure."""

import shutil

import cv2
import pytest

from helpers.clips import make
from vsod.cli.main import main


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make("cfr", tmp_path_factory.mktemp("clip")).path


@pytest.fixture
def run(clip, tmp_path, capsys):
    def call(*words):
        code = main(["run", str(clip), "-o", str(tmp_path / "seq"), "--format", "png8", *words])
        return code, capsys.readouterr().err

    return call


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_older_images_are_told_and_kept(run, clip, tmp_path, expect_log):
    assert run("--range", "0:8")[0] == 0
    before = names(tmp_path / "seq")
    old = [(tmp_path / "seq" / name).read_bytes() for name in before]
    expect_log("seq holds 4 images")
    code, said = run("--range", "0:4", "--invert")
    assert code == 0 and "holds 4 images (cfr_matte.000004.png to cfr_matte.000007.png)" in said
    assert "--older-images remove" in said
    now = [(tmp_path / "seq" / name).read_bytes() for name in before]
    assert (
        names(tmp_path / "seq") == before
        and now[4:] == old[4:]
        and all(a != b for a, b in zip(now[:4], old[:4], strict=True))
    )
    assert all(cv2.imread(str(tmp_path / "seq" / name)) is not None for name in before)
    # the check of what was exported looks at that alone
    words = ["verify", str(clip), str(tmp_path / "seq"), "--range", "0:4"]
    assert main(words) == 0
    assert main([*words[:-1], "0:8"]) == 0


def test_older_images_go_by_choice_and_those_of_others_never(run, tmp_path, expect_log):
    assert run("--range", "2:6")[0] == 0
    shutil.copy(tmp_path / "seq" / "cfr_matte.000002.png", tmp_path / "seq" / "a.png")
    cv2.imwrite(str(tmp_path / "seq" / "z.png"), cv2.imread(str(tmp_path / "seq" / "a.png")))
    assert run("--range", "4:7", "--older-images", "remove")[0] == 2  # z.png is not ours
    expect_log(
        "holds 3 images .a.png to cfr_matte.000003.png. of an earlier export, to be removed and 1 image"
    )
    assert run("--range", "4:7", "--older-images", "remove", "--overwrite")[0] == 0
    assert names(tmp_path / "seq") == [*(f"cfr_matte.00000{n}.png" for n in (4, 5, 6)), "z.png"]


def test_a_new_folder_says_nothing(run, tmp_path):
    code, said = run("--range", "0:2")
    assert code == 0 and "holds" not in said
    code, said = run("--range", "0:2")
    assert code == 0 and "holds" not in said


def test_a_missing_image_is_still_found(run, clip, tmp_path, capsys):
    assert run("--range", "0:4")[0] == 0
    (tmp_path / "seq" / "cfr_matte.000002.png").unlink()
    assert main(["verify", str(clip), str(tmp_path / "seq"), "--range", "0:4"]) == 1
    assert "3 images, 4 due" in capsys.readouterr().out.replace(
        "image cfr_matte.000003", "3 images, 4 due, image"
    )
