"""Photos with masks in the layouts of their downloads."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from vsod.errors import DataError
from vsod.lab.datasets import labelled_photos


def write(file: Path, level: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imencode(file.suffix, np.full((8, 8), level, np.uint8))[1].tofile(file)


@pytest.mark.parametrize(
    ("pictures", "masks", "suffix"),
    [
        ("MSRA10K_Imgs_GT/Imgs", "MSRA10K_Imgs_GT/Imgs", ".jpg"),
        ("DUT-OMRON-image", "pixelwiseGT-new-PNG", ".jpg"),
        ("images", "ground_truth_mask", ".jpg"),
        ("imgs", "gt", ".png"),
        ("image", "mask", ".jpg"),
    ],
    ids=["MSRA10K", "DUT-OMRON", "ECSSD", "HKU-IS", "PASCAL-S"],
)
def test_a_data_set(tmp_path: Path, pictures: str, masks: str, suffix: str) -> None:
    for name, level in (("a", 255), ("b", 100)):
        write(tmp_path / pictures / f"{name}{suffix}", 60)
        write(tmp_path / masks / f"{name}.png", level)
    first, second = labelled_photos(tmp_path)
    assert (first.name, first.picture.suffix) == ("a", suffix)
    assert (first.mask() == 255).all()
    assert (second.mask() == 255).all(), "no level above one half: an object's number"
    write(tmp_path / pictures / f"c{suffix}", 60)
    with pytest.raises(DataError, match=f"1 of 3 photos have no mask, the first is c{suffix}"):
        labelled_photos(tmp_path)


def test_duts_has_two_splits(tmp_path: Path) -> None:
    for part in ("TR", "TE"):
        write(tmp_path / f"DUTS-{part}" / f"DUTS-{part}-Image" / f"{part}1.jpg", 60)
        write(tmp_path / f"DUTS-{part}" / f"DUTS-{part}-Mask" / f"{part}1.png", 255)
    assert [photo.name for photo in labelled_photos(tmp_path, "train")] == ["TR1"]
    assert [photo.name for photo in labelled_photos(tmp_path, "test")] == ["TE1"]
    assert len(labelled_photos(tmp_path, "all")) == 2
    assert [photo.name for photo in labelled_photos(tmp_path / "DUTS-TR", "train")] == ["TR1"]
    with pytest.raises(DataError, match="no photos with masks here, of split 'val'"):
        labelled_photos(tmp_path, "val")


def test_other_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    with pytest.raises(DataError, match="Known are the folders of DUTS"):
        labelled_photos(tmp_path)
