"""Which data sets lie in a folder, under the names that the papers use; labels where there is no truth."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from helpers import data_sets as fakes
from vsod.errors import DataError
from vsod.lab.datasets import DataSet, LabelFolders, find_data_sets, labelled_clips


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
