"""Every layout in which a data set of video is downloaded: which clips a split has, and which mask is whose."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from vsod.errors import DataError
from vsod.lab.datasets import FrameMasks, LabelledClip, labelled_clips

WIDE, HIGH = 32, 24


def picture(file: Path, level: int = 90) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imencode(file.suffix, np.full((HIGH, WIDE, 3), level, np.uint8))[1].tofile(file)


def subject(column: int) -> np.ndarray:
    """(H, W) bool: a square that begins at ``column``."""
    mask = np.zeros((HIGH, WIDE), np.bool_)
    mask[8:16, column : column + 8] = True
    return mask


def mask(file: Path, column: int, levels: tuple[int, int] = (0, 255)) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    grey = np.where(subject(column), levels[1], levels[0]).astype(np.uint8)
    cv2.imencode(file.suffix, grey)[1].tofile(file)


def palette(file: Path, objects: list[int]) -> None:
    """A PNG with object numbers, as DAVIS-2017 has them."""
    numbers = np.zeros((HIGH, WIDE), np.uint8)
    for number, column in enumerate(objects, 1):
        numbers[subject(column)] = number
    lines = b"".join(b"\0" + line.tobytes() for line in numbers)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", WIDE, HIGH, 8, 3, 0, 0, 0)),
        (b"PLTE", bytes([0, 0, 0, 128, 0, 0, 0, 128, 0, 0, 0, 128])),
        (b"IDAT", zlib.compress(lines)),
        (b"IEND", b""),
    )
    chunks = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def masks_of(clip: LabelledClip) -> FrameMasks:
    with clip.open() as source:
        return clip.masks(source.info)


def columns(clip: LabelledClip) -> dict[int, list[int]]:
    """Where the subjects of each frame with truth begin, by the frame's ordinal."""
    return {
        index: [c for c in range(0, WIDE - 7, 8) if (found[8:16, c : c + 8] == 255).all()]
        for index, found in masks_of(clip).items()
    }


def davis(root: Path, clips: tuple[str, ...], objects: bool = False) -> None:
    for number, name in enumerate(clips):
        for k in range(3):
            picture(root / "JPEGImages" / "480p" / name / f"{k:05d}.jpg")
            file = root / "Annotations" / "480p" / name / f"{k:05d}.png"
            if objects:
                palette(file, [8 * number, 16])
            else:
                mask(file, 8 * number)


def listed(root: Path, folder: str, **splits: list[str]) -> None:
    lists = root / "ImageSets" / folder
    lists.mkdir(parents=True)
    for split, names in splits.items():
        lines = [
            f"/JPEGImages/480p/{n}/00000.jpg /Annotations/480p/{n}/00000.png" if folder == "480p" else n
            for n in names
        ]
        (lists / f"{split}.txt").write_text("\n".join(lines) + "\n")


def names(root: Path, split: str) -> list[str]:
    return [clip.name for clip in labelled_clips(root, split)]


def test_davis_2016(tmp_path: Path) -> None:
    davis(tmp_path, ("bear", "cows"))
    listed(tmp_path, "480p", train=["bear"], val=["cows"])
    assert names(tmp_path, "train") == ["bear"] and names(tmp_path, "val") == ["cows"]
    assert names(tmp_path, "all") == ["bear", "cows"]
    assert columns(labelled_clips(tmp_path, "val")[0]) == {0: [8], 1: [8], 2: [8]}


def test_davis_2017_has_lists_of_both_years_and_palettes(tmp_path: Path) -> None:
    davis(tmp_path, ("bear", "cows", "judo"), objects=True)
    listed(tmp_path, "2016", train=["bear"], val=["cows"])
    listed(tmp_path, "2017", train=["bear", "cows"], val=["judo"])
    assert names(tmp_path, "val") == ["cows"], "without a year those of 2016"
    assert names(tmp_path, "2017/val") == ["judo"] and names(tmp_path, "2017/train") == ["bear", "cows"]
    assert columns(labelled_clips(tmp_path, "2017/train")[0])[0] == [0, 16], "all objects are the subject"


