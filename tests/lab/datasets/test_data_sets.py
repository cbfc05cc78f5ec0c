"""Which data sets lie in a folder, under the names that the papers use; labels where there is no truth."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from helpers import data_sets as fakes
from vsod.errors import DataError
from vsod.lab.datasets import DataSet, LabelFolders, find_data_sets, labelled_clips
from vsod.lab.training.train import training_clips


def names(found: list[DataSet]) -> list[tuple[str, str, str]]:
    return sorted((one.name, one.kind, one.part) for one in found)


def test_sets_side_by_side_are_told_apart(tmp_path: Path) -> None:
    fakes.davis(tmp_path / "DAVIS", {"bear": 2, "camel": 2}, ["bear"])
    fakes.duts(tmp_path, 2)
    fakes.photos(tmp_path / "MSRA10K", 2)
    fakes.segtrack(tmp_path / "SegTrackv2", {"girl": 2})
    fakes.fbms(tmp_path / "FBMS", {"cars1": 4})
    found = find_data_sets([tmp_path])
    assert names(found) == [
        ("DAVIS-2016", "clips", ""),
        ("DUTS", "photos", "test"),
        ("DUTS", "photos", "train"),
        ("FBMS-59", "clips", ""),
        ("MSRA10K", "photos", ""),
        ("SegTrackV2", "clips", ""),
    ]
    by_name = {(one.name, one.part): one for one in found}
    assert [clip.name for clip in by_name["DAVIS-2016", ""].clips("train")] == ["bear"]
    assert [photo.name for photo in by_name["DUTS", "train"].photos("")] == ["TR000", "TR001"]
    assert len(by_name["MSRA10K", ""].photos("")) == 2
    assert by_name["MSRA10K", ""].photos("")[0].image().shape == (40, 56, 3)
    # given one by one it is the same
    assert names(find_data_sets(sorted(tmp_path.iterdir()))) == names(found)


def test_several_sets_unpacked_into_one_folder(tmp_path: Path) -> None:
    fakes.davis(tmp_path, {"bear": 2}, ["bear"])
    fakes.duts(tmp_path, 1)
    assert names(find_data_sets([tmp_path])) == [
        ("DAVIS-2016", "clips", ""),
        ("DUTS", "photos", "test"),
        ("DUTS", "photos", "train"),
    ]


@pytest.mark.parametrize(
    ("folder", "pictures", "masks", "name"),
    [
        ("ECSSD", "images", "ground_truth_mask", "ECSSD"),
        ("HKU-IS", "imgs", "gt", "HKU-IS"),
        ("DUT-OMRON", "DUT-OMRON-image", "pixelwiseGT-new-PNG", "DUT-OMRON"),
        ("mine", "images", "masks", "mine"),
    ],
)
def test_a_set_of_photos(tmp_path: Path, folder: str, pictures: str, masks: str, name: str) -> None:
    fakes.picture(tmp_path / folder / pictures / "a.jpg", 4, (32, 24), 0)
    fakes.mask(tmp_path / folder / masks / "a.png", 4, (32, 24))
    assert names(find_data_sets([tmp_path])) == [(name, "photos", "")]


def test_davis_2017_has_its_own_name_only_where_it_has_no_list_of_2016(tmp_path: Path) -> None:
    fakes.davis(tmp_path, {"bear": 1}, ["bear"])
    (tmp_path / "ImageSets/480p").rename(tmp_path / "ImageSets/2017")
    assert names(find_data_sets([tmp_path])) == [("DAVIS-2017", "clips", "")]
    (tmp_path / "ImageSets/2016").mkdir()
    assert names(find_data_sets([tmp_path])) == [("DAVIS-2016", "clips", "")]


def test_what_is_trained_on_is_the_split_for_it(tmp_path: Path) -> None:
    """A set without splits is taken whole; the part for tests alone, and sets for tests, not at all."""
    fakes.segtrack(tmp_path / "SegTrackv2", {"girl": 2})
    fakes.segtrack(tmp_path / "ViSal", {"lion": 2})
    fakes.fbms(tmp_path / "FBMS/one", {"cars1": 2})
    fakes.fbms(tmp_path / "FBMS/two", {"cats1": 2})
    (tmp_path / "FBMS/two/Testset").rmdir()
    (tmp_path / "FBMS/two/Trainingset").rename(tmp_path / "FBMS/two/Testset")
    fakes.davis(tmp_path / "DAVIS", {"bear": 2, "camel": 2}, ["bear"])
    fakes.duts(tmp_path / "DUTS", 1)
    found = {(one.name, one.folder.name): one.training_split for one in find_data_sets([tmp_path])}
    assert found == {
        ("SegTrackV2", "SegTrackv2"): "",
        ("SegTrackV2", "ViSal"): "",
        ("FBMS-59", "one"): "train",
        ("FBMS-59", "two"): None,
        ("DAVIS-2016", "DAVIS"): "train",
        ("DUTS", "DUTS-TR"): "train",
        ("DUTS", "DUTS-TE"): None,
    }
    assert [c.name for one in find_data_sets([tmp_path / "SegTrackv2"]) for c in training_clips(one)] == [
        "girl"
    ]
    assert [c.name for one in find_data_sets([tmp_path / "FBMS"]) for c in training_clips(one)] == ["cars1"]
    # a list that is missing is named, and nothing is let through in its place
    (tmp_path / "DAVIS/ImageSets/480p/train.txt").unlink()
    with pytest.raises(DataError, match="the list of split 'train' is missing"):
        training_clips(find_data_sets([tmp_path / "DAVIS"])[0])


def vos(root: Path, parts: tuple[str, ...]) -> Path:
    for part in parts:
        for k in range(3):
            fakes.picture(root / part / "12/Imgs" / f"{k:05d}.png", 4, (32, 24), k)
        fakes.mask(root / part / "12/GT/00000.png", 4, (32, 24))
    return root


def test_a_part_of_a_set_may_be_given_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vos(tmp_path / "VOS", ("train", "test"))
    fakes.fbms(tmp_path / "fb", {"cars1": 2})
    (tmp_path / "fb/Trainingset").rename(tmp_path / "fb/TrainingSet")
    for folder, name, part, split in (
        ("VOS", "VOS", "", "train"),
        ("VOS/train", "VOS", "train", "train"),
        ("VOS/test", "VOS", "test", None),
        ("fb", "FBMS-59", "", "train"),
        ("fb/TrainingSet", "FBMS-59", "train", "train"),
    ):
        (one,) = find_data_sets([tmp_path / folder])
        assert (one.name, one.kind, one.part, one.training_split) == (name, "clips", part, split), folder
        assert one.clips("")
    monkeypatch.chdir(tmp_path / "VOS/train")
    assert names(find_data_sets([Path()])) == [("VOS", "clips", "train")]


def test_a_folder_given_twice_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.davis(tmp_path, {"bear": 2}, ["bear"])
    fakes.duts(tmp_path, 1)
    monkeypatch.chdir(tmp_path.parent)
    given = [tmp_path, Path(tmp_path.name), tmp_path / "DUTS-TR", Path(tmp_path.name) / "DUTS-TE"]
    assert names(find_data_sets(given)) == names(find_data_sets([tmp_path]))


def test_photos_in_folders_of_splits(tmp_path: Path) -> None:
    for part in ("test", "train"):
        fakes.picture(tmp_path / "HKU-IS" / part / "imgs/a.png", 4, (32, 24), 0)
        fakes.mask(tmp_path / "HKU-IS" / part / "gt/a.png", 4, (32, 24))
    found = {one.part: (one.name, one.training_split) for one in find_data_sets([tmp_path])}
    assert found == {"test": ("HKU-IS", None), "train": ("HKU-IS", "train")}


def test_folders_that_only_look_like_davis_or_davsod(tmp_path: Path) -> None:
    """YouTube-VOS' folders have no resolution; the tools of DAVSOD are no part of it."""
    fakes.picture(tmp_path / "yt/JPEGImages/abc/00000.jpg", 4, (32, 24), 0)
    fakes.mask(tmp_path / "yt/Annotations/abc/00000.png", 4, (32, 24))
    fakes.duts(tmp_path / "DUTS", 1)
    (tmp_path / "DAVSOD-tools").mkdir()
    assert names(find_data_sets([tmp_path])) == [
        ("DUTS", "photos", "test"),
        ("DUTS", "photos", "train"),
        ("yt", "clips", ""),
    ]


