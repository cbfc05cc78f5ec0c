"""What in a folder is a clip: what `run` opens is taken, and what is not is named with the reason."""

import os
import shutil
import socket
from pathlib import Path

import av
import pytest

from helpers.clips import make
from vsod.cli.commands.batch_plan import match_pattern
from vsod.cli.main import main
from vsod.media.formats.file_kinds import why_no_video
from vsod.media.formats.input_limits import DEMUXERS
from vsod.pipeline.find_clips import DEEPER, OWN_EXPORT, find_clips, take_clips

TS = b"\x47" + bytes(187)
HEADS = {
    "isom": b"\0\0\0\x18ftypisom",
    "mkv": b"\x1a\x45\xdf\xa3\x01",
    "avi": b"RIFF\0\0\0\0AVI LIST",
    "vcd": b"RIFF\0\0\0\0CDXAfmt ",
    "ts": TS * 6,
    "m2ts": b"\0\0\0\0" + (TS + b"\0\0\0\0") * 6,
    "mxf": b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d",
    "asf": b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    "ps": b"\0\0\x01\xba\x44",
    "h264": b"\0\0\0\x01\x67\x64",
}


def found(folder, **options):
    result = find_clips(folder, **options)
    told = {str(entry.path.relative_to(folder)): entry.reason for entry in result.passed_over}
    return [str(path.relative_to(folder)) for path in result.clips], told


def touch(folder, *names, data=b"\0"):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def test_what_cameras_and_recorders_write_is_a_clip_by_its_name(tmp_path):
    names = (
        "a.mp4",
        "A.VOB",
        "b.MOD",
        "c.M2T",
        "d.asf",
        "e.h264",
        "f.nut",
        "g.dv",
        "h.insv",
        "i.m2v",
        "j.TOD",
    )
    touch(
        tmp_path,
        *names,
        "k.LRV",
        "k.THM",
        "l.wav",
        "m.xml",
        "n.braw",
        "o.jpg",
        "p.CR3",
        ".q.mp4",
        "Thumbs.db",
    )
    clips, told = found(tmp_path)
    assert clips == sorted(names)
    assert told == {
        "k.LRV": "a small copy that the camera made",
        "k.THM": "a sidecar file",
        "l.wav": "a sound file",
        "m.xml": "a sidecar file",
        "n.braw": told["n.braw"],
        "o.jpg": "photos beside clips",
        "p.CR3": "a raw photo",
    }
    assert told["n.braw"].startswith("camera raw video")


def test_every_suffix_that_ffmpeg_names_is_known(tmp_path):
    """A demuxer of the input limits whose files would be passed over as unknown."""
    for name in DEMUXERS.split(","):
        try:
            suffixes = av.format.ContainerFormat(name, "r").extensions
        except ValueError:
            continue  # of a newer FFmpeg
        for suffix in suffixes:
            file = tmp_path / f"x.{suffix}"
            file.write_bytes(b"OggS")
            assert why_no_video(file) != "no kind of video that is known here", suffix


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("name", ["A001C003", "clip.xyz"])
def test_an_unknown_name_is_known_by_its_first_bytes(tmp_path, kind, name):
    touch(tmp_path, name, data=HEADS[kind] + bytes(2000))
    assert found(tmp_path) == ([name], {})


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        (
            "main.ts",
            b"import { readFile } from 'node:fs/promises';\n// what is read here is a text, not a clip",
            "a text",
        ),
        (
            "heads.mod",
            b"MODULE heads;\nIMPORT io;\nBEGIN\n  io.print('heads and tails of all the clips');\nEND.",
            "a text",
        ),
        ("what", b"no video at all", "no kind of video that is known here"),
        ("list.xyz", b"#EXTM3U\nhttp://example.org/a.ts\n", "a playlist"),
        ("still.webp", b"RIFF\x20\0\0\0WEBPVP8 " + bytes(40), None),
    ],
)
def test_what_is_no_video_is_named(tmp_path, name, data, reason):
    touch(tmp_path, name, data=data)
    touch(tmp_path, "a.mp4")
    assert found(tmp_path) == (["a.mp4"], {name: reason or "photos beside clips"})