def test_davis_2017_alone(tmp_path: Path) -> None:
    davis(tmp_path, ("bear", "judo"))
    listed(tmp_path, "2017", train=["bear"], val=["judo"])
    assert names(tmp_path, "train") == ["bear"] and names(tmp_path, "val") == ["judo"]


def test_a_missing_list_is_named_and_lets_nothing_through(tmp_path: Path) -> None:
    davis(tmp_path, ("bear", "cows"))
    with pytest.raises(DataError, match=r"list of split 'val' is missing: ImageSets.480p.val.txt"):
        labelled_clips(tmp_path, "val")
    listed(tmp_path, "2017", train=["bear"])
    with pytest.raises(DataError, match=r"list of split '2017/val' is missing: ImageSets.2017.val.txt"):
        labelled_clips(tmp_path, "2017/val")


def test_fbms_59(tmp_path: Path) -> None:
    """Frames beside their truth, which is sparse, of colours on white or of grey levels, by number; PROB is none."""
    for split, clip in (("Trainingset", "bear01"), ("Testset", "cars1")):
        for k in range(1, 6):
            picture(tmp_path / split / clip / f"{clip}_{k:04d}.jpg")
        truth = tmp_path / split / clip / "GroundTruth"
        if split == "Trainingset":
            colours = np.full((HIGH, WIDE, 3), 255, np.uint8)
            colours[subject(8)], colours[subject(24)] = (0, 0, 200), (0, 150, 0)
            truth.mkdir()
            cv2.imencode(".ppm", colours)[1].tofile(truth / f"{clip}_0001_gt.ppm")
            cv2.imencode(".ppm", np.zeros((HIGH, WIDE, 3), np.uint8))[1].tofile(truth / "PROB0001.ppm")
        else:
            mask(truth / f"{clip}_0002.pgm", 8, (0, 85))
            mask(truth / f"{clip}_0004.pgm", 16, (0, 170))
    assert names(tmp_path, "train") == ["bear01"] and names(tmp_path, "test") == ["cars1"]
    assert names(tmp_path, "all") == ["cars1", "bear01"] or sorted(names(tmp_path, "all")) == [
        "bear01",
        "cars1",
    ]
    assert columns(labelled_clips(tmp_path, "train")[0]) == {0: [8, 24]}
    assert columns(labelled_clips(tmp_path, "test")[0]) == {1: [8], 3: [16]}
    with pytest.raises(DataError, match="no split 'val' here"):
        labelled_clips(tmp_path, "val")


def test_segtrack_v2_merges_a_clips_objects(tmp_path: Path) -> None:
    for k in range(2):
        for clip in ("frog", "cheetah"):
            picture(tmp_path / "JPEGImages" / clip / f"{clip}_{k:03d}.png")
        mask(tmp_path / "GroundTruth" / "frog" / f"frog_{k:03d}.png", 8)
        mask(tmp_path / "GroundTruth" / "cheetah" / "1" / f"cheetah_{k:03d}.png", 0)
        mask(tmp_path / "GroundTruth" / "cheetah" / "2" / f"cheetah_{k:03d}.png", 16)
    assert names(tmp_path, "all") == ["cheetah", "frog"]
    cheetah, frog = labelled_clips(tmp_path, "all")
    assert columns(cheetah) == {0: [0, 16], 1: [0, 16]} and columns(frog) == {0: [8], 1: [8]}
    with pytest.raises(DataError, match="no split 'val'"):
        labelled_clips(tmp_path, "val")


