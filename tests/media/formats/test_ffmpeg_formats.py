"""Formats of the machine's own FFmpeg: as conform as every other, and honest where they are not to be had."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from helpers import graycode
from helpers.clips import KINDS, NTSC_FILM, Recipe, make, write_clip
from helpers.exports import clip_info
from vsod.core.output_frame import OutputFrame
from vsod.errors import OutputError, UnknownFormat
from vsod.media.formats import ffmpeg_program, registry
from vsod.media.formats.ffmpeg_formats import FFMPEG_FORMATS
from vsod.media.formats.registry import format_by_id
from vsod.media.formats.table import FORMATS, Coding, ExportFormat
from vsod.media.sinks.opening import open_sink
from vsod.media.sources.opening import open_source
from vsod.media.verify.verifier import verify

needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="the ffmpeg program is not installed"
)


def needs(id: str) -> pytest.MarkDecorator:
    why = ffmpeg_program.why_unavailable(FFMPEG_FORMATS[id])
    return pytest.mark.skipif(bool(why), reason=why)


# stands in for the hardware encoders, which machines of tests rarely have: same container, same tags
SOFT = Coding(
    "libx264", "yuv420p", "legal", 8, False, {"preset": "ultrafast", "crf": "10", "bf": "0", "tag": "avc1"}
)
PREVIEW = ExportFormat("soft", "soft", (".mp4", ".mov", ".mkv"), "", SOFT, SOFT, external=True)


def fake(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ffmpeg that is a shell script."""
    program = folder / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


@needs_ffmpeg
@pytest.mark.parametrize("suffix", PREVIEW.suffixes)
@pytest.mark.parametrize("kind", [k for k in KINDS if "odd" not in k])
def test_a_matte_lies_over_its_source(kind: str, suffix: str, tmp_path: Path) -> None:
    """The oracle: whatever goes in, frame k over frame k; and verify finds nothing."""
    clip, target = make(kind, tmp_path), tmp_path / f"out{suffix}"
    with open_source(clip.path) as source:
        frames = range(2, source.info.frame_count - 1)
        with open_sink(target, PREVIEW, source.info, frames=frames) as sink:
            for frame in source.frames(frames.start, frames.stop, pixels="luma"):
                sink.write(frame.index, OutputFrame(frame.image))
    with open_source(target) as made:
        seen = [graycode.read(f.image) for f in made.frames()]
    due = clip.codes[2:-1]
    assert len(seen) == len(due)
    assert all(a == b for a, b in zip(seen, due, strict=True) if b is not None and None not in due)
    # where much of the source cannot be decoded that is known, and no fault of the export
    report = verify(clip.path, target, frames=frames, held=[] if None in clip.codes else None)
    assert report.ok, report.failures
    assert [p.name for p in tmp_path.glob(".*partial*")] == []


@needs_ffmpeg
def test_it_carries_what_the_source_has(tmp_path: Path) -> None:
    pts = [0, 1001, 3003, 4004, 8008, 9009]
    recipe = Recipe(
        rate=NTSC_FILM, time_base=Fraction(1, 24000), pts=pts, count=6, timecode="01:00:00:00",
        sar=Fraction(4, 3), tags=(9, 16, 9), rotation=90, container_options={"video_track_timescale": "24000"},
    )  # fmt: skip
    clip = write_clip(tmp_path / "in.mov", recipe)
    target = tmp_path / "out.mov"
    with open_source(clip.path) as source:
        info = replace(source.info, reel="A001")
        with open_sink(target, PREVIEW, info, content="fill") as sink:
            for frame in source.frames():
                sink.write(frame.index, OutputFrame(rgb=frame.image))
    with open_source(target) as made:
        back = made.info
        assert back.pts.tolist() == info.pts.tolist() and back.time_base == info.time_base
        assert (back.timecode, back.reel, back.sar) == (info.timecode, "A001", info.sar)
        assert (back.rotation, back.mirrored) == (info.rotation, info.mirrored)
        assert (back.color.primaries, back.color.transfer, back.color.matrix) == (9, 16, 9)
        assert [graycode.read(f.image) for f in made.frames()] == clip.codes


@pytest.mark.parametrize("id", ["hap", "hap-q", "hap-alpha"])
def test_hap(id: str, tmp_path: Path) -> None:
    if why := ffmpeg_program.why_unavailable(FFMPEG_FORMATS[id]):
        pytest.skip(why)
    fmt, clip, target = format_by_id(id), make("cfr", tmp_path), tmp_path / "out.mov"
    ramp = np.tile(np.linspace(0, 1, 96, dtype=np.float32), (64, 1))
    content = fmt.contents[0]
    with open_source(clip.path) as source:
        info = replace(source.info, timecode="10:00:00:00")
        with open_sink(target, fmt, info, content=content) as sink:
            for frame in source.frames():
                sink.write(frame.index, OutputFrame(ramp if content == "cutout" else None, frame.image))
    with open_source(target) as made:
        assert made.info.timecode == "10:00:00:00"
        assert [graycode.read(f.image) for f in made.frames()] == clip.codes
    report = verify(clip.path, target, content=content)
    assert [f for f in report.failures if "timecode" not in f] == []
    with av.open(str(target)) as container:
        tag = container.streams.video[0].codec_context.codec_tag
    assert tag == {"hap": "Hap1", "hap-q": "HapY", "hap-alpha": "Hap5"}[id]