def test_animated_images_are_clips(tmp_path):
    touch(tmp_path, "a.webp", data=b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\x02" + bytes(40))
    touch(tmp_path, "b.avif", data=b"\0\0\0\x1cftypavis\0\0\0\0avismif1")
    touch(tmp_path, "c.avif", data=b"\0\0\0\x1cftypavif\0\0\0\0avifmif1")
    assert found(tmp_path)[0] == ["b.avif"]  # FFmpeg decodes no animated WebP


def test_a_memory_card_is_looked_into_as_it_is(tmp_path):
    touch(
        tmp_path,
        *("DCIM/100MEDIA/DJI_0001.MP4", "DCIM/100MEDIA/DJI_0001.LRF", "DCIM/100MEDIA/DJI_0002.JPG"),
        *(
            "PRIVATE/M4ROOT/CLIP/C0001.MP4",
            "PRIVATE/M4ROOT/CLIP/C0001M01.XML",
            "PRIVATE/M4ROOT/SUB/C0001S03.MP4",
        ),
        *("PRIVATE/M4ROOT/THMBNL/C0001T01.JPG", "PRIVATE/AVCHD/BDMV/STREAM/00000.MTS"),
        *("PRIVATE/AVCHD/BDMV/CLIPINF/00000.CPI", "CONTENTS/VIDEO/0001AB.MXF", "CONTENTS/AUDIO/0001AB00.MXF"),
        "CONTENTS/PROXY/0001AB.MP4",
    )
    clips, told = found(tmp_path)
    assert clips == [
        "CONTENTS/VIDEO/0001AB.MXF",
        "DCIM/100MEDIA/DJI_0001.MP4",
        "PRIVATE/AVCHD/BDMV/STREAM/00000.MTS",
        "PRIVATE/M4ROOT/CLIP/C0001.MP4",
    ]
    assert told["PRIVATE/M4ROOT/SUB"] == told["CONTENTS/PROXY"] == "small copies that the camera made"
    assert told["DCIM/100MEDIA/DJI_0002.JPG"] == "photos beside clips"
    assert found(tmp_path / "DCIM")[0] == ["100MEDIA/DJI_0001.MP4"]


def test_folders_in_folders_are_named_or_looked_into(tmp_path):
    touch(tmp_path, "a.mov", "day 1/b.mov", "day 1/late/c.mov", "notes/read.md", "shot/1.png", "shot/2.png")
    (tmp_path / "loop").symlink_to(tmp_path)
    clips, told = found(tmp_path)
    assert clips == ["a.mov", "shot"] and told == {"day 1": DEEPER, "loop": DEEPER}
    clips, told = found(tmp_path, recursive=True)
    assert clips == ["a.mov", "day 1/b.mov", "day 1/late/c.mov", "shot"]
    assert found(tmp_path, recursive=True, leave_out=[tmp_path / "day 1"])[0] == ["a.mov", "shot"]


def test_a_folder_of_images_is_one_clip(tmp_path):
    touch(tmp_path, "1.png", "2.png", "readme.txt")
    result = find_clips(tmp_path)
    assert result.clips == [tmp_path] and [entry.path.name for entry in result.passed_over] == ["readme.txt"]


def test_each_of_several_sequences_in_a_folder_is_a_clip(tmp_path, capsys):
    touch(tmp_path, *(f"shots/{name}.{n:04d}.png" for name in "ba" for n in range(1, 5)), "shots/poster.png")
    patterns = ["shots/a.####.png", "shots/b.####.png"]
    clips, told = found(tmp_path, recursive=True)
    assert clips == patterns and told == {"shots/poster.png": "an image of no sequence"}
    assert found(tmp_path / "shots")[0] == ["a.####.png", "b.####.png"]
    assert main(["batch", str(tmp_path / "shots"), "-o", str(tmp_path / "out"), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "a_matte.mov" in said and "b_matte.mov" in said
    assert main(["run", str(tmp_path / "shots"), "-o", str(tmp_path / "x.mov")]) == 2
    assert "2 sequences: a.####.png" in capsys.readouterr().err


def test_several_images_of_a_sequence_are_given_as_the_sequence(tmp_path):
    touch(
        tmp_path,
        *(f"a/{n:03d}.png" for n in range(9)),
        *(f"b/{n:03d}.png" for n in range(9)),
        "b/x.png",
        "c.mov",
    )
    given = [tmp_path / "c.mov", *sorted((tmp_path / "a").iterdir()), tmp_path / "b/004.png"]
    assert take_clips(given).clips == [tmp_path / "c.mov", tmp_path / "a", tmp_path / "b/004.png"]
    assert take_clips([tmp_path / "b/002.png", tmp_path / "b/004.png"]).clips == [tmp_path / "b/###.png"]


def test_a_folder_without_clips_says_where_there_are_some(tmp_path, capsys):
    touch(tmp_path, "in/sound.wav", "in/day 1/a.mov")
    assert main(["batch", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--dry-run"]) == 2
    said = capsys.readouterr().err
    assert "no clips in this folder" in said and "sound.wav (a sound file)" in said and "--recursive" in said
    assert main(["batch", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--dry-run", "--recursive"]) == 0
    told = capsys.readouterr()
    assert "a.mov" in told.out and "sound.wav" in told.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipes_and_sockets_are_passed_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    touch(tmp_path, "a.mp4")
    os.mkfifo("p.mp4")
    os.mkfifo("p.mov.vsod.json")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind("s.mov")
        assert found(tmp_path) == (["a.mp4"], {"p.mp4": "a pipe", "s.mov": "a socket"})


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A clip and its matte, by the same folder's batch."""
    folder = tmp_path_factory.mktemp("exported")
    make("cfr", folder).path.rename(folder / "a.mp4")
    words = ("--format", "ffv1-gray8", "--range", "0:2")
    assert main(["batch", str(folder), "--name", "{stem} key", *words]) == 0
    assert (
        main(
            ["run", str(folder / "a.mp4"), "-o", str(folder / "images"), "--format", "png8", "--range", "0:2"]
        )
        == 0
    )
    return folder


def test_own_mattes_are_known_by_report_or_tag(exported, tmp_path, capsys):
    shutil.copytree(exported, tmp_path / "moved")
    names = {"a key.mkv": OWN_EXPORT, "images": OWN_EXPORT}
    for folder in (exported, tmp_path / "moved"):
        assert found(folder) == (["a.mp4"], names)
    (tmp_path / "moved" / "a key.mkv.vsod.json").unlink()
    assert found(tmp_path / "moved") == (["a.mp4"], names)
    # the report alone knows it, too
    (exported / "a key.mkv").write_bytes(b"\x1a\x45\xdf\xa3")
    assert found(exported) == (["a.mp4"], names)
    assert main(["batch", f"{tmp_path / 'moved'}/*", "--dry-run", "--name", "{stem} key"]) == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 1 and "a key.mkv, images (an export of vsod-desktop)" in told.err


def test_the_demo_is_a_clip(tmp_path):
    touch(tmp_path, "demo.mp4", data=b"\0\0\0\x18ftypisom" + bytes(99) + b"vsod-desktop demo")
    touch(
        tmp_path,
        "demo_matte.mp4",
        data=b"\0\0\0\x18ftypisom" + bytes(99) + b"vsod-desktop matte; model=swift",
    )
    assert found(tmp_path) == (["demo.mp4"], {"demo_matte.mp4": OWN_EXPORT})


def test_brackets_in_the_names_of_folders_are_no_pattern(tmp_path):
    touch(tmp_path, "in[1]/x.mp4", "in[1]/y[a].mp4", "in[1]/b.mov", "in1/z.mp4")
    there = f"{tmp_path}/in[1]"
    assert [p.name for p in match_pattern(f"{there}/*.mp4")] == ["x.mp4", "y[a].mp4"]
    assert [p.name for p in match_pattern(f"{there}/y[a]*")] == ["y[a].mp4"]
    assert [p.name for p in match_pattern(f"{there}/[bx].*")] == ["b.mov", "x.mp4"]
    assert [p.name for p in match_pattern(f"{tmp_path}/**/z.mp4")] == ["z.mp4"]
    assert match_pattern(f"{there}/*.xyz") == []
    shutil.rmtree(there)
    assert match_pattern(f"{there}/*.mp4") == [Path(tmp_path / "in1" / "z.mp4")]