def test_clips_of_any_name_are_in_their_split(tmp_path: Path) -> None:
    fakes.davis(tmp_path, {"bär 1": 2, "bus": 2, "camel": 2}, ["bär 1", "bus"])
    assert [clip.name for clip in labelled_clips(tmp_path, "train")] == ["bus", "bär 1"]
    (tmp_path / "ImageSets/2017").mkdir()
    (tmp_path / "ImageSets/2017/train.txt").write_text("bär 1\r\ncamel\r\n", encoding="utf-8")
    assert [clip.name for clip in labelled_clips(tmp_path, "2017/train")] == ["bär 1", "camel"]


def test_a_stamp_changes_with_every_file_of_a_clip(tmp_path: Path) -> None:
    fakes.davis(tmp_path, {"bear": 2}, ["bear"])
    (clip,) = labelled_clips(tmp_path, "train")
    stamps = [clip.stamp()]
    assert clip.stamp() == stamps[0]
    for file in ("JPEGImages/480p/bear/00001.jpg", "Annotations/480p/bear/00001.png"):
        (tmp_path / file).write_bytes((tmp_path / file).read_bytes() + b" ")
        stamps.append(clip.stamp())
    assert len(set(stamps)) == 3


@pytest.mark.parametrize("painted_upright", [True, False])
def test_a_photo_is_turned_as_its_mask_is(tmp_path: Path, painted_upright: bool) -> None:
    """Cameras store a photo lying on its side and note how to turn it; masks have been painted on both."""
    stored = np.zeros((24, 32, 3), np.uint8)
    stored[:8, :8] = 255  # the top left corner; turned to the right it is the top right one
    jpeg = cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
    note = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    turned = jpeg[:2] + b"\xff\xe1" + (len(note) + 2).to_bytes(2) + note + jpeg[2:]
    folder = tmp_path / "mine"
    (folder / "images").mkdir(parents=True)
    (folder / "images/a.jpg").write_bytes(turned)
    (folder / "masks").mkdir()
    mask = np.rot90(stored, -1) if painted_upright else stored
    cv2.imwrite(str(folder / "masks/a.png"), np.ascontiguousarray(mask[..., 0]))
    (photo,) = find_data_sets([folder])[0].photos("")
    assert photo.mask().shape == ((32, 24) if painted_upright else (24, 32))
    assert np.array_equal(photo.image()[..., 0] > 127, photo.mask() > 127)