@needs("hap")
def test_the_same_job_gives_the_same_bytes(tmp_path: Path) -> None:
    picture = OutputFrame(rgb=np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8))
    for name in ("a.mov", "b.mov"):
        with open_sink(tmp_path / name, FFMPEG_FORMATS["hap"], clip_info(), content="fill") as sink:
            for index in range(3):
                sink.write(index, picture)
    assert (tmp_path / "a.mov").read_bytes() == (tmp_path / "b.mov").read_bytes()


def test_sizes_that_cannot_be_held_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="HAP cannot hold 98x64"):
        open_sink(tmp_path / "o.mov", FFMPEG_FORMATS["hap"], clip_info((98, 64)), content="fill")
    with pytest.raises(OutputError, match="cannot hold 97x64"):
        open_sink(tmp_path / "o.mp4", FFMPEG_FORMATS["h264-nvenc"], clip_info((97, 64)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 0", "has no encoder hap"),
        ("exec /nowhere/at/all", "has no encoder hap"),
        (
            'case "$*" in *-encoders*) echo " V.S... hap  Vidvox";; *) cat >/dev/null; '
            'echo "[hap @ 0x55aa] not built with snappy" >&2; exit 1;; esac',
            "hap: not built with snappy",
        ),
        ('case "$*" in *-encoders*) echo " V.S... hap  Vidvox";; *) cat >/dev/null;; esac', "without a word"),
    ],
    ids=["old", "broken", "refuses", "silent"],
)
@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in")
def test_what_is_not_there_is_not_offered(
    script: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, script, monkeypatch)
    assert registry.all_formats() == FORMATS
    with pytest.raises(UnknownFormat, match=why) as error:
        format_by_id("hap")
    assert "HAP cannot be written here" in str(error.value) and "Install" not in error.value.fix


def test_without_an_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert registry.all_formats() == FORMATS
    with pytest.raises(UnknownFormat, match=r"no ffmpeg on the path\. Install FFmpeg"):
        format_by_id("h264-nvenc")
    with pytest.raises(OutputError, match=r"FFmpeg cannot be started.*Install FFmpeg"):
        open_sink(tmp_path / "o.mov", FFMPEG_FORMATS["hap"], clip_info(), content="fill")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in")
@pytest.mark.parametrize("frames", [1, 40])
def test_a_program_that_dies_is_named_with_its_last_words(
    frames: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken pipe half way, or nothing but an exit code at the end."""
    fake(
        tmp_path, "head -c 100000 >/dev/null; echo first >&2; echo 'out of textures' >&2; exit 1", monkeypatch
    )
    target = tmp_path / "o.mov"
    target.write_bytes(b"earlier")
    picture = OutputFrame(rgb=np.zeros((64, 96, 3), np.uint8))
    with (
        pytest.raises(OutputError, match=r"out of textures.*Choose another format"),
        open_sink(target, FFMPEG_FORMATS["hap"], clip_info(count=frames), content="fill") as sink,
    ):
        for index in range(frames):
            sink.write(index, picture)
    assert target.read_bytes() == b"earlier"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bin", "o.mov"]
    assert not any(t.name == "vsod-external" for t in threading.enumerate())


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in")
def test_frames_that_are_swallowed_are_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that ends well but hands nothing over."""
    fake(tmp_path, "cat >/dev/null", monkeypatch)
    with (
        pytest.raises(OutputError, match="FFmpeg cannot encode this as HAP"),
        open_sink(tmp_path / "o.mov", FFMPEG_FORMATS["hap"], clip_info(count=2), content="fill") as sink,
    ):
        for index in range(2):
            sink.write(index, OutputFrame(rgb=np.zeros((64, 96, 3), np.uint8)))
    assert not (tmp_path / "o.mov").exists()


@needs_ffmpeg
def test_cancelled_half_way_nothing_is_left(tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    with pytest.raises(Stop), open_sink(tmp_path / "o.mp4", PREVIEW, clip_info(count=400)) as sink:
        for index in range(50):
            sink.write(index, OutputFrame(np.zeros((64, 96), np.float32)))
        program = sink._encoder._program  # type: ignore[attr-defined]
        raise Stop
    assert program.returncode is not None
    assert list(tmp_path.iterdir()) == []
    assert not any(t.name == "vsod-external" for t in threading.enumerate())


def test_a_program_that_says_nothing_of_its_encoders_has_none_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Callable[..., None]
) -> None:
    expect_log("bin/ffmpeg does not say which encoders it has: .*decode")
    fake(tmp_path, r"printf '\377'", monkeypatch)
    assert ffmpeg_program.list_encoders(str(tmp_path / "bin" / "ffmpeg"), 0) == frozenset()
