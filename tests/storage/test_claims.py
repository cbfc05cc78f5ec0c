"""Files are told apart by what they are; what is ours says so itself."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from helpers.exports import EVERY, EVERY_IDS, clip_info
from vsod.core.output_frame import OutputFrame
from vsod.errors import UsageError
from vsod.media.formats.table import FORMATS, ExportFormat
from vsod.media.sinks import demo
from vsod.media.sinks.image_files import encode_image
from vsod.media.sinks.opening import open_sink
from vsod.storage import claims as claims_module
from vsod.storage.claims import Claims, foreign, identity, lies_in, refuse_foreign, same
from vsod.storage.ownership_marks import is_ours, marked_png
from vsod.storage.run_folders import begin_run, is_run, refuse_foreign_run


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "clip.mov").write_bytes(b"the clip")
    (tmp_path / "link.mov").symlink_to("clip.mov")
    (tmp_path / "hard.mov").hardlink_to(tmp_path / "clip.mov")
    (tmp_path / "sub").mkdir()
    (tmp_path / "same").symlink_to("sub")
    (tmp_path / "dangling.mov").symlink_to("sub/new.mov")
    return tmp_path


def test_one_file_by_many_names(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = place / "clip.mov"
    for other in ("link.mov", "hard.mov", "sub/../clip.mov", "same/../clip.mov"):
        assert same(place / other, clip), other
    monkeypatch.chdir(place / "sub")
    assert same(Path("../clip.mov"), clip)
    assert same(place / "same" / "new.mov", place / "sub" / "new.mov")  # neither is there
    assert same(place / "dangling.mov", place / "sub" / "new.mov")
    assert same(place / "nowhere" / "a" / "m.mov", place / "sub" / ".." / "nowhere" / "a" / "m.mov")
    assert not same(place / "sub" / "clip.mov", clip)
    assert not same(place / "nowhere" / "clip.mov", clip)
    assert lies_in(place / "same" / "deep" / "m.mov", place / "sub") and not lies_in(clip, place / "sub")


def test_a_volume_that_ignores_case_and_one_that_numbers_no_files(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not same(place / "New.mov", place / "new.MOV")
    monkeypatch.setattr(claims_module, "_ignores_case", lambda _: True)
    assert same(place / "New.mov", place / "new.MOV")
    assert same(place / "caf\u00e9.mov", place / "cafe\u0301.mov")
    real = Path.stat

    def unnumbered(self: Path, **options: bool) -> os.stat_result:
        state = real(self, **options)
        return os.stat_result((state.st_mode, 0, *tuple(state)[2:]))

    monkeypatch.setattr(Path, "stat", unnumbered)
    assert identity(place / "clip.mov") != identity(place / "sub")
    assert same(place / "clip.mov", place / "link.mov")


def refused(claims: Claims, *words: str) -> None:
    with pytest.raises(UsageError) as caught:
        claims.check()
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("name", ["clip.mov", "link.mov", "hard.mov", "same/../clip.mov"])
def test_a_write_over_a_read_is_refused(name: str, place: Path) -> None:
    claims = Claims()
    claims.read(place / "clip.mov", "the source")
    claims.write(place / name, "the report")
    refused(claims, "the report would be written over the source", name)


@pytest.mark.parametrize("name", ["dangling.mov", "same/new.mov"])
def test_two_writes_to_one_place_are_refused(name: str, place: Path) -> None:
    claims = Claims()
    claims.write(place / "sub" / "new.mov", "the matte")
    with pytest.raises(UsageError, match=r"the page and the matte would both be .*new\.mov"):
        claims.write(place / name, "the page")


def test_a_write_into_what_is_read_as_pictures_is_refused(place: Path) -> None:
    (place / "sub" / "0001.png").write_bytes(b"a frame")
    (place / "elsewhere.png").write_bytes(b"a frame kept elsewhere")
    (place / "sub" / "0002.png").symlink_to("../elsewhere.png")
    for name in ("sub/m.mov", "same/new.mov", "sub/0001.png", "elsewhere.png", "sub"):
        claims = Claims()
        claims.read(place / "same", "the source")
        claims.write(place / name, "the matte")
        refused(claims, "the matte would be written")
    claims = Claims()
    claims.read(place / "sub", "the source")
    claims.write(place / "sub" / "mattes" / "m.mov", "the matte")  # no picture of the clip's
    claims.check()
    claims = Claims()
    claims.read_tree(place / "sub", "maps")
    claims.write(place / "sub" / "mattes" / "m.png", "the label")
    refused(claims, "into maps")


def test_a_folder_that_holds_what_is_read_is_not_replaced(place: Path) -> None:
    for name in ("sub", "same"):
        claims = Claims()
        (place / "sub" / "ground.png").write_bytes(b"a still")
        claims.read(place / "sub" / "ground.png", "the background")
        claims.write_folder(place / name, "the matte")
        refused(claims, "the matte would be written over the background")


MATTE = np.full((64, 96), 0.5, np.float32)


@pytest.mark.parametrize(("fmt", "suffix"), EVERY, ids=EVERY_IDS)
def test_every_export_is_known_as_ours(fmt: ExportFormat, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"m{suffix}"
    with open_sink(path, fmt, clip_info(), tags={"model": "größe"}) as sink:
        for index in range(3):
            sink.write(index, OutputFrame(MATTE))
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    assert all(map(is_ours, files))
    assert foreign(path, folder=fmt.is_sequence) is None
    refuse_foreign(path, "the matte", folder=fmt.is_sequence)


@pytest.mark.parametrize("id", ["tiff16", "exr", "png16"])
def test_a_mark_in_an_image_changes_no_sample(id: str) -> None:
    coding = FORMATS[id].coding("matte")
    data = encode_image(
        OutputFrame(np.linspace(0, 1, 96 * 64, dtype=np.float32).reshape(64, 96)), coding, "zips"
    )
    if coding.codec != "exr":
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        assert image is not None and image.shape[:2] == (64, 96)
        assert image[0, 0] == 0 and image[-1, -1] == np.iinfo(image.dtype).max


def test_the_demo_clip_is_ours_and_what_others_made_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "FRAMES", 2)
    assert is_ours(demo.make_demo(tmp_path / "demo.mp4"))
    strangers = {
        "a.mov": b"\0\0\0\x14ftypqt  made with vsod-desktop and graded",
        "b.png": b"\x89PNG\r\n\x1a\n" + bytes(64) + b"vsod-desktop",
        "build.sh": b"#!/bin/sh\nvsod-desktop run a.mov -o m.mov\n",
        "notes.json": b'{"todo": "call vsod-desktop matte"}',
        "t.csv": b"frame,what\n",
        "cut.edl": b"TITLE: cut\n001  001 V C\nshot |C:ResolveColorBlue |M:Marker 1 |D:1\n",
    }
    for name, data in strangers.items():
        (tmp_path / name).write_bytes(data)
        assert foreign(tmp_path / name) == tmp_path / name, name
        with pytest.raises(UsageError, match="--overwrite"):
            refuse_foreign(tmp_path / name, "the matte")


def test_nothing_and_what_is_empty_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / "empty.mov").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "dangling.mov").symlink_to("nowhere")
    assert foreign(tmp_path / "none.mov") is None and foreign(tmp_path / "empty.mov") is None
    assert foreign(tmp_path / "empty", folder=True) is None
    assert foreign(tmp_path / "dangling.mov") is not None
    os.mkfifo(tmp_path / "pipe.mov")
    assert foreign(tmp_path / "pipe.mov") is not None


def test_one_stranger_in_a_folder_of_ours_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "0001.png").write_bytes(marked_png(b"\x89PNG\r\n\x1a\n" + bytes(60)))
    (folder / ".DS_Store").write_bytes(b"x")
    assert foreign(folder, folder=True) is None
    (folder / "0002.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(60))
    with pytest.raises(UsageError, match=r"'0002\.png' in this folder was not written by vsod-desktop"):
        refuse_foreign(folder, "the matte", folder=True)


def test_the_report_beside_it_makes_a_file_ours(tmp_path: Path) -> None:
    (tmp_path / "m.mov").write_bytes(b"changed")
    assert foreign(tmp_path / "m.mov") is not None
    (tmp_path / "m.mov.vsod.json").write_text('{"software": {"vsod-desktop": "0.1.0"}}')
    assert foreign(tmp_path / "m.mov") is None


def test_a_run_folder_is_known_again(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes(b"mine")
    assert not is_run(tmp_path)
    with pytest.raises(UsageError, match=r"'weights\.safetensors' in this folder"):
        refuse_foreign_run(tmp_path, ["log.jsonl", "weights.safetensors"])
    refuse_foreign_run(tmp_path, ["log.jsonl"])
    begin_run(tmp_path)
    assert is_run(tmp_path)
    refuse_foreign_run(tmp_path, ["weights.safetensors"])