def test_davsod_and_its_parts(tmp_path: Path) -> None:
    """Names are the source's frame numbers: what is missing between them is no frame."""
    for part in ("DAVSOD-TrainingSet", "DAVSOD-ValidationSet", "Easy-35", "Difficult-20"):
        clip = tmp_path / part / f"select_{part[:4]}"
        for k in (7, 8, 11):
            picture(clip / "Imgs" / f"{k:04d}.png")
            mask(clip / "GT_object_level" / f"{k:04d}.png", 8)
            mask(clip / "GT_instance_level" / f"{k:04d}.png", 0)
    assert names(tmp_path, "train") == ["select_DAVS"]
    assert names(tmp_path, "test") == ["select_Easy", "select_Diff"]
    assert names(tmp_path, "easy") == ["select_Easy"]
    with labelled_clips(tmp_path, "easy")[0].open() as source:
        assert source.info.frame_count == 3
    assert columns(labelled_clips(tmp_path, "easy")[0]) == {0: [8], 1: [8], 2: [8]}
    assert names(tmp_path / "Easy-35", "all") == ["select_Easy"]


@pytest.mark.parametrize("truth", ["ground-truth", "GT", "gt", "masks", "GroundTruth"])
def test_vos_and_the_toolbox_form(tmp_path: Path, truth: str) -> None:
    """Truth of key frames alone."""
    for k in range(6):
        picture(tmp_path / "12" / "Imgs" / f"{k:05d}.png")
    mask(tmp_path / "12" / truth / "00000.png", 8)
    mask(tmp_path / "12" / truth / "00005.png", 16)
    (clip,) = labelled_clips(tmp_path, "all")
    assert columns(clip) == {0: [8], 5: [16]}


def test_visal_has_two_folders_of_clips(tmp_path: Path) -> None:
    for k in range(4):
        picture(tmp_path / "images" / "boat" / f"{k:04d}.jpg")
    mask(tmp_path / "GT" / "boat" / "0002.png", 24)
    (clip,) = labelled_clips(tmp_path, "all")
    assert clip.name == "boat" and columns(clip) == {2: [24]}


def test_numbers_may_follow_a_dot(tmp_path: Path) -> None:
    """Frames and masks of other names belong together by their numbers."""
    for k in range(3):
        picture(tmp_path / "12" / "Imgs" / f"shot.{k:04d}.png")
    mask(tmp_path / "12" / "GT" / "matte.0001.png", 16)
    (clip,) = labelled_clips(tmp_path, "all")
    assert columns(clip) == {1: [16]}


def test_soft_masks_are_cut_at_one_half_and_numbers_are_objects(tmp_path: Path) -> None:
    for k in range(2):
        picture(tmp_path / "a" / "Imgs" / f"{k:05d}.png")
    soft = np.full((HIGH, WIDE), 100, np.uint8)
    soft[subject(8)] = 160
    (tmp_path / "a" / "GT").mkdir()
    cv2.imencode(".png", soft)[1].tofile(tmp_path / "a" / "GT" / "00000.png")
    mask(tmp_path / "a" / "GT" / "00001.png", 16, (0, 2))
    assert columns(labelled_clips(tmp_path, "all")[0]) == {0: [8], 1: [16]}


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    with pytest.raises(DataError, match="no video data set that is known: here are holiday"):
        labelled_clips(tmp_path, "all")
    with pytest.raises(DataError, match="no such folder"):
        labelled_clips(tmp_path / "gone", "all")
    picture(tmp_path / "b" / "Imgs" / "00000.png")
    picture(tmp_path / "b" / "Imgs" / "00001.png")
    mask(tmp_path / "b" / "GT" / "00007.png", 8)
    with pytest.raises(DataError, match=r"00007.png belongs to no frame"):
        masks_of(labelled_clips(tmp_path, "all")[0])
    (tmp_path / "b" / "GT" / "00007.png").rename(tmp_path / "b" / "GT" / "00001.png")
    (tmp_path / "b" / "GT" / "00001.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="a mask cannot be read"):
        columns(labelled_clips(tmp_path, "all")[0])