def test_a_folder_without_data_sets_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    with pytest.raises(DataError, match="no data set that is known"):
        find_data_sets([tmp_path])
    with pytest.raises(DataError, match="no such folder"):
        find_data_sets([tmp_path / "gone"])


def label(file: Path, level: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imencode(".png", np.full((8, 8), level, np.uint8))[1].tofile(file)


def test_labels_join_their_frames_by_clip_and_number(tmp_path: Path) -> None:
    data = fakes.fbms(tmp_path / "FBMS", {"cars1": 4, "dogs01": 2})
    clip = next(c for c in labelled_clips(data, "train") if c.name == "cars1")
    for k in (1, 2, 3, 9):
        label(tmp_path / f"coarse/cars1/{k:05d}.png", 255)
    rows = ["clip,frame,confidence", "cars1,1,0.9", "cars1,2,0.2", "dogs01,3,0.1"]
    (tmp_path / "coarse/confidence.csv").write_text("\n".join(rows) + "\n")
    label(tmp_path / "weak/labels/cars1/00004.png", 255)
    label(tmp_path / "weak/labels/cars1/00001.png", 0)
    with clip.open() as source:
        folders = LabelFolders([tmp_path / "coarse", tmp_path / "weak"])
        found = folders.of("cars1", source.info)
        # frames of FBMS are numbered from 1; a label of no frame is none, the first folder goes first
        assert {k: (v.confidence, v.file.parent.parent.name) for k, v in found.items()} == {
            0: (0.9, "coarse"),
            1: (0.2, "coarse"),
            2: (1.0, "coarse"),
            3: (1.0, "labels"),
        }
        assert (found[0].mask() == 255).all()
        sure = LabelFolders([tmp_path / "coarse"], least=0.5)
        assert sorted(sure.of("cars1", source.info)) == [0, 2] and sure.left_out == 1
    with pytest.raises(DataError, match="no such folder"):
        LabelFolders([tmp_path / "gone"])
    (tmp_path / "coarse/confidence.csv").write_text("clip,frame\ncars1,1\n")
    with pytest.raises(DataError, match="confidences"):
        LabelFolders([tmp_path / "coarse"])
