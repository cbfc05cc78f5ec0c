"""Which images of a folder are a sequence, by their names alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from vsod.core.name_patterns import frame_pattern
from vsod.core.source_settings import SourceSettings
from vsod.errors import MediaNotFound, NoVideo, UsageError
from vsod.media.images.image_selection import ImageSelection, select_images, sequence_of
from vsod.media.images.sequence_names import natural_key, number_images


def numbered(before: str, numbers: Iterable[int], after: str = ".png", width: int = 4) -> list[str]:
    return [f"{before}{n:0{width}d}{after}" for n in numbers]


def select(folder: Path, names: list[str], gaps: str = "hold") -> ImageSelection:
    for name in names:
        (folder / name).touch()
    return select_images(folder, SourceSettings(gaps=gaps))


def test_names_sort_as_people_count() -> None:
    names = ["b2.png", "b10.png", "B1.png", "a.png", "b010.png", "10.png", "9.png", "b1x.png", "³.png"]
    assert sorted(names, key=natural_key) == [
        "9.png", "10.png", "a.png", "B1.png", "b1x.png", "b2.png", "b010.png", "b10.png", "³.png",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "patterns"),
    [
        (numbered("shot.", range(1001, 1004)), ["shot.####.png"]),
        (["sim.-1.exr", "sim.0.exr", "sim.1.exr"], ["sim.#.exr"]),
        (["take-1.png", "take-2.png"], ["take-#.png"]),  # a hyphen
        (["f1_v2.png", "f2_v2.png", "f10_v2.png"], ["f#_v2.png"]),
        (
            numbered("s_v001.", (1, 2)) + numbered("s_v002.", (1, 2, 3)),
            ["s_v002.####.png", "s_v001.####.png"],
        ),
        (["x.0001.jpg", "x.0002.JPG", "x.0003.jpeg"], ["x.####.jpg"]),
        (["x.0001.jpg", "x.0002.png"], ["x.####.jpg", "x.####.png"]),
        (["a.1.png", "a.01.png", "a.2.png"], ["a.#.png", "a.##.png"]),
        (["a.jp2", "b.jp2"], []),
        (numbered("s_20240105.", (1, 2)), ["s_20240105.####.png"]),
        (numbered("2024-01-05_", (1, 2)), ["2024-01-05_####.png"]),
        (numbered("2024_", (101, 102)), ["2024_####.png"]),
        (numbered("s_1920x1080_", (1, 2)), ["s_1920x1080_####.png"]),
        (["PXL_20240105_101010123.jpg", "PXL_20240105_101011456.jpg"], []),
        (["2024-01-05.png", "2024-01-06.png"], []),
        (["IMG_20240105_101010.jpg", "IMG_20240106_101011.jpg"], []),
        (["Screenshot 2024-01-05 at 10.22.33.png"], []),
    ],
)
def test_what_counts_frames(names: list[str], patterns: list[str]) -> None:
    assert [images.pattern for images in number_images(names)] == patterns


@pytest.mark.parametrize(
    ("gaps", "frames"),
    [("hold", [1, 2, 2, 2, 5, 6, 6, 8]), ("close", [1, 2, 5, 6, 8])],
)
def test_missing_numbers(tmp_path: Path, gaps: str, frames: list[int]) -> None:
    there = [1, 2, 5, 6, 8]
    found = select(tmp_path, numbered("a.", there), gaps)
    last, shown = None, []
    for name in found.frames:
        last = name or last
        assert last is not None
        shown.append(int(last[2:6]))
    assert shown == frames
    kept = range(1, 9) if gaps == "hold" else there
    assert list(found.frame_names) == numbered("a.", kept), "the numbers stay in every mode"
    (told,) = found.warnings
    assert "3 images are missing in a.####.png: 3-4, 7" in told


def test_missing_numbers_can_be_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing in a\.####\.png: 3-4, 7") as told:
        select(tmp_path, numbered("a.", (1, 2, 5, 6, 8)), "refuse")
    assert told.value.exit_code == 2


@pytest.mark.parametrize("width", [1, 3, 4])
def test_negative_numbers_are_numbers(tmp_path: Path, width: int) -> None:
    names = numbered("sim.", [n for n in range(-12, 4) if n not in (-2, 1)], width=width)
    found = select(tmp_path, sorted(names))
    assert list(found.frame_names) == numbered("sim.", range(-12, 4), width=width)
    assert [k for k, name in enumerate(found.frames) if name is None] == [10, 13]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (numbered("A001.", range(1, 11)) + numbered("B001.", range(1, 8)), "A001.#### 10 B001.#### 7"),
        (numbered("A001.", range(4)) + numbered("A002.", range(5)), "A002.#### 5 A001.#### 4"),
        (numbered("s_beauty.", range(3), ".exr") + numbered("s_z.", range(3), ".exr"), "s_beauty.#### 3 s_z.####"),
        (numbered("s.", range(3), ".exr") + numbered("s.", range(3), ".jpg"), "s.####.exr 3 s.####.jpg 3"),
        (numbered("IMG_", range(20), ".JPG") + numbered("DSC_", range(30), ".JPG"), "DSC_#### 30 IMG_#### 20"),
    ],
)  # fmt: skip
def test_two_sequences_are_refused_by_name(tmp_path: Path, names: list[str], told: str) -> None:
    with pytest.raises(UsageError, match="2 sequences") as caught:
        select(tmp_path, names)
    assert all(word in caught.value.what for word in told.split())
    first = caught.value.fix.removeprefix("Give one of them: ").rstrip(".")
    chosen = select_images(Path(first), SourceSettings())
    assert len(chosen.names) == int(told.split()[1]) and chosen.folder == tmp_path


@pytest.mark.parametrize(
    "names",
    [
        ["IMG_0001.JPG", "IMG_0007.JPG", "IMG_0400.JPG", "IMG_2000.JPG"],  # picks of a day
        ["IMG_0001.JPG", "IMG_0002.JPG", "IMG_0003.JPG", "DSC_0001.JPG", "DSC_0002.JPG", "DSC_0003.JPG"],
        ["IMG_20240105_101010.jpg", "IMG_20240106_101011.jpg", "IMG_20240109_230000.jpg"],
        ["2024-01-05.png", "2024-01-09.png"],
        ["00000.jpg", "00001.jpg", "twin.jpg", "twin.png"],
        ["beach.jpg", "dog.jpg", "zebra.jpg"],
        [*numbered("IMG_", range(1, 13), ".JPG"), "holiday.jpg"],
    ],
)
def test_photos_are_one_clip_in_the_order_of_their_names(tmp_path: Path, names: list[str]) -> None:
    found = select(tmp_path, names)
    assert list(found.frames) == list(found.frame_names) == sorted(names, key=natural_key)


def test_a_time_lapse_of_a_camera_keeps_its_time(tmp_path: Path) -> None:
    found = select(tmp_path, numbered("IMG_", [*range(1, 9), 10, 11], ".JPG"))
    assert found.frames[8] is None and len(found.frames) == 11


def test_a_stray_image_is_left_out_and_told(tmp_path: Path) -> None:
    found = select(tmp_path, [*numbered("shot.", range(5)), "contact_sheet.png"])
    assert list(found.frames) == numbered("shot.", range(5))
    assert found.warnings == ("1 image is left out, as no part of shot.####.png: contact_sheet.png",)


def test_one_number_far_off_does_not_make_millions_of_frames(tmp_path: Path) -> None:
    found = select(tmp_path, numbered("a.", [1, 2, 3, 999_999_999]))
    assert len(found.frames) == 4 and "one after the other" in found.warnings[0]


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("a.####.png", [1, 2, 3, 10000]),
        ("a.%04d.png", [1, 2, 3, 10000]),
        ("a.@@@@.png", [1, 2, 3, 10000]),
        ("a.$F4.png", [1, 2, 3, 10000]),
        ("b#c.png", [-1, 7, 8, 12]),
        ("b%dc.png", [-1, 7, 8, 12]),
    ],
)
def test_patterns_of_compositing_programs(tmp_path: Path, pattern: str, numbers: list[int]) -> None:
    names = [*numbered("a.", [1, 2, 3, 10000]), "a.00001.png", "a.x.png", "a.0001.jpg"]
    names += [f"b{n}c.png" for n in (-1, 7, 8, 12)]
    for name in names:
        (tmp_path / name).touch()
    found = frame_pattern(tmp_path / pattern)
    assert found is not None and [found.number(name) for name in found.names()] == numbers


def test_a_pattern_that_finds_nothing_says_what_is_there(tmp_path: Path) -> None:
    for name in numbered("shot.", range(1001, 1004)):
        (tmp_path / name).touch()
    with pytest.raises(MediaNotFound, match=r"There are: shot\.####\.png \(3 images\)"):
        select_images(tmp_path / "shto.####.png", SourceSettings())
    assert frame_pattern(tmp_path / "plain.png") is None


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (numbered("shot_", range(1, 31)), "shot_0001-0030"),
        (["a1_left.exr", "a2_left.exr", "a10_left.exr"], "a1-10_left"),
        (["7.dpx", "8.dpx", "9.dpx"], "7-9"),
    ],
)
def test_the_title_of_a_sequence(names: list[str], title: str) -> None:
    assert number_images(names)[0].title == title


def test_the_sequence_of_an_image(tmp_path: Path) -> None:
    for name in [*numbered("shot.", range(5)), "poster.png", "photo1.jpg"]:
        (tmp_path / name).touch()
    found = sequence_of(tmp_path / "shot.0003.png")
    assert found is not None and found.pattern == "shot.####.png" and len(found.names) == 5
    assert sequence_of(tmp_path / "poster.png") is None and sequence_of(tmp_path / "photo1.jpg") is None


@pytest.mark.parametrize(
    ("suffix", "says"),
    [(".NEF", "3 Nikon raw images (NEF)"), (".dng", "3 DNG raw images"), (".heic", "3 HEIF images (HEIC)")],
)
def test_images_that_are_not_read_are_told_by_what_they_are(tmp_path: Path, suffix: str, says: str) -> None:
    for name in [*numbered("a", range(3), suffix), "notes.txt"]:
        (tmp_path / name).touch()
    with pytest.raises(NoVideo) as told:
        select_images(tmp_path, SourceSettings())
    assert told.value.what.startswith(says) and "Convert them" in told.value.fix
